"""What a worker keeps at hand of the transmissions it works on: prepared once, used for every recipient."""

from collections import OrderedDict
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec
from django.conf import settings
from django.db import transaction

from momentum.lib import clock
from tracking import configuration, key_watch
from tracking.keys import Keyring
from tracking.options import OPTION_NAMES, Configuration
from tracking.tokens import Sealer
from transmissions import snippets, template_versions
from transmissions.generation import PreparationFailure, Prepared, prepare
from transmissions.models import Snapshot, TemplateVersion, Transmission
from transmissions.stored_content import stored_as_content
from transmissions.values import Job, TrackingFlags

# Each holds a content of up to 20 MB, encoded.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Ready:
    """A transmission ready for its recipients; `prepared` is the fault of every one if it cannot be compiled.

    `sealing_key` is the id of the key that its links are sealed with.
    """

    job: Job
    block_time: int
    sealing_key: str
    prepared: Prepared | PreparationFailure


_at_hand: "OrderedDict[int, Ready]" = OrderedDict()


def get(transmission_id: int) -> Ready:
    """The prepared transmission, made at the first call in this process, and again if its key was revoked."""
    ready = _at_hand.get(transmission_id)
    if ready is None or _keys().current.with_id(ready.sealing_key) is None:
        _at_hand[transmission_id] = _prepare(transmission_id)
        while len(_at_hand) > _KEPT:
            _at_hand.popitem(last=False)
    _at_hand.move_to_end(transmission_id)
    return _at_hand[transmission_id]


def forget() -> None:
    """Let go of everything at hand."""
    _at_hand.clear()
    _keys.cache_clear()


def stored_job(transmission_id: int) -> Job:
    """The transmission's job alone."""
    return msgspec.json.decode(Snapshot.objects.get(transmission_id=transmission_id).job, type=Job)


@lru_cache(maxsize=1)
def _keys() -> key_watch.Keys:
    return key_watch.source(Path(settings.MOMENTUM_HOME), settings.TRACKING_KEYS)


def _prepare(transmission_id: int) -> Ready:
    ring = _keys().current
    fixed = _fixed(transmission_id, ring)
    job = fixed.job
    if job.template_id and not job.template_version:
        # It was there when the transmission was accepted (contract 10 §9).
        reason = f"554 5.3.3 [internal] template '{job.template_id}' does not exist"
        return Ready(job, fixed.block_time, fixed.sealing_key, PreparationFailure(reason))
    options = fixed.options
    if job.is_test:
        # Without a tracking host no link, pixel or List-Unsubscribe is ever sealed.
        options = replace(options, engagement_tracking_host="")
    sealer = Sealer(ring, fixed.sealing_key)
    prepared = prepare(job, options, sealer, find_snippet=snippets.as_of(fixed.began))
    return Ready(job, fixed.block_time, fixed.sealing_key, prepared)


@dataclass(frozen=True, slots=True)
class _Fixed:
    job: Job
    options: Configuration
    block_time: int
    sealing_key: str
    began: datetime


def _fixed(transmission_id: int, ring: Keyring) -> _Fixed:
    """Everything that messages are made from, as the first generation of this transmission found it.

    A change of template, configuration or key holds for transmissions whose generation begins later: messages of
    one transmission do not differ, and a retry gives the same message again. Only a key that has been revoked
    since is replaced, because links sealed with it would not work.
    """
    with transaction.atomic():
        snapshot = (
            Snapshot.objects.select_for_update(of=("self",))
            .select_related("transmission")
            .get(transmission_id=transmission_id)
        )
        transmission = snapshot.transmission
        if ring.with_id(transmission.sealing_key) is None:
            transmission.sealing_key = ring.sealing.name
            Transmission.objects.filter(id=transmission_id).update(sealing_key=transmission.sealing_key)
        job = msgspec.json.decode(snapshot.job, type=Job)
        if snapshot.configuration is None:
            options = configuration.current()
            job = _with_template(job, transmission.use_draft_template)
            if job.transactional is None:
                job = msgspec.structs.replace(job, transactional=options.transactional_default)
            snapshot.configuration = asdict(options)
            snapshot.job = msgspec.json.encode(job).decode()
            snapshot.save()
    # Options that a later version has dropped are of no interest to it.
    known = {name: value for name, value in snapshot.configuration.items() if name in OPTION_NAMES}
    began = transmission.generation_started_at or transmission.created_at
    return _Fixed(job, Configuration(**known), transmission.block_time, transmission.sealing_key, began)


def _with_template(job: Job, use_draft: bool) -> Job:
    """The job with the stored template's content and options as of now."""
    versions = TemplateVersion.objects.filter(template__key=job.template_id, is_draft=use_draft)
    version = versions.first() if job.template_id else None
    if version is None:
        return job
    template_versions.note_use(job.template_id, clock.now())
    options = version.options
    flags = TrackingFlags(*(options.get(name) for name in TrackingFlags.__struct_fields__))
    return msgspec.structs.replace(
        job,
        content=stored_as_content(version.content),
        template_version=version.number,
        template_flags=flags,
        transactional=options.get("transactional") if job.transactional is None else job.transactional,
    )
