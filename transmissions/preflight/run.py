"""The preflight itself: every part rendered for every person, and looked at (contract 90 §11)."""

from collections.abc import Sequence
from typing import NamedTuple

from transmissions.generation import addresses
from transmissions.language import FindSnippet, Program, RenderFault, Scope, SyntaxFault, compile_part
from transmissions.preflight import bodies
from transmissions.preflight.findings import Gathering, Level, Report
from transmissions.preflight.marking import marked
from transmissions.preflight.missing import Wanted
from transmissions.preflight.parts import HTML, MARKUP, TEXT, UNSUBSCRIBE, Part, parts
from transmissions.values import Content

# Characters; RFC 5322 §2.1.1 recommends lines of at most 78, and few programs show more of a subject.
LONGEST_SUBJECT = 78
# What one preflight may render before it stops: about a second of work.
_MOST_RENDERED = 30_000_000


class Person(NamedTuple):
    """One recipient to look at; `label` tells who, e.g. the address."""

    label: str
    scope: Scope


def preflight(
    content: Content, people: Sequence[Person], *, transactional: bool, find_snippet: FindSnippet | None = None
) -> Report:
    """Everything worth knowing of `content` before it goes to people like these.

    `transactional`: no List-Unsubscribe will be added; `find_snippet` looks a snippet up by id.
    """
    found = Gathering()
    compiled = _Compiled(content, found, find_snippet)
    checked, rendered = 0, 0
    for number, person in enumerate(people):
        if rendered > _MOST_RENDERED:
            break
        found.now(number, person.label)
        rendered += compiled.check(person, transactional=transactional)
        checked += 1
    if checked > 1:
        compiled.wanted.check_all(found, [person.scope for person in people[:checked]])
    return found.report(checked)


class _Compiled:
    """The parts of a content, compiled once; the faulty ones are findings already."""

    def __init__(self, content: Content, found: Gathering, find_snippet: FindSnippet | None) -> None:
        self._found = found
        self._content = content
        self._programs: list[tuple[Part, Program[str]]] = []
        self._has_subject = False
        for part in parts(content):
            self._has_subject |= part.label == "Header:Subject"
            source = marked(part.source) if part.label in MARKUP else part.source
            try:
                program = compile_part(part.label, source, preview=True, find_snippet=find_snippet)
            except SyntaxFault as fault:
                found.add(fault.what, Level.ERROR, fault.part, fault.line, fault.what)
            else:
                self._programs.append((part, program))
        self.wanted = Wanted(part for part, _ in self._programs)
        labels = {part.label for part, _ in self._programs}
        self._body = next((label for label in (*HTML, *TEXT) if label in labels), "")
        self._lacks_text = self._body in HTML and not labels & {*TEXT}
        self._has_header = UNSUBSCRIBE in labels

    def check(self, person: Person, *, transactional: bool) -> int:
        """Adds what this person's message shows; returns the characters rendered."""
        can_unsubscribe, total = False, 0
        subject = None if self._has_subject else ""
        for part, program in self._programs:
            try:
                text = "".join(program.render(person.scope))
            except RenderFault as fault:
                self._found.add(fault.what, Level.ERROR, fault.part, fault.line, fault.what)
                continue
            total += len(text)
            if part.label in MARKUP:
                can_unsubscribe |= bodies.check_markup(self._found, part.label, text)
            elif part.label in TEXT:
                can_unsubscribe |= bodies.check_text(self._found, part.label, text, part.source)
            elif part.label == "Header:Subject":
                subject = text.strip()
            elif part.label == "Header:From":
                self._check_sender(part, text)
        if subject is not None:
            self._check_subject(subject)
        self._check_whole(can_unsubscribe, transactional)
        self.wanted.check(self._found, person.scope)
        return total

    def _check_sender(self, part: Part, text: str) -> None:
        sender = self._content.sender
        if sender is not None and part.source != sender.email:
            return  # its name
        items = addresses.split(text)
        if not items or addresses.parse(items[0]) is None:
            what = f"From is no address when rendered: '{text.strip()[:100]}'"
            self._found.add("sender", Level.ERROR, part.label, 1, what)

    def _check_subject(self, subject: str) -> None:
        if not subject:
            self._found.add("empty subject", Level.WARNING, "Header:Subject", 1, "the subject is empty")
        elif len(subject) > LONGEST_SUBJECT:
            what = (
                f"the subject has {len(subject)} characters: most programs cut it after {LONGEST_SUBJECT} or before"
            )
            self._found.add("long subject", Level.NOTE, "Header:Subject", 1, what)

    def _check_whole(self, can_unsubscribe: bool, transactional: bool) -> None:
        if self._lacks_text:
            what = "there is no text part: some readers, and spam filters, look for one"
            self._found.add("no text", Level.WARNING, "text", None, what)
        if can_unsubscribe or not self._body:
            return
        if not transactional:
            what = "no unsubscribe link in the message: only programs that show List-Unsubscribe offer one"
            self._found.add("unsubscribe", Level.WARNING, self._body, None, what)
        elif not self._has_header:
            what = "neither an unsubscribe link nor List-Unsubscribe: right for receipts, not for marketing"
            self._found.add("unsubscribe", Level.NOTE, self._body, None, what)
