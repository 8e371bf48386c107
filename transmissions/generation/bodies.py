"""The text, html and amp_html bodies of one message: rendered, tracked, quoted-printable.

The fast way renders pieces that are encoded already. The slow way renders text, which is scanned for the places
of the pixels or has its styles inlined, and encodes the whole: for html whose structure depends on data.
"""

from transmissions.generation.inlining import Placeholders, inline
from transmissions.generation.layout import Slot
from transmissions.generation.links import MessageParts
from transmissions.generation.quoted import broken, join, piece, with_lf
from transmissions.generation.results import Unsendable
from transmissions.generation.texts import TAG_START
from transmissions.generation.tracking import Tracking
from transmissions.generation.urls import NO_PIXELS, PLAIN_SPELLING, QUOTED_SPELLING, PartUrls
from transmissions.language import (
    Encoding,
    FindSnippet,
    LinkSite,
    Program,
    Scope,
    Tracked,
    compile_part,
    insert_pixels,
)

# Link attributes, removed also where the link is not to be tracked (contract 40 §12.2).
_ATTRIBUTES = "data-msys-"

QUOTED: Encoding[str] = Encoding(static=piece, value=piece, link=broken)
TEXT: Encoding[str] = Encoding(static=with_lf, value=with_lf, link=str)


class Body:
    """One body of a content; `part` is its label in faults. Raises SyntaxFault when made."""

    def __init__(
        self,
        slot: Slot,
        part: str,
        source: str,
        *,
        find_snippet: FindSnippet | None = None,
        substitute: bool = True,
        inline_css: bool = False,
        passes: bool = False,
    ) -> None:
        """`passes`: a body of a pre-built message, which passes as it is when nothing in it is to be done."""
        self.slot = slot
        self._inlines = inline_css and slot is Slot.HTML
        encoding = TEXT if self._inlines else QUOTED
        program = compile_part(part, source, encoding=encoding, find_snippet=find_snippet, substitute=substitute)
        self._is_fast = not self._inlines and (slot is Slot.TEXT or program.pixels_certain)
        if not (self._is_fast or self._inlines):
            program = compile_part(part, source, encoding=TEXT, find_snippet=find_snippet, substitute=substitute)
        self._program: Program[str] = program
        self._passes = passes and not (
            self._inlines or program.links or _ATTRIBUTES in source or (substitute and TAG_START in source)
        )
        self.spelling = QUOTED_SPELLING if self._is_fast else PLAIN_SPELLING

    def render(
        self, scope: Scope, urls: PartUrls, parts: MessageParts, tracking: Tracking, number: int
    ) -> bytes | None:
        """The encoded body, None for one that passes; raises RenderFault."""
        shown = urls.pixels(parts.opens, tracking)
        if self._passes and shown == NO_PIXELS:
            return None
        tracked = urls.links(parts.clicks, number) if tracking.click else leave
        if self._is_fast:
            return join(self._program.render(scope, tracked, shown))
        text = self._inlined(scope, tracked) if self._inlines else "".join(self._program.render(scope, tracked))
        return join([piece(insert_pixels(text, *shown))])

    def _inlined(self, scope: Scope, tracked: Tracked) -> str:
        """Styles first, tracking afterwards (contract 10 §14): meanwhile placeholders stand for the links."""
        placeholders = Placeholders()

        def hold(site: LinkSite, target: str, name: str) -> str | None:
            url = tracked(site, target, name)
            return None if url is None else placeholders.put(target, url)

        try:
            inlined = inline("".join(self._program.render(scope, hold)))
        except ValueError as error:
            raise Unsendable(f"Error while inlining css: {error}") from error
        return placeholders.replace(inlined)


def leave(site: LinkSite, target: str, name: str) -> None:
    """Tracks nothing; attributes for tracking disappear all the same."""
