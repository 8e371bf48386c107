"""The envelope sender of one copy: the recipient's, the transmission's, the configured one, else From (contract 10 §1)."""

from transmissions.generation import addresses
from transmissions.generation.results import Unsendable
from transmissions.generation.texts import Text, text_template, value_of
from transmissions.language import Scope

PART = "return_path"

# Recipients may each bring a return path with tags of its own; more than this are not remembered.
_MOST_KEPT = 1000


class ReturnPath:
    """Renders return paths, template language included (VERP)."""

    def __init__(self, transmission: str, bounce_address: str) -> None:
        self._default = text_template(PART, transmission or bounce_address)
        self._compiled: dict[str, str | Text] = {}

    def of(self, recipients_own: str, scope: Scope) -> str:
        """The envelope sender, "" where nothing is set; raises Unsendable when it is no address."""
        rendered = value_of(self._template(recipients_own), scope)
        if not rendered:
            return ""
        found = addresses.parse(rendered)
        if found is None or found.name:
            raise Unsendable(f"Invalid return path: '{rendered[:100]!a}'")
        return found.email

    def _template(self, recipients_own: str) -> str | Text:
        if not recipients_own:
            return self._default
        template = self._compiled.get(recipients_own)
        if template is None:
            template = text_template(PART, recipients_own)
            if len(self._compiled) < _MOST_KEPT:
                self._compiled[recipients_own] = template
        return template
