"""Taking people out of what is stored about transmissions: list entries, recipients, messages (contract 95 §7).

`people` are lower-case addresses. Every function is one transaction at most, and finds nothing the second time.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Lower

from momentum.lib import clock
from tracking import log, personal
from transmissions import list_store
from transmissions.chunks import pack, unpack
from transmissions.models import Chunk, ImportFault, ListChunk, Message, RecipientList, Snapshot, Transmission
from transmissions.pipeline import events, jobs
from transmissions.pipeline.work import Canceled
from transmissions.values import Content, Job, Recipient

REASON = "554 5.7.1 [internal] recipient erased"
# What stands in the place of an erased recipient: numbers of messages follow from places.
NOBODY = Recipient(email="")


def from_list(list_id: int, people: Collection[str]) -> Counter[str]:
    """Remove these people's entries from a stored list; how many of whom."""
    found: Counter[str] = Counter()
    with transaction.atomic():
        key = RecipientList.objects.filter(id=list_id).values_list("key", flat=True).first()
        if key is None:
            return found
        list_store.lock(key)
        for chunk in ListChunk.objects.filter(recipient_list_id=list_id).iterator(chunk_size=5):
            found += _from_list_chunk(chunk, people)
        if found:
            RecipientList.objects.filter(id=list_id).update(size=F("size") - found.total(), updated_at=clock.now())
    return found


def from_import_faults(people: Collection[str]) -> None:
    """Forget cells that hold nothing but one of these addresses in the reports of imports."""
    ImportFault.objects.annotate(cell=Lower("value")).filter(cell__in=list(people)).update(value="")


def is_among(recipients: Iterable[Recipient], people: Collection[str]) -> bool:
    """Whether any of these people is a recipient, or is named in the To of one."""
    return any(recipient.email.lower() in people or _names(recipient, people) for recipient in recipients)


def from_chunk(chunk_id: int, people: Collection[str]) -> Counter[str] | None:
    """Make these people anonymous in a chunk of a transmission; how many of whom.

    A message that is still due is given up with an administrative bounce: it was asked for before the erasure was.
    None when a worker holds the chunk or one of the messages: come again.
    """
    with transaction.atomic():
        # 1. Nobody claims the chunk, nor settles anything of it, before this is over. Its transmission is locked
        #    first, as everybody does who needs both.
        list(Transmission.objects.select_for_update(of=("self",)).filter(chunks__id=chunk_id))
        chunk = Chunk.objects.select_for_update().filter(id=chunk_id).first()
        if chunk is None:
            return Counter()
        now = clock.now()
        recipients = unpack(chunk.recipients)
        theirs = {
            number: recipient
            for number, recipient in enumerate(recipients, chunk.first_number)
            if recipient.email.lower() in people
        }
        rows = {row.number: row for row in Message.objects.select_for_update().filter(number__in=list(theirs))}
        if _is_held(chunk.leased_until, now) or any(_is_held(row.leased_until, now) for row in rows.values()):
            return None
        # 2. What is due is given up, while the recipients are still known.
        ungenerated, deferred = _give_up(chunk, theirs, rows, now)
        # 3. The recipients themselves. A worker whose lease ran out finds it gone.
        chunk.recipients = pack([_anonymous(recipient, people) for recipient in recipients])
        chunk.num_failed += ungenerated
        chunk.num_bounced += deferred
        chunk.lease = chunk.leased_until = None
        chunk.save(update_fields=["recipients", "num_failed", "num_bounced", "lease", "leased_until"])
        # 4. Replies of servers like to repeat the address.
        Message.objects.filter(number__in=list(theirs)).exclude(last_reply="").update(last_reply="")
        if theirs:
            _empty_if_for_one(chunk.transmission_id)
    return Counter(recipient.email.lower() for recipient in theirs.values())


def _from_list_chunk(chunk: ListChunk, people: Collection[str]) -> Counter[str]:
    recipients = unpack(chunk.recipients)
    if not is_among(recipients, people):
        return Counter()
    kept = [_anonymous(one, people) for one in recipients if one.email.lower() not in people]
    if kept:
        ListChunk.objects.filter(id=chunk.id).update(recipients=pack(kept), size=len(kept))
    else:
        chunk.delete()
    return Counter(one.email.lower() for one in recipients if one.email.lower() in people)


def _anonymous(recipient: Recipient, people: Collection[str]) -> Recipient:
    if recipient.email.lower() in people:
        return NOBODY
    return msgspec.structs.replace(recipient, header_to=None) if _names(recipient, people) else recipient


def _names(recipient: Recipient, people: Collection[str]) -> bool:
    to = (recipient.header_to or "").lower()
    return bool(to) and any(address in to for address in people)


def _is_held(leased_until: datetime | None, now: datetime) -> bool:
    return leased_until is not None and leased_until > now


def _give_up(
    chunk: Chunk, theirs: dict[int, Recipient], rows: dict[int, Message], now: datetime
) -> tuple[int, int]:
    """End messages that are not generated yet, and deferred ones; how many of each."""
    ungenerated = [] if chunk.done_at else [number for number in theirs if number not in rows]
    deferred = [number for number, row in rows.items() if row.state == Message.State.DEFERRED]
    if not ungenerated and not deferred:
        return 0, 0
    Message.objects.bulk_create(
        Message(
            number=number,
            transmission_id=chunk.transmission_id,
            chunk=chunk,
            state=Message.State.CANCELED,
            injected_at=now,
            settled_at=now,
        )
        for number in ungenerated
    )
    Message.objects.filter(number__in=deferred).update(
        state=Message.State.CANCELED, next_attempt_at=None, lease=None, leased_until=None, settled_at=now
    )
    job, block_time = jobs.stored_job(chunk.transmission_id), chunk.transmission.block_time
    if job.is_test:
        return len(ungenerated), len(deferred)
    log.append(
        personal.erased(
            events.of_canceled(Canceled(job, block_time, number, chunk.id, theirs[number], now, REASON))
        )
        for number in (*ungenerated, *deferred)
    )
    return len(ungenerated), len(deferred)


def _empty_if_for_one(transmission_id: int) -> None:
    """Content and data of a transmission to one person may be all about that person."""
    if not Transmission.objects.filter(id=transmission_id, num_rcpts=1).exists():
        return
    for snapshot in Snapshot.objects.select_for_update().filter(transmission_id=transmission_id):
        job = msgspec.json.decode(snapshot.job, type=Job)
        emptied = msgspec.structs.replace(job, content=Content(), substitution_data={}, metadata={})
        Snapshot.objects.filter(transmission_id=transmission_id).update(job=msgspec.json.encode(emptied).decode())
