"""A message of a transmission as it was sent, rendered again for its sender to look at; nothing is tracked."""

from dataclasses import dataclass

from transmissions import snippets
from transmissions.chunks import unpack
from transmissions.language import RenderFault, Scope, SyntaxFault, compile_part
from transmissions.language.links import Tracked
from transmissions.models import Chunk, Snapshot, Transmission
from transmissions.pipeline import jobs
from transmissions.values import Job, Recipient


@dataclass(frozen=True, slots=True)
class Sample:
    """The parts, None where the message has none; `fault` says why nothing could be rendered."""

    subject: str = ""
    html: str | None = None
    text: str | None = None
    fault: str = ""


def sample(transmission_id: int, marked: Tracked) -> Sample:
    """The message for the first recipient. `marked` gives what stands in place of each link's destination."""
    transmission = Transmission.objects.filter(id=transmission_id).first()
    if transmission is None or not Snapshot.objects.filter(transmission_id=transmission_id).exists():
        return Sample(fault="This transmission is no longer kept.")
    job = jobs.stored_job(transmission_id)
    if job.content.email_rfc822 is not None:
        return Sample(fault="This message was handed over as a whole; it is not shown here.")
    find_snippet = snippets.as_of(transmission.generation_started_at or transmission.created_at)
    scope = _scope(job, _first_recipient(transmission_id))

    def rendered(part: str, source: str | None) -> str | None:
        if source is None:
            return None
        program = compile_part(part, source, find_snippet=find_snippet, substitute=job.perform_substitutions)
        return "".join(program.render(scope, marked))

    content = job.content
    try:
        subject = rendered("Header:Subject", content.subject) or ""
        return Sample(subject, rendered("html", content.html), rendered("text", content.text))
    except (SyntaxFault, RenderFault) as fault:
        return Sample(fault=f"The message cannot be rendered: {fault.part}, line {fault.line}: {fault.description}")


def _first_recipient(transmission_id: int) -> Recipient:
    chunk = Chunk.objects.filter(transmission_id=transmission_id).order_by("position").first()
    recipients = unpack(chunk.recipients) if chunk is not None else []
    return recipients[0] if recipients else Recipient(email="recipient@example.com")


def _scope(job: Job, recipient: Recipient) -> Scope:
    return Scope(
        recipient_data=recipient.substitution_data,
        transmission_data=job.substitution_data,
        recipient_metadata=recipient.metadata,
        transmission_metadata=job.metadata,
        email=recipient.email,
        name=recipient.name,
        return_path=job.return_path,
    )
