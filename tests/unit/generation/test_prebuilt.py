"""Pre-built messages (contract 10 §6.5, 40 §13)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.lib.errors import Fault
from tests.unit.generation.builders import (
    attempt,
    body,
    generate,
    make_configuration,
    make_job,
    make_recipient,
    opened,
    read,
    tracked_urls,
)
from tracking.tokens import Sealer
from transmissions.generation import (
    Generated,
    GenerationFailure,
    PreparationFailure,
    Prepared,
    check_content,
    prepare,
    preview,
)
from transmissions.generation.dissection import dissect
from transmissions.values import Content, Mailbox, Override, TrackingFlags

UNTRACKED = TrackingFlags(open_tracking=False, click_tracking=False)

SIMPLE = """From: Desk <desk@mail.example.org>
To: {{address.name}} <{{address.email}}>
Subject: Hi {{who}}
X-Own:  kept   as it is
Content-Type: text/plain; format=flowed

Hello {{who}} https://shop.test/a
"""

TREE = """From: =?utf-8?q?Zo=C3=AB?= <desk@mail.example.org>
To: list@c.test
Subject: fixed
MIME-Version: 1.0
Message-ID: <own@c.test>
Date: Thu, 01 Jan 2026 00:00:00 +0000
Content-Type: multipart/mixed; boundary="outer b"

preamble
--outer b
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit
X-Part: 1

No tags here = nothing changes.
--inner
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<html><body><p>caf=E9 {{who}}</p><a href=3D"https://shop.test/b">b</a></body></html>
--inner--
--outer b
Content-Type: text/html
Content-Disposition: attachment; filename=a.html

<p>{{who}}</p>
--outer b
Content-Type: application/octet-stream
Content-Transfer-Encoding: base64

