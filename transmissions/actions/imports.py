"""Importing a CSV file into a recipient list: begin with a file, choose its columns, start (contract 30 §7)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import msgspec
from django.db import transaction

from momentum.lib import clock
from momentum.lib.errors import ApiError
from transmissions import hints, list_store, uploads
from transmissions.csv_import.columns import Column, faults_of
from transmissions.csv_import.heading import Heading, read_heading
from transmissions.list_request import check_head
from transmissions.models import ListImport, RecipientList
from transmissions.uploads import Incoming

# Afterwards a file without a mapping is gone, and so is the account of an import.
ABANDONED_AFTER = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(days=90)

State = ListImport.State


@dataclass(frozen=True, slots=True)
class Wanted:
    """The list that a file is for: a new one, or (`is_new` False) the recipients of the one with this `key`."""

    is_new: bool
    key: str = ""
    name: str = ""
    description: str = ""


def faults_of_wanted(wanted: Wanted) -> list[str]:
    """Why no file can be imported into this list, in words."""
    if wanted.is_new:
        faults = check_head(wanted.key, wanted.name, wanted.description)
        if wanted.key and not faults and RecipientList.objects.filter(key=wanted.key).exists():
            faults.append(list_store.already_exists(wanted.key).faults[0].description)
        return faults
    try:
        list_store.refuse_change_near_start(list_store.find(wanted.key).key)
    except ApiError as refusal:
        return [refusal.faults[0].description]
    return []


def begin(incoming: Incoming, file_name: str, wanted: Wanted, user_name: str) -> ListImport | str:
    """Keep a received file until its columns are known; or why it cannot be imported, and then it is removed."""
    tidy()
    if incoming.refusal is not None:
        return incoming.refusal
    heading = heading_of(incoming.name)
    if isinstance(heading, str):
        return heading
    now = clock.now()
    begun = ListImport.objects.create(
        file=incoming.name,
        file_name=file_name.replace("\0", "")[-255:],
        file_size=incoming.size,
        delimiter=heading.delimiter,
        is_new=wanted.is_new,
        key=wanted.key,
        name=wanted.name,
        description=wanted.description,
        position=heading.position,
        line=heading.line,
        user_name=user_name,
        created_at=now,
        progressed_at=now,
    )
    incoming.keep()
    return begun


def heading_of(name: str) -> Heading | str:
    """The header line and first rows of a kept file, or why they cannot be read."""
    try:
        with uploads.path(name).open("rb") as file:
            return read_heading(file)
    except FileNotFoundError:
        return "The uploaded file is not there any more. Upload it again."


def start(begun: ListImport, columns: Sequence[Column]) -> list[str]:
    """Have the file read with these columns in the background; or what is wrong with them, in words."""
    faults = faults_of(columns)
    if faults:
        return faults
    with transaction.atomic():
        started = ListImport.objects.filter(id=begun.id, state=State.UPLOADED).update(
            state=State.WAITING, columns=msgspec.json.encode(list(columns)).decode(), progressed_at=clock.now()
        )
        transaction.on_commit(hints.imports)
    return [] if started else ["This file has already been imported."]


def can_be_tried_again(failed: ListImport) -> bool:
    """Whether everything has been read and only the list stood in the way."""
    return failed.state == State.FAILED and failed.accepted > 0 and failed.chunks.exists()


def try_again(failed: ListImport) -> None:
    """Have what was read moved into its list once more."""
    with transaction.atomic():
        ListImport.objects.filter(id=failed.id, state=State.FAILED).update(
            state=State.WAITING, reason="", attempts=0, progressed_at=clock.now()
        )
        transaction.on_commit(hints.imports)


def discard(unwanted: ListImport) -> None:
    """Forget an import; what has been moved into a list stays there. A worker that is at it stops."""
    with transaction.atomic():
        # A batch that is being stored belongs to what has to go.
        for held in ListImport.objects.select_for_update().filter(id=unwanted.id):
            held.delete()
    uploads.remove(unwanted.file)


def tidy() -> None:
    """Remove what nobody will come back for."""
    now = clock.now()
    for abandoned in ListImport.objects.filter(state=State.UPLOADED, created_at__lt=now - ABANDONED_AFTER):
        discard(abandoned)
    ended = ListImport.objects.filter(state__in=(State.DONE, State.FAILED))
    for forgotten in ended.filter(progressed_at__lt=now - FORGOTTEN_AFTER):
        discard(forgotten)
    uploads.remove_orphans(set(ListImport.objects.values_list("file", flat=True)))
