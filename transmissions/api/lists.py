"""The endpoints of stored recipient lists (contract 30)."""

from typing import ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from momentum.api import parameters, responses
from momentum.api.bodies import read_body
from momentum.api.views import ApiView
from momentum.lib.errors import refuse
from transmissions.actions import lists

_MANAGE = ("recipient_lists/manage",)


class ListsView(ApiView):
    """POST and list; PUT and DELETE without an id are told so."""

    grants: ClassVar = {"GET": _MANAGE, "POST": _MANAGE, "PUT": _MANAGE, "DELETE": _MANAGE}

    def post(self, request: Request) -> HttpResponse:
        """Store a new list."""
        return responses.json_answer(lists.create(read_body(request), _kept_errors(request)))

    def get(self, request: Request) -> HttpResponse:
        """All lists, without recipients."""
        return responses.ok(lists.listed())

    def put(self, request: Request) -> HttpResponse:
        """400 by contract 30 §4."""
        raise refuse("1101", "PUT requires a recipient list id in the URI", status=400)

    def delete(self, request: Request) -> HttpResponse:
        """400 by contract 30 §5."""
        raise refuse("1101", "DELETE requires a recipient list id in the URI", status=400)


class ListView(ApiView):
    """One list."""

    grants: ClassVar = {"GET": _MANAGE, "PUT": _MANAGE, "DELETE": _MANAGE}

    def get(self, request: Request, list_id: str) -> HttpResponseBase:
        """The list, with recipients if asked."""
        if parameters.boolean(request, "show_recipients"):
            return StreamingHttpResponse(lists.shown_with_recipients(list_id), content_type=responses.JSON)
        return responses.ok(lists.shown(list_id))

    def put(self, request: Request, list_id: str) -> HttpResponse:
        """Change it."""
        return responses.json_answer(lists.update(list_id, read_body(request), _kept_errors(request)))

    def delete(self, request: Request, list_id: str) -> HttpResponse:
        """Remove it."""
        lists.delete(list_id)
        return responses.json_answer({})


def _kept_errors(request: Request) -> int | None:
    return parameters.integer(request, "num_rcpt_errors", minimum=0)
