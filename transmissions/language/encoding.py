"""How rendered text becomes pieces of a message: text, bytes, quoted-printable …"""

from collections.abc import Callable, Sized
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T", bound=Sized)


class Encoding(NamedTuple, Generic[T]):
    """Turns text into pieces whose concatenation in order is the part.

    `static` is called while compiling, once for each longest run of template text; `value` while rendering, for
    each expression (and for all text of a tag that has statements inside); `link` for each tracked destination,
    as `tracked` gave it (left out: `value`). None of them may look at what stands before or after. The size
    limit counts the lengths of pieces.
    """

    static: Callable[[str], T]
    value: Callable[[str], T]
    link: Callable[[str], T] | None = None


def _same(text: str) -> str:
    return text


PLAIN: Encoding[str] = Encoding(_same, _same, _same)
