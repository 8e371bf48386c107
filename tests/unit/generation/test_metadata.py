"""Metadata of one copy (contract 10 §4.2, 50 §5)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmissions.generation.metadata import cut, merged


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def test_recipient_keys_come_first_and_win():
    got = merged({"b": 1, "a": {"x": 1}}, {"c": 3, "a": {"y": 2}})
    assert list(got.items()) == [("b", 1), ("a", {"x": 1}), ("c", 3)]


@pytest.mark.parametrize("recipient, transmission", [({}, {}), ({"a": 1}, {}), ({}, {"a": 1})])
def test_merging_with_nothing(recipient, transmission):
    assert merged(recipient, transmission) == recipient | transmission


def test_exactly_the_limit_is_kept():
    metadata = {"k": "x" * 10, "m": 12}
    size = len(compact(metadata))
    assert cut(metadata, size) == metadata
    assert cut(metadata, size - 1) == {"k": "x" * 10}


def test_a_key_too_large_does_not_stop_later_ones():
    assert cut({"a": 1, "big": "x" * 100, "b": 2}, 20) == {"a": 1, "b": 2}


def test_bytes_count_and_not_characters():
    assert cut({"k": "é" * 5}, len('{"k":""}') + 9) == {}
    assert cut({"k": "é" * 5}, len('{"k":""}') + 10) == {"k": "é" * 5}


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_no_room_at_all(limit):
    assert cut({"": 1}, limit) == {}


def test_integers_beyond_64_bits():
    assert cut({"n": 10**30}, 1000) == {"n": 10**30}


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), max_size=6), st.text('aé"\n', max_size=20) | st.integers()
    ),
    st.integers(0, 200),
)
def test_what_is_cut_fits_and_keeps_the_order(metadata, limit):
    kept = cut(metadata, limit)
    assert not kept or len(compact(kept)) <= limit
    assert [key for key in metadata if key in kept] == list(kept)
    used = kept
    for key in metadata.keys() - kept.keys():
        assert len(compact(used | {key: metadata[key]})) > limit or limit < 6
