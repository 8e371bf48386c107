"""The recipients of one request, sorted into accepted and refused while they are read (contract 10 §4.3)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from momentum.lib.errors import ApiError, Fault, fault
from transmissions.recipients import Refused
from transmissions.values import Recipient


@dataclass(slots=True)
class Intake:
    """Iterating over it yields the accepted ones and counts both; `keep_errors` None keeps every fault."""

    source: Iterator[Recipient | Refused]
    keep_errors: int | None
    accepted: int = 0
    rejected: int = 0
    errors: list[Fault] = field(default_factory=list)

    def __iter__(self) -> Iterator[Recipient]:
        for recipient in self.source:
            if isinstance(recipient, Refused):
                self.rejected += 1
                if self.keep_errors is None or len(self.errors) < self.keep_errors:
                    self.errors.append(recipient.fault)
            else:
                self.accepted += 1
                yield recipient

    def errors_as_json(self) -> list[dict[str, Any]]:
        """The kept faults in input order, as `rcpt_to_errors` has them."""
        return [refused.as_json() for refused in self.errors]

    def nobody(self) -> ApiError:
        """The refusal of a request none of whose recipients is valid (contract 10 §4.4)."""
        results = {
            "rcpt_to_errors": self.errors_as_json(),
            "total_rejected_recipients": self.rejected,
            "total_accepted_recipients": 0,
        }
        return ApiError(400, fault("5002"), results=results)
