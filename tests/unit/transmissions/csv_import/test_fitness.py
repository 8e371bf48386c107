"""Files that are no CSV in UTF-8 are refused with words that help."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transmissions.csv_import.fitness import Inspection


def refusal(data: bytes, piece: int = 7) -> str | None:
    inspection = Inspection()
    for start in range(0, len(data), piece):
        reason = inspection.feed(data[start : start + piece])
        if reason is not None:
            return reason
    return inspection.finish()


@pytest.mark.parametrize("piece", [1, 3, 1000])
@pytest.mark.parametrize(
    "data, words",
    [
        ("email\na@b.test".encode("utf-16"), "UTF-16"),
        ("email\na@b.test".encode("utf-32-be"), None),
        ("\ufeffemail".encode("utf-32-be"), "UTF-32"),
        ("email\na@b.test".encode("utf-16-be"), None),
        (b"PK\x03\x04 and so on", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1", "old Excel"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        ("email,name\na@b.test,José".encode("latin-1"), "Line 2 is not UTF-8 (byte 0xE9)"),
        (b"email\n\n\n\xe2\x82", "Line 4 is not UTF-8 (byte 0xE2)"),
        (b"", "empty"),
    ],
)
def test_refusals(data: bytes, words: str | None, piece: int) -> None:
    reason = refusal(data, piece)
    # Without a mark, UTF-16 of ASCII is valid UTF-8 with NUL in it: the header line tells (test_heading).
    assert reason is None if words is None else words in str(reason)


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(), st.integers(1, 9))
def test_utf8_passes_however_it_is_cut(text: str, piece: int) -> None:
    if text and not text.startswith(("PK\x03\x04", "%PDF")):
        assert refusal(text.encode("utf-8", "replace"), piece) is None


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1), st.integers(1, 9))
def test_the_line_of_a_wrong_byte_is_right(lines: list[str], piece: int) -> None:
    lines = [line.replace("\n", "") for line in lines]
    data = "".join(f"a{line}\n" for line in lines).encode() + b"\xff"
    assert f"Line {len(lines) + 1} is not UTF-8 (byte 0xFF)" in str(refusal(data, piece))
