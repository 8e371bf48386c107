"""Files on their way into recipient lists: whole, partly, not at all, and after a killed worker."""

import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from momentum.lib import clock
from tests.integration.test_recipient_lists_api import make_transmission
from transmissions import list_store, uploads
from transmissions.actions import imports, lists
from transmissions.actions.imports import Wanted
from transmissions.csv_import.columns import Column, Target, guess
from transmissions.import_batches import BATCH_ROWS, Batch
from transmissions.models import ImportChunk, ImportFault, ListChunk, ListImport, RecipientList
from transmissions.pipeline import import_claim, importing
from transmissions.uploads import Incoming
from transmissions.values import Recipient

pytestmark = pytest.mark.django_db

NEW = Wanted(is_new=True, key="readers", name="Readers", description="d")


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.UPLOAD_FOLDER = tmp_path / "uploads"


def upload(data: bytes, wanted: Wanted = NEW) -> ListImport | str:
    with Incoming(settings.UPLOAD_MAX_BYTES) as incoming:
        for start in range(0, len(data), 65_536):
            incoming.write(data[start : start + 65_536])
        incoming.finish()
        return imports.begin(incoming, "readers.csv", wanted, "ines")


def waiting(data: bytes, wanted: Wanted = NEW, columns: tuple[Column, ...] | None = None) -> ListImport:
    begun = upload(data, wanted)
    assert isinstance(begun, ListImport), begun
    heading = imports.heading_of(begun.file)
    assert not isinstance(heading, str)
    assert imports.start(begun, columns or guess(heading)) == []
    begun.refresh_from_db()
    return begun


def imported(data: bytes, wanted: Wanted = NEW, **more: Any) -> ListImport:
    begun = waiting(data, wanted, **more)
    assert importing.import_due()
    begun.refresh_from_db()
    return begun


def recipients(key: str = "readers") -> list[Recipient]:
    return [one for chunk in list_store.chunks_of(RecipientList.objects.get(key=key)) for one in chunk]


def make_list(key: str = "readers") -> None:
    lists.create(f'{{"id":"{key}","name":"Old","recipients":[{{"address":"old@example.net"}}]}}'.encode(), None)


def rows(count: int) -> bytes:
    return b"email,name\n" + b"".join(b"r%d@example.net,Reader %d\n" % (n, n) for n in range(count))


def files() -> list[Path]:
    return list(settings.UPLOAD_FOLDER.glob("*"))


def test_a_file_makes_a_list() -> None:
    data = (
        "\ufeffsubstitution_data;Email;tags;name;metadata;return_path;what\r\n"
        '"{""city"": ""Faro""}";ines@example.net;"[""a""]";"Inês; ""I""";"{""uid"": 7}";b@example.net;x\r\n'
        ";ines@example.net;;;;;\r\n"
    )
    done = imported(data.encode())
    assert (done.state, done.accepted, done.rejected, done.percent) == ("done", 2, 0, 100)
    stored = RecipientList.objects.get(key="readers")
    assert (stored.name, stored.description, stored.size, stored.attributes) == ("Readers", "d", 2, "{}")
    full = Recipient(
        email="ines@example.net",
        name='Inês; "I"',
        return_path="b@example.net",
        tags=("a",),
        metadata={"uid": 7},
        substitution_data={"city": "Faro"},
    )
    assert recipients() == [full, Recipient(email="ines@example.net")]
    assert not ImportChunk.objects.exists()
    assert files() == []


def test_bad_rows_are_reported_by_line_and_the_others_taken() -> None:
    data = (
        b"email,metadata\n"
        b"a@example.net,\n"
        b"nobody,\n"
        b'"two\nlines",x\n'
        b"b@example.net,[1]\n"
        b"\n"
        b'c@example.net,"{}" x\n'
        b"x\0y@example.net,\n"
        b"d@example.net,,surplus\n"
        b"e@example.net\n"
    )
    done = imported(data)
    assert (done.state, done.accepted, done.rejected) == ("done", 2, 6)
    assert list(done.faults.order_by("line").values_list("line", "value", "reason")) == [
        (3, "nobody", "invalid recipient address.email: nobody"),
        (4, "x", "metadata is not a JSON object"),
        (6, "[1]", "metadata is not a JSON object"),
        (8, "", "text follows a closing quote"),
        (9, "x�y@example.net", "invalid recipient address.email: x�y@example.net"),
        (10, "surplus", "the row has 3 cells, the header line 2"),
    ]
    assert [one.email for one in recipients()] == ["a@example.net", "e@example.net"]


