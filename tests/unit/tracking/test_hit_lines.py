"""A line of COPY says exactly what the event of the same hit says."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tracking.builders import SENT_AT, make_link_part, make_message_part
from tracking import agents, log
from tracking.classify import Traffic, Verdict
from tracking.enrichment import NOTHING, Known
from tracking.hit_events import OpenedHit, event_of
from tracking.hit_lines import Lines
from tracking.hits import Hit
from tracking.tokens import CLICK_KINDS, OPEN_KINDS, Kind

_UNESCAPED = {"\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r"}
# PostgreSQL's text has no NUL, and a token no lone surrogate.
texts = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12
) | st.sampled_from(('a\\b"c', "tab\tline\nend\r", "\\N", "\\.", "é🎈\u2028", ""))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner)
)
known = st.just(NOTHING) | st.builds(
    Known,
    columns=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("sending_ip", "ip_pool", "mailbox_provider", "subject_campaign"), texts),
            **{name: st.integers(0, 2**40) for name in ("msg_size", "num_retries", "queue_time")},
        },
    ),
    data=st.dictionaries(st.sampled_from(("subject", "recv_method", "delv_method", "friendly_from")), texts),
)
verdicts = st.builds(
    Verdict,
    st.sampled_from(Traffic),
    st.lists(st.sampled_from(("burst", "no_pixel", "image_proxy")), unique=True).map(tuple),
    st.just(2),
    st.booleans(),
    st.booleans(),
)


def fields(line: str) -> list[str]:
    found = []
    for field in line.split("\t"):
        text, rest = "", field
        while rest:
            length = 2 if rest[0] == "\\" and rest != "\\N" else 1
            text += _UNESCAPED[rest[:2]] if length == 2 else rest[0]
            rest = rest[length:]
        found.append(text)
    return found


def as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}+00"
    return "\\N" if value is None else value.hex if isinstance(value, UUID) else str(value)


@given(
    kind=st.sampled_from(sorted({*CLICK_KINDS, *OPEN_KINDS})),
    metadata=st.dictionaries(texts, values, max_size=3),
    tags=st.lists(texts, max_size=2).map(tuple),
    address=texts,
    campaign=texts,
    name=texts,
    label=texts,
    position=st.integers(0, 3),
    version=st.integers(0, 3),
    sent_with=st.integers(0, 15),
    ip=st.sampled_from(("", "203.0.113.9", "2001:db8::1")),
    agent=texts,
    marks=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    at_ms=st.integers(0, 10**8),
    geo=st.just({}) | st.just({"country": "PT", "latitude": 37.02}),
    verdict=verdicts,
    enriched=known,
)
def test_a_line_is_the_event(
    kind: Kind, metadata: Any, tags: Any, address: str, campaign: str, name: str, label: str, position: int,
    version: int, sent_with: int, ip: str, agent: str, marks: Any, at_ms: int, geo: Any, verdict: Verdict,
    enriched: Known,
) -> None:  # fmt: skip
    prefetch, after_head, unsubscribe = marks
    message = make_message_part(metadata=metadata, tags=tags, rcpt_to=f"{address}@Example.net", sent_with=sent_with)
    link = make_link_part(
        kind=kind, campaign_id=campaign, name=name, label=label, position=position, template_version=version,
        unsubscribe=unsubscribe, url="https://shop.test/a" if kind in CLICK_KINDS else "",
    )  # fmt: skip
    hit = Hit(b"0123456789abcdef", SENT_AT * 1000 + at_ms, "m", "l", ip, agent, "", prefetch)
    line = Lines().line(hit, message, link, verdict, geo, enriched, after_head, agent)
    opened = OpenedHit(hit, message, link, verdict, agents.parsed(agent), geo, enriched, after_head)
    event = event_of(opened)
    *columns, data = fields(line)
    *expected, expected_data = log.row(event)
    assert columns == [as_text(value) for value in expected]
    assert json.loads(data) == json.loads(expected_data)


def test_links_are_told_apart_also_when_very_many_are_seen() -> None:
    lines = Lines()
    for number in range(5000):
        hit = Hit(b"0123456789abcdef", SENT_AT * 1000, "m", f"l{number}")
        link = make_link_part(label=f"label {number}")
        line = lines.line(
            hit, make_message_part(), link, Verdict(Traffic.HUMAN, (), 2, False, False), {}, NOTHING, False, ""
        )
        assert f"\tlabel {number}\t" in line
