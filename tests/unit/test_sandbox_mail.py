"""The sandbox without a server: magic recipients, the mailbox, and hostile messages."""

import email.mime.text
import random
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import frame
from sandbox.linking import linked
from sandbox.listing import listing
from sandbox.magic import refusal
from sandbox.mailbox import Head, Limits, Mailbox
from sandbox.parsing import header_text, parse, safe_name
from sandbox.pruning import Pruner


@pytest.mark.parametrize(
    ("address", "reply"),
    [
        ("bounce+550@example.com", "550 5.1.1 user unknown"),
        ("BOUNCE+550.x@example.com", "550 5.1.1 user unknown"),
        ("bounce+571@example.com", "571 5.0.0 refused as asked"),
        ("defer+451@example.com", "451 4.3.0 try again later"),
        ("defer+421@example.com", "421 4.3.2 service not available, closing the connection"),
        ("defer+550@example.com", None),
        ("bounce+451@example.com", None),
        ("bounce+5500@example.com", None),
        ("bounce@example.com", None),
        ("abounce+550@example.com", None),
        ("joe@example.com", None),
    ],
)
def test_magic_recipients(address: str, reply: str | None) -> None:
    assert refusal(address) == reply


def head(subject: str = "hello", rcpt_to: str = "joe@example.com") -> Head:
    return Head(mail_from="b@example.org", rcpt_to=(rcpt_to,), subject=subject, sender="a@example.org", size=3)


def make_mailbox(folder: Path) -> Mailbox:
    mailbox = Mailbox(folder)
    mailbox.prepare()
    return mailbox


def test_what_is_stored_comes_back_byte_for_byte(tmp_path: Path) -> None:
    mailbox = make_mailbox(tmp_path)
    data = b"Subject: x\r\n\r\n\x00\xff\n.\r\n{}\n"
    name = mailbox.add(head("täst\n"), data)
    assert mailbox.names() == [name]
    assert mailbox.data(name) == data
    entry = mailbox.entry(name)
    assert entry is not None
    assert entry.head == head("täst\n")
    assert not list((tmp_path / "tmp").iterdir())
    assert (tmp_path / "new" / name).stat().st_mode & 0o777 == 0o600


def test_the_newest_is_first_and_the_version_changes(tmp_path: Path) -> None:
    mailbox = make_mailbox(tmp_path)
    versions = [mailbox.version()]
    names = []
    for _ in range(3):
        names.append(mailbox.add(head(), b"x"))
        versions.append(mailbox.version())
    assert mailbox.names() == names[::-1]
    assert mailbox.delete(names[1]) is True
    assert mailbox.delete(names[1]) is False
    assert mailbox.entry(names[1]) is None
    assert mailbox.data(names[1]) is None
    assert mailbox.empty() == 2
    assert mailbox.names() == []
    assert len({*versions, mailbox.version()}) == 5


@pytest.mark.parametrize("name", ["../keys/secret_key", "", ".", "1" * 19, "1" * 19 + "-0000000g", "\0"])
def test_a_name_never_leaves_the_folder(tmp_path: Path, name: str) -> None:
    mailbox = make_mailbox(tmp_path)
    assert mailbox.entry(name) is None
    assert mailbox.data(name) is None
    assert mailbox.delete(name) is False


def test_a_mailbox_that_nobody_made_is_empty(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path / "nothing")
    assert (mailbox.names(), mailbox.version(), mailbox.empty()) == ([], "0", 0)


def test_a_damaged_file_is_left_out(tmp_path: Path) -> None:
    mailbox = make_mailbox(tmp_path)
    (tmp_path / "new" / ("1" * 19 + "-00000000")).write_bytes(b"no json\nx")
    (tmp_path / "new" / "README").write_text("not ours")
    name = mailbox.add(head(), b"x")
    assert [entry.name for entry in listing(mailbox, "", 1, "").entries] == [name]


@pytest.mark.parametrize(("limits", "kept"), [(Limits(3, 1000), 3), (Limits(100, 25), 2), (Limits(100, 5), 1)])
def test_the_oldest_make_room(tmp_path: Path, limits: Limits, kept: int) -> None:
    mailbox = make_mailbox(tmp_path)
    pruner = Pruner(mailbox, limits)
    names = []
    for _ in range(6):
        names.append(mailbox.add(head(), b"x"))
        pruner.added(names[-1], 10)
    assert mailbox.names() == names[::-1][:kept]


def test_pruning_goes_on_after_a_restart_and_after_deletions(tmp_path: Path) -> None:
    mailbox = make_mailbox(tmp_path)
    for _ in range(5):
        mailbox.add(head(), b"x")
    pruner = Pruner(mailbox, Limits(5, 10**9))
    mailbox.empty()
    names = []
    for _ in range(7):
        names.append(mailbox.add(head(), b"x"))
        pruner.added(names[-1], 1)
    assert mailbox.names() == names[::-1][:5]


def test_pages_do_not_shift_under_the_reader(tmp_path: Path) -> None:
    mailbox = make_mailbox(tmp_path)
    names = [mailbox.add(head(f"message {number}"), b"x") for number in range(60)][::-1]
    first = listing(mailbox, "", 1, "")
    assert ([entry.name for entry in first.entries], first.pages, first.count) == (names[:25], 3, 60)
    arrived = mailbox.add(head("new"), b"x")
    second = listing(mailbox, "", 2, first.newest)
    assert [entry.name for entry in second.entries] == names[25:50]
    assert (second.newer, second.newest, second.count) == (1, first.newest, 60)
    again = listing(mailbox, "", 1, first.newest)
    assert again.entries[0].name == arrived
    assert listing(mailbox, "", 99, "").page == 3


