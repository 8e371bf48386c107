"""Query parameters and request headers (contract 00 §1, §3, §10)."""

from typing import Any

import pytest
from django.test import RequestFactory

from momentum.api import headers, parameters
from momentum.lib.errors import ApiError


def asked(query: str = "", **meta: Any) -> Any:
    made = RequestFactory().get("/", **meta)
    made.META["QUERY_STRING"] = query.encode().decode("latin-1")
    return made


def refused(call: Any, *arguments: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(ApiError) as caught:
        call(*arguments)
    return caught.value.status, caught.value.faults[0].as_json()


@pytest.mark.parametrize(
    "query, value",
    [
        ("", None),
        ("a", None),
        ("a=", None),
        ("a=+", None),
        ("a=x+y", "x y"),
        ("a=1&a=2", "2"),
        ("a=2026-08-01T00:00", "2026-08-01T00:00"),
        ("a=%C3%A4", "ä"),
        ("a=ä", "ä"),
        ("A=1", None),
    ],
)
def test_text(query: str, value: str | None) -> None:
    assert parameters.text(asked(query), "a") == value


def test_lists_join_repeated_keys_and_drop_blanks() -> None:
    assert parameters.values(asked("m=a, b,,&m=c&n=d"), "m") == ["a", "b", "c"]
    assert parameters.values(asked("m=a,b|c&delimiter=%7C"), "m", "|") == ["a,b", "c"]
    assert parameters.values(asked(), "m") == []


def test_the_delimiter_is_a_comma_unless_given() -> None:
    assert parameters.delimiter(asked()) == ","
    assert parameters.delimiter(asked("delimiter=")) == ","
    assert parameters.delimiter(asked("delimiter=%7C%7C")) == "||"


@pytest.mark.parametrize(
    "text, value",
    [("true", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), ("0", False), ("", None)],
)
def test_booleans(text: str, value: bool | None) -> None:
    assert parameters.boolean(asked(f"b={text}"), "b") is value


def test_a_bad_value_names_its_parameter_and_itself() -> None:
    assert refused(parameters.boolean, asked("b=yes"), "b") == (
        400,
        {
            "message": "invalid params",
            "description": "b must be true or false",
            "code": "1200",
            "param": "b",
            "value": "yes",
        },
    )


def test_integers_and_their_limits() -> None:
    assert parameters.integer(asked("n=7"), "n", 1, 10, 5) == 7
    assert parameters.integer(asked("n=-7"), "n") == -7
    assert parameters.integer(asked("n="), "n", 1, 10, 5) == 5
    for bad in ("0", "11", "x", "1.0", "1e3", "٣", "--1", "-", "9" * 5000):
        status, entry = refused(parameters.integer, asked(f"n={bad}"), "n", 1, 10, 5)
        assert (status, entry["code"], entry["param"]) == (400, "1200", "n")


def test_nul_reaches_no_database() -> None:
    assert refused(parameters.text, asked("a=x%00"), "a")[1]["code"] == "1200"


@pytest.mark.parametrize("query", ["a=%FF", "b=%C3&a=1", "&".join(f"k{n}=" for n in range(3000))])
def test_an_undecodable_query_is_404_1103(query: str) -> None:
    status, entry = refused(parameters.text, asked(query), "a")
    assert (status, entry["code"]) == (404, "1103")


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "application/*", "text/html, application/json", "text/html;q=0.9,*/*;q=0.1", "Application/JSON"],
)
def test_accept_that_allows_json(accept: str) -> None:
    headers.check_accept(asked(HTTP_ACCEPT=accept))


@pytest.mark.parametrize("accept", ["text/html", "application/xml, image/*", "application/json;q=0", "*/*; q=0.0"])
def test_accept_that_rules_json_out(accept: str) -> None:
    status, entry = refused(headers.check_accept, asked(HTTP_ACCEPT=accept))
    assert (status, entry["code"]) == (406, "1800")


@pytest.mark.parametrize("given", ["1", "-1", "x", "", "00", "0.0", "९"])
def test_every_subaccount_but_the_primary_is_refused(given: str) -> None:
    status, entry = refused(headers.check_subaccount, asked(HTTP_X_MSYS_SUBACCOUNT=given))
    assert (status, entry["code"]) == (400, "1300")


def test_the_primary_account_is_accepted() -> None:
    headers.check_subaccount(asked())
    headers.check_subaccount(asked(HTTP_X_MSYS_SUBACCOUNT=" 0 "))


@pytest.mark.parametrize("given", ["application/json", "APPLICATION/JSON; charset=utf-16", ""])
def test_media_types_of_json(given: str) -> None:
    headers.check_content_type(asked(CONTENT_TYPE=given), ("application/json",))


def test_other_media_types_are_415() -> None:
    status, entry = refused(headers.check_content_type, asked(CONTENT_TYPE="text/json"), ("application/json",))
    assert (status, entry["code"]) == (415, "1700")
