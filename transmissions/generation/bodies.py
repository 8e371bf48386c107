"""The text, html and amp_html bodies of one message: rendered, tracked, quoted-printable.

The fast way renders pieces that are encoded already. The slow way renders text, which is scanned for the places
of the pixels or has its styles inlined, and encodes the whole: for html whose structure depends on data.
"""

from collections.abc import Callable

from transmissions.generation import pixels
from transmissions.generation.inlining import Inliner
from transmissions.generation.layout import Slot
from transmissions.generation.links import MessageParts
from transmissions.generation.quoted import join, piece, url_piece
from transmissions.generation.texts import TAG_START
from transmissions.generation.tracking import Tracking
from transmissions.generation.urls import PartUrls, Spelling, Tracked, plain
from transmissions.language import Encoding, LinkSite, Scope, compile_part
from transmissions.language import Pixels as LanguagePixels
