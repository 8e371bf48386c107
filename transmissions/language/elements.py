"""The start tags of rendered markup with their attributes, as mail programs read them."""

from collections.abc import Iterator
from typing import NamedTuple

from transmissions.language.entities import decode_attribute
from transmissions.language.markup import Part, Tokenizer


class Element(NamedTuple):
    """A start tag: names in lower case, values decoded, of equal attributes the first; "" for one without value."""

    name: str
    attributes: dict[str, str]


def elements(markup: str) -> Iterator[Element]:
    """Every start tag in order; what stands in comments, scripts and styles is none."""
    name, attributes = "", dict[str, str]()
    attribute, is_repeated = "", False
    for token in Tokenizer().feed(markup):
        if token.part is Part.OPEN:
            name, attributes = token.element, {}
        elif token.part is Part.NAME:
            attribute = markup[token.start : token.end].lower()
            is_repeated = attribute in attributes
            attributes.setdefault(attribute, "")
        elif token.part is Part.VALUE:
            if not is_repeated:
                attributes[attribute] = decode_attribute(markup[token.start : token.end])
        elif not name.startswith("/"):
            yield Element(name, attributes)
