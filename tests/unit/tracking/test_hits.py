"""The table of contract 50 §6 and the edge cases of §13, on the plain functions."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking import hits, keys
from tracking.hits import Answer, Hit, Request
from tracking.limits import ClickLimit
from tracking.tokens import Kind, Sealer, open_token

from .builders import RING, SEALER, make_link_part, make_message_part, make_token

CLICK = make_token()
OPEN = make_token(kind=Kind.OPEN, url="", name="", label="")
UNSUBSCRIBE = make_token(kind=Kind.LIST_UNSUBSCRIBE, url="", name="", label="")
FORM = "application/x-www-form-urlencoded"


def ask(path: str, method: str = "GET", **changes: Any) -> tuple[Answer, Hit | None]:
    return hits.respond(Request(method, path, **{"address": "203.0.113.9", **changes}), RING, ClickLimit(0))


def header(answer: Answer, name: str) -> str | None:
    value = dict(answer.headers).get(name.lower().encode())
    return None if value is None else value.decode()


@pytest.mark.parametrize("kind", [Kind.OPEN, Kind.INITIAL_OPEN, Kind.AMP_OPEN, Kind.AMP_INITIAL_OPEN])
def test_a_pixel_is_an_image_that_nobody_keeps_and_a_hit(kind: Kind) -> None:
    answer, hit = ask(f"/q/{make_token(kind=kind, url='')}", user_agent="Firefox", accept_language="pt")
    assert (answer.status, header(answer, "Content-Type")) == (200, "image/gif")
    assert answer.body.startswith(b"GIF89a")
    assert len(answer.body) < 50
    assert header(answer, "Cache-Control") == "no-cache, no-store, must-revalidate"
    assert header(answer, "Expires") == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert hit is not None
    assert (hit.address, hit.user_agent, hit.accept_language, hit.prefetch) == (
        "203.0.113.9",
        "Firefox",
        "pt",
        False,
    )


def test_a_click_is_a_redirect_and_a_hit_that_opens_again() -> None:
    answer, hit = ask(f"/f/{CLICK}")
    assert answer == Answer(302, answer.headers, b"")
    assert header(answer, "Location") == "https://shop.test/Faro"
    assert header(answer, "Content-Type") == "text/plain"
    assert header(answer, "X-Robots-Tag") == "noindex"
    assert hit is not None
    assert open_token(RING, hit.message_part, hit.link_part) == (make_message_part(), make_link_part())


def test_two_requests_are_two_hits() -> None:
    (_, first), (_, second) = ask(f"/q/{OPEN}"), ask(f"/q/{OPEN}")
    assert first is not None
    assert second is not None
    assert first.event_id != second.event_id


@pytest.mark.parametrize("path", [f"/q/{OPEN}", f"/u/{UNSUBSCRIBE}"])
def test_head_answers_the_same_and_makes_no_hit(path: str) -> None:
    assert ask(path, "HEAD") == (ask(path)[0], None)


def test_head_of_a_link_answers_the_same_and_is_marked() -> None:
    answer, hit = ask(f"/f/{CLICK}", "HEAD")
    assert answer == ask(f"/f/{CLICK}")[0]
    assert hit is not None
    assert hit.head


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "x/y",
        CLICK[:-1],
        CLICK[1:],
        CLICK.replace("/", "/A"),
        CLICK.split("/")[0],
        OPEN,
        UNSUBSCRIBE,
        CLICK + "A",
    ],
)
def test_a_bad_click_token_is_a_page_and_never_a_redirect(token: str) -> None:
    answer, hit = ask(f"/f/{token}")
    assert (answer.status, hit) == (404, None)
    assert header(answer, "Location") is None
    assert header(answer, "Content-Type") == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "token", ["", "x", "x/y", OPEN[:-1], OPEN[1:], CLICK, UNSUBSCRIBE, OPEN + "A", "é/ü", "\x00/\n"]
)
def test_a_bad_pixel_token_is_the_image_and_no_hit(token: str) -> None:
    answer, hit = ask(f"/q/{token}")
    assert (answer.status, answer.body, hit) == (200, hits.PIXEL, None)


def test_tokens_of_another_installation_and_of_two_transmissions_lead_nowhere() -> None:
    foreign = Sealer(keys.load(Path("/nowhere"), "key-of-another-house-0123456789-abcdef"))
    message, link = CLICK.split("/")
    for token in (
        f"{foreign.message_part(make_message_part())}/{foreign.link_part(make_link_part())}",
        f"{message}/{SEALER.link_part(make_link_part(transmission=2))}",
        f"{SEALER.message_part(make_message_part(message=9))}/{SEALER.link_part(make_link_part(message=4711))}",
        f"{link}/{message}",
    ):
        assert ask(f"/f/{token}")[0].status == 404


@pytest.mark.parametrize(
    "path",
    [
        f"/f/spring/sale~2026/{CLICK}",
        f"/f//{CLICK}",
        *(
            f"/f/{CLICK}{junk}"
            for junk in (")", ">", ".", "?", '">', "&gt;", ")),..", "/", "/)", " ", "~", "é", "?a=b/c/d")
        ),
    ],
)
def test_sub_paths_and_trailing_junk_do_not_matter(path: str) -> None:
    answer, hit = ask(path)
    assert answer.status == 302
    assert hit is not None
    assert f"{hit.message_part}/{hit.link_part}" == CLICK


def test_a_long_run_of_junk_is_answered_quickly() -> None:
    assert ask("/f/" + "." * 31_000 + "a")[0].status == 404
    assert ask("/f/" + "a/" * 15_000 + ".")[0].status == 404
    assert ask("/f/" + "a/" * 50_000)[0].status == 404


@pytest.mark.parametrize(("length", "status"), [(4096, 302), (4097, 400)])
def test_a_target_may_have_4096_bytes(length: int, status: int) -> None:
    url = "https://shop.test/" + "a" * (length - 18)
    answer, hit = ask(f"/f/{make_token(url=url)}")
    assert answer.status == status
    assert (hit is not None) == (status == 302)


def test_the_length_of_a_target_is_counted_in_bytes() -> None:
    assert ask(f"/f/{make_token(url='https://shop.test/' + 'é' * 2040)}")[0].status == 400


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("https://shop.test/x?a=1&b=%20%C3%A9#frag", "https://shop.test/x?a=1&b=%20%C3%A9#frag"),
        ("https://shop.test/a b", "https://shop.test/a%20b"),
        ("https://shop.test/é", "https://shop.test/%C3%A9"),
        ("https://shop.test/x\r\nSet-Cookie: a=b", "https://shop.test/x%0D%0ASet-Cookie:%20a=b"),
        ("https://shop.test/\x00\x7f\x1f", "https://shop.test/%00%7F%1F"),
        ('https://shop.test/"<>\\^`{|}', 'https://shop.test/"<>\\^`{|}'),
        ("HTTPS://shop.test/", "HTTPS://shop.test/"),
    ],
)
def test_the_location_is_the_exact_target_or_its_percent_encoding(target: str, location: str) -> None:
    assert header(ask(f"/f/{make_token(url=target)}")[0], "Location") == location


@given(st.text().map("http://shop.test/".__add__))
def test_no_target_breaks_out_of_the_location(target: str) -> None:
    location = hits.location(target)
    assert all(0x21 <= ord(character) <= 0x7E for character in location)
    assert unquote(location) == unquote(target)


def test_a_get_of_the_unsubscribe_link_asks_first() -> None:
    answer, hit = ask(f"/u/{UNSUBSCRIBE}")
    assert (answer.status, hit) == (200, None)
    assert b'<form method="post">' in answer.body
    assert b'name="List-Unsubscribe" value="One-Click"' in answer.body


def test_the_unsubscribe_page_is_plain_html_that_says_what_will_happen() -> None:
    answer, _ = ask(f"/u/{UNSUBSCRIBE}")
    page = answer.body.decode()
    assert "<script" not in page
    assert "src=" not in page
    assert "gets no more messages of this kind" in page
    assert str(header(answer, "Content-Security-Policy")).startswith("default-src 'none'; style-src")


def test_who_presses_the_button_gets_a_page_that_confirms() -> None:
    fields = re.findall(r'name="([^"]+)" value="([^"]+)"', ask(f"/u/{UNSUBSCRIBE}")[0].body.decode())
    answer, hit = ask(f"/u/{UNSUBSCRIBE}", "POST", content_type=FORM, body=urlencode(fields).encode())
    assert (answer.status, header(answer, "Content-Type")) == (200, "text/html; charset=utf-8")
    assert b"<h1>You have been unsubscribed</h1>" in answer.body
    assert hit is not None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b"List-Unsubscribe=One-Click"),
        ("", b"List-Unsubscribe=One-Click"),
        (FORM + "; charset=utf-8", b"a=b&List-Unsubscribe=One-Click&c"),
        (
            "multipart/form-data; boundary=---FormBoundaryjWmhtjORrn",
            b'-----FormBoundaryjWmhtjORrn\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\n'
            b"One-Click\r\n-----FormBoundaryjWmhtjORrn--\r\n",
        ),
    ],
)
def test_a_one_click_post_unsubscribes(content_type: str, body: bytes) -> None:
    answer, hit = ask(f"/u/{UNSUBSCRIBE}", "POST", content_type=content_type, body=body)
    assert (answer.status, header(answer, "Content-Type")) == (200, "text/plain; charset=utf-8")
    assert hit is not None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, b""),
        (FORM, None),
        (FORM, b"List-Unsubscribe=Two-Click"),
        (FORM, b"\xff\xfe"),
        (FORM, b"&" * 4000),
        ("multipart/form-data", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=\xff", b"--\xff\r\n\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nOne-Click\r\n--x--',
        ),
    ],
)
def test_a_post_without_the_expected_body_is_refused(content_type: str, body: bytes | None) -> None:
    answer, hit = ask(f"/u/{UNSUBSCRIBE}", "POST", content_type=content_type, body=body)
    assert (answer.status, hit) == (400, None)


def test_an_unsubscribe_link_that_is_none_unsubscribes_nobody() -> None:
    for token in ("", CLICK, OPEN, UNSUBSCRIBE[:-2]):
        answer, hit = ask(f"/u/{token}", "POST", content_type=FORM, body=b"List-Unsubscribe=One-Click")
        assert (answer.status, hit) == (404, None)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/q/x/y", "GET, HEAD"),
        (f"/f/{CLICK}", "GET, HEAD"),
        (f"/u/{UNSUBSCRIBE}", "GET, HEAD, POST"),
        ("/", "GET, HEAD"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", ""])
def test_other_methods_are_not_allowed(path: str, allowed: str, method: str) -> None:
    answer, hit = ask(path, method)
    assert (answer.status, header(answer, "Allow"), hit) == (405, allowed, None)


def test_a_post_to_a_click_link_is_not_allowed() -> None:
    assert ask(f"/f/{CLICK}", "POST")[0].status == 405


def test_robots_are_sent_away() -> None:
    assert ask("/robots.txt")[0].body == b"User-agent: *\nDisallow: /\n"


def test_too_many_clicks_of_one_address_are_refused_and_no_other_address_suffers() -> None:
    limit = ClickLimit(2)

    def click(address: str) -> int:
        return hits.respond(Request("GET", f"/f/{CLICK}", address=address), RING, limit)[0].status

    assert [click("198.41.0.4") for _ in range(4)] == [302, 302, 403, 403]
    assert click("198.41.0.5") == 302
    assert [click("10.0.0.1") for _ in range(4)] == [302] * 4
    assert hits.respond(Request("GET", f"/q/{OPEN}", address="198.41.0.4"), RING, limit)[0].status == 200


def test_a_long_user_agent_is_cut_at_1024_bytes() -> None:
    for agent in ("a" * 2000, "é" * 2000, "x" + "€" * 1000):
        _, hit = ask(f"/q/{OPEN}", user_agent=agent)
        assert hit is not None
        assert agent.startswith(hit.user_agent)
        assert 1020 < len(hit.user_agent.encode()) <= 1024


@pytest.mark.parametrize(
    ("headers", "prefetch"),
    [
        ({"purpose": "prefetch"}, True),
        ({"sec-purpose": "prefetch;prerender"}, True),
        ({"x-moz": "Prefetch"}, True),
        ({"purpose": "preview"}, False),
        ({}, False),
    ],
)
def test_prefetches_are_known_by_their_headers(headers: dict[str, str], prefetch: bool) -> None:
    assert hits.says_prefetch(headers) is prefetch


tokens_almost = st.text("ABCab019-_/.~%?&#=\\ \n\x00é", max_size=80)


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT"]) | st.text(max_size=5),
    prefix=st.sampled_from(["/q/", "/f/", "/u/", "/", ""]),
    rest=tokens_almost | st.text() | tokens_almost.map(lambda text: text + CLICK[:-1]) | st.just(CLICK + "0"),
    body=st.binary(max_size=200) | st.none(),
    content_type=st.text() | st.text(max_size=20).map("multipart/form-data; boundary=".__add__),
)
def test_no_request_fails_and_none_is_redirected_without_a_seal(
    method: str, prefix: str, rest: str, body: bytes | None, content_type: str
) -> None:
    answer, hit = ask(prefix + rest, method, body=body, content_type=content_type)
    assert answer.status in {200, 400, 404, 405}
    assert hit is None
    assert header(answer, "Location") is None
    assert rest == "" or len(rest) < 12 or rest.encode("utf-8", "replace") not in answer.body


def test_an_address_round_trips_through_the_hit() -> None:
    for address in ("Ines+x@example.net", "jörg@exämple.net", '"a b"@example.net'):
        _, hit = ask(f"/q/{make_token({'rcpt_to': address}, kind=Kind.OPEN, url='')}")
        assert hit is not None
        opened = open_token(RING, hit.message_part, hit.link_part)
        assert isinstance(opened, tuple)
        assert getattr(opened[0], "rcpt_to", None) == address
