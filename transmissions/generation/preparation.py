"""Make a transmission ready: compile its parts, lay out its messages (contract 10 §6, §14)."""

from urllib.parse import quote

from tracking.options import Configuration
from tracking.tokens import Sealer
from transmissions.generation.bodies import Body
from transmissions.generation.designs import InlineDesign, PrebuiltDesign
from transmissions.generation.dissection import dissect
from transmissions.generation.envelope import ReturnPath
from transmissions.generation.layout import Slot
from transmissions.generation.links import bases
from transmissions.generation.prebuilt import SLOTS
from transmissions.generation.prepared import Design, Prepared
from transmissions.generation.results import PreparationFailure, Unsendable, reason
from transmissions.language import FindSnippet, SyntaxFault
from transmissions.values import Job


def prepare(
    job: Job,
    configuration: Configuration,
    sealer: Sealer,
    *,
    find_snippet: FindSnippet | None = None,
    bounce_address: str = "",
    unsubscribe_mailto: str = "",
) -> Prepared | PreparationFailure:
    """What makes the messages of a transmission, or the reason why it can make none.

    To be called once per worker and transmission: templates are compiled here. `find_snippet` looks a snippet up by
    id; `bounce_address` is the envelope sender where neither recipient nor transmission bring one (else the address
    of From is); `unsubscribe_mailto` is a mailbox that List-Unsubscribe shall name beside the URL.
    """
    offers_unsubscribe = not job.transactional or configuration.transactional_unsub
    try:
        return Prepared(
            job,
            configuration,
            sealer,
            _design(job, find_snippet, keeps_unsubscribe=not offers_unsubscribe),
            bases(configuration),
            ReturnPath(job.return_path, bounce_address),
            unsubscribe_mailto=quote(unsubscribe_mailto, safe="@+"),
            offers_unsubscribe=offers_unsubscribe,
        )
    except SyntaxFault as fault:
        return PreparationFailure(reason(fault.description))
    except Unsendable as fault:
        return PreparationFailure(reason(str(fault)))


def _design(job: Job, find_snippet: FindSnippet | None, *, keeps_unsubscribe: bool) -> Design:
    content = job.content

    def body(slot: Slot, part: str, source: str) -> Body:
        return Body(
            slot,
            part,
            source,
            find_snippet=find_snippet,
            substitute=job.perform_substitutions,
            inline_css=job.inline_css,
            passes=content.email_rfc822 is not None,
        )

    if content.email_rfc822 is not None:
        message = dissect(content.email_rfc822)
        if message is None:
            raise Unsendable("email_rfc822 cannot be parsed into a MIME tree with a From header")
        leaves = tuple(body(SLOTS[leaf.media_type], leaf.media_type, leaf.text) for leaf in message.leaves)
        return PrebuiltDesign(message, job.override, leaves, keeps_unsubscribe=keeps_unsubscribe)
    sources = ((Slot.TEXT, content.text), (Slot.AMP, content.amp_html), (Slot.HTML, content.html))
    bodies = tuple(body(slot, slot.value, source) for slot, source in sources if source)
    if not bodies:
        raise Unsendable("at least one of text or html needs to exist in content")
    return InlineDesign(content, job.override, bodies, keeps_unsubscribe=keeps_unsubscribe)
