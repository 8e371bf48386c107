"""Rules of `<style>` moved into `style` attributes (contract 10 §2, `inline_css`)."""

import html as markup
import re
import secrets

import css_inline

_inliner = css_inline.CSSInliner(
    # Nothing is fetched: not from the network, not from files of this machine.
    load_remote_stylesheets=False,
    keep_link_tags=True,
    # Media queries cannot become attributes and still have to reach the reader.
    keep_at_rules=True,
)


def inline(html: str) -> str:
    """The html with its styles inlined; raises ValueError where the styles cannot be read."""
    try:
        return _inliner.inline(html)
    except css_inline.InlineError as error:
        raise ValueError(str(error)) from error


class Placeholders:
    """Stands in for tracked URLs while styles are inlined, so that selectors still see the destinations.

    A placeholder is the destination with a mark behind it that nobody's data can contain.
    """

    def __init__(self) -> None:
        self._urls: list[str] = []
        self._mark = f"#{secrets.token_hex(16)}-"
        quoted = (rf"={quote}[^{quote}]*{self._mark}(\d+){quote}" for quote in "\"'")
        self._placeholder = re.compile("|".join((*quoted, rf"=[^\s\"'>]*{self._mark}(\d+)(?=[\s>])")))

    def put(self, target: str, url: str) -> str:
        self._urls.append(url)
        return f"{markup.escape(target)}{self._mark}{len(self._urls) - 1}"

    def replace(self, html: str) -> str:
        """The html with the tracked URLs in their places."""
        return self._placeholder.sub(lambda found: f'="{self._urls[int(found[found.lastindex or 1])]}"', html)
