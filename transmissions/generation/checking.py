"""What is wrong with a content before anything is sent: faults of POST (contract 10 §6, §8, 20 §6)."""

from collections.abc import Iterable, Iterator, Mapping

from momentum.lib.errors import Fault, fault
from transmissions.generation.dissection import Dissected, dissect
from transmissions.generation.envelope import PART as RETURN_PATH
from transmissions.generation.rules import attachment_faults, header_faults
from transmissions.generation.texts import TAG_START
from transmissions.language import SyntaxFault, check_part
from transmissions.values import Content

Sources = Iterable[tuple[str, str | None]]


def check_content(content: Content, *, perform_substitutions: bool = True) -> list[Fault]:
    """Faults in the order headers, text, html, amp_html, attachments; of each part the first.

    `3002` for headers, `3000` (with part and line) for the template language, `3010` for attachments and images,
    `3020` for a pre-built message. Required fields and sizes are the API's to check. Without
    `perform_substitutions` bodies are sent as they are and only headers are checked.
    """
    if content.email_rfc822 is not None:
        return _prebuilt_faults(content.email_rfc822, perform_substitutions)
    bodies = [("text", content.text), ("html", content.html), ("amp_html", content.amp_html)]
    return [
        *header_faults(content),
        *syntax_faults(_headers(content)),
        *(syntax_faults(bodies) if perform_substitutions else ()),
        *attachment_faults(content),
    ]


def check_snippet(content: Mapping[str, str]) -> list[Fault]:
    """`3000` for each part of a snippet that does not compile or calls for snippets or dynamic content."""
    faults = []
    for part, source in content.items():
        try:
            check_part(part, source, is_snippet=True)
        except SyntaxFault as found:
            faults.append(fault("3000", found.description, part=part, line=found.line))
    return faults


def check_return_path(return_path: str) -> list[Fault]:
    """Faults of the template language in a return path."""
    return list(syntax_faults([(RETURN_PATH, return_path)]))


def syntax_faults(sources: Sources) -> Iterator[Fault]:
    """`3000` for each part that does not compile, once for each name of a part."""
    faulty = set()
    for part, source in sources:
        if source is None or TAG_START not in source or part in faulty:
            continue
        try:
            check_part(part, source)
        except SyntaxFault as found:
            faulty.add(part)
            yield fault("3000", found.description, part=part, line=found.line)


def _headers(content: Content) -> Iterator[tuple[str, str | None]]:
    if content.sender is not None:
        yield "Header:From", content.sender.email
        yield "Header:From", content.sender.name
    yield "Header:Subject", content.subject
    yield "Header:Reply-To", content.reply_to
    for name, value in content.headers.items():
        yield f"Header:{name}", value


def _prebuilt_faults(source: str, perform_substitutions: bool) -> list[Fault]:
    message = dissect(source)
    if message is None:
        return [fault("3020", "email_rfc822 cannot be parsed into a MIME tree with a From header")]
    if [leaf.media_type for leaf in message.leaves] == ["text/x-amp-html"]:
        return [fault("3020", "an amp part must stand beside a text or html part")]
    faults = list(syntax_faults((f"Header:{field.name}", field.value) for field in message.fields))
    if perform_substitutions:
        faults.extend(syntax_faults(_in_order(message)))
    return faults


def _in_order(message: Dissected) -> Iterator[tuple[str, str]]:
    order = ("text/plain", "text/html", "text/x-amp-html")
    for leaf in sorted(message.leaves, key=lambda leaf: order.index(leaf.media_type)):
        yield leaf.media_type, leaf.text
