"""Receiving an uploaded file straight to its place on disk, looked at while it arrives."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

from transmissions.uploads import Incoming

# A form has other fields beside the file.
_MAX_FORM_BYTES = 1024 * 1024


class ToUploadFolder(FileUploadHandler):
    """Feeds the first file of the form into `incoming`; afterwards `called` is its name.

    The rest of a refused file is read and dropped, so that the answer reaches the browser.
    """

    chunk_size = 256 * 1024

    def __init__(self, request: HttpRequest, incoming: Incoming) -> None:
        super().__init__(request)
        self.called = ""
        self._incoming = incoming

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        if self.called:
            raise SkipFile
        super().new_file(*args, **kwargs)
        self.called = str(kwargs.get("file_name") or args[1])

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._incoming.write(raw_data)
        if self._incoming.refusal is not None:
            raise SkipFile

    def file_complete(self, file_size: int) -> None:
        self._incoming.finish()

    def upload_interrupted(self) -> None:
        # Also called when the rest of a refused file was skipped.
        self._incoming.refusal = self._incoming.refusal or "The upload was interrupted."


def is_too_large(request: HttpRequest, max_bytes: int) -> bool:
    """Whether the announced length alone rules the request out."""
    announced: str = request.META.get("CONTENT_LENGTH") or "0"
    return announced.isdecimal() and int(announced) > max_bytes + _MAX_FORM_BYTES
