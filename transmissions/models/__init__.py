"""What the database keeps: transmissions on their way, stored templates, stored recipient lists, suppressions."""

from transmissions.models.list_import import ImportChunk, ImportFault, ListImport
from transmissions.models.recipient_list import ListChunk, RecipientList
from transmissions.models.snippet import SnippetVersion
from transmissions.models.suppression import Follower, Suppression
from transmissions.models.template import Template, TemplateVersion
from transmissions.models.transmission import Chunk, Counter, Message, Snapshot, Transmission

__all__ = [
    "Chunk",
    "Counter",
    "Follower",
    "ImportChunk",
    "ImportFault",
    "ListChunk",
    "ListImport",
    "Message",
    "RecipientList",
    "Snapshot",
    "SnippetVersion",
    "Suppression",
    "Template",
    "TemplateVersion",
    "Transmission",
]
