"""Who calls the API."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of one request: the key's label and what it opens.

    `grants` are machine names (contract 00 §2.1) with everything they imply already added; `key_id` is None
    for a caller without a key.
    """

    label: str
    grants: frozenset[str]
    key_id: int | None = None

    # Asked by Django and DRF of whatever stands in request.user.
    @property
    def is_authenticated(self) -> bool:
        return self.key_id is not None

    is_active = True
    is_staff = False


NOBODY = Principal("", frozenset())
