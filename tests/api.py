"""Calling the API as a client does, through Django's test client, with a real key."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts import actions, grants


class Api:
    """A caller with a key; every grant unless told otherwise."""

    def __init__(self, *granted: str) -> None:
        _, key = actions.create_key("tests", granted or grants.ALL)
        self._client = Client(headers={"Authorization": key}, raise_request_exception=False)

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self._client.get(f"/api/v1/{path}", query)

    def raw_get(self, path: str) -> HttpResponse:
        return self._client.get(path)

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self._client.post(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

    def put(self, path: str, body: Any) -> HttpResponse:
        return self._client.put(f"/api/v1/{path}", body, content_type="application/json")

    def delete(self, path: str) -> HttpResponse:
        return self._client.delete(f"/api/v1/{path}")


def make_transmission(**changes: Any) -> dict[str, Any]:
    """The body of a small transmission; None leaves a key out."""
    body = {
        "campaign_id": "spring-31",
        "recipients": [{"address": {"email": "ines@example.net"}}],
        "content": {"from": "news@mail.example.org", "subject": "News", "text": "See https://shop.test/x"},
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}


def fault_of(answer: HttpResponse) -> tuple[int, str, str]:
    """Status, code and description of the first fault of an answer."""
    first = answer.json()["errors"][0]
    return answer.status_code, first.get("code", ""), first.get("description", "")
