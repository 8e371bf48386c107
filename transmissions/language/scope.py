"""The data of one rendering (contract 40 §3)."""

from collections.abc import Mapping
from typing import Any

_NOTHING: dict[str, Any] = {}


class Scope:
    """Looks names up; holds references only, so it costs the same for small and large data.

    One per message: it also counts the snippet calls of all parts of the message.
    """

    __slots__ = ("_address", "_email", "_levels", "_name", "_return_path", "_shared", "snippet_calls")

    def __init__(
        self,
        *,
        recipient_data: Mapping[str, Any] = _NOTHING,
        transmission_data: Mapping[str, Any] = _NOTHING,
        recipient_metadata: Mapping[str, Any] = _NOTHING,
        transmission_metadata: Mapping[str, Any] = _NOTHING,
        email: str | None = "",
        name: str = "",
        return_path: str = "",
    ) -> None:
        """`email` as given, `name` of the recipient, `return_path` the rendered envelope sender.

        `email=None`: a preview, where the reserved names come from the data like all others.
        """
        self._levels = (recipient_data, transmission_data, recipient_metadata, transmission_metadata)
        self._shared = transmission_data
        self._email = email
        self._name = name
        self._return_path = return_path
        self.snippet_calls = 0

    @classmethod
    def preview(cls, data: Mapping[str, Any], metadata: Mapping[str, Any] = _NOTHING) -> "Scope":
        """No recipient: all data stands at the transmission's level (contract 20 §5)."""
        return cls(transmission_data=data, transmission_metadata=metadata, email=None)

    def get(self, name: str) -> Any:
        """A top-level name of the data; the first level that has the key wins, null included."""
        for level in self._levels:
            if name in level:
                return level[name]
        return None

    def dynamic(self, name: str) -> Any:
        """`dynamic_html` and its like count at the transmission's level only."""
        return self._shared.get(name)

    def reserved(self, name: str) -> Any:
        """`email`, `address` and the other names that the service supplies."""
        if self._email is None:
            return self.get(name)
        if name == "address":
            return self._whole_address()
        return self._email if name in ("email", "email_id") else self._return_path or None

    def _whole_address(self) -> dict[str, Any]:
        given = self.get("address")
        members = given if isinstance(given, dict) else _NOTHING
        return {**members, "name": self._name or None, "email": self._email}
