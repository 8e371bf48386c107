"""Builders of event histories, and the contract's definitions of the metrics counted by brute force."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import uuid4

from django.db import connection, transaction

from reports import rollups
from tracking import log
from tracking.events import Event, EventType

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)

ADMIN, HARD, SOFT, BLOCK = (
    {25, 80},
    {10, 30, 90},
    {20, 21, 22, 23, 24, 40, 60, 70, 100},
    {50, 51, 52, 53, 54},
)


def make_event(**changes: object) -> Event:
    return Event(
        **{
            "event_id": uuid4(),
            "type": EventType.INJECTION,
            "happened_at": NOON,
            "message": 1,
            "rcpt_to": "ines@example.net",
            "campaign_id": "spring",
            "recipient_domain": "example.net",
            **changes,
        }  # type: ignore[arg-type]
    )


def record(events: Iterable[Event]) -> None:
    """Write to the log as the pipeline does, and let the rollups follow."""
    with transaction.atomic():
        log.append(events)
    rollups.catch_up()


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE tracking_event, reports_fullrollup, reports_campaignrollup, reports_fullday, "
            "reports_campaignday, reports_day, reports_dimensions, reports_detail, reports_progress"
        )


def worked_example() -> list[Event]:
    """Contract 80 §12: messages A, B and C to one campaign, a link named `top` and one without a name."""
    url = "https://shop.example.com/sale"
    a, b, c = ({"message": number, "template_id": "welcome"} for number in (1, 2, 3))
    top = {"type": EventType.CLICK, "link_label": "top", "data": {"target_link_name": "top"}}
    unnamed = {"type": EventType.CLICK, "link_label": url, "data": {"target_link_name": "Raw URL"}}
    return [
        make_event(**a, type=EventType.INJECTION),
        make_event(**a, type=EventType.DELIVERY, msg_size=900, queue_time=40, sent_with=1 | 2 | 4),
        *(make_event(**a, type=EventType.INITIAL_OPEN) for _ in range(2)),
        make_event(**a, type=EventType.OPEN),
        *(make_event(**a, **top) for _ in range(3)),
        make_event(**b, type=EventType.INJECTION),
        make_event(**b, type=EventType.DELAY, bounce_class=70, reason="450 4.2.0 try later"),
        make_event(**b, type=EventType.DELIVERY, num_retries=1, msg_size=1100, queue_time=9000, sent_with=2),
        make_event(**b, **top),
        *(make_event(**b, **unnamed) for _ in range(2)),
        make_event(
            **c,
            type=EventType.GENERATION_REJECTION,
            bounce_class=25,
            reason="554 5.7.1 recipient address suppressed due to customer policy",
        ),
    ]


def brute_force(events: Iterable[Event]) -> dict[str, int]:
    """Every metric of contract 80 §1, counted over the events as its table words it."""
    log_ = list(events)

    def number(*types: str, when: Callable[[Event], bool] = lambda _: True) -> int:
        return sum(1 for event in log_ if event.type in types and when(event))

    def messages(*types: str, when: Callable[[Event], bool] = lambda _: True) -> int:
        return len({event.message for event in log_ if event.type in types and when(event)})

    def total(figure: str, when: Callable[[Event], bool]) -> int:
        return sum(getattr(event, figure) for event in log_ if event.type == "delivery" and when(event))

    def bounced(codes: set[int], *types: str) -> int:
        return number(*types, when=lambda event: event.bounce_class in codes)

    known = ADMIN | HARD | SOFT | BLOCK
    both = ("bounce", "out_of_band")
    opens, initial, clicks = ("open", "amp_open"), ("initial_open", "amp_initial_open"), ("click", "amp_click")
    first: Callable[[Event], bool] = lambda event: event.num_retries == 0  # noqa: E731
    later: Callable[[Event], bool] = lambda event: event.num_retries > 0  # noqa: E731
    not_admin: Callable[[Event], bool] = lambda event: event.bounce_class not in ADMIN  # noqa: E731
    fetched: Callable[[Event], bool] = lambda event: not event.is_prefetched  # noqa: E731
    rejected = number("policy_rejection", "generation_rejection", "generation_failure")
    delivered, in_band = number("delivery"), number("bounce", when=not_admin)
    out_of_band = number("out_of_band", when=not_admin)
    return {
        "count_injected": number("injection"),
        "count_rejected": rejected,
        "count_targeted": number("injection") + rejected,
        "count_policy_rejection": number("policy_rejection"),
        "count_generation_rejection": number("generation_rejection"),
        "count_generation_failed": number("generation_failure"),
        "count_delivered": delivered,
        "count_delivered_first": number("delivery", when=first),
        "count_delivered_subsequent": number("delivery", when=later),
        "count_inband_bounce": in_band,
        "count_outofband_bounce": out_of_band,
        "count_bounce": in_band + out_of_band,
        "count_hard_bounce": bounced(HARD, *both),
        "count_soft_bounce": bounced(SOFT, *both),
        "count_block_bounce": bounced(BLOCK, *both),
        "count_undetermined_bounce": number(*both, when=lambda event: event.bounce_class not in known),
        "count_admin_bounce": bounced(ADMIN, *both) + rejected,
        "count_sent": delivered + in_band,
        "count_accepted": max(0, delivered - out_of_band),
        "count_delayed": number("delay"),
        "count_delayed_first": number("delay", when=first),
        "total_msg_volume": total("msg_size", lambda _: True),
        "total_delivery_time_first": total("queue_time", first),
        "total_delivery_time_subsequent": total("queue_time", later),
        "count_rendered": number(*opens),
        "count_unique_rendered": messages(*opens),
        "count_initial_rendered": number(*initial),
        "count_unique_initial_rendered": messages(*initial),
        "count_unique_confirmed_opened": messages(*opens, *initial, *clicks),
        "count_clicked": number(*clicks),
        "count_unique_clicked": messages(*clicks),
        "count_raw_clicked": len({(event.message, event.link_label) for event in log_ if event.type in clicks}),
        "count_spam_complaint": number("spam_complaint"),
        "count_unsubscribe": number("link_unsubscribe", "list_unsubscribe"),
        "count_open_tracked": number("delivery", when=lambda event: bool(event.sent_with & (1 | 4))),
        "count_click_tracked": number("delivery", when=lambda event: bool(event.sent_with & 2)),
        "count_nonprefetched_rendered": number(*opens, when=fetched),
        "count_nonprefetched_initial_rendered": number(*initial, when=fetched),
        "count_nonprefetched_unique_rendered": messages(*opens, when=fetched),
        "count_nonprefetched_unique_initial_rendered": messages(*initial, when=fetched),
        "count_nonprefetched_unique_confirmed_opened": messages(
            *opens, *initial, *clicks, when=lambda event: event.type in clicks or not event.is_prefetched
        ),
    }
