"""What a transmission says: its content with the data of its first recipient, nothing tracked."""

import re
from dataclasses import dataclass
from html import escape

import msgspec

from momentum.lib import clock
from momentum.lib.errors import ApiError, Fault
from transmissions import snippets, template_versions
from transmissions.chunks import unpack
from transmissions.generation import preview
from transmissions.models import Snapshot, Transmission
from transmissions.stored_content import stored_as_content
from transmissions.values import Attachment, Content, Job, Recipient

# `sandbox` on the frame keeps scripts, forms and the page's origin away; links open a tab of their own, free of it.
FRAME_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
POLICY = (
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_MOST_IMAGE_CHARACTERS = 2_000_000
_IMAGE = re.compile(r"image/[a-z0-9.+-]{1,64}", re.IGNORECASE)
_DOCTYPE = re.compile(r"\s*<!doctype[^>]{0,500}>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """The content as far as it could be rendered; `note` says what it is, or why it is shown as written."""

    content: Content
    note: str


def stored_job(transmission: Transmission) -> Job:
    """What the transmission was made from; empty once that is not kept any longer (transmissions.retention)."""
    snapshot = Snapshot.objects.filter(transmission=transmission).first()
    if snapshot is None:
        return Job(transmission.id, Content(), transmission.campaign_id, transmission.template_id)
    return msgspec.json.decode(snapshot.job, type=Job)


def shown(transmission: Transmission, job: Job) -> Shown:
    """The content of a transmission; a stored template's as of now until generation has fixed it."""
    if transmission.forgotten_at is not None:
        return Shown(Content(), f"Content and recipients were deleted on {transmission.forgotten_at:%Y-%m-%d}.")
    content, first = _content(transmission, job), _first_recipient(transmission)
    if content is None:
        return Shown(Content(), f"The template {job.template_id} is not there any more.")
    if not job.perform_substitutions:
        return Shown(content, "Sent as written, without substitutions.")
    data = job.substitution_data | (first.substitution_data if first else {})
    metadata = job.metadata | (first.metadata if first else {})
    rendered = preview(content, data, metadata, find_snippet=snippets.as_of(clock.now()))
    if isinstance(rendered, Fault):
        line = rendered.extra.get("line", "")
        detail = f"{rendered.extra.get('part', '')}, line {line}: {rendered.description}"
        return Shown(
            content, f"Shown as written, because it cannot be rendered for the first recipient ({detail})."
        )
    return Shown(
        rendered, f"With the data of the first recipient, {first.email}." if first else "Without a recipient."
    )


def frame_document(content: Content) -> str:
    """The HTML part, inline images put in, made ready for a frame that trusts nothing in it."""
    html = _with_images(content.html or "", content.inline_images)
    doctype = _DOCTYPE.match(html)
    end = doctype.end() if doctype else 0
    head = '<meta name="referrer" content="no-referrer"><base target="_blank">'
    return f"{html[:end]}{head}{html[end:]}"


def _with_images(html: str, images: tuple[Attachment, ...]) -> str:
    for image in images:
        if _IMAGE.fullmatch(image.type) and len(image.data) <= _MOST_IMAGE_CHARACTERS:
            html = html.replace(f"cid:{image.name}", f"data:{escape(image.type)};base64,{image.data}", 5)
    return html


def _content(transmission: Transmission, job: Job) -> Content | None:
    if not job.template_id or job.template_version:
        return job.content
    try:
        version = template_versions.for_sending(job.template_id, transmission.use_draft_template)
    except ApiError:
        return None
    return stored_as_content(version.content)


def _first_recipient(transmission: Transmission) -> Recipient | None:
    chunk = transmission.chunks.order_by("position").first()
    return unpack(chunk.recipients)[0] if chunk else None
