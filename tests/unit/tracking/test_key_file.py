"""Rotation and revocation of the kept keys, and what running processes see of them."""

import multiprocessing
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from momentum.lib import clock
from tracking import key_file, key_watch, keys
from tracking.key_file import Problem, State
from tracking.tokens import BadToken, Refusal, Sealer, open_token

from .builders import make_link_part, make_message_part

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
IN_A_VARIABLE = "variable-key-0123456789-0123456789-0123"


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)


def states(home: Path) -> list[tuple[str, str]]:
    return [(state.value, key.id) for state, key in key_file.known(home)]


def sealed(ring: keys.Keyring, key: str = "") -> tuple[str, str]:
    sealer = Sealer(ring, key)
    return sealer.message_part(make_message_part(sent_at=int(NOON.timestamp()))), sealer.link_part(make_link_part())


def test_a_rotation_seals_with_a_new_key_and_opens_with_both(tmp_path: Path) -> None:
    watched = key_watch.WatchedKeys(tmp_path)
    old_links, old = sealed(watched.current), watched.current.sealing.name
    new = key_file.rotate(tmp_path)
    assert new != old
    assert watched.current.sealing.name == new
    assert states(tmp_path) == [("sealing", new), ("opening", old)]
    assert not isinstance(open_token(watched.current, *old_links), BadToken)
    assert not isinstance(open_token(watched.current, *sealed(watched.current)), BadToken)


def test_a_key_says_when_it_was_made(tmp_path: Path) -> None:
    key_file.rotate(tmp_path)
    assert [key.made_at for _, key in key_file.known(tmp_path)] == [NOON, NOON]


def test_a_key_file_of_an_earlier_version_goes_on_working(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    keys.file_in(tmp_path).write_text(
        "one-secret-0123456789-0123456789-0123\ntwo-secret-0123456789-0123456789-0123\n"
    )
    before = [key.name for key in keys.load(tmp_path, "").keys]
    new = key_file.rotate(tmp_path)
    assert states(tmp_path) == [("sealing", new), ("opening", before[0]), ("opening", before[1])]
    assert [key.made_at for _, key in key_file.known(tmp_path)] == [NOON, None, None]
    key_file.rotate(tmp_path)
    assert [key.name for key in keys.load(tmp_path, "").keys][2:] == before


def test_links_of_a_revoked_key_open_no_more_even_if_they_were_opened_before(tmp_path: Path) -> None:
    watched = key_watch.WatchedKeys(tmp_path)
    links, old = sealed(watched.current), watched.current.sealing.name
    assert not isinstance(open_token(watched.current, *links), BadToken)
    key_file.rotate(tmp_path)
    assert key_file.revoke(tmp_path, old) is None
    assert open_token(watched.current, *links) == BadToken(Refusal.UNKNOWN_KEY)


def test_a_link_of_a_key_that_comes_later_is_not_remembered_as_bad(tmp_path: Path) -> None:
    elsewhere = key_watch.WatchedKeys(tmp_path)
    before = elsewhere.current
    key_file.rotate(tmp_path)
    links = sealed(key_watch.WatchedKeys(tmp_path).current)
    assert open_token(before, *links) == BadToken(Refusal.UNKNOWN_KEY)
    assert not isinstance(open_token(elsewhere.current, *links), BadToken)


def test_a_revoked_key_is_gone_but_its_record_stays(tmp_path: Path) -> None:
    old = keys.load(tmp_path, "").sealing.name
    secret = key_file.known(tmp_path)[0][1].secret
    new = key_file.rotate(tmp_path)
    key_file.revoke(tmp_path, old)
    assert secret not in keys.file_in(tmp_path).read_text()
    assert states(tmp_path) == [("sealing", new), ("revoked", old)]
    newest = key_file.rotate(tmp_path)
    assert states(tmp_path) == [("sealing", newest), ("opening", new), ("revoked", old)]
    assert key_file.known(tmp_path)[2][1].revoked_at == NOON


def test_what_cannot_be_revoked(tmp_path: Path) -> None:
    old = keys.load(tmp_path, "").sealing.name
    assert key_file.revoke(tmp_path, old) is Problem.SEALING
    new = key_file.rotate(tmp_path)
    assert key_file.revoke(tmp_path, new) is Problem.SEALING
    assert key_file.revoke(tmp_path, "zz") is Problem.UNKNOWN
    key_file.revoke(tmp_path, old)
    assert key_file.revoke(tmp_path, old) is Problem.REVOKED
    assert states(tmp_path) == [("sealing", new), ("revoked", old)]


def test_the_file_stays_for_its_owner_alone_and_leaves_no_drafts(tmp_path: Path) -> None:
    key_file.rotate(tmp_path)
    file = keys.file_in(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(found.name for found in file.parent.iterdir()) == [".tracking_keys.lock", "tracking_keys"]


def _rotate(home: Path) -> None:
    key_file.rotate(home)


def test_rotations_at_the_same_time_lose_no_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_rotate, args=(tmp_path,)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len({key.id for _, key in key_file.known(tmp_path)}) == 9


@pytest.mark.parametrize("content", ["", "short\n"])
def test_a_damaged_file_leaves_the_ring_as_it_was(tmp_path: Path, content: str) -> None:
    watched = key_watch.WatchedKeys(tmp_path)
    ring = watched.current
    keys.file_in(tmp_path).write_text(content)
    assert watched.current is ring
    keys.file_in(tmp_path).unlink()
    assert watched.current is ring
    assert not keys.file_in(tmp_path).exists()


def test_the_ring_is_the_same_object_until_the_file_changes(tmp_path: Path) -> None:
    watched = key_watch.WatchedKeys(tmp_path)
    assert watched.current is watched.current


def test_keys_of_the_variable_are_not_looked_for_in_a_file(tmp_path: Path) -> None:
    assert key_watch.source(tmp_path, IN_A_VARIABLE).current.sealing.name == keys.name_of(IN_A_VARIABLE)
    assert not (tmp_path / "keys").exists()


def test_a_sealer_keeps_to_the_key_it_is_given(tmp_path: Path) -> None:
    watched = key_watch.WatchedKeys(tmp_path)
    before, old = sealed(watched.current), watched.current.sealing.name
    key_file.rotate(tmp_path)
    assert sealed(watched.current, old) == before
    assert sealed(watched.current) != before


def test_secrets_are_not_in_representations(tmp_path: Path) -> None:
    (state, key) = key_file.known(tmp_path)[0]
    assert key.secret not in repr((state, key))
    assert State.SEALING is state
