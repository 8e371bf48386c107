"""What is downloaded can be uploaded again, and no spreadsheet runs any of it."""

import io

from hypothesis import example, given, settings
from hypothesis import strategies as st

from transmissions.csv_import import columns
from transmissions.csv_import.formulas import neutralised, restored
from transmissions.csv_import.heading import Heading, read_heading
from transmissions.csv_import.rows import Row, RowReader
from transmissions.csv_import.writing import csv_of
from transmissions.recipients import read_recipient
from transmissions.values import Recipient

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
VALUES = st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=2))
RECIPIENTS = st.builds(
    Recipient,
    email=st.sampled_from(
        ["ines@example.net", "=1+1@example.net", "+x@example.net", "'=x@example.net", "ü@b.test"]
    ),
    name=TEXT.map(str.strip),
    return_path=st.sampled_from(["", "-b@example.net"]),
    tags=st.lists(TEXT, max_size=2, unique=True).map(tuple),
    metadata=st.dictionaries(TEXT, VALUES, max_size=2),
    substitution_data=st.dictionaries(TEXT, VALUES, max_size=2),
    tracking_declined=st.booleans(),
)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(RECIPIENTS, min_size=1, max_size=8))
def test_recipients_survive_the_way_out_and_in(recipients: list[Recipient]) -> None:
    stream = io.BytesIO(b"".join(csv_of([recipients[:3], recipients[3:]])))
    heading = read_heading(stream)
    assert isinstance(heading, Heading)
    read = columns.row_reader(columns.guess(heading))
    stream.seek(heading.position)
    rows = [row for row in RowReader(stream, heading.delimiter, heading.position) if isinstance(row, Row)]
    assert [read_recipient(read(row.cells)) for row in rows] == recipients


@settings(deadline=None)  # a busy machine is no fault
@given(TEXT | st.sampled_from(["=1", "'=1", "''@", "'", "-", "'x", "\t=", "\r"]))
@example("=cmd|'/C calc'!A0")
def test_no_cell_begins_like_a_formula_and_none_changes(value: str) -> None:
    assert not neutralised(value).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert restored(neutralised(value)) == value
