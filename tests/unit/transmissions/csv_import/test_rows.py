"""Rows of CSV files: what csv.writer writes is read back, and a bad row stays alone."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transmissions.csv_import.rows import MAX_ROW_BYTES, Row, RowReader, Unreadable

CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ['"', '""', "\r\n", ",;\t"]
)
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=20)


def written(rows: list[list[str]], delimiter: str = ",", ending: str = "\r\n") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(rows)
    return text.getvalue().encode()


def read(data: bytes, delimiter: str = ",") -> list[Row | Unreadable]:
    return list(RowReader(io.BytesIO(data), delimiter))


@settings(deadline=None)  # a busy machine is no fault
@given(ROWS, st.sampled_from(",;\t"), st.booleans())
def test_what_csv_writer_writes_is_read_back(rows: list[list[str]], delimiter: str, with_mark: bool) -> None:
    data = (b"\xef\xbb\xbf" if with_mark else b"") + written(rows, delimiter)
    cells = [row.cells for row in read(data, delimiter) if isinstance(row, Row)]
    # A mark at the start of the first cell is the file's.
    first_is_mark = not with_mark and rows and rows[0][0].startswith("\ufeff")
    if not first_is_mark:
        assert cells == [row for row in rows if any(row)]


@settings(deadline=None)  # a busy machine is no fault
@given(ROWS)
def test_lines_are_those_of_an_editor(rows: list[list[str]]) -> None:
    rows = [[cell.replace("\ufeff", "") for cell in row] for row in rows]
    line, expected = 1, []
    for row in rows:
        if any(row):
            expected.append(line)
        line += written([row]).count(b"\n")
    assert [row.line for row in read(written(rows))] == expected


@settings(deadline=None)  # a busy machine is no fault
@given(ROWS, st.binary(max_size=60))
def test_reading_goes_on_at_any_position_as_if_it_had_never_stopped(rows: list[list[str]], noise: bytes) -> None:
    data = written(rows) + noise.decode(errors="replace").encode() + b"\n" + written(rows)
    whole = read(data)
    reader = RowReader(io.BytesIO(data), ",")
    for seen, row in enumerate(reader):
        stream = io.BytesIO(data)
        stream.seek(reader.position)
        rest = list(RowReader(stream, ",", reader.position, reader.line))
        assert [row, *rest] == whole[seen:]


@pytest.mark.parametrize(
    "bad, reason",
    [
        (b'a@b.test,"never closed', "text follows a closing quote"),
        (b'a@b.test,"x" y', "text follows a closing quote"),
        (b"a@b.test,x\ry", "a carriage return stands alone inside the row"),
        (b"a" * (MAX_ROW_BYTES + 1), "the row is longer than 1,048,576 bytes"),
        (b"a" * (3 * MAX_ROW_BYTES), "the row is longer than 1,048,576 bytes"),
    ],
)
def test_only_the_bad_row_is_lost(bad: bytes, reason: str) -> None:
    rows = read(b"one,1\n" + bad + b'\ntwo,2\n"three",3\n')
    assert rows == [Row(1, ["one", "1"]), Unreadable(2, reason), Row(3, ["two", "2"]), Row(4, ["three", "3"])]


def test_a_quote_that_is_never_closed_loses_one_row_even_at_the_end() -> None:
    assert read(b'one\n"two\nthree\nfour') == [
        Row(1, ["one"]),
        Unreadable(2, "a quoted cell is never closed"),
        Row(3, ["three"]),
        Row(4, ["four"]),
    ]


def test_a_quoted_cell_that_runs_on_for_too_long_is_read_as_lines_again() -> None:
    line = b"x" * 99 + b"\n"
    rows = read(b'"open\n' + line * (MAX_ROW_BYTES // 100 + 10))
    assert rows[0] == Unreadable(1, "the row is longer than 1,048,576 bytes")
    assert [row.line for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) == MAX_ROW_BYTES // 100 + 11


def test_a_cell_may_be_as_large_as_a_row_and_hold_nul() -> None:
    large = "é" * (MAX_ROW_BYTES // 2 - 10)
    assert read(f"{large}\na\0b,c\n".encode()) == [Row(1, [large]), Row(2, ["a\0b", "c"])]


def test_blank_lines_are_no_rows() -> None:
    assert read(b'\n\r\n,,\n""\nx\n\n') == [Row(5, ["x"])]
