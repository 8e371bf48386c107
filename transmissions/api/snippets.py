"""The endpoints of snippets (contract 95 §2)."""

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from momentum.api import parameters, responses
from momentum.api.bodies import json_object, read_body
from momentum.api.views import ApiView
from transmissions.actions import snippets

_VIEW = ("templates/view", "templates/modify")
_MODIFY = ("templates/modify",)


class SnippetsView(ApiView):
    """POST and list."""

    grants: ClassVar = {"GET": _VIEW, "POST": _MODIFY}

    def post(self, request: Request) -> HttpResponse:
        """Store a new snippet."""
        return responses.ok({"id": snippets.create(json_object(read_body(request)))})

    def get(self, request: Request) -> HttpResponse:
        """All snippets, without content."""
        return responses.ok(snippets.listed(parameters.boolean(request, "shared_with_subaccounts")))


class SnippetView(ApiView):
    """One snippet."""

    grants: ClassVar = {"GET": _VIEW, "PUT": _MODIFY, "DELETE": _MODIFY}

    def get(self, request: Request, snippet_id: str) -> HttpResponse:
        """The snippet with its content."""
        return responses.ok(snippets.shown(snippet_id))

    def put(self, request: Request, snippet_id: str) -> HttpResponse:
        """Change it."""
        return responses.ok({"id": snippets.update(snippet_id, json_object(read_body(request)))})

    def delete(self, request: Request, snippet_id: str) -> HttpResponse:
        """Remove it."""
        snippets.delete(snippet_id)
        return responses.no_content()
