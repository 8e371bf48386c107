"""The envelope sender of one copy: the recipient's, the transmission's or the configured one (contract 10 §1)."""

from transmissions.generation import addresses
from transmissions.generation.results import Unsendable
from transmissions.generation.texts import Text, text_template, value_of
from transmissions.language import Scope

PART = "return_path"

# Recipients may each bring a return path with tags of its own; more than this are not remembered.
_MOST_KEPT = 1000


class ReturnPath:
    """Renders return paths, template language included (VERP).

    `fixed` is that of all recipients without one of their own, None where it depends on data.
    """

    def __init__(self, transmission: str, bounce_address: str) -> None:
        self._default = text_template(PART, transmission or bounce_address)
        self.fixed = _checked(self._default) if isinstance(self._default, str) else None
        self._compiled: dict[str, str | Text] = {}

    def of(self, recipients_own: str, scope: Scope) -> str:
        """The envelope sender, "" where nothing is set; raises Unsendable when it is no address."""
        return _checked(value_of(self._template(recipients_own), scope))

    def _template(self, recipients_own: str) -> str | Text:
        if not recipients_own:
            return self._default
        template = self._compiled.get(recipients_own)
        if template is None:
            template = text_template(PART, recipients_own)
            if len(self._compiled) < _MOST_KEPT:
                self._compiled[recipients_own] = template
        return template


def _checked(return_path: str) -> str:
    if not return_path:
        return ""
    found = addresses.parse(return_path)
    if found is None or found.name:
        raise Unsendable(f"Invalid return path: {return_path[:100]!a}")
    return found.email
