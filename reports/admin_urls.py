"""Addresses of the report pages, relative to /admin/."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
