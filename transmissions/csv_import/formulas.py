"""Cells that a spreadsheet would run as formulas, and how they are kept from it without losing what they say.

A value that begins with `= + - @`, tab or carriage return gets an apostrophe in front (contract 90 §8). So does one
that begins with apostrophes and then such a character: taking one apostrophe away always gives back the value.
"""

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r]")


def neutralised(value: str) -> str:
    """`value` as a cell that no spreadsheet runs."""
    return f"'{value}" if _FORMULA.match(value) else value


def restored(cell: str) -> str:
    """The value that `neutralised` was given; any other cell as it is."""
    return cell[1:] if cell.startswith("'") and _NEUTRALISED.match(cell) else cell
