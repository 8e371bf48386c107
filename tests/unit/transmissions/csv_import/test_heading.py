"""The header line: delimiter, columns, and files that have none."""

import io

import pytest

from transmissions.csv_import.heading import Heading, read_heading


def heading(data: bytes) -> Heading | str:
    return read_heading(io.BytesIO(data))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_the_delimiter_is_found_and_rows_are_shown(delimiter: str, mark: bytes) -> None:
    data = delimiter.join([" email ", '"a,b;c"', "Name"]) + "\r\n" + delimiter.join(["x@y.test", "1", "I"]) + "\r\n"
    found = heading(mark + data.encode())
    assert found == Heading(
        delimiter,
        ("email", "a,b;c", "Name"),
        (("x@y.test", "1", "I"),),
        position=len(mark) + data.index("\n") + 1,
        line=1,
    )


def test_one_column_needs_no_delimiter_and_blank_lines_may_come_first() -> None:
    found = heading(b"\n\nemail\na@b.test\n")
    assert isinstance(found, Heading)
    assert (found.delimiter, found.columns, found.line) == (",", ("email",), 3)


def test_at_most_ten_rows_are_shown_and_bad_ones_are_left_out() -> None:
    found = heading(b'email\n"x" y\n' + b"a@b.test\n" * 50)
    assert isinstance(found, Heading)
    assert found.sample == (("a@b.test",),) * 9


@pytest.mark.parametrize(
    "data, words",
    [
        (b"\n\n", "no rows"),
        (b"a@b.test,Ines\nc@d.test,Omar\n", "has to name the columns"),
        (b"email,name\ra@b.test,Ines\r", "carriage return"),
        ("email\na@b.test\n".encode("utf-16-le"), "UTF-16"),
        (b"," * 100 + b"email\n", "101 columns"),
        (b'"email\n' + b"x\n" * 5, "never closed"),
        (b"email,name" * 10_000, "too long"),
    ],
)
def test_a_file_without_a_header_line_is_refused(data: bytes, words: str) -> None:
    assert words in str(heading(data))
