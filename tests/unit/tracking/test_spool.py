import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from tracking import spool


def replayed(directory: Path) -> list[bytes]:
    found: list[bytes] = []
    spool.replay(directory, found.extend)
    return found


def test_what_was_appended_comes_back_in_order_and_only_once(tmp_path: Path) -> None:
    writer = spool.SpoolWriter(tmp_path / "spool")
    writer.append([b"a", b""])
    writer.append([b"c" * 100_000])
    writer.close()
    assert replayed(tmp_path / "spool") == [b"a", b"", b"c" * 100_000]
    assert replayed(tmp_path / "spool") == []
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_file_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    writer = spool.SpoolWriter(tmp_path)
    writer.append([b"a"])
    assert replayed(tmp_path) == []
    writer.append([b"b"])
    writer.close()
    writer.append([b"c"])
    assert replayed(tmp_path) == [b"a", b"b"]
    writer.close()


def _append_and_wait(directory: Path) -> None:
    spool.SpoolWriter(directory).append([b"of the dead"])
    os.kill(os.getpid(), signal.SIGKILL)


def test_the_file_of_a_killed_process_is_replayed(tmp_path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=_append_and_wait, args=(tmp_path,))
    process.start()
    process.join()
    assert replayed(tmp_path) == [b"of the dead"]


@pytest.mark.parametrize("torn", [b"\x05\x00\x00", b"\x05\x00\x00\x00\x00\x00\x00\x00ab", b"\xff" * 30])
def test_a_torn_end_is_ignored(tmp_path: Path, torn: bytes) -> None:
    writer = spool.SpoolWriter(tmp_path)
    writer.append([b"whole"])
    writer.close()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + torn)
    assert replayed(tmp_path) == [b"whole"]


def test_a_replay_that_fails_keeps_everything(tmp_path: Path) -> None:
    writer = spool.SpoolWriter(tmp_path)
    writer.append([b"a"])
    writer.close()

    def refuse(_entries: list[bytes]) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        spool.replay(tmp_path, refuse)
    assert replayed(tmp_path) == [b"a"]


def test_what_is_appended_after_a_full_disk_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = spool.SpoolWriter(tmp_path)
    writer.append([b"before"])
    real = os.write

    def half(descriptor: int, data: memoryview) -> int:
        if len(data) > 4:
            return real(descriptor, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space"):
            writer.append([b"lost"])
    writer.append([b"after"])
    writer.close()
    assert replayed(tmp_path) == [b"before", b"after"]
