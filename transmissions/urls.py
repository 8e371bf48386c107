"""Addresses of this app below /api/v1/."""

from django.urls import URLPattern

from momentum.api.routes import endpoint
from transmissions.api import TransmissionsView, TransmissionView

api_urlpatterns: list[URLPattern] = [
    *endpoint("transmissions", TransmissionsView.as_view(), name="transmissions"),
    *endpoint("transmissions/<key:transmission_id>", TransmissionView.as_view(), name="transmission"),
]
