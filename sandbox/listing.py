"""One page of the mailbox. No Django."""

from dataclasses import dataclass

from sandbox.mailbox import Entry, Mailbox

PAGE_SIZE = 25


@dataclass(frozen=True)
class Listing:
    """What the list shows. `newer` counts the messages that have come since the first page was looked at."""

    entries: list[Entry]
    page: int
    pages: int
    count: int
    newer: int
    newest: str


def listing(mailbox: Mailbox, query: str, page: int, until: str) -> Listing:
    """The page of messages that match `query` in recipient or subject, newest first.

    Pages after the first leave out what is newer than `until`, so that arriving mail does not push rows over
    the edge of the page somebody is reading.
    """
    names = mailbox.names()
    if query:
        wanted = query.casefold()
        names = [name for name in names if _matches(mailbox.entry(name), wanted)]
    newest = names[0] if names else ""
    shown = [name for name in names if name <= until] if page > 1 and until else names
    pages = max(1, -(-len(shown) // PAGE_SIZE))
    page = min(page, pages)
    on_page = shown[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    entries = [entry for name in on_page if (entry := mailbox.entry(name)) is not None]
    if page > 1 and until:
        newest = until
    return Listing(entries, page, pages, len(shown), len(names) - len(shown), newest)


def _matches(entry: Entry | None, wanted: str) -> bool:
    if entry is None:
        return False
    return any(wanted in text.casefold() for text in (entry.head.subject, *entry.head.rcpt_to))
