"""Whether an uploaded file can be a CSV file in UTF-8 at all, decided while it is being received."""

import codecs

# How files begin that people take for CSV: longer signatures first.
_SIGNATURES = (
    (b"\x00\x00\xfe\xff", "The file is in UTF-32."),
    (b"\xff\xfe", "The file is in UTF-16."),
    (b"\xfe\xff", "The file is in UTF-16."),
    (b"PK\x03\x04", "The file is an Excel workbook or a ZIP archive."),
    (b"\xd0\xcf\x11\xe0", "The file is an old Excel workbook."),
    (b"\x1f\x8b", "The file is compressed with gzip."),
    (b"%PDF", "The file is a PDF document."),
)
_LONGEST_SIGNATURE = max(len(signature) for signature, _ in _SIGNATURES)
_ADVICE = "Save it as “CSV UTF-8” and upload that."


class Inspection:
    """Fed with a file piece by piece; keeps a few bytes of it.

    `feed` and `finish` return None, or why the file is refused, in words for the person who sent it.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._waiting: bytes | None = b""
        self._newlines = 0

    def feed(self, piece: bytes) -> str | None:
        """Look at the next bytes."""
        if self._waiting is not None:
            self._waiting += piece
            if len(self._waiting) < _LONGEST_SIGNATURE:
                return None
            return self._begin(final=False)
        return self._decode(piece, final=False)

    def finish(self) -> str | None:
        """The file ends here."""
        if self._waiting == b"":
            return "The file is empty."
        return self._begin(final=True) if self._waiting else self._decode(b"", final=True)

    def _begin(self, *, final: bool) -> str | None:
        start, self._waiting = self._waiting or b"", None
        for signature, words in _SIGNATURES:
            if start.startswith(signature):
                return f"{words} {_ADVICE}"
        return self._decode(start, final=final)

    def _decode(self, piece: bytes, *, final: bool) -> str | None:
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError as problem:
            line = self._newlines + problem.object.count(b"\n", 0, problem.start) + 1
            return f"Line {line} is not UTF-8 (byte 0x{problem.object[problem.start]:02X}). {_ADVICE}"
        self._newlines += piece.count(b"\n")
        return None
