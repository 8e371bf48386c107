"""Find links, link attributes and the places of pixels in markup (contract 40 §12, 50 §3)."""

import re
from dataclasses import dataclass, field

from transmissions.language.findings import Edit, Findings, Found, Mark, Span
from transmissions.language.markup import Part, State, Token, Tokenizer

_PROTOCOL = re.compile(r"https?://", re.IGNORECASE)
_LINK_ELEMENTS = frozenset({"a", "area"})
_MARKED = frozenset({"html", "body"})
_OURS = "data-msys-"


@dataclass(slots=True)
class _Attribute:
    name: str
    start: int
    end: int = 0
    value: Span | None = None


@dataclass(slots=True)
class _Tag:
    start: int
    attributes: list[_Attribute] = field(default_factory=list)


def scan(text: str, state: State) -> tuple[Findings, State, int]:
    """Findings in a text that starts in `state`; the state behind it; where its last unfinished tag begins.

    A tag that the text does not finish gives no findings.
    """
    findings = Findings()
    tokenizer = Tokenizer(state)
    tag = _Tag(0)
    for token in tokenizer.feed(text):
        if token.part is Part.OPEN:
            tag = _Tag(token.start)
        elif token.part is Part.NAME:
            tag.attributes.append(_Attribute(text[token.start : token.end].lower(), token.start, token.end))
        elif token.part is Part.VALUE:
            tag.attributes[-1].value = Span(token.start, token.end)
            tag.attributes[-1].end = token.end + (text[token.end : token.end + 1] == text[token.start - 1] in "\"'")
        else:
            _finish(text, tag, token, findings)
    return findings, tokenizer.state, len(text) if tokenizer.state.is_steady else tag.start


def _finish(text: str, tag: _Tag, close: Token, findings: Findings) -> None:
    findings.tags.append(Span(tag.start, close.end))
    if close.element.lstrip("/") in _MARKED:
        is_end = close.element.startswith("/")
        findings.marks.append(Mark(close.element, tag.start if is_end else close.end))
    if close.element.startswith("/"):
        return
    values = (attribute.value for attribute in tag.attributes)
    findings.urls.extend(value for value in values if value and _PROTOCOL.match(text, *value))
    if close.element in _LINK_ELEMENTS:
        findings.edits.extend(_edits(text, tag))


def _edits(text: str, tag: _Tag) -> list[Edit]:
    named: dict[str, _Attribute] = {}
    for attribute in tag.attributes:
        named.setdefault(attribute.name, attribute)
    edits = [
        Edit(_with_blanks(text, attribute)) for attribute in tag.attributes if attribute.name.startswith(_OURS)
    ]
    href = named.get("href")
    if href and href.value and _PROTOCOL.match(text, *href.value):
        edits.append(Edit(href.value, _found(text, href.value, named)))
    return sorted(edits, key=lambda edit: edit.span)


def _found(text: str, url: Span, named: dict[str, _Attribute]) -> Found:
    def value(name: str) -> Span | None:
        attribute = named.get(_OURS + name)
        return attribute.value if attribute else None

    def text_of(name: str) -> str:
        span = value(name)
        return text[span.start : span.end] if span else ""

    return Found(
        url=url,
        name=value("linkname"),
        sublink=value("sublink"),
        unsubscribe=text_of("unsubscribe").strip() == "1",
        is_tracked=text_of("clicktrack").strip() != "0",
    )


def _with_blanks(text: str, attribute: _Attribute) -> Span:
    """The attribute and the blanks before it, which stay where they keep two others apart."""
    start = attribute.start
    while text[start - 1].isspace():
        start -= 1
    follows = text[attribute.end : attribute.end + 1]
    return Span(start if follows.isspace() or follows in ("/", ">", "") else attribute.start, attribute.end)
