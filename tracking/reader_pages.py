"""The few pages that readers of mail ever see: plain HTML of a few hundred bytes, no script, nothing loaded."""

# The button's form says that a person sees the answer: programs that post for a reader (RFC 8058) do not send it.
SHOWN_TO_A_PERSON = "page"

_HTML = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<style>
:root{{color-scheme:light dark}}
body{{margin:0;padding:12vh 1.25rem 2rem;font:1rem/1.6 system-ui,sans-serif;background:#f3f4f6;color:#1f2937}}
main{{box-sizing:border-box;max-width:32rem;margin:0 auto;padding:2rem;border-radius:.75rem;background:#fff;
border:1px solid #e5e7eb}}
h1{{margin:0 0 .75rem;font-size:1.5rem;line-height:1.3}}
p{{margin:0 0 1.25rem}}
p:last-child{{margin:0;font-size:.875rem;color:#4b5563}}
button{{font:inherit;font-weight:600;padding:.7rem 1.5rem;margin:0 0 1.25rem;border:0;border-radius:.5rem;
background:#0369a1;color:#fff;cursor:pointer}}
button:hover{{background:#075985}}
button:focus-visible{{outline:3px solid #38bdf8;outline-offset:2px}}
@media(max-width:30rem){{body{{padding-top:2rem}}main{{padding:1.5rem}}button{{width:100%}}}}
@media(prefers-color-scheme:dark){{body{{background:#111827;color:#f3f4f6}}
main{{background:#1f2937;border-color:#374151}}p:last-child{{color:#d1d5db}}}}
</style></head>
<body><main><h1>{title}</h1>{content}</main></body></html>
"""


def _page(title: str, content: str) -> bytes:
    return _HTML.format(title=title, content=content).encode()


INVALID_LINK = _page(
    "This link does not work",
    "<p>It is incomplete or was changed on its way. Please copy all of it from the message.</p>",
)
CONFIRM_UNSUBSCRIBE = _page(
    "Unsubscribe",
    "<p>Press the button, and your address gets no more messages of this kind from this sender.</p>"
    '<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
    f'<input type="hidden" name="{SHOWN_TO_A_PERSON}" value="1"><button>Unsubscribe</button></form>'
    "<p>Messages about your own orders and accounts, such as receipts, still come. "
    "Nothing changes until you press the button.</p>",
)
UNSUBSCRIBED = _page(
    "You have been unsubscribed",
    "<p>Your address gets no more messages of this kind from this sender.</p>"
    "<p>One that is already on its way may still arrive. You can close this page.</p>",
)
