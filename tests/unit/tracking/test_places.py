from pathlib import Path

import pytest

from tracking.places import Places, fields


def test_a_record_is_translated_to_the_fields_of_events() -> None:
    record = {
        "country": {"iso_code": "PT", "names": {"en": "Portugal"}},
        "subdivisions": [{"iso_code": "08"}, {"iso_code": "x"}],
        "city": {"names": {"en": "Faro", "pt": "Faro"}},
        "location": {"latitude": 37.02, "longitude": -7.93},
        "postal": {"code": "8000"},
    }
    assert fields(record) == {
        "country": "PT",
        "region": "08",
        "city": "Faro",
        "latitude": 37.02,
        "longitude": -7.93,
        "zip": "8000",
        "postal_code": "8000",
    }


@pytest.mark.parametrize(
    "record", [{}, {"country": "PT"}, {"subdivisions": []}, {"subdivisions": ["x"]}, {"city": {"names": None}}]
)
def test_what_a_record_does_not_say_is_absent(record: dict[str, object]) -> None:
    assert fields(record) == {}


def test_without_a_database_nobody_knows(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"not a database")
    for variables in ({}, {"GEOIP_DATABASE": str(tmp_path / "none.mmdb")}, {"GEOIP_DATABASE": str(broken)}):
        assert Places(variables).of("203.0.113.9") == {}
