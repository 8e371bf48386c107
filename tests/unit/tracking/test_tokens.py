from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from momentum.lib import clock
from tracking import keys
from tracking.tokens import BadToken, Kind, LinkPart, MessagePart, Refusal, Sealer, open_token

from .builders import RING, SEALER, SENT_AT, make_link_part, make_message_part

FOREIGN = Sealer(keys.load(Path("/nowhere"), "key-of-another-house-0123456789-abcdef"))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MESSAGE, LINK = SEALER.message_part(make_message_part()), SEALER.link_part(make_link_part())

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
message_parts = st.builds(
    MessagePart,
    transmission=st.just(5),
    message=st.integers(1, 2**48 - 1),
    block_time=st.integers(0, 2**32 - 1),
    sent_at=st.integers(0, SENT_AT),
    rcpt_to=st.text(),
    tags=st.lists(st.text(), max_size=10).map(tuple),
    metadata=st.dictionaries(st.text(), json_values, max_size=4),
    sent_with=st.integers(0, 15),
)
link_parts = st.builds(
    LinkPart,
    kind=st.sampled_from(Kind),
    transmission=st.just(5),
    campaign_id=st.text(),
    url=st.text().map("https://".__add__),
    name=st.text(),
    position=st.integers(0, 5000),
    unsubscribe=st.booleans(),
)


def _refusal(message: str, link: str) -> Refusal:
    opened = open_token(RING, message, link)
    assert isinstance(opened, BadToken)
    return opened.reason


@given(message_parts, link_parts)
def test_what_is_sealed_comes_back(message: MessagePart, link: LinkPart) -> None:
    parts = SEALER.message_part(message), SEALER.link_part(link)
    assert open_token(RING, *parts) == (message, link)
    assert all(set(part) <= set(ALPHABET) for part in parts)


def test_sealing_twice_gives_the_same_text() -> None:
    assert SEALER.message_part(make_message_part()) == MESSAGE
    assert SEALER.link_part(make_link_part()) == LINK
    assert SEALER.link_part(make_link_part(position=2)) != LINK


def test_nothing_can_be_read_from_a_token() -> None:
    long_address = make_message_part(rcpt_to="a" * 300 + "@example.net")
    assert "YWFhYWFh" not in SEALER.message_part(long_address)


@given(st.data())
def test_any_changed_character_is_refused(data: st.DataObject) -> None:
    which = data.draw(st.sampled_from(["message", "link"]))
    text = MESSAGE if which == "message" else LINK
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHABET).filter(lambda character: character != text[place]))
    changed = text[:place] + other + text[place + 1 :]
    assert isinstance(
        open_token(RING, changed, LINK) if which == "message" else open_token(RING, MESSAGE, changed), BadToken
    )


def test_every_last_character_but_the_right_one_is_refused() -> None:
    for text in (MESSAGE, LINK):
        for other in set(ALPHABET) - {text[-1]}:
            changed = text[:-1] + other
            pair = (changed, LINK) if text is MESSAGE else (MESSAGE, changed)
            assert isinstance(open_token(RING, *pair), BadToken)


@given(st.integers(0, len(MESSAGE) - 1))
def test_a_token_cut_short_is_refused(length: int) -> None:
    assert _refusal(MESSAGE[:length], LINK) in {Refusal.MALFORMED, Refusal.FORGED}


@given(st.text() | st.text(ALPHABET, min_size=40, max_size=300), st.text() | st.text(ALPHABET, max_size=300))
def test_no_text_makes_opening_fail(message: str, link: str) -> None:
    assert isinstance(open_token(RING, message, link), BadToken)
    assert isinstance(open_token(RING, MESSAGE, link), BadToken)


@pytest.mark.parametrize("junk", ["=", "==", "+", "/", " ", "\n", "é", "\udcff", "\x00"])
def test_characters_outside_of_the_alphabet_are_refused(junk: str) -> None:
    assert _refusal(MESSAGE + junk, LINK) == Refusal.MALFORMED
    assert _refusal(junk + MESSAGE[len(junk) :], LINK) == Refusal.MALFORMED


def test_the_two_parts_are_not_interchangeable() -> None:
    assert _refusal(LINK, LINK) == Refusal.FORGED
    assert _refusal(MESSAGE, MESSAGE) == Refusal.FORGED


def test_a_token_of_another_installation_is_refused() -> None:
    assert _refusal(FOREIGN.message_part(make_message_part()), LINK) == Refusal.UNKNOWN_KEY
    assert _refusal(MESSAGE, FOREIGN.link_part(make_link_part())) == Refusal.UNKNOWN_KEY


def test_parts_of_two_transmissions_are_refused() -> None:
    assert _refusal(MESSAGE, SEALER.link_part(make_link_part(transmission=1))) == Refusal.SPLICED


def test_a_link_made_for_one_message_fits_no_other_message_of_its_transmission() -> None:
    link = make_link_part(message=4712)
    assert _refusal(MESSAGE, SEALER.link_part(link)) == Refusal.SPLICED
    owner = make_message_part(message=4712)
    assert open_token(RING, SEALER.message_part(owner), SEALER.link_part(link)) == (owner, link)


@pytest.mark.parametrize(("ahead", "opens"), [(300, True), (301, False)])
def test_a_token_from_up_to_five_minutes_in_the_future_opens(
    monkeypatch: pytest.MonkeyPatch, ahead: int, opens: bool
) -> None:
    now = datetime.fromtimestamp(SENT_AT, UTC) - timedelta(seconds=ahead)
    monkeypatch.setattr(clock, "now", lambda: now)
    opened = open_token(RING, MESSAGE, LINK)
    assert opened == ((make_message_part(), make_link_part()) if opens else BadToken(Refusal.FROM_THE_FUTURE))


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "ftp://shop.test/", "//shop.test/", " http://shop.test"]
)
def test_only_web_addresses_are_sealed(url: str) -> None:
    with pytest.raises(ValueError):
        SEALER.link_part(make_link_part(url=url))


def test_integers_beyond_64_bits_and_the_order_of_keys_survive() -> None:
    metadata = {"z": 2**80, "a": [1.0, 1, None, True], "ü": {"x": "ß"}}
    opened = open_token(RING, SEALER.message_part(make_message_part(metadata=metadata)), LINK)
    assert not isinstance(opened, BadToken)
    assert opened[0].metadata == metadata
    assert list(opened[0].metadata) == ["z", "a", "ü"]
    assert isinstance(opened[0].metadata["a"][0], float)


@pytest.mark.parametrize(
    "changes",
    [{"message": 2**48}, {"transmission": 2**63}, {"sent_at": -1}, {"sent_at": 2**40}, {"block_time": 2**33}],
)
def test_numbers_that_no_column_or_date_holds_are_refused(changes: dict[str, int]) -> None:
    sealed = SEALER.message_part(make_message_part(**changes))
    link = SEALER.link_part(make_link_part(transmission=changes.get("transmission", make_link_part().transmission)))
    assert _refusal(sealed, link) == Refusal.UNREADABLE
