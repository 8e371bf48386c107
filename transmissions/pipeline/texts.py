"""Text on its way into the database."""


def storable(text: str) -> str:
    """The text without what PostgreSQL cannot hold: NUL, and the halves of surrogate pairs of odd charsets."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", "") if "\0" in text else text
