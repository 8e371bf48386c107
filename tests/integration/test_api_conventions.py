"""The conventions of contract 00, met where clients meet them: over HTTP, at a throw-away endpoint."""

import gzip
import json
from typing import Any

import pytest
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from rest_framework.request import Request

from accounts import actions
from momentum.api import bodies, parameters, responses
from momentum.api.routes import aliases, endpoint
from momentum.api.views import ApiView
from momentum.lib.errors import ApiError, fault, refuse

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


class Things(ApiView):
    grants = {"GET": ("templates/view",), "POST": ("templates/modify", "transmissions/modify")}

    def get(self, request: Request) -> HttpResponse:
        return responses.ok([parameters.text(request, "q")], total_count=1)

    def post(self, request: Request) -> HttpResponse:
        return responses.ok(bodies.json_object(bodies.read_body(request, 2000)))


class Thing(ApiView):
    grants = {"GET": ("templates/view",), "PUT": ("templates/modify",), "DELETE": ("templates/modify",)}

    def get(self, request: Request, thing: str) -> HttpResponse:
        return responses.ok({"id": thing})

    def put(self, request: Request, thing: str) -> HttpResponse:
        return responses.json_answer({})

    def delete(self, request: Request, thing: str) -> HttpResponse:
        return responses.no_content()


class Samples(ApiView):
    grants = {"GET": ()}
    ignores_subaccount = True

    def get(self, request: Request) -> HttpResponse:
        return responses.ok({"caller": request.user.label})  # type: ignore[union-attr]


class Trouble(ApiView):
    grants = {"GET": (), "POST": ()}

    def get(self, request: Request, kind: str) -> HttpResponse:
        match kind:
            case "surprise":
                raise RuntimeError("a secret detail")
            case "database":
                raise DatabaseError("a secret detail")
            case "missing":
                raise Http404("no such thing")
            case "limit":
                raise ApiError(420, fault("1200"), headers={"Retry-After": "5"})
            case "beside":
                raise ApiError(400, fault("2000"), fault("2000"), fault("1400", "x"), results={"id": "7"})
        raise refuse("1200", "bad", param="kind", value=kind)

    def post(self, request: Request, kind: str) -> HttpResponse:
        raise DatabaseError("a secret detail")


def page(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a surprise outside of every ApiView")


V1 = [
    *endpoint("things", Things.as_view(), name="things"),
    *endpoint("things/<key:thing>", Thing.as_view()),
    *endpoint("samples", Samples.as_view()),
    *endpoint("trouble/<kind>", Trouble.as_view()),
    path("broken", page),
]
urlpatterns = [path("api/v1/", include(V1)), path("api/labs/", include(aliases(V1, "things"))), path("html", page)]


@pytest.fixture
def key() -> str:
    return actions.create_key("tests", ["templates/modify"])[1]


@pytest.fixture
def api(key: str) -> Client:
    return Client(headers={"Authorization": key}, raise_request_exception=False)


def codes(response: Any) -> tuple[int, list[str | None]]:
    assert response["Content-Type"] == "application/json; charset=utf-8"
    return response.status_code, [entry.get("code") for entry in response.json()["errors"]]


def test_both_spellings_and_the_bare_query_mark_answer_alike(api: Client) -> None:
    for address in ("/api/v1/things", "/api/v1/things/", "/api/v1/things?", "/api/v1/things/?"):
        assert api.get(address).json() == {"results": [None], "total_count": 1}
        assert api.post(address, {"a": 1}, "application/json").json() == {"results": {"a": 1}}


def test_an_alias_is_the_same_endpoint(api: Client) -> None:
    assert api.post("/api/labs/things/", {"a": 1}, "application/json").json() == {"results": {"a": 1}}
    assert api.get("/api/labs/things/x").json() == {"results": {"id": "x"}}
    assert codes(api.get("/api/labs/samples")) == (404, ["1101"])


@pytest.mark.parametrize(
    "spelled, thing", [("a%20b", "a b"), ("a%2Fb", "a/b"), ("%C3%A4@x.y", "ä@x.y"), ("A%252F", "A%2F")]
)
def test_ids_in_paths_are_decoded_once(api: Client, spelled: str, thing: str) -> None:
    for tail in ("", "/"):
        assert api.get(f"/api/v1/things/{spelled}{tail}").json() == {"results": {"id": thing}}


@pytest.mark.parametrize(
    "address", ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/things", "/api/v1/things/a%00b"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete", "options", "head"])
