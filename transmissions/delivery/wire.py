"""The bytes of SMTP (RFC 5321): commands, message data, and a reader of replies that a hostile server cannot
fill.
"""

import re

from transmissions.delivery.replies import Reply
from transmissions.delivery.values import Outgoing

LONGEST_LINE_KEPT = 2048
LONGEST_LINE = 64 * 1024
MOST_LINES = 100
LONGEST_REPLY_KEPT = 4000

# RFC 5321 §4.5.3.1.3 allows 256 octets for a path; more is left to the server, up to its command line (§4.5.3.1.4).
LONGEST_ADDRESS = 480

_PRINTABLE = bytes(byte if 32 <= byte < 127 or byte == 9 else ord("?") for byte in range(256))
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BREAKS_PATH = re.compile(r'[ <>]|"')
_LONE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class ReplyError(Exception):
    """The server does not speak SMTP."""


class ReplyReader:
    """Collects bytes into replies.

    Of a line the first 2,048 bytes are kept, of a reply 4,000; what is not printable ASCII becomes `?`. A line
    of more than 64 KiB, a reply of more than 100 lines, or a line without a code raises ReplyError.
    """

    __slots__ = ("_lines", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[bytes] = []

    @property
    def is_between_replies(self) -> bool:
        return not self._rest and not self._lines

    def feed(self, data: bytes) -> list[Reply]:
        """The replies that `data` completes."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LONGEST_LINE:
            raise ReplyError("a line without an end")
        return [reply for line in lines if (reply := self._take(line)) is not None]

    def _take(self, line: bytes) -> Reply | None:
        line = line[:LONGEST_LINE_KEPT].rstrip(b"\r")
        code, separator = line[:3], line[3:4]
        if len(code) < 3 or not code.isdigit() or separator not in (b" ", b"-", b""):
            raise ReplyError("a line without a reply code")
        self._lines.append(line)
        if separator == b"-":
            if len(self._lines) >= MOST_LINES:
                raise ReplyError(f"a reply of more than {MOST_LINES} lines")
            return None
        lines, self._lines = self._lines, []
        text = (
            b"\n".join(part.translate(_PRINTABLE) for part in lines)
            if len(lines) > 1
            else line.translate(_PRINTABLE)
        )
        return Reply(int(code), text[:LONGEST_REPLY_KEPT].decode("ascii"))


def is_safe_address(address: str) -> bool:
    """Whether the address fits between `<` and `>` without ending the path or the command."""
    if len(address) > LONGEST_ADDRESS or _CONTROL.search(address):
        return False
    if not _BREAKS_PATH.search(address):
        return True
    local, _, domain = address.rpartition("@")
    is_quoted = len(local) >= 2 and local[0] == local[-1] == '"' and not re.search(r'(?<!\\)(\\\\)*"', local[1:-1])
    return is_quoted and not _BREAKS_PATH.search(domain)


def needs_smtputf8(message: Outgoing) -> bool:
    """Whether the message can only go to a server that offers SMTPUTF8 (RFC 6531 §3.2)."""
    return message.smtputf8 or not (message.rcpt_to.isascii() and message.mail_from.isascii())


def envelope(message: Outgoing, extensions: frozenset[str]) -> tuple[bytes, bytes, bytes]:
    """The three commands before the data, with the parameters that the server's extensions allow."""
    parameters = f" SIZE={len(message.data)}" if "SIZE" in extensions else ""
    if "8BITMIME" in extensions and not message.data.isascii():
        parameters += " BODY=8BITMIME"
    if needs_smtputf8(message):
        parameters += " SMTPUTF8"
    mail = f"MAIL FROM:<{message.mail_from}>{parameters}\r\n".encode()
    return mail, f"RCPT TO:<{message.rcpt_to}>\r\n".encode(), b"DATA\r\n"


def body(data: bytes) -> bytes:
    """The data as it goes over the wire: CRLF only, dot-stuffed, ended.

    A lone CR or LF would let some servers see an end of data where others see none, and with it a message of the
    content author's own making (RFC 5321 §2.3.8).
    """
    lines = data.count(b"\n")
    if data.count(b"\r") != lines or data.count(b"\r\n") != lines:
        data = _LONE_LINE_END.sub(b"\r\n", data)
    if b"\n." in data or data.startswith(b"."):
        data = data.replace(b"\r\n.", b"\r\n..")
        data = b"." + data if data.startswith(b".") else data
    return data + (b".\r\n" if data.endswith(b"\r\n") or not data else b"\r\n.\r\n")
