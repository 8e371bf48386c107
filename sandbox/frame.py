"""A message's HTML made ready for a frame that trusts nothing in it. No Django."""

import base64
import re

from sandbox.parsing import Parsed

# No script, style sheet, font or frame; images from anywhere, so that an open is recorded as it would be by a
# mail client. `sandbox` holds even when the address is opened outside of the frame; a link opens a tab of its
# own, free of it.
CONTENT_SECURITY_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src http: https: data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"

_DOCTYPE = re.compile(r"\s*<!doctype[^>]{0,500}>", re.IGNORECASE)
_CID = re.compile(r"""(?<=["'(=])cid:([^"'\s)>]{1,500})""", re.IGNORECASE)
_MOST_INLINE = 10_000_000


def document(message: Parsed) -> str | None:
    """The HTML body with its inline images in it and links that open in a new tab; None when there is no HTML."""
    html = message.body("text/html")
    if html is None:
        return None
    html = _with_images(html, message)
    # Before the doctype it would switch the page to quirks mode.
    doctype = _DOCTYPE.match(html)
    end = doctype.end() if doctype else 0
    return f'{html[:end]}<base target="_blank"><meta name="referrer" content="no-referrer">{html[end:]}'


def _with_images(html: str, message: Parsed) -> str:
    """`cid:` (RFC 2392) as data URLs: the frame has no cookies to fetch them with."""
    images = {part.content_id: part for part in message.parts if part.content_id and part.type.startswith("image/")}
    left = _MOST_INLINE

    def data_url(found: re.Match[str]) -> str:
        nonlocal left
        part = images.get(found[1])
        if part is None or len(part.data) > left:
            return found[0]
        left -= len(part.data)
        return f"data:{part.type};base64,{base64.b64encode(part.data).decode()}"

    return _CID.sub(data_url, html)
