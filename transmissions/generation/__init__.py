"""From content and recipient to the bytes of one message; no Django, no database.

`check_content` finds what is wrong at POST; `prepare` makes a transmission ready once, and `Prepared.message` one
message for each recipient; `preview` shows a content to its author. How it works: docs/generation.md.
"""

from transmissions.generation.checking import check_content, check_return_path, check_snippet
from transmissions.generation.preparation import prepare
from transmissions.generation.prepared import Prepared
from transmissions.generation.previewing import preview
from transmissions.generation.results import Generated, GenerationFailure, PreparationFailure
from transmissions.generation.rules import override_faults as check_override
from transmissions.generation.tracking import Tracking

__all__ = [
    "Generated",
    "GenerationFailure",
    "PreparationFailure",
    "Prepared",
    "Tracking",
    "check_content",
    "check_override",
    "check_return_path",
    "check_snippet",
    "prepare",
    "preview",
]
