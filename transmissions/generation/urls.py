"""Tracked URLs in the spelling of one part: quoted-printable pieces, or plain text that is encoded later."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from tracking.tokens import Kind
from transmissions.generation import pixels
from transmissions.generation.destinations import location
from transmissions.generation.links import Bases, LinkParts
from transmissions.generation.quoted import broken, marked, piece
from transmissions.generation.tracking import Tracking
from transmissions.language import LinkSite, Pixels, Tracked

AMP = "amp_html"

# Far more links than a content has; content that is compiled while rendering shall not fill the memory.
_MOST_KEPT = 5000


class Spelling(NamedTuple):
    """How a part wants text to be written: parts of a link, markup, parts of a URL inside of markup."""

    url: Callable[[str], str]
    markup: Callable[[str], str]
    url_in_markup: Callable[[str], str]


@lru_cache(maxsize=16)
def _broken(url: str) -> str:
    """Cached, for the pixels of all bodies ask for the same message part."""
    return broken(marked(url))


QUOTED_SPELLING = Spelling(marked, piece, _broken)
PLAIN_SPELLING = Spelling(str, str, str)


class Frame(NamedTuple):
    """What stands before and behind the message part."""

    before: str
    behind: str


NO_PIXELS: Pixels[str] = Pixels()


class PartUrls:
    """All tracked URLs of one part, for messages from one sending domain; what is the same for everyone is kept."""

    def __init__(self, part: str, link_parts: LinkParts, bases: Bases, spelling: Spelling) -> None:
        self._part = part
        self._link_parts = link_parts
        self._bases = bases
        self._spelling = spelling
        self._kind = Kind.AMP_CLICK if part == AMP else Kind.CLICK
        # By identity, for a site is looked up many times a message; the site is held so that its id stays its own.
        self._fixed: dict[int, tuple[LinkSite, Frame | None]] = {}
        self._top, self._bottom = self._pixel_frames()

    def links(self, message_part: str, number: int) -> Tracked:
        """What the language asks for each link of the message `number`; None leaves a link alone."""
        fixed = self._fixed
        spelled = self._spelling.url(message_part)

        def tracked(site: LinkSite, target: str, name: str) -> str | None:
            known = fixed.get(id(site))
            if known is not None:
                frame = known[1]
            else:
                frame = self._frame(site, target, name, number)
            return None if frame is None else frame.before + spelled + frame.behind

        return tracked

    def pixels(self, message_part: str, tracking: Tracking) -> Pixels[str]:
        """The markup of the pixels that this copy carries."""
        if not message_part:
            return NO_PIXELS
        spelled = self._spelling.url_in_markup(message_part)
        top, bottom = self._top, self._bottom
        return Pixels(
            top.before + spelled + top.behind if top and tracking.initial_open else None,
            bottom.before + spelled + bottom.behind if bottom and tracking.open else None,
        )

    def _frame(self, site: LinkSite, target: str, name: str, number: int) -> Frame | None:
        for_everyone = site.index >= 0 and site.target is not None and site.name is not None
        leads_to = location(target, self._bases.host)
        frame = None
        if leads_to is not None:
            link_part = self._link_parts.click(
                kind=self._kind,
                url=leads_to,
                name=name,
                label=name or site.label,
                position=site.position,
                part=self._part,
                unsubscribe=site.unsubscribe,
                message=0 if for_everyone else number,
            )
            path = f"{site.sublink}/" if site.sublink else ""
            frame = Frame(self._spelling.url(f"{self._bases.click}{path}"), self._spelling.url(f"/{link_part}"))
        if for_everyone and len(self._fixed) < _MOST_KEPT:
            self._fixed[id(site)] = (site, frame)
        return frame

    def _pixel_frames(self) -> tuple[Frame | None, Frame | None]:
        if self._part == AMP:
            if not self._bases.amp_open_allowed:
                return None, None
            return (
                self._pixel(pixels.amp_markup, Kind.AMP_INITIAL_OPEN),
                self._pixel(pixels.amp_markup, Kind.AMP_OPEN),
            )
        if self._part != "html":
            return None, None
        return (
            self._pixel(pixels.top_markup, Kind.INITIAL_OPEN),
            self._pixel(pixels.bottom_markup, Kind.OPEN),
        )

    def _pixel(self, markup: Callable[[str], str], kind: Kind) -> Frame:
        before, _, behind = markup("\0").partition("\0")
        spell = self._spelling.markup
        return Frame(spell(before + self._bases.open), spell(f"/{self._link_parts.of_kind(kind)}{behind}"))