def test_without_a_good_row_nothing_is_stored() -> None:
    failed = imported(b"email\nnobody\n\n")
    assert (failed.state, failed.accepted, failed.rejected) == ("failed", 0, 1)
    assert "nothing was stored" in failed.reason
    assert ImportFault.objects.count() == 1
    assert not RecipientList.objects.exists()
    assert not imports.can_be_tried_again(failed)
    assert files() == []
    assert imported(b"email\n", Wanted(is_new=True)).state == "failed"


def test_a_file_takes_the_place_of_what_a_list_held_and_leaves_the_rest() -> None:
    make_list()
    done = imported(rows(3), Wanted(is_new=False, key="readers"))
    assert done.state == "done"
    assert [one.email for one in recipients()] == [f"r{n}@example.net" for n in range(3)]
    assert RecipientList.objects.get().name == "Old"
    assert imported(b"email\nnobody\n", Wanted(is_new=False, key="readers")).state == "failed"
    assert len(recipients()) == 3


def test_a_new_list_without_an_id_gets_one() -> None:
    done = imported(rows(1), Wanted(is_new=True, name="Spring"))
    assert done.key.isdecimal()
    assert RecipientList.objects.get(key=done.key).name == "Spring"


def test_columns_become_keys_as_chosen() -> None:
    chosen = (Column(Target.EMAIL), Column(Target.SUBSTITUTION_KEY, "first"))
    assert imported(rows(1), columns=chosen).state == "done"
    assert recipients() == [Recipient(email="r0@example.net", substitution_data={"first": "Reader 0"})]


@pytest.mark.parametrize(
    "data, words",
    [
        (b"", "empty"),
        (b"\n \n", "address"),
        ("email\nJosé@example.net".encode("latin-1"), "Line 2 is not UTF-8"),
        ("email\n".encode("utf-16"), "UTF-16"),
        (b"a@b.test\n", "name the columns"),
    ],
)
def test_a_file_that_cannot_be_imported_is_refused_and_removed(data: bytes, words: str) -> None:
    refusal = upload(data)
    if isinstance(refusal, ListImport):  # a column whose name says nothing: the mapping is what is refused
        refusal = " ".join(imports.start(refusal, guess(imports.heading_of(refusal.file))))  # type: ignore[arg-type]
    else:
        assert files() == []
    assert words in refusal
    assert not RecipientList.objects.exists()


def test_a_file_over_the_limit_is_refused_as_soon_as_it_is_over() -> None:
    with Incoming(1024 * 1024) as incoming:
        incoming.write(b"email\n" + b"x" * 1024 * 1024)
        assert incoming.refusal == "The file is larger than 1 MB."
        incoming.write(b"x" * 1024)
        assert uploads.path(incoming.name).stat().st_size == 0
    assert files() == []


def test_a_killed_worker_is_followed_by_one_that_goes_on_without_duplicates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = 2 * BATCH_ROWS + 1234
    begun = waiting(rows(count))
    killed = import_claim.claim()
    assert killed is not None
    assert import_claim.keep(killed, next(importing._unread(killed)))
    assert not importing.import_due()  # leased
    begun.refresh_from_db()
    assert (begun.state, begun.accepted) == ("running", BATCH_ROWS)
    assert importing.is_due() is False
    now = clock.now() + import_claim.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert importing.is_due()
    assert importing.import_due()
    begun.refresh_from_db()
    assert (begun.state, begun.accepted) == ("done", count)
    assert [one.email for one in recipients()] == [f"r{n}@example.net" for n in range(count)]
    # The first one was only slow: whatever it does now, nothing is stored.
    assert not import_claim.keep(killed, Batch(0, 0, [Recipient(email="late@example.net")]))
    importing._finish(killed)
    assert len(recipients()) == count


def test_a_file_that_breaks_every_reader_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, now = waiting(rows(1)), clock.now()
    for attempt in range(importing.MAX_ATTEMPTS):
        later = now + (attempt + 1) * (import_claim.LEASE + timedelta(seconds=1))
        assert import_claim.claim() is not None  # and killed
        monkeypatch.setattr(clock, "now", lambda later=later: later)
    assert importing.import_due()
    begun.refresh_from_db()
    assert (begun.state, begun.reason) == ("failed", "Reading broke off 5 times after line 1.")
    assert files() == []


