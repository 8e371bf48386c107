"""Asking the suppression list before a message is made (contract 10 §8, §14)."""

from collections.abc import Iterable

from transmissions.models import Suppression
from transmissions.suppression import list_ids
from transmissions.values import Job, Recipient

REASON = "554 5.7.1 recipient address suppressed due to customer policy"

# Contract 80 §9: failed by our own policies.
BOUNCE_CLASS = 25


def suppressed(job: Job, recipients: Iterable[Recipient]) -> frozenset[str]:
    """The lower-case addresses among `recipients` that get no mail of this transmission; one query for all.

    `skip_suppression` ignores the customer's entries: those of source Compliance hold all the same.
    """
    kind = Suppression.Type.TRANSACTIONAL if job.transactional else Suppression.Type.NON_TRANSACTIONAL
    found = Suppression.objects.filter(
        recipient__in=list({recipient.email.lower() for recipient in recipients}),
        type=kind,
        list_id__in={"", list_ids.of_header(job.override.list_id)},
    )
    if job.skip_suppression:
        found = found.filter(source=Suppression.Source.COMPLIANCE)
    return frozenset(found.values_list("recipient", flat=True))
