"""How far transmissions are, from the counters of their chunks: cheap however many messages there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from transmissions.models import Chunk, Transmission

_COUNTED = ("generated", "failed", "delivered", "bounced")


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages of one transmission; `deferred` are tried again.

    `failed` were not generated, `rejected` are those of them whose recipient is suppressed.
    """

    recipients: int
    generated: int = 0
    failed: int = 0
    delivered: int = 0
    bounced: int = 0
    rejected: int = 0
    is_canceled: bool = False

    @property
    def deferred(self) -> int:
        return max(0, self.generated - self.delivered - self.bounced)

    @property
    def waiting(self) -> int:
        """Recipients whose message is still to be generated."""
        return 0 if self.is_canceled else self._left

    @property
    def canceled(self) -> int:
        """Recipients whose message never will be."""
        return self._left if self.is_canceled else 0

    def of_state(self, state: str) -> int | None:
        """Messages in one state of Message; None where nobody counts them."""
        counted: int | None = getattr(self, state, None)
        return self.failed - self.rejected if state == "failed" else counted

    @property
    def _left(self) -> int:
        return max(0, self.recipients - self.generated - self.failed)


def counts_of(transmissions: Iterable[Transmission]) -> dict[int, Counts]:
    """The counts of each, by id, in one query."""
    rows = list(transmissions)
    sums = (
        Chunk.objects.filter(transmission_id__in=[one.id for one in rows])
        .values("transmission_id")
        .annotate(
            generated=Sum("num_generated"),
            failed=Sum("num_failed"),
            delivered=Sum("num_delivered"),
            bounced=Sum("num_bounced"),
            rejected=Sum("num_rejected"),
        )
    )
    counted: dict[int, dict[str, Any]] = {row["transmission_id"]: {**row} for row in sums}
    return {one.id: _counts(one, counted.get(one.id, {})) for one in rows}


def _counts(transmission: Transmission, sums: Mapping[str, Any]) -> Counts:
    if transmission.forgotten_at is not None:
        # Its chunks are gone, or going (transmissions.retention).
        sums = {name: getattr(transmission, f"num_{name}") for name in _COUNTED}
    return Counts(
        recipients=transmission.num_rcpts,
        generated=sums.get("generated", 0),
        failed=sums.get("failed", 0),
        delivered=sums.get("delivered", 0),
        bounced=sums.get("bounced", 0),
        rejected=sums.get("rejected", 0),
        is_canceled=transmission.state == Transmission.State.CANCELED,
    )
