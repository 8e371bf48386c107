"""From the Redis stream to the event log: consumes as one of a group, any number of them at the same time.

A redo is harmless everywhere: an event's id and time are the hit's own, and the log takes each once.
"""

import gc
import logging
import os
import platform
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, DataError, connection, transaction
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from tracking import agents, classify, holding, key_watch, log, spool, wishes
from tracking.configuration import current
from tracking.enrichment import Enrichment
from tracking.judging import DeadLetter, Entry, Judge, Judgement, Unrecorded
from tracking.personal import Keeping
from tracking.places import Places
from tracking.stream import DEAD_LETTERS, FIELD, GROUP, STREAM

logger = logging.getLogger(__name__)

ENTRIES_A_BATCH = 100
_WAIT_MS = 250
# With entries at hand that wait for their messages, or that could not be stored.
_HELD_WAIT_MS = 100
_UNFINISHED_LIMIT = 4 * ENTRIES_A_BATCH
# A consumer that has not acknowledged for so long is taken for dead. If it lives after all, nothing is counted
# twice: the log knows its events.
_DEAD_AFTER_MS = 5_000
_CLAIM_EVERY_S = 2.0
_TIDY_EVERY_S = 60.0
_GONE_AFTER_MS = 3_600_000
_SPOOL_EVERY_S = 5.0
_DEAD_LETTERS_KEPT = 10_000
_PAUSE_AFTER_TROUBLE_S = 0.5
_REDIS_TIMEOUT_S = 5


@dataclass(slots=True)
class Tally:
    """What one round came to, in hits (refused, dead) and events (recorded: those new to the log)."""

    entries: int = 0
    recorded: int = 0
    dead: int = 0
    refused: Counter[Unrecorded] = field(default_factory=Counter)


def run(stop: threading.Event) -> None:
    """Record with the installation's settings until `stop` is set: what `manage.py record` does."""
    client = Redis.from_url(
        settings.REDIS_LOCATION, socket_timeout=_REDIS_TIMEOUT_S, socket_connect_timeout=_REDIS_TIMEOUT_S
    )
    keyring = key_watch.source(settings.MOMENTUM_HOME, settings.TRACKING_KEYS)
    # Reading the expressions for user agents takes half a second, which the first hit need not wait for.
    agents.parsed("")
    Recorder(client, keyring, settings.MOMENTUM_HOME).run(stop)