def test_unknown_endpoints_are_json_even_without_a_key(address: str, method: str) -> None:
    response = getattr(Client(), method)(address)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/json; charset=utf-8"
    if method == "get":
        assert response.json() == {"errors": [{"message": "invalid URI", "code": "1101"}]}


def test_only_the_api_answers_in_json() -> None:
    assert Client().get("/apis")["Content-Type"].startswith("text/html")


def test_a_method_that_is_not_offered_is_405_with_allow_and_before_the_key() -> None:
    for method in ("PATCH", "DELETE", "TRACE", "DISPATCH", "INITIAL"):
        response = Client().generic(method, "/api/v1/things")
        assert codes(response) == (405, ["1102"])
        assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_head_is_get_without_body_and_options_tells_the_methods(api: Client) -> None:
    head = api.head("/api/v1/things")
    assert (head.status_code, head.content) == (200, b"")
    options = Client().options("/api/v1/things/x")
    assert (options.status_code, options.json()) == (200, {})
    assert set(options["Allow"].split(", ")) == {"GET", "PUT", "DELETE", "HEAD", "OPTIONS"}


def test_204_has_neither_body_nor_media_type(api: Client) -> None:
    response = api.delete("/api/v1/things/x", "[]", "application/json")
    assert (response.status_code, response.content) == (204, b"")
    assert "Content-Type" not in response


def test_success_is_json_in_utf8_without_html_escapes(api: Client) -> None:
    response = api.get("/api/v1/things?q=%3Cb%3E%C3%A4")
    assert response["Content-Type"] == "application/json; charset=utf-8"
    assert response.content == '{"results":["<b>ä"],"total_count":1}'.encode()
    assert "Allow" not in response


def test_no_key_and_every_wrong_key_are_the_same_401() -> None:
    for header in (None, "", "f" * 40, "F" * 40, "x", "Basic !!!", "Basic Og==", "Bearer", "Bearer  ", "Token a b"):
        response = Client(headers={} if header is None else {"Authorization": header}).get("/api/v1/things")
        assert response.status_code == 401
        assert response.json() == {"errors": [{"message": "Unauthorized"}]}
        assert not response["WWW-Authenticate"].lower().startswith("basic")


def test_open_endpoints_need_no_key_but_no_wrong_one_either(key: str) -> None:
    assert Client().get("/api/v1/samples").json() == {"results": {"caller": ""}}
    assert Client(headers={"Authorization": key}).get("/api/v1/samples").json() == {"results": {"caller": "tests"}}
    assert codes(Client(headers={"Authorization": "f" * 40}).get("/api/v1/samples")) == (401, [None])


def test_a_missing_grant_is_403_and_names_it() -> None:
    _, key = actions.create_key("metrics only", ["metrics/view"])
    other = Client(headers={"Authorization": key})
    assert other.get("/api/v1/things").json() == {
        "errors": [
            {
                "message": "Forbidden",
                "description": "This API key lacks the grant templates/view",
                "code": "1100",
            }
        ]
    }
    assert "templates/modify or transmissions/modify" in other.post("/api/v1/things").content.decode()


def test_any_of_several_grants_opens_and_modify_implies_view() -> None:
    _, key = actions.create_key("sender", ["transmissions/modify"])
    sender = Client(headers={"Authorization": key})
    assert sender.post("/api/v1/things", {}, "application/json").status_code == 200
    assert codes(sender.get("/api/v1/things")) == (403, ["1100"])


def test_subaccounts_do_not_exist(api: Client) -> None:
    assert api.get("/api/v1/things", headers={"X-MSYS-SUBACCOUNT": "0"}).status_code == 200
    for other in ("1", "-1", "abc", ""):
        assert codes(api.get("/api/v1/things", headers={"X-MSYS-SUBACCOUNT": other})) == (400, ["1300"])
    assert api.get("/api/v1/samples", headers={"X-MSYS-SUBACCOUNT": "7"}).status_code == 200


def test_media_types(api: Client) -> None:
    assert api.post("/api/v1/things", "{}", "APPLICATION/JSON; charset=UTF-8").status_code == 200
    assert api.post("/api/v1/things", "{}", "").status_code == 200
    assert codes(api.post("/api/v1/things", "{}", "text/plain")) == (415, ["1700"])
    assert api.post("/api/v1/things", "", "text/plain").json() == {"results": {}}
    assert api.generic("GET", "/api/v1/things", b"[]", "text/xml").status_code == 200
    assert api.delete("/api/v1/things/x", "not json", "text/xml").status_code == 204
    assert codes(api.get("/api/v1/things", headers={"Accept": "text/html"})) == (406, ["1800"])
    assert api.get("/api/v1/things", headers={"Accept": "text/html, */*;q=0.8"}).status_code == 200


