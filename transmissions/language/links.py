"""A link while it is rendered: its destination, and what stands in its place (contract 40 §12, 50 §4)."""

from collections.abc import Callable
from dataclasses import replace

from transmissions.language.encoding import Encoding, T
from transmissions.language.sites import LinkSite, clean_sublink, cut_name, decode, is_trackable
from transmissions.language.words import Kind

Tracked = Callable[[LinkSite, str, str], str | None]
"""Site, destination and name of one rendered link -> the tracked URL, or None to leave the link as written."""


def untracked(site: LinkSite, target: str, name: str) -> str | None:
    return None


def follower(kind: Kind, encoding: Encoding[T]) -> Callable[[Tracked, LinkSite, str, str | None, str], T]:
    """The function that renders links which depend on data.

    It takes `tracked`, the site, the URL and the name as rendered, and the sub-path as rendered ("" without one).
    """
    value, link = encoding.value, encoding.link or encoding.value

    def follow(tracked: Tracked, site: LinkSite, url: str, name: str | None, sublink: str = "") -> T:
        target = decode(url, kind)
        if not is_trackable(target):
            return value(url)
        if sublink:
            site = replace(site, index=-1, sublink=clean_sublink(decode(sublink, kind)))
        shown = site.name if name is None else cut_name(decode(name, kind))
        replacement = tracked(site, target, shown or "")
        return value(url) if replacement is None else link(replacement)

    return follow