def test_an_import_waits_for_the_host_that_has_its_file_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = waiting(rows(1))
    uploads.remove(begun.file)
    for _ in range(importing.MAX_ATTEMPTS + 1):
        assert not importing.import_due()
    # Meanwhile others are not held up.
    assert imported(rows(1), Wanted(is_new=True)).state == "done"
    begun.refresh_from_db()
    assert begun.state == "waiting"
    later = clock.now() + importing.FILE_AWAITED + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert importing.import_due()
    begun.refresh_from_db()
    assert begun.state == "failed"
    assert "not there any more" in begun.reason


def test_a_list_in_use_keeps_its_recipients_until_somebody_tries_again() -> None:
    make_list()
    transmission = make_transmission("Generating")
    failed = imported(rows(2), Wanted(is_new=False, key="readers"))
    assert (failed.state, failed.reason) == ("failed", "List 'readers' is in use by msg generation.")
    assert [one.email for one in recipients()] == ["old@example.net"]
    assert imports.can_be_tried_again(failed)
    assert files() == []
    transmission.state = "Success"
    transmission.save()
    imports.try_again(failed)
    assert importing.import_due()
    failed.refresh_from_db()
    assert (failed.state, failed.accepted) == ("done", 2)
    assert len(recipients()) == 2


def test_an_id_taken_meanwhile_leaves_the_other_list_alone() -> None:
    begun = waiting(rows(2))
    make_list()
    assert importing.import_due()
    begun.refresh_from_db()
    assert (begun.state, begun.reason) == ("failed", "List 'readers' already exists.")
    assert [one.email for one in recipients()] == ["old@example.net"]


def test_what_cannot_be_wanted_is_said_before_anything_is_uploaded() -> None:
    make_list()
    make_list("busy")
    make_transmission("Generating", list_id="busy")
    for wanted, words in (
        (Wanted(is_new=True, key="readers"), "already exists"),
        (Wanted(is_new=True, key="rcptlist_1"), "cannot start with"),
        (Wanted(is_new=True, key="x" * 65), "longer than 64 bytes"),
        (Wanted(is_new=True, key="a\0"), "NUL"),
        (Wanted(is_new=True, name="x" * 65), "name is longer"),
        (Wanted(is_new=False, key="nothing"), "does not exist"),
        (Wanted(is_new=False, key="busy"), "in use"),
    ):
        assert words in " ".join(imports.faults_of_wanted(wanted)), wanted
    assert imports.faults_of_wanted(Wanted(is_new=True)) == []
    assert imports.faults_of_wanted(Wanted(is_new=False, key="readers")) == []


def test_faults_are_all_counted_and_a_bounded_number_kept() -> None:
    count = import_claim.MAX_FAULTS + BATCH_ROWS + 7
    done = imported(b"email\na@example.net\n" + b"nobody\n" * count)
    assert (done.accepted, done.rejected) == (1, count)
    assert done.faults.count() == import_claim.MAX_FAULTS
    assert done.faults.order_by("id").first().line == 3


def test_an_import_starts_once() -> None:
    begun = waiting(rows(1))
    assert imports.start(begun, [Column(Target.EMAIL)]) == ["This file has already been imported."]


def test_a_discarded_import_stops_its_worker() -> None:
    begun = waiting(rows(10))
    claimed = import_claim.claim()
    assert claimed is not None
    batch = next(importing._unread(claimed))
    imports.discard(begun)
    assert not import_claim.keep(claimed, batch)
    assert not ImportChunk.objects.exists()
    assert files() == []


def test_what_nobody_comes_back_for_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    abandoned = upload(rows(1), Wanted(is_new=True))
    done = imported(rows(1))
    assert isinstance(abandoned, ListImport)
    (settings.UPLOAD_FOLDER / "orphan.csv").touch()
    (settings.UPLOAD_FOLDER / "else.txt").touch()
    imports.tidy()
    assert len(files()) == 3
    later = clock.now() + imports.ABANDONED_AFTER + timedelta(seconds=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    imports.tidy()
    assert [file.name for file in files()] == ["else.txt"]
    assert list(ListImport.objects.all()) == [done]
    monkeypatch.setattr(clock, "now", lambda: datetime(2041, 1, 1, tzinfo=UTC))
    imports.tidy()
    assert not ListImport.objects.exists()
    assert RecipientList.objects.exists()


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(count: int) -> int:
        begun = waiting(rows(count), Wanted(is_new=True))
        tracemalloc.start()
        assert importing.import_due()
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        begun.refresh_from_db()
        assert begun.accepted == count
        return used

    peak(100)
    assert peak(8 * BATCH_ROWS) < 1.5 * peak(2 * BATCH_ROWS)
    assert ListChunk.objects.count() == 1 + 10 * BATCH_ROWS / 500
