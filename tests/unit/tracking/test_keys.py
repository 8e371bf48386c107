import multiprocessing
import stat
from pathlib import Path

import pytest

from tracking import keys
from tracking.tokens import BadToken, Sealer, open_token

from .builders import make_link_part, make_message_part

OLD, NEW = "old-key-0123456789-0123456789-0123456789", "new-key-0123456789-0123456789-0123456789"


def _ids(home: Path, found: "multiprocessing.SimpleQueue[bytes]") -> None:
    found.put(keys.load(home, "").sealing.id)


def test_the_key_file_is_made_once_although_many_processes_race_for_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    found: multiprocessing.SimpleQueue[bytes] = context.SimpleQueue()
    processes = [context.Process(target=_ids, args=(tmp_path, found)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len({found.get() for _ in processes}) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["tracking_keys"]


def test_the_key_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    keys.load(tmp_path, "")
    assert stat.S_IMODE((tmp_path / "keys" / "tracking_keys").stat().st_mode) == 0o600


def test_after_a_rotation_old_links_open_and_new_ones_are_sealed_with_the_new_key(tmp_path: Path) -> None:
    old, rotated = keys.load(tmp_path, OLD), keys.load(tmp_path, f"{NEW}, {OLD}")
    message, link = make_message_part(), make_link_part()
    sealed_before = Sealer(old).message_part(message), Sealer(old).link_part(link)
    sealed_after = Sealer(rotated).message_part(message), Sealer(rotated).link_part(link)
    assert open_token(rotated, *sealed_before) == (message, link)
    assert open_token(rotated, *sealed_after) == (message, link)
    assert isinstance(open_token(old, *sealed_after), BadToken)


@pytest.mark.parametrize("text", ["short", f"{NEW},short", ","])
def test_bad_keys_are_named_by_position_and_never_shown(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "tracking_keys").write_text("")
    with pytest.raises(ValueError, match="key") as refused:
        keys.load(tmp_path, text)
    assert "short" not in str(refused.value)


def test_keys_are_not_in_representations(tmp_path: Path) -> None:
    assert OLD not in repr(keys.load(tmp_path, OLD))
    assert "nonce_key" not in repr(keys.load(tmp_path, OLD))
