"""What is wrong with the content of the editor, and where a reader finds it. No Django."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from momentum.lib.errors import Fault

HTML, TEXT, AMP, HEADERS, MESSAGE, DATA, HEAD = (
    "html",
    "text",
    "amp_html",
    "headers",
    "email_rfc822",
    "test_data",
    "",
)
LABELS = {HTML: "HTML", TEXT: "Text", AMP: "AMP", HEADERS: "Headers", MESSAGE: "Message", DATA: "Test data"}

_FIELDS = {
    "Header:From": ("from_email", "From"),
    "Header:Subject": ("subject", "Subject"),
    "Header:Reply-To": ("reply_to", "Reply-To"),
}
_BODIES = {"html": HTML, "text": TEXT, "amp_html": AMP}
# Beginnings of descriptions that name no part -> tab, field, label.
_WORDS = (
    ("content.from", HEAD, "from_email", "From"),
    ("invalid content.from", HEAD, "from_email", "From"),
    ("no local part", HEAD, "from_email", "From"),
    ("No sending domain", HEAD, "from_email", "From"),
    ("content.subject", HEAD, "subject", "Subject"),
    ("content.reply_to", HEAD, "reply_to", "Reply-To"),
    ("'content.reply_to", HEAD, "reply_to", "Reply-To"),
    ("at least one of text or html", HTML, "html", ""),
    ("header '", HEADERS, "headers", "Headers"),
    ("'content.headers", HEADERS, "headers", "Headers"),
    ("content.headers", HEADERS, "headers", "Headers"),
    ("email_rfc822", MESSAGE, "email_rfc822", "Message"),
    ("id ", HEAD, "key", "ID"),
    ("resource '", HEAD, "key", "ID"),
    ("name", HEAD, "name", "Label"),
    ("description", HEAD, "description", "Description"),
    ("invalid recipient address", HEAD, "test_address", "Send test"),
    ("test data", DATA, "test_data", "Test data"),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """`tab` and `field` (the id of an input) say where; `line` counts in that field from 1."""

    tab: str
    what: str
    field: str = ""
    label: str = ""
    line: int | None = None

    @property
    def place(self) -> str:
        """Where, for people: `HTML, line 3`."""
        name = self.label or LABELS.get(self.tab, "")
        return f"{name}, line {self.line}" if name and self.line else name

    @property
    def target(self) -> str:
        return self.field or self.tab


def of_faults(faults: Iterable[Fault], headers: str = "") -> list[Problem]:
    """The API's faults, each at its place in the editor; `headers` is the text of the headers tab."""
    return [_of_fault(fault, headers) for fault in faults]


def at_part(part: str, line: int | None, what: str, headers: str = "") -> Problem:
    """Something in a part labelled as in faults (contract 20 §6)."""
    if part in _BODIES:
        return Problem(_BODIES[part], what, line=line)
    if part in _FIELDS:
        field, label = _FIELDS[part]
        return Problem(HEAD, what, field, label)
    if part.startswith("Header:"):
        name = part.removeprefix("Header:")
        return Problem(HEADERS, what, label=name, line=_line_of(name, headers))
    # A part of a pre-built message: lines count from the beginning of that part.
    label = f"{part}, line {line}" if line else part
    return Problem(MESSAGE, what, label=label)


def in_json(text: str) -> Problem | None:
    """What keeps test data from being a JSON object; None for good or no data."""
    if not text.strip():
        return None
    try:
        decoded = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        return Problem(DATA, str(error), line=_line_at(text, str(error)))
    except RecursionError:
        return Problem(DATA, "nested too deeply")
    return None if isinstance(decoded, dict) else Problem(DATA, "expected an object: {…}", line=1)


def _of_fault(fault: Fault, headers: str) -> Problem:
    what = fault.description or fault.message
    if "part" in fault.extra:
        # `Error while compiling part html: line 2: …`: the place is shown beside it.
        _, _, reason = what.partition(f": line {fault.extra.get('line')}: ")
        return at_part(fault.extra["part"], fault.extra.get("line"), reason or what, headers)
    for beginning, tab, field, label in _WORDS:
        if what.startswith(beginning):
            return Problem(tab, what, field, label)
    return Problem(HEAD, what)


def _line_of(name: str, headers: str) -> int | None:
    for number, line in enumerate(headers.split("\n"), 1):
        if line.partition(":")[0].strip() == name:
            return number
    return None


def _line_at(text: str, message: str) -> int | None:
    """The line of the byte that a decoder's message names; the last one of what breaks off."""
    if "truncated" in message:
        return text.count("\n") + 1
    _, found, position = message.rpartition("(byte ")
    digits = position.rstrip(")")
    if not found or not digits.isdecimal():
        return None
    return text.encode()[: int(digits)].count(b"\n") + 1