class Recorder:
    """One consumer of the group. `client` must not decode responses; `home` is where the spool lies."""

    def __init__(
        self, client: "Redis", keyring: key_watch.Keys, home: Path, wait_for_dead_ms: int = _DEAD_AFTER_MS
    ) -> None:
        self._client: Any = client
        self._home = home
        self._dead_after_ms = wait_for_dead_ms
        rules = classify.load()
        self._judge = Judge(
            *(keyring, rules, Places(), Enrichment().of),
            Keeping(settings.HIT_ADDRESSES, timedelta(days=settings.HIT_DETAILS_KEPT_DAYS)),
            wishes.of,
        )
        self.consumer = f"{platform.node()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._unfinished: list[Entry] = []
        self._claimed_at = self._tidied_at = self._spool_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Record until `stop` is set; Redis or PostgreSQL being away is waited for."""
        while not stop.is_set():
            try:
                self.run_once()
            except (RedisError, DatabaseError, psycopg.Error, OSError) as problem:
                logger.warning("the recorder waits: %s", " ".join(str(problem).split())[:300])
                connection.close()
                stop.wait(_PAUSE_AFTER_TROUBLE_S)

    def run_once(self, wait_ms: int = _WAIT_MS) -> Tally:
        """One round: read, judge, store, acknowledge; returns after `wait_ms` when there is nothing to do.

        What a round that raised has not finished is taken up by the next one.
        """
        # A round makes many objects and no cycles: looking for garbage among them takes a third of its time.
        gc.disable()
        try:
            return self._round(wait_ms)
        finally:
            gc.enable()

    def _round(self, wait_ms: int) -> Tally:
        self._replay_spool()
        # 1. Read. What an earlier round could not finish comes first, then what dead consumers left.
        self._unfinished += self._claim()
        if len(self._unfinished) < _UNFINISHED_LIMIT:
            self._unfinished += self._read(_HELD_WAIT_MS if self._unfinished else wait_ms)
        # 2. Judge.
        judgement = self._judge.judge(self._unfinished, current()) if self._unfinished else None
        if judgement is None:
            return Tally()
        # 3. Store; poison that only the database notices comes back as dead letters.
        recorded, poison = _store(judgement)
        dead = judgement.dead + poison
        # 4. Only now acknowledge: what is lost between 3 and 4 is judged again and found in the log.
        self._bury(dead)
        self._acknowledge(judgement.done)
        self._unfinished = judgement.early
        return Tally(len(judgement.done), recorded, len(dead), judgement.refused)

    def _read(self, wait_ms: int) -> list[Entry]:
        try:
            answer = self._client.xreadgroup(
                GROUP, self.consumer, {STREAM: ">"}, count=ENTRIES_A_BATCH, block=max(1, wait_ms)
            )
        except ResponseError as problem:
            if "NOGROUP" not in str(problem):
                raise
            self._make_group()
            return []
        return [entry for _, found in answer or [] for entry in _entries(found)]

    def _make_group(self) -> None:
        try:
            self._client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
        except ResponseError as problem:
            if "BUSYGROUP" not in str(problem):
                raise

    def _claim(self) -> list[Entry]:
        """Entries that a consumer read and has not acknowledged in time."""
        now = time.monotonic()
        if now - self._claimed_at < min(_CLAIM_EVERY_S, self._dead_after_ms / 1000):
            return []
        self._claimed_at = now
        try:
            _, found, *_ = self._client.xautoclaim(
                STREAM, GROUP, self.consumer, self._dead_after_ms, start_id="0-0", count=ENTRIES_A_BATCH
            )
        except ResponseError as problem:
            if "NOGROUP" not in str(problem):
                raise
            self._make_group()
            return []
        if now - self._tidied_at >= _TIDY_EVERY_S:
            self._tidied_at = now
            self._forget_gone_consumers()
        own = {entry.id for entry in self._unfinished}
        return [entry for entry in _entries(found) if entry.id not in own]

    def _forget_gone_consumers(self) -> None:
        for consumer in self._client.xinfo_consumers(STREAM, GROUP):
            if not consumer["pending"] and consumer["idle"] > _GONE_AFTER_MS:
                self._client.xgroup_delconsumer(STREAM, GROUP, consumer["name"])

    def _bury(self, dead: list[DeadLetter]) -> None:
        for letter in dead:
            logger.warning("a hit of entry %s goes to the dead letters: %s", letter.entry.decode(), letter.reason)
            self._client.xadd(
                DEAD_LETTERS,
                {b"entry": letter.entry, b"reason": letter.reason, FIELD: letter.value},
                maxlen=_DEAD_LETTERS_KEPT,
                approximate=True,
            )

    def _acknowledge(self, done: list[bytes]) -> None:
        if done:
            with self._client.pipeline(transaction=True) as pipe:
                pipe.xack(STREAM, GROUP, *done)
                pipe.xdel(STREAM, *done)
                pipe.execute()

    def _replay_spool(self) -> None:
        """Bring in what a web process or a dead tracker of this machine spooled while Redis was away."""
        if time.monotonic() - self._spool_at < _SPOOL_EVERY_S:
            return
        self._spool_at = time.monotonic()
        spool.replay(spool.folder(self._home), self._push)

    def _push(self, values: list[bytes]) -> None:
        with self._client.pipeline(transaction=False) as pipe:
            for value in values:
                pipe.xadd(STREAM, {FIELD: value})
            pipe.execute()


def _entries(found: list[Any]) -> list[Entry]:
    # A claimed entry that was deleted meanwhile comes without fields (Redis before 7).
    return [Entry(entry_id, fields.get(FIELD, b"")) for entry_id, fields in found if fields]


def _store(judgement: Judgement) -> tuple[int, list[DeadLetter]]:
    """Append all events in one transaction, or one by one where the database refuses a value of one of them."""
    if not (judgement.lines or judgement.events or judgement.held):
        return 0, []
    try:
        with transaction.atomic():
            recorded = log.append_lines([line for _, line in judgement.lines])
            if judgement.events:
                recorded += log.append(judgement.events)
            holding.hold(judgement.held)
            return recorded, []
    except (DataError, psycopg.DataError):
        pass
    recorded, poison = 0, []
    for event_id, store in _one_by_one(judgement):
        try:
            with transaction.atomic():
                recorded += store()
        except (DataError, psycopg.DataError) as problem:
            reason = f"the database refuses it: {' '.join(str(problem).split())[:200]}"
            poison.append(DeadLetter(b"-", event_id, reason))
    return recorded, poison


def _one_by_one(judgement: Judgement) -> Iterator[tuple[bytes, Callable[[], int]]]:
    for event_id, line in judgement.lines:
        yield event_id, partial(log.append_lines, [line])
    for event in judgement.events:
        yield event.event_id.bytes, partial(log.append, [event])
    for event in judgement.held:
        yield event.event_id.bytes, partial(holding.hold, [event])