AAEC
--outer b--
epilogue
"""


def job(source: str, **changes):
    return make_job(
        Content(email_rfc822=source), **{"substitution_data": {"who": "Zoë"}, "flags": UNTRACKED} | changes
    )


def test_headers_and_body_are_substituted(keyring):
    generated = generate(keyring, job(SIMPLE), make_recipient(name="Inês"))
    message = read(generated)
    assert message["To"] == "Inês <ines@example.net>"
    assert message["Subject"] == generated.subject == "Hi Zoë"
    assert (generated.friendly_from, generated.sending_domain) == ("desk@mail.example.org", "mail.example.org")
    assert b"X-Own:  kept   as it is\r\n" in generated.data
    assert message.get_content_type() == "text/plain"
    assert message.get_param("format") == "flowed"
    assert message.get_content_charset() == "utf-8"
    assert message.get_all("Content-Type") == ['text/plain; format="flowed"; charset="UTF-8"']
    assert body(generated, "plain") == "Hello Zoë https://shop.test/a\r\n"


def test_what_is_missing_is_added(keyring):
    message = read(generate(keyring, job(SIMPLE)))
    assert message["Message-ID"].endswith("@mail.example.org>")
    assert message["Date"]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_is_there_is_kept(keyring):
    message = read(generate(keyring, job(TREE)))
    assert message.get_all("Message-ID") == ["<own@c.test>"]
    assert message.get_all("Date") == ["Thu, 01 Jan 2026 00:00:00 +0000"]
    assert message.get_all("MIME-Version") == ["1.0"]


def test_only_the_html_part_changes(keyring):
    generated = generate(keyring, job(TREE))
    source = TREE.replace("\n", "\r\n").encode()
    start = source.index(b"Content-Type: text/html; charset=iso")
    end = source.index(b"\r\n--inner--")
    first = source.index(b"\r\n\r\npreamble")
    assert source[first:start] in generated.data
    assert source[end:] in generated.data
    assert body(generated, "html") == (
        '<html><body><p>café Zoë</p><a href="https://shop.test/b">b</a></body></html>'
    )


def test_links_and_pixels_of_the_first_parts(keyring):
    generated = generate(keyring, job(TREE, flags=TrackingFlags()))
    urls = tracked_urls(body(generated, "html"))
    assert [opened(keyring, url)[1].kind.name for url in urls] == ["INITIAL_OPEN", "CLICK", "OPEN"]
    assert [opened(keyring, url)[1].part for url in urls if "/f/" in url] == ["html"]
    assert b"<p>{{who}}</p>" in generated.data


def test_a_part_without_tags_passes_byte_for_byte(keyring):
    source = TREE.replace("{{who}}", "x").replace('<a href=3D"https://shop.test/b">b</a>', "")
    generated = generate(keyring, job(source))
    first = source.index("\n\npreamble")
    assert source[first:].replace("\n", "\r\n").encode() in generated.data


def test_attributes_of_a_link_that_is_not_tracked_are_removed(keyring):
    source = SIMPLE.replace("text/plain; format=flowed", "text/html").replace(
        "Hello {{who}} https://shop.test/a", '<a href="https://shop.test/" data-msys-clicktrack="0">x</a>'
    )
    assert body(generate(keyring, job(source)), "html") == '<a href="https://shop.test/">x</a>\r\n'


def test_an_encoded_body_is_decoded_first(keyring):
    encoded = base64.b64encode("Olá {{who}}".encode()).decode()
    source = (
        f"From: a@b.test\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{encoded}\n"
    )
    generated = generate(keyring, job(source))
    assert body(generated, "plain").strip() == "Olá Zoë"
    assert generated.data.count(b"Content-Transfer-Encoding") == 1


def test_an_encoded_header_is_decoded_first(keyring):
    source = "From: =?utf-8?q?{{who}}?= <a@b.test>\nSubject: =?utf-8?b?e3t3aG99fSE=?=\n\nx\n"
    message = read(generate(keyring, job(source)))
    assert message["Subject"] == "Zoë!"
    assert message["From"] == "Zoë <a@b.test>"


def test_literal_eight_bit_headers_are_encoded(keyring):
    message = read(generate(keyring, job("From: Zoë <a@b.test>\nSubject: Olá\n\nx\n")))
    assert (message["From"], message["Subject"]) == ("Zoë <a@b.test>", "Olá")


def test_an_eight_bit_part_that_passes(keyring):
    source = "From: a@b.test\nContent-Type: text/x-other; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\né\n"
    generated = generate(keyring, job(source))
    assert generated.is_8bit
    assert not generated.smtputf8
    assert generated.data.endswith("\r\n\r\né\r\n".encode())


def test_overrides(keyring):
    override = Override(sender=Mailbox("new@c.test"), reply_to="r@c.test", list_id="<l.c.test>")
    source = SIMPLE.replace("To:", "Reply-To: old@c.test\nList-Id: <o.c.test>\nTo:")
    message = read(generate(keyring, job(source, override=override)))
    assert message.get_all("From") == ["Desk <new@c.test>"]
    assert message.get_all("Reply-To") == ["r@c.test"]
    assert message.get_all("List-Id") == ["<l.c.test>"]


def test_what_must_not_leave_is_dropped(keyring):
    source = SIMPLE.replace("To:", "Bcc: h@c.test\nX-MSYS-API: {}\nList-Unsubscribe: <mailto:o@c.test>\nTo:")
    message = read(generate(keyring, job(source)))
    assert "Bcc" not in message
    assert "X-MSYS-API" not in message
    assert len(message.get_all("List-Unsubscribe")) == 1
    assert "/u/" in message["List-Unsubscribe"]
    assert read(generate(keyring, job(source, transactional=True)))["List-Unsubscribe"] == "<mailto:o@c.test>"


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n"])
def test_line_breaks_become_crlf(keyring, line_break):
    generated = generate(keyring, job(TREE.replace("\n", line_break)))
    assert b"\n" not in generated.data.replace(b"\r\n", b"")
    assert body(generated, "html").startswith("<html><body><p>café")


def test_data_never_makes_a_header(keyring):
    message = read(generate(keyring, job(SIMPLE, substitution_data={"who": "a\r\nBcc: x@y.test\r\n\r\nbody"})))
    assert "Bcc" not in message
    assert message["Subject"] == "Hi a Bcc: x@y.test  body"


def test_a_computed_from_that_is_none(keyring):
    failure = attempt(keyring, job("From: {{gone}}\n\nx\n"))
    assert isinstance(failure, GenerationFailure)


def test_faults_of_the_content_fail_everybody(keyring):
    for source in ("x", "From: a@b.test\nSubject: {{\n\nx\n", "From: a@b.test\n\n{{end}}\n"):
        made = prepare(job(source), None, None)
        assert isinstance(made, PreparationFailure)
        assert made.reason.startswith("554 5.3.3 [internal] ")


def test_substitutions_switched_off(keyring):
    generated = generate(keyring, job(SIMPLE, perform_substitutions=False, flags=TrackingFlags()))
    text = body(generated, "plain")
    assert text.startswith("Hello {{who}} http://track")
    assert generated.subject == "Hi Zoë"


def nested(depth: int) -> str:
    heads = "".join(f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(depth))
    return f"From: a@b.test\n{heads}\nx\n"


@pytest.mark.parametrize(
    "source, readable",
    [
        (nested(20), True),
        (nested(60), False),
        ("From: a@b.test\nContent-Type: multipart/mixed; boundary=b\n\n" + "--b\n\n" * 900, True),
        ("From: a@b.test\nContent-Type: multipart/mixed; boundary=b\n\n" + "--b\n\n" * 100_000, False),
        ("From: a@b.test\n" + "X: y\n" * 10_000 + "\nx", True),
        ("From: a@b.test\n" + "X: y\n" * 1_000_000 + "\nx", False),
        ("From: a@b.test\nX:" + " \n " * 1_000_000 + "\n\nx", False),
    ],
)
def test_structure_has_limits(source, readable):
    assert (dissect(source) is not None) is readable


LINES = [
    "Subject: {{who}}",
    " folded {{who}}",
    "To: é <a@b.test>",
    "Content-Type: text/html; charset=utf-16",
    "Content-Type: text/plain; charset=unknown-8bit",
    'Content-Type: multipart/mixed; boundary="b"',
    "Content-Type: ;;=",
    "Content-Transfer-Encoding: base64",
    "Content-Transfer-Encoding: quoted-printable",
    "Content-Disposition: attachment; filename*=x''%",
    "",
    "--b",
    "--b--",
    "=E9 {{who}} =",
    "https://shop.test/{{who}}",
    "no colon",
    "Subject: =?utf-8?b?!!!?= =?x?q?a?=",
]


@given(st.lists(st.sampled_from(LINES) | st.text(max_size=20), max_size=15).map("\n".join))
def test_any_text_is_refused_or_sent(keyring, rest):
    content = Content(email_rfc822=f"From: a@b.test\nX-Own: 1\n{rest}")
    refused = check_content(content) != []
    made = prepare(make_job(content), make_configuration(), Sealer(keyring))
    assert isinstance(made, PreparationFailure) is refused
    assert isinstance(preview(content, {}), Fault) is refused
    if isinstance(made, Prepared):
        message = made.message(make_recipient(substitution_data={"who": "Zoë\r\nBcc: x"}), 1, 2, 3)
        assert isinstance(message, Generated)
        assert b"\nBcc" not in message.data.partition(b"\r\n\r\n")[0]
        assert b"\n" not in message.data.replace(b"\r\n", b"")
