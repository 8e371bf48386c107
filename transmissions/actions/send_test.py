"""Send content to one address to see it arrive: a transmission like any other that stays out of the statistics."""

from collections.abc import Mapping
from typing import Any

import msgspec

from momentum.lib.errors import Fault, fault
from transmissions.actions.submit import accept
from transmissions.addresses import parse_address
from transmissions.generation import check_content
from transmissions.reading import MAX_DEPTH, Faults, too_deep
from transmissions.recipients import MAX_SUBSTITUTION_BYTES
from transmissions.request import Options, Submission
from transmissions.stored_content import read_stored
from transmissions.values import Override, Recipient, TrackingFlags

_UNTRACKED = TrackingFlags(open_tracking=False, click_tracking=False, initial_open=False)


def send_test(
    content: dict[str, Any],
    address: str,
    data: Mapping[str, Any],
    *,
    transactional: bool | None = None,
    description: str = "",
) -> int:
    """Send template content with `data` to one address and return the transmission's id.

    Data stand at the transmission's level, as in previews; `data["address"]["name"]` is the recipient's name.
    Raises ApiError with everything that is wrong: nothing has been stored then.
    """
    faults = Faults()
    _, values = read_stored(content, faults)
    if values is not None:
        faults.extend(check_content(values))
    checked = parse_address(address.strip())
    if checked is None:
        faults.add("1300", f"invalid recipient address: {address[:320]}")
    faults.extend(_faults_of(data))
    faults.raise_if_any()
    assert values is not None
    assert checked is not None
    submission = Submission(
        content=values,
        options=Options(flags=_UNTRACKED, transactional=transactional),
        override=Override(),
        recipients=iter([Recipient(email=checked, name=_name(data))]),
        list_id=None,
        campaign_id="",
        description=description,
        metadata={},
        substitution_data=dict(data),
        return_path="",
        num_rcpt_errors=None,
        is_test=True,
    )
    return accept(submission).transmission_id


def _faults_of(data: Mapping[str, Any]) -> list[Fault]:
    if too_deep(dict(data)):
        return [fault("1300", f"test data is nested more than {MAX_DEPTH} levels deep")]
    if len(msgspec.json.encode(data)) > MAX_SUBSTITUTION_BYTES:
        return [fault("2002", f"test data exceeds {MAX_SUBSTITUTION_BYTES} bytes")]
    return []


def _name(data: Mapping[str, Any]) -> str:
    address = data.get("address")
    name = address.get("name") if isinstance(address, dict) else None
    return name[:256] if isinstance(name, str) else ""
