"""A rendered HTML part made ready for a frame that trusts nothing in it. No Django."""

import re

# `sandbox` on the frame keeps scripts, forms and the page's origin away; links open a tab of their own, free of it.
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
MOST_SHOWN = 2_000_000

_POLICY = (
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_HEAD = (
    f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    '<meta name="referrer" content="no-referrer"><base target="_blank">'
)
_DOCTYPE = re.compile(r"\s*<!doctype[^>]{0,500}>", re.IGNORECASE)


def document(html: str) -> str:
    """The HTML with a policy of its own before anything in it; behind the doctype, which else would not count."""
    doctype = _DOCTYPE.match(html)
    end = doctype.end() if doctype else 0
    return f"{html[:end]}{_HEAD}{html[end:]}"
