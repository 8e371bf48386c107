"""Plain builders of what generation takes, and readers of what it makes."""

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from urllib.parse import urlsplit

from tracking.keys import Keyring, load
from tracking.options import Configuration
from tracking.tokens import LinkPart, MessagePart, Sealer, open_token
from transmissions.generation import Generated, GenerationFailure, Prepared, prepare
from transmissions.values import Content, Job, Mailbox, Recipient

HOST = "track.example.org:81"
NUMBER, BLOCK_TIME, SENT_AT = 4711, 1_790_000_000, 1_790_000_100


def make_content(**changes: Any) -> Content:
    return Content(
        **{"sender": Mailbox("news@mail.example.org", "Example News"), "subject": "Hi", "text": "x"} | changes
    )


def make_job(content: Content | None = None, **changes: Any) -> Job:
    return Job(**{"transmission_id": 7264018835521937410, "content": content or make_content()} | changes)


def make_configuration(**changes: Any) -> Configuration:
    return Configuration(**{"engagement_tracking_host": HOST} | changes)


def make_recipient(email: str = "ines@example.net", **changes: Any) -> Recipient:
    return Recipient(email=email, **changes)


def prepared(keyring: Keyring, job: Job, configuration: Configuration | None = None, **options: Any) -> Prepared:
    made = prepare(job, configuration or make_configuration(), Sealer(keyring), **options)
    assert isinstance(made, Prepared), made
    return made


def generate(keyring: Keyring, job: Job, recipient: Recipient | None = None, **options: Any) -> Generated:
    made = attempt(keyring, job, recipient, **options)
    assert isinstance(made, Generated), made
    return made


def attempt(
    keyring: Keyring,
    job: Job,
    recipient: Recipient | None = None,
    configuration: Configuration | None = None,
    **options: Any,
) -> Generated | GenerationFailure:
    made = prepared(keyring, job, configuration, **options)
    return made.message(recipient or make_recipient(), NUMBER, BLOCK_TIME, SENT_AT)


def read(generated: Generated) -> EmailMessage:
    """The message as the standard library reads it, without any defect in it."""
    message = BytesParser(policy=policy.default).parsebytes(generated.data)
    for part in message.walk():
        assert part.defects == []
        for value in part.values():
            assert value.defects == ()
    for line in generated.data.split(b"\r\n"):
        assert len(line) <= 998
        assert b"\r" not in line
        assert b"\n" not in line
    return message


def body(generated: Generated, subtype: str) -> str:
    """The decoded text of the first part of `text/<subtype>`."""
    for part in read(generated).walk():
        if part.get_content_type() == f"text/{subtype}":
            return part.get_payload(decode=True).decode()
    raise AssertionError(f"no text/{subtype} part")


def tracked_urls(text: str, kind: str = "[fqu]") -> list[str]:
    return re.findall(rf"https?://[^\s\"'<>/]+/{kind}/[A-Za-z0-9_/.~%-]+", text)


def opened(keyring: Keyring, url: str) -> tuple[MessagePart, LinkPart]:
    *_, message_part, link_part = urlsplit(url).path.split("/")
    token = open_token(keyring, message_part, link_part)
    assert len(token) == 2, token
    return token


def keyring_at(home: Any) -> Keyring:
    return load(home, "")