def test_search_by_recipient_and_subject(tmp_path: Path) -> None:
    mailbox = make_mailbox(tmp_path)
    mailbox.add(head("Spring LETTER", "anna@example.com"), b"x")
    mailbox.add(head("other", "bob@example.com"), b"x")
    assert [listing(mailbox, query, 1, "").count for query in ("letter", "ANNA@", "example", "nothing")] == [
        1,
        1,
        2,
        0,
    ]


def alternative() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Grüße"
    message.set_content("Hello https://example.com/a?b=1&c=2.")
    message.add_alternative(
        '<!doctype html><p><img src="cid:logo@x"><a href="https://example.com">go</a>', subtype="html"
    )
    message.get_payload()[1].add_related(b"\x89PNG", "image", "png", cid="<logo@x>", filename="logo.png")  # type: ignore[union-attr, index]
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../../etc/pass\u202ewd.pdf")
    return message


def test_a_whole_message_taken_apart() -> None:
    data = bytes(alternative())
    parsed = parse(data)
    assert parsed.header("subject") == "Grüße"
    assert header_text(data, "subject") == "Grüße"
    assert parsed.body("text/plain") == "Hello https://example.com/a?b=1&c=2.\n"
    assert [(part.name, part.type, part.data) for part in parsed.files()] == [
        ("logo.png", "image/png", b"\x89PNG"),
        ("pass\ufffdwd.pdf", "application/pdf", b"%PDF"),
    ]


def test_the_frame_gets_links_that_open_tabs_and_images_that_need_no_cookies() -> None:
    document = frame.document(parse(bytes(alternative())))
    assert document is not None
    assert document.startswith('<!doctype html><base target="_blank">')
    assert '<img src="data:image/png;base64,iVBORw==">' in document
    assert frame.document(parse(b"Subject: x\r\n\r\ntext")) is None


def test_the_frame_runs_nothing() -> None:
    directives = dict(part.strip().partition(" ")[::2] for part in frame.CONTENT_SECURITY_POLICY.split(";"))
    assert directives["default-src"] == "'none'"
    assert "allow-scripts" not in directives["sandbox"] + frame.SANDBOX
    assert "allow-same-origin" not in directives["sandbox"] + frame.SANDBOX
    assert "script-src" not in directives


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        (
            'see https://example.com/?a=1&b=<script>"x',
            'see <a href="https://example.com/?a=1&amp;b=" target="_blank" rel="noopener noreferrer">'
            "https://example.com/?a=1&amp;b=</a>&lt;script&gt;&quot;x",
        ),
        ("javascript:alert(1)", "javascript:alert(1)"),
        (
            "(http://a.example/x).",
            '(<a href="http://a.example/x" target="_blank" rel="noopener noreferrer">http://a.example/x</a>).',
        ),
        ("https://", "https://"),
    ],
)
def test_text_with_links(text: str, html: str) -> None:
    assert linked(text) == html


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"Subject: =?utf-8?b?w6Q=?= =?iso-8859-1?q?=F6?=\r\n", "äö"),
        ("Subject: rö\r\n".encode(), "rö"),
        (b"Subject: r\xf6\r\n", "r\ufffd"),
        (b"Subject: =?zip?b?eA==?=\r\n", "x"),
        (b"Subject: =?utf-8?b?*****?=\r\n", ""),
        (b"Subject: =?nonsense?q?a?=\r\n", "a"),
        (b"Subject: a\r\n b\r\n", "a b"),
        (b"Subject: a\x00\x1b]b\r\n", "a\ufffd\ufffd]b"),
        ("Subject: a\u202eb\r\n".encode(), "a\ufffdb"),
        (b"subject: lower\r\n", "lower"),
        (b"Subject: " + b"x" * 5000 + b"\r\n", "x" * 300),
        (b"no header at all", ""),
        (b"", ""),
    ],
)
def test_headers_of_any_kind(raw: bytes, shown: str) -> None:
    assert header_text(raw + b"\r\nbody", "subject") == shown


@pytest.mark.parametrize(
    "charset", ["utf-8", "iso-8859-1", "zip", "hex", "rot13", "idna", "utf-7", "nonsense", "\0", "a" * 999]
)
def test_charsets_are_never_trusted(charset: str) -> None:
    data = b'Content-Type: text/plain; charset="' + charset.encode() + b'"\r\n\r\nhello\r\n'
    assert (parse(data).body("text/plain") or "").startswith("h")


def test_deep_and_wide_messages_are_bounded() -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (level, level) for level in range(3000)
    )
    assert len(parse(deep).parts) <= 200
    wide = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 5000
    assert len(parse(wide).parts) == 200
    many = b"".join(b"X-%d: y\r\n" % number for number in range(5000)) + b"\r\n"
    assert len(parse(many).headers) == 500


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\evil.exe", "evil.exe"),
        ("a\r\nSet-Cookie: x", "a Set-Cookie_ x"),
        ("...", ""),
        ("", ""),
        ("x" * 500 + ".html", "x" * 80 + ".html"),
        ("ü ö.txt", "ü ö.txt"),
    ],
)
def test_file_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_can_be_shown(data: bytes) -> None:
    parsed = parse(data)
    header_text(data, "subject")
    parsed.files()
    frame.document(parsed)
    linked(parsed.body("text/plain") or "")


def test_messages_with_random_damage_can_be_shown() -> None:
    chance = random.Random(7)
    whole = bytes(alternative()) + bytes(email.mime.text.MIMEText("ä", "html", "utf-8"))
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        parsed = parse(bytes(damaged))
        frame.document(parsed)
        str(parsed.header("subject")).encode()
