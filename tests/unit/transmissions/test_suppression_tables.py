"""Lines of addresses, typed or uploaded, and what is downloaded (contract 90 §8)."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmissions.models import Suppression
from transmissions.suppression.store import Key
from transmissions.suppression.tables import MOST_LINES, Defaults, Line, Refused, again, read, written

MARKETING = Defaults(("non_transactional",))


def keys(text: str, defaults: Defaults = MARKETING) -> list[Key | str]:
    """What each line comes to: its keys, or why it is refused."""
    found: list[Key | str] = []
    for line in read(text, defaults):
        if isinstance(line, Refused):
            found.append(f"{line.number}: {line.reason}")
        else:
            found += line.keys
    return found


def test_a_line_is_an_address() -> None:
    assert keys("\ufeffInes@Example.net\r\n\n  bo@example.net  \n") == [
        Key("ines@example.net", "non_transactional"),
        Key("bo@example.net", "non_transactional"),
    ]


def test_what_a_line_does_not_say_holds_for_all() -> None:
    defaults = Defaults(("transactional", "non_transactional"), "news.example.org", "asked")
    (line,) = read("ines@example.net", defaults)
    assert isinstance(line, Line)
    assert line.keys == (
        Key("ines@example.net", "transactional", "news.example.org"),
        Key("ines@example.net", "non_transactional", "news.example.org"),
    )
    assert line.entry.description == "asked"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_line_may_say_more(separator: str) -> None:
    cells = ["ines@example.net", "Transactional", "News.a", f'"said so{separator} twice"']
    (line,) = read(separator.join(cells), MARKETING)
    assert isinstance(line, Line)
    assert line.keys == (Key("ines@example.net", "transactional", "news.a"),)
    assert line.entry.description == f"said so{separator} twice"


@pytest.mark.parametrize("name", ["email", "Recipient"])
def test_a_header_names_the_columns(name: str) -> None:
    assert keys(f"id;{name};type\n7;ines@example.net;transactional") == [Key("ines@example.net", "transactional")]


@pytest.mark.parametrize(
    "line, why",
    [
        ("nobody", "not an address"),
        ("a b@example.net", "not an address"),
        ("ines@example.net,marketing", "the type is neither transactional nor non_transactional"),
        ("ines@example.net,,..", "the list ID is no RFC 2919 label"),
        (f"ines@example.net,,,{'x' * 1025}", "the description is longer than 1024 bytes"),
        ("x" * 200_000, "not an address"),
        ('"' + "x," * 200_000, "not an address"),
        ("nul\0@example.net", "not an address"),
    ],
)
def test_a_bad_line_is_refused_alone(line: str, why: str) -> None:
    assert keys(f"bo@example.net\n{line}\nal@example.net") == [
        Key("bo@example.net", "non_transactional"),
        f"2: {why}",
        Key("al@example.net", "non_transactional"),
    ]


def test_so_many_lines_are_read() -> None:
    found = list(read("a@b.test\n" * (MOST_LINES + 5), MARKETING))
    assert len(found) == MOST_LINES + 1
    assert isinstance(found[-1], Refused)
    assert found[-1].number == MOST_LINES + 1


def entry(**changes: Any) -> Suppression:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    return Suppression(
        **{
            "recipient": "ines@example.net",
            "type": "transactional",
            "source": "Bounce Rule",
            "description": "",
            "created_at": moment,
            "updated_at": moment,
            **changes,
        }
    )


def test_an_export_has_a_header_and_all_fields() -> None:
    assert "".join(written([entry(list_id="a.b", description="550, gone")])).splitlines() == [
        "recipient,type,list_id,description,source,created,updated",
        'ines@example.net,transactional,a.b,"550, gone",Bounce Rule,'
        "2026-03-01T00:00:00+00:00,2026-03-01T00:00:00+00:00",
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "'=1", "\t=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    (_, row) = csv.reader(
        io.StringIO("".join(written([entry(recipient=f"{text.strip()}@b.test", description=text)])))
    )
    assert row[0][0] == row[3][0] == "'"


@given(st.text(max_size=40).map(str.strip))
def test_an_export_can_be_imported(description: str) -> None:
    description = " ".join(description.replace("\0", "").splitlines()).strip()
    stored = entry(recipient="=a@b.test", list_id="a.b", description=description)
    (line,) = read("".join(written([stored])), MARKETING)
    assert isinstance(line, Line)
    assert line.keys == (Key("=a@b.test", "transactional", "a.b"),)
    assert (line.entry.description or "") == description


def test_a_long_export_comes_in_pieces() -> None:
    pieces = list(written(entry() for _ in range(5000)))
    assert len(pieces) > 3
    assert len("".join(pieces).splitlines()) == 5001


def test_refused_lines_come_back_under_their_header() -> None:
    text = "id;email\n7;ines@example.net\n8;nobody\n"
    refused = [line for line in read(text, MARKETING) if isinstance(line, Refused)]
    assert again(text, refused) == "id;email\n8;nobody"
    assert again("nobody", [Refused(1, "nobody", "not an address")]) == "nobody"
