"""Hits as the event log holds them, message by message, ready to be judged again together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from tracking import signs
from tracking.classify import Agent, Rules, Verdict
from tracking.events import CLICK_TYPES, OPEN_TYPES
from tracking.hit_events import Mark
from tracking.signs import Seen

ENGAGEMENT = sorted(OPEN_TYPES | CLICK_TYPES)
# Of one message and window; of more only the latest are looked at.
HITS_A_MESSAGE = 500
_LONG_AGO_S = 1e9


class _Traffic(msgspec.Struct, rename={"kind": "class"}):
    kind: str
    reasons: tuple[str, ...] = ()
    after_ms: int | None = None
    link: str = ""
    marks: tuple[str, ...] = ()


class _Parsed(msgspec.Struct):
    is_proxy: bool = False


class _Data(msgspec.Struct):
    traffic: _Traffic | None = None
    ip_address: str = ""
    user_agent: str = ""
    user_agent_parsed: _Parsed = msgspec.field(default_factory=_Parsed)
    target_link_url: str = ""
    injection_time: datetime | None = None


_decode = msgspec.json.Decoder(_Data).decode


class LoggedHit(NamedTuple):
    """One hit of the log: what classification looks at, and the verdict that it has."""

    event_id: UUID
    happened_at: datetime
    seen: Seen
    traffic: str
    reasons: tuple[str, ...]
    is_prefetched: bool
    is_proxy: bool

    def differs(self, verdict: Verdict) -> bool:
        """Whether the verdict is another one than the hit has, apart from the version of the rules."""
        return (verdict.traffic.value, verdict.reasons, verdict.is_prefetched, verdict.is_proxy) != (
            *(self.traffic, self.reasons, self.is_prefetched, self.is_proxy),
        )


class Span(NamedTuple):
    start: datetime
    end: datetime  # included


def judged_again(messages: Mapping[int, Span], rules: Rules) -> list[tuple[LoggedHit, Verdict]]:
    """The hits of some messages within a span each, with their verdicts in the company of all others."""
    reach = timedelta(seconds=2 * rules.window_s)
    wide = {number: Span(span.start - reach, span.end + reach) for number, span in messages.items()}
    found: list[tuple[LoggedHit, Verdict]] = []
    for number, hits in of_messages(wide).items():
        verdicts = signs.verdicts([hit.seen for hit in hits], rules)
        span = messages[number]
        found += [
            pair for pair in zip(hits, verdicts, strict=True) if span.start <= pair[0].happened_at <= span.end
        ]
    return found


def of_messages(messages: Mapping[int, Span]) -> dict[int, list[LoggedHit]]:
    """The opens and clicks of some messages in a span of time each, in order of time; without those that were not
    judged, or that lack what judging needs."""
    if not messages:
        return {}
    numbers, spans = list(messages), list(messages.values())
    starts, ends = [span.start for span in spans], [span.end for span in spans]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.message, h.* "
            "FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS m(message, s, e) "
            "CROSS JOIN LATERAL (SELECT event_id, happened_at, type, traffic, is_prefetched, data::text "
            "FROM tracking_event d WHERE d.message = m.message AND d.happened_at BETWEEN m.s AND m.e "
            "AND d.happened_at BETWEEN %s AND %s AND d.type = ANY(%s) "
            "ORDER BY happened_at DESC, event_id LIMIT %s) h ORDER BY h.happened_at, h.event_id",
            [numbers, starts, ends, min(starts), max(ends), ENGAGEMENT, HITS_A_MESSAGE],
        )
        rows = cursor.fetchall()
    hits: dict[int, list[LoggedHit]] = defaultdict(list)
    for number, *row in rows:
        if (hit := _hit(*row)) is not None:
            hits[number].append(hit)
    return hits


def _hit(
    event_id: UUID, happened_at: datetime, kind: str, traffic: str, is_prefetched: bool, data: str
) -> LoggedHit | None:
    try:
        fields = _decode(data)
    except msgspec.DecodeError:
        return None
    if fields.traffic is None or _lacks_details(fields):
        return None
    return LoggedHit(
        *(
            event_id,
            happened_at,
            _seen_in(fields, happened_at, kind in CLICK_TYPES),
            traffic,
            fields.traffic.reasons,
        ),
        *(is_prefetched, fields.user_agent_parsed.is_proxy),
    )


def _lacks_details(fields: _Data) -> bool:
    """Whether the agent has been taken out since the hit was judged: for its age, or because the person asked."""
    told = fields.traffic
    return told is not None and not fields.user_agent and Agent.NONE.value not in told.reasons


def seen_of(data: str, happened_at: datetime) -> Seen:
    """What classification looks at, from the data of an unsubscription by link."""
    return _seen_in(_decode(data), happened_at, is_click=True)


def _seen_in(fields: _Data, happened_at: datetime, is_click: bool) -> Seen:
    told = fields.traffic or _Traffic("")
    if told.after_ms is not None:
        since_sent_s = told.after_ms / 1000
    elif fields.injection_time is not None:
        since_sent_s = (happened_at - fields.injection_time).total_seconds()
    else:
        since_sent_s = _LONG_AGO_S
    return Seen(
        round(happened_at.timestamp() * 1000) / 1000,
        is_click,
        (told.link or fields.target_link_url) if is_click else "",
        fields.ip_address,
        fields.user_agent,
        since_sent_s,
        *(mark in told.marks for mark in (Mark.UNSUBSCRIBE, Mark.PREFETCH, Mark.AFTER_HEAD)),
    )


def changed(judged: Sequence[tuple[LoggedHit, Verdict]]) -> list[tuple[LoggedHit, Verdict]]:
    """Those whose new verdict differs from the one they have."""
    return [(hit, verdict) for hit, verdict in judged if hit.differs(verdict)]
