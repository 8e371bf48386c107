"""Rules of `<style>` moved into `style` attributes (contract 10 §2, `inline_css`)."""

import html as markup
import re
import secrets

import css_inline

# Far beyond real mail, far below the depth at which the inliner would run out of stack (10,000 and more).
DEEPEST_MARKUP = 400

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
# Void elements, and those whose start tag closes the one before: they cannot nest by themselves.
_NOT_NESTING = frozenset(
    (
        *(
            "area",
            "base",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "param",
            "source",
            "track",
            "wbr",
        ),
        *("p", "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot", "html", "head", "body"),
    )
)

_inliner = css_inline.CSSInliner(
    # Nothing is fetched: not from the network, not from files of this machine.
    load_remote_stylesheets=False,
    keep_link_tags=True,
    # Media queries cannot become attributes and still have to reach the reader.
    keep_at_rules=True,
)


def inline(html: str) -> str:
    """The html with its styles inlined; raises ValueError where that cannot be done."""
    if depth(html) > DEEPEST_MARKUP:
        raise ValueError("elements are nested too deeply")
    try:
        return _inliner.inline(html)
    except css_inline.InlineError as error:
        raise ValueError(str(error)[:200]) from error


def depth(html: str) -> int:
    """How many elements are open at once, at most; an estimate that is never far too low."""
    deepest = open_now = 0
    for closing, name in _TAG.findall(html):
        if name.lower() in _NOT_NESTING:
            continue
        open_now = max(open_now - 1, 0) if closing else open_now + 1
        deepest = max(deepest, open_now)
    return deepest


class Placeholders:
    """Stands in for tracked URLs while styles are inlined, so that selectors still see the destinations.

    A placeholder is the destination with a mark behind it that nobody's data can contain.
    """

    def __init__(self) -> None:
        self._urls: list[str] = []
        self._mark = f"#{secrets.token_hex(16)}-"
        self._marked = re.compile(rf"{self._mark}(\d+)")

    def put(self, target: str, url: str) -> str:
        self._urls.append(url)
        return f"{markup.escape(target)}{self._mark}{len(self._urls) - 1}"

    def replace(self, html: str) -> str:
        """The html with the tracked URLs in their places: whole attribute values."""
        pieces = []
        position = 0
        for found in self._marked.finditer(html):
            pieces.append(
                html[position : _start_of_value(html, found.start(), html[found.end() : found.end() + 1])]
            )
            pieces.append(self._urls[int(found[1])])
            position = found.end()
        return "".join((*pieces, html[position:]))


def _start_of_value(html: str, mark: int, behind: str) -> int:
    """Where the attribute value begins in which a mark was found; `behind` is the character after the mark."""
    if behind in ('"', "'"):
        return html.rfind(behind, 0, mark) + 1
    blank = max(html.rfind(character, 0, mark) for character in " \t\r\n\f")
    return html.find("=", blank, mark) + 1
