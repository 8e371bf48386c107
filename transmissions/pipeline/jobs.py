"""What a worker keeps at hand of the transmissions it works on: prepared once, used for every recipient."""

from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from django.conf import settings
from django.db import transaction

from tracking import configuration, keys
from tracking.options import Configuration
from tracking.tokens import Sealer
from transmissions.generation import GenerationFailure, Prepared, prepare
from transmissions.models import Snapshot
from transmissions.values import Job

# Each holds a content of up to 20 MB, encoded.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Ready:
    """A transmission ready for its recipients; `prepared` is the fault of every one if it cannot be compiled."""

    job: Job
    block_time: int
    prepared: Prepared | GenerationFailure


_at_hand: "OrderedDict[int, Ready]" = OrderedDict()


def get(transmission_id: int) -> Ready:
    """The prepared transmission, made at the first call in this process."""
    if transmission_id not in _at_hand:
        _at_hand[transmission_id] = _prepare(transmission_id)
        while len(_at_hand) > _KEPT:
            _at_hand.popitem(last=False)
    _at_hand.move_to_end(transmission_id)
    return _at_hand[transmission_id]


def stored_job(transmission_id: int) -> Job:
    """The transmission's job alone."""
    return msgspec.json.decode(Snapshot.objects.get(transmission_id=transmission_id).job, type=Job)


def _prepare(transmission_id: int) -> Ready:
    snapshot = Snapshot.objects.select_related("transmission").get(transmission_id=transmission_id)
    job = msgspec.json.decode(snapshot.job, type=Job)
    sealer = Sealer(keys.load(Path(settings.MOMENTUM_HOME), settings.TRACKING_KEYS))
    return Ready(job, snapshot.transmission.block_time, prepare(job, _configuration(snapshot), sealer))


def _configuration(snapshot: Snapshot) -> Configuration:
    """The configuration that the first generation of this transmission found.

    A change of the configuration holds for transmissions whose generation begins later: messages of one
    transmission do not differ, and a retry gives the same message again.
    """
    with transaction.atomic():
        kept = Snapshot.objects.select_for_update().only("configuration").get(pk=snapshot.pk).configuration
        if kept is None:
            kept = asdict(configuration.current())
            Snapshot.objects.filter(pk=snapshot.pk).update(configuration=kept)
    return Configuration(**{name: value for name, value in kept.items() if name in Configuration.__slots__})
