"""Compile a part once, render it for every recipient."""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, overload

from transmissions.language import operators, regions, texts
from transmissions.language.budget import Budget
from transmissions.language.encoding import PLAIN, Encoding, T
from transmissions.language.faults import Mistake, RenderFault, SyntaxFault, Trouble
from transmissions.language.flow import Segments, Sites, arrange_plain
from transmissions.language.functions import Function, Unit
from transmissions.language.inclusions import NO_LOOPS, FindSnippet, Inclusion, Inclusions, NoInclusions
from transmissions.language.links import Tracked, follower, untracked
from transmissions.language.markup_flow import arrange
from transmissions.language.parser import check, parse
from transmissions.language.pixels import placed
from transmissions.language.scope import Scope
from transmissions.language.sites import LinkSite
from transmissions.language.translate import Style, Translator, weight
from transmissions.language.tree import Body, Text
from transmissions.language.words import RENDER_DYNAMIC, RENDER_SNIPPET, Kind, kind_of


class Pixels(NamedTuple, Generic[T]):
    """The encoded markup of the two pixels; None leaves one out."""

    top: T | None = None
    bottom: T | None = None


_NO_PIXELS: Pixels[Any] = Pixels()


class Program(Generic[T]):
    """A compiled part.

    `pixels_certain`: `render` puts pixels where they belong; if not, render without and use `insert_pixels`.
    """

    def __init__(self, part: str, entry: Callable[..., int], found: list[LinkSite], pixels_certain: bool) -> None:
        self.part = part
        self.pixels_certain = pixels_certain
        self._entry = entry
        self._found = found

    @property
    def links(self) -> tuple[LinkSite, ...]:
        """The click-trackable links by index; those of inclusions follow as these are first used."""
        return tuple(self._found)

    def render(self, scope: Scope, tracked: Tracked | None = None, pixels: Pixels[T] | None = None) -> list[T]:
        """The encoded pieces for one recipient, in order; raises RenderFault.

        `tracked` is asked for every link as it is rendered. Without it no link changes.
        """
        pieces: list[T] = []
        budget = Budget()
        top, bottom = pixels or _NO_PIXELS
        try:
            self._entry(scope, pieces, budget, tracked or untracked, NO_LOOPS, -1, top, bottom)
            budget.measure(pieces, 1)
        except Trouble as trouble:
            raise RenderFault(self.part, trouble.line, trouble.what) from None
        return pieces


@overload
def compile_part(
    part: str,
    source: str,
    *,
    find_snippet: FindSnippet | None = None,
    preview: bool = False,
    substitute: bool = True,
) -> Program[str]: ...


@overload
def compile_part(
    part: str,
    source: str,
    *,
    encoding: Encoding[T],
    find_snippet: FindSnippet | None = None,
    preview: bool = False,
    substitute: bool = True,
) -> Program[T]: ...


def compile_part(
    part: str,
    source: str,
    *,
    encoding: Encoding[Any] = PLAIN,
    find_snippet: FindSnippet | None = None,
    preview: bool = False,
    substitute: bool = True,
) -> Program[Any]:
    """The program of one part; raises SyntaxFault.

    `part` is the label used in faults and says how the part is treated: text, html, amp_html (or their media
    types), anything else is a header. `preview` keeps link attributes as written. Without `substitute` tags
    are text, but links are still found.
    """
    try:
        return _Compiler(kind_of(part), encoding, find_snippet, preview).program(part, source, substitute)
    except Mistake as mistake:
        raise SyntaxFault(part, mistake.line, mistake.what) from None


def check_part(part: str, source: str, *, is_snippet: bool = False) -> None:
    """Raises SyntaxFault when `compile_part` would; much cheaper.

    A snippet may not call for other snippets or dynamic content (contract 40 §11).
    """
    refused = (RENDER_SNIPPET, RENDER_DYNAMIC) if is_snippet else ()
    try:
        check(texts.clean(source), kind_of(part), refused)
    except Mistake as mistake:
        raise SyntaxFault(part, mistake.line, mistake.what) from None


class _Compiler(Generic[T]):
    def __init__(self, kind: Kind, encoding: Encoding[T], find_snippet: FindSnippet | None, preview: bool) -> None:
        self._kind = kind
        self._encoding = encoding
        self._edits = not preview
        self._found: list[LinkSite] = []
        nothing = NoInclusions()
        self._inside = {"inclusions": nothing, "held": nothing, "plain": nothing}
        self._outside = {
            "inclusions": Inclusions(kind, lambda text: self._inclusion(text, encoding), find_snippet),
            "held": Inclusions(kind, self._held_inclusion, find_snippet),
            "plain": Inclusions(kind, lambda text: self._inclusion(text, PLAIN), find_snippet),
        }

    def program(self, part: str, source: str, substitute: bool) -> Program[T]:
        source = texts.clean(source)
        body: Body = parse(source, self._kind) if substitute else [Text(source)]
        segments, pixels_certain = placed(self._arranged(body))
        function = Function(Unit(self._namespace(self._encoding, self._outside)), (), "plain")
        Translator(function, self._style(self._encoding)).body(segments)
        function.finish("brk", ("top", "bottom"))
        return Program(part, function.unit.load(function.name), self._found, pixels_certain)

    def _arranged(self, body: Body) -> Segments:
        return arrange(body, self._kind, Sites(self._kind, self._found), edits=self._edits)

    def _inclusion(self, source: str, encoding: Encoding[Any]) -> Inclusion:
        segments = self._arranged(parse(texts.clean(source), self._kind))
        return self._loaded(segments, self._style(encoding), encoding)

    def _held_inclusion(self, source: str) -> Inclusion:
        """An inclusion inside of a region: scanned with it."""
        segments = arrange_plain(parse(texts.clean(source), self._kind))
        return self._loaded(segments, Style(self._kind, str, "", is_held_back=True), PLAIN)

    def _loaded(self, segments: Segments, style: Style, encoding: Encoding[Any]) -> Inclusion:
        function = Function(Unit(self._namespace(encoding, self._inside)), (), "plain")
        Translator(function, style).body(segments)
        function.finish("brk")
        return Inclusion(function.unit.load(function.name), weight(segments))

    def _style(self, encoding: Encoding[Any]) -> Style:
        return Style(self._kind, encoding.static, "" if encoding is PLAIN else "value")

    def _namespace(self, encoding: Encoding[Any], inclusions: dict[str, Any]) -> dict[str, Any]:
        """The globals of generated code: all that it can reach."""
        return {
            "__builtins__": {},
            "len": len,
            "enumerate": enumerate,
            "join": "".join,
            "value": encoding.value,
            "link": encoding.link or encoding.value,
            "follow": follower(self._kind, encoding),
            "resolve": regions.resolver(self._kind, encoding, self._edits),
            "hole": regions.hole,
            "text": texts.text,
            "html": texts.html,
            "url": texts.url,
            **operators.BY_NAME,
            **inclusions,
        }
