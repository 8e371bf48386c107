"""The key that seals a transmission is fixed when its generation starts; manage.py tracking_keys."""

import email
import re
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from tests.api import Api
from tests.integration.test_pipeline import generate, pass_time, submit
from tests.smtp_peers import Peer
from tracking import key_watch, keys
from tracking.tokens import BadToken, open_token
from transmissions.chunks import unpack
from transmissions.generation import Generated
from transmissions.models import Chunk, Transmission
from transmissions.pipeline import jobs, retrying, trying

pytestmark = pytest.mark.django_db(transaction=True)

SECRETS = ("first-secret-0123456789-0123456789-01", "second-secret-0123456789-0123456789-0")
TRACKED = re.compile(r"/f/([\w-]+)/([\w-]+)")


@pytest.fixture(autouse=True)
def _own_keys(tmp_path: Path) -> Iterator[None]:
    with override_settings(MOMENTUM_HOME=tmp_path, TRACKING_KEYS=""):
        jobs.forget()
        yield
    jobs.forget()


def command(*arguments: str) -> str:
    output = StringIO()
    call_command("tracking_keys", *arguments, stdout=output)
    return output.getvalue()


def table() -> list[list[str]]:
    return [line.split() for line in command("list").splitlines()[1:]]


def sealing(home: Path) -> str:
    return key_watch.WatchedKeys(home).current.sealing.name


def tracked(message: bytes) -> list[tuple[str, str]]:
    """The tokens of the tracked links in a message of one text part."""
    text = email.message_from_bytes(message).get_payload(decode=True)
    assert isinstance(text, bytes)
    return TRACKED.findall(text.decode())


def made_again() -> bytes:
    """The only message, generated from what the database holds, as a worker that has just started does."""
    jobs.forget()
    chunk = Chunk.objects.get()
    ready = jobs.get(chunk.transmission_id)
    made = trying.generate(ready, chunk, chunk.first_number, unpack(chunk.recipients)[0])
    assert isinstance(made, Generated)
    assert tracked(made.data)
    return made.data


def test_a_retry_after_a_rotation_gives_the_same_bytes(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    peer.replies["."] = "451 4.7.1 later"
    submit(api, "omar@example.net")
    generate()
    old, first = sealing(tmp_path), made_again()
    command("rotate")
    assert sealing(tmp_path) != old
    peer.replies.clear()
    pass_time(monkeypatch, timedelta(minutes=21))
    retrying.retry_due()
    assert [taken.data.replace(b"\r\n..", b"\r\n.") for taken in peer.taken] == [first]
    assert made_again() == first
    assert Transmission.objects.get().sealing_key == old


def test_a_transmission_whose_key_was_revoked_goes_on_with_the_present_one(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    peer.replies["."] = "451 4.7.1 later"
    submit(api, "omar@example.net")
    generate()
    old = sealing(tmp_path)
    command("rotate")
    command("revoke", old)
    peer.replies.clear()
    pass_time(monkeypatch, timedelta(minutes=21))
    # The same worker, with the transmission at hand.
    retrying.retry_due()
    (found,) = tracked(peer.taken[0].data)
    opened = open_token(key_watch.WatchedKeys(tmp_path).current, *found)
    assert not isinstance(opened, BadToken)
    assert Transmission.objects.get().sealing_key == sealing(tmp_path)


def test_the_list_counts_messages_with_live_links_by_key(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = sealing(tmp_path)
    submit(api, "a@example.net", "b@example.net")
    generate()
    command("rotate")
    new = sealing(tmp_path)
    submit(api, "c@example.net")
    generate()
    assert [(row[0], row[1], row[-1]) for row in table()] == [(new, "sealing", "1"), (old, "opening", "2")]
    pass_time(monkeypatch, timedelta(days=366))
    assert [row[-1] for row in table()] == ["0", "0"]
    assert "revoked" in command("revoke", old)
    assert [row[1] for row in table()] == ["sealing", "revoked"]


def test_the_sealing_key_cannot_be_revoked(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="it seals new links: rotate first"):
        command("revoke", sealing(tmp_path))
    with pytest.raises(CommandError, match="there is no such key"):
        command("revoke", "zz")


def test_with_keys_in_the_variable_the_command_says_what_to_change(tmp_path: Path) -> None:
    with override_settings(TRACKING_KEYS=",".join(SECRETS)):
        first, second = (keys.name_of(secret) for secret in SECRETS)
        assert [(row[0], row[1]) for row in table()] == [(first, "sealing"), (second, "opening")]
        with pytest.raises(CommandError, match="END of TRACKING_KEYS"):
            command("rotate")
        with pytest.raises(CommandError, match=f"Key {second} is number 2 of the list"):
            command("revoke", second)
        with pytest.raises(CommandError, match="is the first and seals new links"):
            command("revoke", first)
    assert not keys.file_in(tmp_path).exists()
