"""The template language of contract 40: text in, compiled program out; no Django, no database.

`compile_part` makes a Program of one part, `Program.render` its pieces for one recipient; `check_part` only looks
for syntax faults. How a template becomes a program: docs/template-language.md.
"""

from transmissions.language.encoding import PLAIN, Encoding
from transmissions.language.faults import RenderFault, SyntaxFault, TemplateFault
from transmissions.language.inclusions import FindSnippet
from transmissions.language.links import Tracked
from transmissions.language.pixels import insert as insert_pixels
from transmissions.language.program import Pixels, Program, check_part, compile_part
from transmissions.language.scope import Scope
from transmissions.language.sites import LinkSite

__all__ = [
    "PLAIN",
    "Encoding",
    "FindSnippet",
    "LinkSite",
    "Pixels",
    "Program",
    "RenderFault",
    "Scope",
    "SyntaxFault",
    "TemplateFault",
    "Tracked",
    "check_part",
    "compile_part",
    "insert_pixels",
]
