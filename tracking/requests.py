"""Requests of people about their data: taken in, worked through in order, forgotten (contract 95 §7)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import F

from momentum.lib import clock
from tracking import configuration, wishes
from tracking.models import PrivacyRequest

_MOST = 1000
_OPEN_STAGES = (PrivacyRequest.Stage.EVENTS, PrivacyRequest.Stage.CHUNKS, PrivacyRequest.Stage.LISTS)


def save(kind: PrivacyRequest.Kind, addresses: Iterable[str], *, include_subaccounts: bool, by: str) -> None:
    """Store a request for each address (lower case); a person who has asked already is not listed twice."""
    now = clock.now()
    # An opt-out is in force as soon as it is stored.
    stage = PrivacyRequest.Stage.DONE if kind == PrivacyRequest.Kind.OPT_OUT else PrivacyRequest.Stage.LISTS
    PrivacyRequest.objects.bulk_create(
        (
            PrivacyRequest(
                kind=kind,
                address=address,
                include_subaccounts=include_subaccounts,
                requested_at=now,
                requested_by=by,
                stage=stage,
                done_at=now if stage == PrivacyRequest.Stage.DONE else None,
            )
            for address in dict.fromkeys(addresses)
        ),
        ignore_conflicts=True,
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Erasures that stand at the same point, worked on together; `people` are lower-case addresses by request."""

    people: dict[int, str]
    requested_at: datetime  # the latest of them
    stage: PrivacyRequest.Stage
    position: int

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(self.people.values())


def groups() -> list[Group]:
    """All erasures that are not done, those that are furthest along first."""
    found = PrivacyRequest.objects.filter(done_at=None)
    points = sorted(
        found.values_list("stage", "position").distinct(),
        key=lambda point: (_OPEN_STAGES.index(point[0]), -point[1]),
    )
    return [_group(PrivacyRequest.Stage(stage), position) for stage, position in points]


def _group(stage: PrivacyRequest.Stage, position: int) -> Group:
    found = PrivacyRequest.objects.filter(done_at=None, stage=stage, position=position).order_by("id")[:_MOST]
    people = {request.id: request.address for request in found}
    return Group(people, max(request.requested_at for request in found), stage, position)


def move(group: Group, stage: PrivacyRequest.Stage, position: int) -> Group:
    """Note how far the group has come."""
    PrivacyRequest.objects.filter(id__in=list(group.people)).update(stage=stage, position=position)
    return replace(group, stage=stage, position=position)


def note(group: Group, field: str, found: Counter[str]) -> None:
    """Add to the record what was found, by address: `field` is list_entries, messages or events."""
    for id_, address in group.people.items():
        if found[address]:
            PrivacyRequest.objects.filter(id=id_).update(**{field: F(field) + found[address]})


def finish(group: Group, quiet: timedelta) -> None:
    """Erase the addresses of those who asked so long ago that nothing under way can bring them back."""
    now = clock.now()
    found = PrivacyRequest.objects.filter(id__in=list(group.people), done_at=None, requested_at__lte=now - quiet)
    for request in found:
        request.digest, request.address = wishes.digest(request.address), ""
        request.stage, request.done_at = PrivacyRequest.Stage.DONE, now
        request.save()


def forget(kept_days: int) -> None:
    """Drop the record of erasures whose links and events are all gone; opt-outs stay as long as they hold."""
    kept = max(timedelta(days=kept_days), timedelta(seconds=configuration.current().tracking_link_expiry))
    PrivacyRequest.objects.filter(kind=PrivacyRequest.Kind.ERASURE, done_at__lt=clock.now() - kept).delete()
