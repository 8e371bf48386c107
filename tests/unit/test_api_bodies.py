"""Request bodies (contract 00 §3, §12.8–9), read from requests as a WSGI server hands them over."""

import gzip
import io
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from momentum.api import bodies, streams
from momentum.api.middleware import ApiMiddleware
from momentum.lib.errors import ApiError


def request(body: bytes, **meta: Any) -> Any:
    return RequestFactory().generic("POST", "/", body, "application/json", **meta)


def refusal(body: bytes, limit: int = 1000, **meta: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        bodies.json_object(bodies.read_body(request(body, **meta), limit))
    return caught.value.status, caught.value.faults[0].code


@pytest.mark.parametrize(
    "body, value",
    [
        (b"", {}),
        (b" \n", {}),
        (b"[]", {}),
        (b" [ ] ", {}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'\xef\xbb\xbf{"a": null}', {"a": None}),
        ('{"\u00e4": "\u2028"}'.encode(), {"\u00e4": "\u2028"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b'{"a": "\\\\ud800"}', {"a": "\\ud800"}),
    ],
)
def test_what_counts_as_an_object(body: bytes, value: dict[str, Any]) -> None:
    assert bodies.json_object(bodies.read_body(request(body), 1000)) == value


@pytest.mark.parametrize("body", [b"null", b'""', b"0", b"false", b"[1]", b"[[]]", b"[null]"])
def test_other_json_is_422(body: bytes) -> None:
    assert refusal(body) == (422, "1300")


@pytest.mark.parametrize(
    "body", [b"{", b"{'a': 1}", b'{"a": NaN}', b'{"a": 1,}', b"{} {}", b'{"a": "\\x"}', b'{"a":' * 150 + b"\x01"]
)
def test_unparsable_is_400_with_the_documented_message(body: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        bodies.json_object(body)
    assert (caught.value.status, caught.value.faults[0].code) == (400, "1300")
    assert caught.value.faults[0].message == "Request body parsing failed"


def test_nesting_is_bounded_below_what_decoding_alone_could_bear() -> None:
    assert bodies.json_value(b"[" * 200 + b"]" * 200)
    with pytest.raises(ApiError, match="parsing failed"):
        bodies.json_value(b"[" * 800 + b"]" * 800)
    with pytest.raises(ApiError, match="parsing failed"):
        bodies.json_value(b"[" * 1_000_000)


@pytest.mark.parametrize("body", [b'{"a": "\xff"}', b'{"\xed\xa0\x80": 1}', "{}".encode("utf-16"), b"\xff"])
def test_bytes_that_are_not_utf8_are_1305(body: bytes) -> None:
    assert refusal(body) == (400, "1305")


@pytest.mark.parametrize(
    "body",
    [
        b'"\\ud800"',
        b'"\\udc00"',
        b'"\\uD800x"',
        b'"\\ud800\\u0041"',
        b'"\\ud800\\n"',
        b'"\\ud800\\ud800\\udc00"',
        b'"\\ud83d\\ude00\\ude00"',
        b'{"\\udfff": 1}',
    ],
)
def test_lone_surrogates_are_1305(body: bytes) -> None:
    assert refusal(body) == (400, "1305")


def test_a_number_beyond_doubles_is_refused_not_infinite() -> None:
    assert refusal(b'{"a": 1e999}') == (422, "1300")


_NOISE = st.lists(
    st.sampled_from([b'"', b"\\ud83d", b"\\ude00", b"\\u00e4", b"\xc3", b"{", b"}", b"[", b":", b",", b"1e9", b"-"])
)


@given(
    st.binary(max_size=80) | _NOISE.map(b"".join) | _NOISE.map(lambda noise: b'{"a": "' + b"".join(noise) + b'"}')
)
def test_no_body_at_all_is_a_surprise(body: bytes) -> None:
    try:
        read: object = bodies.json_object(body)
    except ApiError as refused:
        read = refused.faults[0].code
    assert isinstance(read, dict) or read in ("1300", "1305")


def test_gzip_is_undone_and_bounded_as_sent_and_as_unpacked() -> None:
    packed = gzip.compress(b'{"a":') + gzip.compress(b"1}")
    for coding in ("gzip", "GZIP", "x-gzip"):
        body = bodies.read_body(request(packed, HTTP_CONTENT_ENCODING=coding), 1000)
        assert bodies.json_object(body) == {"a": 1}
    bomb = gzip.compress(b" " * 10_000_000)
    assert refusal(bomb, 100_000, HTTP_CONTENT_ENCODING="gzip") == (413, "1300")
    assert refusal(gzip.compress(b" " * 1001), HTTP_CONTENT_ENCODING="gzip") == (413, "1300")
    assert refusal(b"{}", HTTP_CONTENT_ENCODING="gzip") == (400, "1300")
    assert refusal(packed[:-4], HTTP_CONTENT_ENCODING="gzip") == (400, "1300")
    assert refusal(packed + b"junk", HTTP_CONTENT_ENCODING="gzip") == (400, "1300")
    assert refusal(gzip.compress(b"") * 65, 10_000, HTTP_CONTENT_ENCODING="gzip") == (400, "1300")
    assert refusal(b"{}", HTTP_CONTENT_ENCODING="br") == (415, "1700")


def test_the_limit_is_exact() -> None:
    assert len(bodies.read_body(request(b" " * 1000), 1000)) == 1000
    assert refusal(b" " * 1001) == (413, "1300")


def test_a_declared_size_over_the_limit_is_refused_without_reading() -> None:
    unread = request(b"{}", CONTENT_LENGTH="5000")
    with pytest.raises(ApiError) as caught:
        bodies.read_body(unread, 1000)
    assert caught.value.status == 413


def test_a_body_that_ends_early_is_refused() -> None:
    short = RequestFactory().generic("POST", "/")
    short.META |= {"CONTENT_LENGTH": "50"}
    short._stream = io.BytesIO(b"{}")  # type: ignore[attr-defined]
    with pytest.raises(ApiError) as caught:
        bodies.read_body(short, 1000)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "meta", [{"HTTP_TRANSFER_ENCODING": "chunked"}, {"SERVER_PROTOCOL": "HTTP/2"}, {"SERVER_PROTOCOL": "HTTP/2.0"}]
)
def test_a_body_without_length_is_read_where_the_server_finds_its_end(meta: dict[str, str]) -> None:
    chunked = RequestFactory().generic("POST", "/", **{"wsgi.input_terminated": True, **meta})  # type: ignore[arg-type]
    chunked.META["wsgi.input"] = io.BytesIO(b'{"a": 1}')
    assert streams.has_body(chunked)
    assert bodies.read_body(chunked, 1000) == b'{"a": 1}'
    chunked.META["wsgi.input"] = io.BytesIO(b" " * 2000)
    with pytest.raises(ApiError) as caught:
        bodies.read_body(chunked, 1000)
    assert caught.value.status == 413


@pytest.mark.parametrize(
    "meta", [{"CONTENT_LENGTH": "200000"}, {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}]
)
def test_what_a_view_left_unread_is_discarded_so_that_the_connection_can_go_on(meta: dict[str, Any]) -> None:
    sent = io.BytesIO(b" " * 200_000)
    unread = WSGIRequest(
        {**RequestFactory().post("/api/v1/things").META, "CONTENT_LENGTH": "", "wsgi.input": sent, **meta}
    )
    assert ApiMiddleware(lambda _: HttpResponse(status=401))(unread).status_code == 401
    assert sent.read() == b""


def test_discarding_is_bounded() -> None:
    unread = request(b" " * 200_000)
    streams.discard_rest(unread, 150_000, 60)
    assert len(unread.read()) == 50_000
    unread = request(b" " * 200_000)
    streams.discard_rest(unread, 150_000, -1)
    assert len(unread.read()) == 200_000
