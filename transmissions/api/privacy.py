"""The endpoints of data privacy (contract 95 §7)."""

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from momentum.api import responses
from momentum.api.bodies import json_object, read_body
from momentum.api.principal import Principal
from momentum.api.views import ApiView
from tracking.models import PrivacyRequest
from transmissions.actions import privacy


class _RequestView(ApiView):
    """POST of one kind of request."""

    grants: ClassVar = {"POST": ("suppression_lists/manage",)}
    kind: ClassVar[PrivacyRequest.Kind]

    def post(self, request: Request) -> HttpResponse:
        """Store the request; the work is done in the background."""
        principal = request.user
        by = principal.label if isinstance(principal, Principal) else ""
        privacy.request(self.kind, json_object(read_body(request)), by=by)
        return responses.ok({"message": "Request saved."})


class ErasureView(_RequestView):
    """The right to be forgotten."""

    kind = PrivacyRequest.Kind.ERASURE


class OptOutView(_RequestView):
    """No places and no agents of these people from now on."""

    kind = PrivacyRequest.Kind.OPT_OUT
