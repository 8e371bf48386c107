"""Find links and their attributes in plain text (contract 40 §12)."""

import re

from transmissions.language.findings import Edit, Findings, Found, Span

# Protocol and everything up to a blank, "<", ">", a double quote or an attribute group.
_URL = re.compile(r'https?://(?:(?!\[\[\s*data-msys-)[^\s<>"])*', re.IGNORECASE)
_GROUP = re.compile(r"\[\[(?=\s*data-msys-)(?:[^\[\]]|\[(?!\[)|\](?!\]))*+\]\]", re.IGNORECASE)
_LINK_OR_GROUP = re.compile(
    rf"(?P<url>{_URL.pattern})(?P<attributes>{_GROUP.pattern})?|{_GROUP.pattern}", re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"data-msys-(\w+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'\]]+))", re.IGNORECASE)
_PUNCTUATION = ".,;:!?'"
_PAIRS = {")": "(", "]": "["}


def scan(text: str) -> Findings:
    """Findings in a stretch of text between two statements."""
    findings = Findings()
    for match in _LINK_OR_GROUP.finditer(text):
        group = Span(*match.span("attributes"))
        if match["url"] is None:
            findings.edits.append(Edit(Span(*match.span())))
        elif match["attributes"] is not None:
            url = Span(*match.span("url"))
            findings.urls.append(url)
            findings.edits.append(Edit(url, _found(text, url, group)))
            findings.edits.append(Edit(group))
        else:
            url = Span(match.start(), _trimmed_end(text, match.start(), match.end()))
            findings.urls.append(url)
            findings.edits.append(Edit(url, Found(url, None, None, unsubscribe=False, is_tracked=True)))
    return findings


def _trimmed_end(text: str, start: int, end: int) -> int:
    """Closing punctuation and unbalanced brackets belong to the sentence, not to the URL."""
    balance = {
        closing: text.count(closing, start, end) - text.count(opening, start, end)
        for closing, opening in _PAIRS.items()
    }
    while text[end - 1] in _PUNCTUATION or balance.get(text[end - 1], 0) > 0:
        end -= 1
        if text[end] in balance:
            balance[text[end]] -= 1
    return end


def _found(text: str, url: Span, group: Span) -> Found:
    values: dict[str, Span] = {}
    for match in _ATTRIBUTE.finditer(text, *group):
        values.setdefault(match[1].lower(), Span(*match.span(match.lastindex or 0)))

    def text_of(name: str) -> str:
        span = values.get(name)
        return text[span.start : span.end] if span else ""

    return Found(
        url=url,
        name=values.get("linkname"),
        sublink=values.get("sublink"),
        unsubscribe=text_of("unsubscribe") == "1",
        is_tracked=text_of("clicktrack") != "0",
    )
