"""From columns to recipients: guesses, mappings, and what one row says."""

import pytest

from transmissions.csv_import import columns
from transmissions.csv_import.columns import IGNORED, CellFault, Column, Target
from transmissions.csv_import.heading import Heading


def guess(*names: str, sample: tuple[tuple[str, ...], ...] = ()) -> list[str]:
    found = columns.guess(Heading(",", names, sample, 0, 1))
    return [f"{column.target}:{column.key}".rstrip(":") for column in found]


def test_the_documented_names_are_guessed_in_any_order_and_others_ignored() -> None:
    names = ("tags", "substitution_data", "email", "metadata", "city", "name", "return_path")
    assert guess(*names) == [name if name != "city" else "ignored" for name in names]


@pytest.mark.parametrize("name", ["E-Mail", " EMAIL ", "Email address", "e_mail", "Mail"])
def test_usual_spellings_of_email(name: str) -> None:
    assert guess("x", name) == ["ignored", "email"]


def test_keys_prefixes_and_repeated_columns() -> None:
    assert guess("email", "email", "metadata.uid", "data.City", "data.") == [
        "email",
        "ignored",
        "metadata_key:uid",
        "substitution_key:City",
        "ignored",
    ]


def test_a_column_of_addresses_is_found_by_what_it_holds() -> None:
    sample = (("Ines", "", "i@b.test"), ("Omar", "", "o@b.test"), ("x",))
    assert guess("who", "empty", "kontakt", sample=sample) == ["ignored", "ignored", "email"]


@pytest.mark.parametrize(
    "name, key", [("First Name", "first_name"), ("data.City", "city"), ("Größe (cm)", "größe_cm"), ("—", "")]
)
def test_suggested_keys(name: str, key: str) -> None:
    assert columns.suggested_key(name) == key


@pytest.mark.parametrize(
    "mapping, words",
    [
        ((), "email address"),
        ((IGNORED, IGNORED), "email address"),
        ((Column(Target.EMAIL), Column(Target.EMAIL)), "more than one column"),
        ((Column(Target.EMAIL), Column(Target.METADATA_KEY)), "needs a name"),
        ((Column(Target.EMAIL), Column(Target.METADATA_KEY, "x" * 129)), "needs a name"),
        ((Column(Target.EMAIL), Column(Target.METADATA_KEY, "a\0")), "control characters"),
        (
            (Column(Target.EMAIL), *[Column(Target.SUBSTITUTION_KEY, "a")] * 2),
            "“Substitution data key: a” is chosen",
        ),
    ],
)
def test_faults_of_a_mapping(mapping: tuple[Column, ...], words: str) -> None:
    assert words in " ".join(columns.faults_of(mapping))


def test_a_sound_mapping_has_no_faults() -> None:
    keyed = [Column(Target.METADATA_KEY, "a"), Column(Target.SUBSTITUTION_KEY, "a"), IGNORED, IGNORED]
    assert columns.faults_of([Column(Target.EMAIL), Column(Target.METADATA), *keyed]) == []


ALL = [
    Column(Target.EMAIL),
    Column(Target.NAME),
    Column(Target.RETURN_PATH),
    Column(Target.TAGS),
    Column(Target.METADATA),
    Column(Target.SUBSTITUTION_DATA),
    IGNORED,
    Column(Target.METADATA_KEY, "uid"),
    Column(Target.SUBSTITUTION_KEY, "city"),
]


def test_a_full_row() -> None:
    cells = ["i@b.test", " Ines ", "r@b.test", '["a"]', '{"uid": 1, "x": null}', '{"n": [1]}', "no", "7", "=Faro"]
    assert columns.row_reader(ALL)(cells) == {
        "address": {"email": "i@b.test", "name": "Ines"},
        "return_path": "r@b.test",
        "tags": ["a"],
        "metadata": {"uid": "7", "x": None},
        "substitution_data": {"n": [1], "city": "=Faro"},
    }


@pytest.mark.parametrize("order", [1, -1])
def test_a_key_with_its_own_column_wins_over_the_object_in_either_order(order: int) -> None:
    mapping = [*[Column(Target.METADATA), Column(Target.METADATA_KEY, "uid")][::order], Column(Target.EMAIL)]
    cells = [*['{"uid": 1}', "7"][::order], "a@b.test"]
    assert columns.row_reader(mapping)(cells) == {"address": "a@b.test", "metadata": {"uid": "7"}}


def test_empty_and_missing_cells_are_absent() -> None:
    read = columns.row_reader(ALL)
    assert read(["a@b.test"]) == {"address": "a@b.test"}
    assert read(["Ines <a@b.test>", *[""] * 20]) == {"address": "Ines <a@b.test>"}


@pytest.mark.parametrize(
    "cells, value, words",
    [
        ([""], "", "missing"),
        (["  "], "", "missing"),
        (["a@b.test", "", "", "a, b"], "a, b", "tags is not a JSON array of strings"),
        (["a@b.test", "", "", "[1]"], "[1]", "tags"),
        (["a@b.test", "", "", "", "[]"], "[]", "metadata is not a JSON object"),
        (["a@b.test", "", "", "", "", "{'a': 1}"], "{'a': 1}", "substitution_data is not a JSON object"),
        (["a@b.test", "", "", "", "[" * 100_000], "[" * 100_000, "metadata"),
        (["a@b.test", *[""] * 8, "surplus"], "surplus", "10 cells, the header line 9"),
    ],
)
def test_faults_of_a_row_name_the_cell(cells: list[str], value: str, words: str) -> None:
    fault = columns.row_reader(ALL)(cells)
    assert isinstance(fault, CellFault)
    assert fault.value == value
    assert words in fault.reason


def test_nul_is_dropped_from_data() -> None:
    mapping = [Column(Target.EMAIL), Column(Target.SUBSTITUTION_KEY, "a")]
    assert columns.row_reader(mapping)(["a@b.test", "x\0y"]) == {
        "address": "a@b.test",
        "substitution_data": {"a": "xy"},
    }
