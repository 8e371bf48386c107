import asyncio
from pathlib import Path

from tracking import spool, stream
from tracking.journal import Journal

NOBODY = "unix:///nowhere/redis.sock"


def frames_in(home: Path) -> list[bytes]:
    found: list[bytes] = []
    spool.replay(spool.folder(home), lambda entries: found.extend(f for e in entries for f in stream.hit_frames(e)))
    return found


def test_a_cancelled_waiter_takes_nobody_with_it_and_its_hit_is_kept(tmp_path: Path) -> None:
    async def scene() -> None:
        journal = Journal(NOBODY, tmp_path)
        journal.start()
        hung_up = asyncio.create_task(journal.record(b"one"))
        others = [asyncio.create_task(journal.record(b"two")), asyncio.create_task(journal.record(b"three"))]
        await asyncio.sleep(0)
        hung_up.cancel()
        async with asyncio.timeout(10):
            await asyncio.gather(*others)
            await journal.record(b"four")
            await journal.close()

    asyncio.run(scene())
    assert frames_in(tmp_path) == [b"one", b"two", b"three", b"four"]


def test_a_hit_that_comes_after_closing_is_kept(tmp_path: Path) -> None:
    async def scene() -> None:
        journal = Journal(NOBODY, tmp_path)
        journal.start()
        await journal.close()
        async with asyncio.timeout(10):
            await journal.record(b"late")

    asyncio.run(scene())
    assert frames_in(tmp_path) == [b"late"]


def test_hits_that_arrive_together_share_an_entry(tmp_path: Path) -> None:
    async def scene() -> None:
        journal = Journal(NOBODY, tmp_path)
        journal.start()
        await asyncio.gather(*(journal.record(b"%d" % number) for number in range(450)))
        await journal.close()

    asyncio.run(scene())
    entries: list[bytes] = []
    spool.replay(spool.folder(tmp_path), entries.extend)
    assert [len(stream.hit_frames(entry)) for entry in entries] == [200, 200, 50]
