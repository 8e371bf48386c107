"""The table of replies: what real servers say, and what it is taken for (contract 80 §9, 60 §3)."""

import pytest

from transmissions.delivery.replies import Reply, canonical_reason, classify, given_up_class, judge

CLASSES = [
    ("550 5.1.1 <nobody@example.com>: Recipient address rejected: User unknown in local recipient table", 10),
    ("550-5.1.1 The email account that you tried to reach does not exist.\n550 5.1.1 - gsmtp", 10),
    ("550 5.1.2 bad destination system", 10),
    ("550 5.1.10 recipient has a null MX", 10),
    ("550 5.2.1 mailbox disabled", 10),
    ("550 No such user here", 10),
    ("550 user unknown", 10),
    ("550 unknown user", 10),
    ("550 Requested action not taken: mailbox unavailable", 10),
    ("550 Invalid recipient x@example.com", 10),
    ("554 delivery error: This user doesn't have an account: mailbox x does not exist", 10),
    ("552 5.2.2 The email account that you tried to reach is over quota", 22),
    ("452 4.2.2 mailbox full", 22),
    ("552 mailbox full", 22),
    ("452 4.3.1 Insufficient system storage", 22),
    ("550 quota exceeded", 22),
    ("552 5.3.4 Message size exceeds fixed limit", 23),
    ("552 5.2.3 message exceeds the length limit", 23),
    ("552 size", 23),
    ("550 message too large", 23),
    ("454 4.4.4 [internal] no MX or A for domain", 21),
    ("550 5.4.4 host not found", 21),
    ("554 5.7.1 message looks like spam", 52),
    ("550 5.7.1 Unsolicited mail is not welcome", 52),
    ("550 High probability of spam", 52),
    ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", 51),
    ("421 4.7.0 [192.0.2.1] your ip is listed", 51),
    ("550 5.7.1 your address is on our blacklist", 51),
    ("550 5.7.1 relaying denied", 54),
    ("554 5.7.1 <x@example.com>: Relay access denied", 54),
    ("550 relay not permitted", 54),
    ("552 5.7.0 this message has an attachment of a forbidden kind", 53),
    ("550 5.7.1 access denied", 50),
    ("550 5.7.26 unauthenticated email is not accepted", 50),
    ("451 4.3.0 try again", 70),
    ("421 4.7.0 [TSS04] messages from 192.0.2.1 temporarily deferred", 70),
    ("450 4.2.0 greylisted", 70),
    ("451 4.4.1 timed out", 24),
    ("454 4.4.2 [internal] timed out waiting for the reply to RCPT", 24),
    ("554 5.4.7 [internal] message timeout (exceeded max time, last transfail: 451 4.3.0)", 24),
    ("554 transaction failed", 1),
    ("550", 1),
    ("550 5.0.0 ???", 1),
]


@pytest.mark.parametrize(("text", "bounce_class"), CLASSES)
def test_classes(text: str, bounce_class: int) -> None:
    assert classify(int(text[:3]), text) == bounce_class


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("250 2.0.0 queued as 4XyZ", ("delivered", None)),
        ("251 will forward", ("delivered", None)),
        ("451 4.3.0 later", ("deferred", 70)),
        ("421 4.3.2 closing", ("deferred", 70)),
        ("550 5.1.1 user unknown", ("bounced", 10)),
        ("554 no", ("bounced", 1)),
        ("530 5.7.0 Authentication required", ("deferred", 70)),
        ("535 5.7.8 bad credentials", ("deferred", 70)),
    ],
)
def test_verdicts(text: str, verdict: tuple[str, int | None]) -> None:
    assert judge(Reply(int(text[:3]), text)) == verdict


def test_giving_up_turns_a_delay_into_a_soft_bounce_and_keeps_a_known_cause() -> None:
    assert [given_up_class(last) for last in (70, 22, 24)] == [20, 22, 24]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("550 5.1.1 <joe@example.com>: user unknown", "550 5.1.1 ...@...: user unknown"),
        ("550 5.1.1 joe.bloggs+x@mail.example.com does not exist.", "550 5.1.1 ...@... does not exist."),
        ("550 5.7.1 host [192.0.2.17] is listed", "550 5.7.1 host [a.b.c.d] is listed"),
        ("550 5.7.1 2001:db8::25 is listed", "550 5.7.1 a.b.c.d is listed"),
        ("550 5.7.1 [IPv6:2001:db8::25] is listed", "550 5.7.1 [a.b.c.d] is listed"),
        (
            "550-5.1.1 The account does not exist.\n550-5.1.1 Please check.\n550 5.1.1 d9443c01a7336-1f3 - gsmtp",
            "550 5.1.1 The account does not exist. Please check. ... - gsmtp",
        ),
        ("250 2.0.0 Ok: queued as 4F2k9T1xYzz9Q", "250 2.0.0 Ok: queued as ..."),
        ("452 4.3.1 message 1234567 too large, limit 99999", "452 4.3.1 message ... too large, limit ..."),
        ("421 4.7.0 [TSS04] deferred; see https://example.com/421-4.7.0", None),
        ("554 5.3.3 [internal] Error while rendering part html: line 12: no such macro", None),
        ("554 5.7.1 recipient address suppressed due to customer policy", None),
        ("450 4.2.0 greylisted at 12:30:45 for 300 seconds", "450 4.2.0 greylisted at ... for 300 seconds"),
        ("550", None),
        ("550-\n550-\n550 x", "550 x"),
    ],
)
def test_reasons_lose_what_belongs_to_the_single_case(text: str, reason: str | None) -> None:
    assert canonical_reason(text) == (reason or text)
    assert canonical_reason(canonical_reason(text)) == canonical_reason(text)


@pytest.mark.parametrize("unit", ["a", "a@", "<a", "1.", ":", "a:", "1", "-", " ", "@", "é", "ip listed ", "user "])
def test_hostile_replies_stay_bounded(unit: str) -> None:
    text = "550 " + unit * (4000 // len(unit))
    assert classify(550, text) in (1, 10, 51)
    assert len(canonical_reason(text)) <= 1000
