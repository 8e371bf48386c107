"""Styles moved into attributes (contract 10 §2, `inline_css`), before tracking."""

import pytest

from tests.unit.generation.builders import (
    attempt,
    body,
    generate,
    make_content,
    make_job,
    make_recipient,
    opened,
    tracked_urls,
)
from transmissions.generation import GenerationFailure
from transmissions.generation.inlining import inline
from transmissions.values import TrackingFlags

HTML = """<html><head><style>p { color: red } a[href*="shop.test"] { color: blue }
@media (max-width: 9px) { p { color: green } }</style></head>
<body><p>Hi {{who}}</p><a href="https://shop.test/?a=1&amp;b={{n}}" data-msys-linkname="x">b</a></body></html>"""
JOB = make_job(make_content(html=HTML), inline_css=True, substitution_data={"who": "A & B", "n": 2})


def test_rules_become_attributes_and_media_queries_stay(keyring):
    html = body(generate(keyring, JOB), "html")
    assert '<p style="color: red;">Hi A &amp; B</p>' in html
    assert "@media" in html
    assert "a[href" not in html


def test_selectors_see_the_destination_and_readers_the_tracked_link(keyring):
    html = body(generate(keyring, JOB), "html")
    top, click, bottom = tracked_urls(html)
    assert f'<a href="{click}" style="color: blue;">b</a>' in html
    assert opened(keyring, click)[1].url == "https://shop.test/?a=1&b=2"
    assert html.index(top) < html.index(click) < html.index(bottom)


def test_untracked(keyring):
    flags = TrackingFlags(click_tracking=False, open_tracking=False)
    html = body(generate(keyring, JOB, make_recipient(options=flags)), "html")
    assert 'href="https://shop.test/?a=1&amp;b=2"' in html


def test_the_amp_part_is_never_inlined(keyring):
    amp = "<html><head><style>p{color:red}</style></head><body><p>x</p></body></html>"
    job = make_job(make_content(html=HTML, amp_html=amp), inline_css=True)
    assert body(generate(keyring, job), "x-amp-html") == amp


def test_a_retry_makes_the_same_bytes(keyring):
    assert generate(keyring, JOB).data == generate(keyring, JOB).data


def test_markup_that_would_exhaust_the_stack_is_refused(keyring):
    html = "<style>div{color:red}</style>" + "<div>" * 20_000
    failure = attempt(keyring, make_job(make_content(html=html), inline_css=True))
    assert isinstance(failure, GenerationFailure)
    assert failure.reason == "554 5.3.3 [internal] Error while inlining css: elements are nested too deeply"


def test_many_unclosed_paragraphs_and_images_are_no_depth():
    assert "color: red" in inline("<style>p{color:red}</style>" + "<p>x<br><img src=y>" * 2000)


@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_links_in_conditional_comments(keyring, quote):
    link = f"<a href={quote}https://shop.test/?a=b{quote} id=x>x</a>"
    html = f"<html><body><!--[if mso]>{link}<![endif]--></body></html>"
    job = make_job(make_content(html=html), inline_css=True, flags=TrackingFlags(open_tracking=False))
    got = body(generate(keyring, job), "html")
    (url,) = tracked_urls(got)
    assert f"<a href={quote}{url}{quote} id=x>x</a>" in got
    assert opened(keyring, url)[1].url == "https://shop.test/?a=b"


def test_nothing_is_fetched():
    html = '<html><head><link rel="stylesheet" href="file:///etc/passwd"><link rel="stylesheet" href="http://127.0.0.1:9/x">'
    assert "root:" not in inline(html)
    assert 'href="http://127.0.0.1:9/x"' in inline(html)