def test_bodies_are_read_as_the_contract_says(api: Client) -> None:
    def post(body: bytes, **headers: str) -> Any:
        return api.post("/api/v1/things", body, "application/json", headers=headers)

    assert post(b"[]").json() == post(b"").json() == {"results": {}}
    assert post(gzip.compress(b'{"a": 1}'), **{"Content-Encoding": "gzip"}).json() == {"results": {"a": 1}}
    assert codes(post(b"null")) == (422, ["1300"])
    assert codes(post(b'{"a": "\xff"}')) == (400, ["1305"])
    assert codes(post(b'{"a": "\\ud800"}')) == (400, ["1305"])
    assert codes(post(b" " * 2001)) == (413, ["1300"])
    broken = post(b"{")
    assert codes(broken) == (400, ["1300"])
    assert broken.json()["errors"][0]["message"] == "Request body parsing failed"


def test_the_checks_come_in_the_documented_order(api: Client) -> None:
    _, weak = actions.create_key("weak", ["metrics/view"])
    wrong: dict[str, Any] = {"X-MSYS-SUBACCOUNT": "9", "Authorization": "f" * 40}

    def post(address: str = "/api/v1/things", body: str = "{" * 3000, media: str = "text/plain") -> Any:
        return api.post(address, body, media, headers=wrong)

    assert codes(post("/api/v1/nothing")) == (404, ["1101"])
    assert codes(post("/api/v1/samples")) == (405, ["1102"])
    assert codes(post()) == (401, [None])
    wrong["Authorization"] = weak
    assert codes(post()) == (400, ["1300"])
    wrong["X-MSYS-SUBACCOUNT"] = "0"
    assert codes(post()) == (403, ["1100"])
    del wrong["Authorization"]
    assert codes(post()) == (415, ["1700"])
    assert codes(post(media="application/json")) == (413, ["1300"])
    assert codes(post(body="{", media="application/json")) == (400, ["1300"])


def test_a_uri_of_4096_bytes_is_served_and_a_longer_one_is_414(api: Client) -> None:
    room = 4096 - len("/api/v1/things?q=")
    assert api.get("/api/v1/things?q=" + "x" * room).status_code == 200
    assert codes(api.get("/api/v1/things?q=" + "x" * (room + 1))) == (414, ["1300"])


def test_an_undecodable_query_is_1103(api: Client) -> None:
    assert codes(api.get("/api/v1/things?q=%FF")) == (404, ["1103"])


@pytest.mark.parametrize(
    "kind, status, code",
    [
        ("surprise", 500, ["1500"]),
        ("database", 500, ["1501"]),
        ("missing", 404, ["1600"]),
        ("limit", 420, ["1200"]),
        ("beside", 400, ["2000", "1400"]),
        ("other", 400, ["1200"]),
    ],
)
def test_whatever_a_handler_raises_has_the_envelope(
    kind: str, status: int, code: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    response = Client().get(f"/api/v1/trouble/{kind}")
    assert codes(response) == (status, code)
    assert b"secret" not in response.content
    assert ("a secret detail" in caplog.text) == (kind in ("surprise", "database"))


def test_a_failed_write_is_1500_and_results_may_stand_beside_errors() -> None:
    assert codes(Client().post("/api/v1/trouble/x", {}, "application/json")) == (500, ["1500"])
    assert Client().get("/api/v1/trouble/beside").json()["results"] == {"id": "7"}


def test_status_420_has_its_phrase_and_headers_pass() -> None:
    response = Client().get("/api/v1/trouble/limit")
    assert (response.status_code, response.reason_phrase) == (420, "Exceed Sending Limit")
    assert response["Retry-After"] == "5"


def test_surprises_outside_of_the_views_have_the_envelope_too(api: Client, settings: Any) -> None:
    for debug in (False, True):
        settings.DEBUG = debug
        assert codes(api.get("/api/v1/broken")) == (500, ["1500"])
        assert codes(api.get("/api/v1/nowhere")) == (404, ["1101"])
        assert codes(api.get("/api/v1/things", headers={"Host": "elsewhere.example"})) == (400, ["1300"])


def test_a_handler_without_grants_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="delete"):
        type("Open", (ApiView,), {"delete": lambda self, request: None, "grants": {"GET": ()}})


def test_authentication_can_be_switched_off(settings: Any) -> None:
    settings.API_AUTHENTICATION = False
    assert Client().post("/api/v1/things", json.dumps({"a": 1}), "application/json").status_code == 200
    assert Client(headers={"Authorization": "wrong"}).get("/api/v1/things").status_code == 200
