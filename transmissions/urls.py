"""Addresses of this app below /api/v1/."""

from django.urls import URLPattern

from momentum.api.routes import endpoint
from transmissions.api.lists import ListsView, ListView
from transmissions.api.privacy import ErasureView, OptOutView
from transmissions.api.snippets import SnippetsView, SnippetView
from transmissions.api.suppressions import SuppressionSummaryView, SuppressionsView, SuppressionView
from transmissions.api.templates import ContentPreviewView, TemplatePreviewView, TemplatesView, TemplateView
from transmissions.api.transmissions import TransmissionsView, TransmissionView

api_urlpatterns: list[URLPattern] = [
    *endpoint("transmissions", TransmissionsView.as_view(), name="transmissions"),
    *endpoint("transmissions/<key:transmission_id>", TransmissionView.as_view(), name="transmission"),
    *endpoint("templates", TemplatesView.as_view(), name="templates"),
    # Before the template itself: a key may hold slashes (momentum.api.routes).
    *endpoint("templates/<key:template_id>/preview", TemplatePreviewView.as_view(), name="template-preview"),
    *endpoint("templates/<key:template_id>", TemplateView.as_view(), name="template"),
    *endpoint("snippets", SnippetsView.as_view(), name="snippets"),
    *endpoint("snippets/<key:snippet_id>", SnippetView.as_view(), name="snippet"),
    *endpoint("utils/content-previewer", ContentPreviewView.as_view(), name="content-previewer"),
    *endpoint("recipient-lists", ListsView.as_view(), name="recipient-lists"),
    *endpoint("recipient-lists/<key:list_id>", ListView.as_view(), name="recipient-list"),
    *endpoint("suppression-list", SuppressionsView.as_view(), name="suppression-list"),
    *endpoint("suppression-list/summary", SuppressionSummaryView.as_view(), name="suppression-summary"),
    *endpoint("suppression-list/<key:recipient>", SuppressionView.as_view(), name="suppression"),
    *endpoint("data-privacy/rtbf-request", ErasureView.as_view(), name="rtbf-request"),
    *endpoint("data-privacy/opt-out-request", OptOutView.as_view(), name="opt-out-request"),
]
