from pathlib import Path

import pytest

from tracking import environment

KEY = "key-of-the-tests-0123456789-abcdefgh"


def read(tmp_path: Path, **variables: str) -> environment.Environment:
    return environment.read({"MOMENTUM_HOME": str(tmp_path), **variables})


def test_the_tracker_listens_beside_the_web_process(tmp_path: Path) -> None:
    settings = read(tmp_path, PORT="9000")
    assert (settings.address, settings.port) == ("127.0.0.1", 9001)
    assert settings.redis_url.startswith("unix:///")
    assert (tmp_path / "keys" / "tracking_keys").exists()


def test_an_installation_with_a_public_name_listens_everywhere(tmp_path: Path) -> None:
    assert read(tmp_path, TRACKING_HOST="track.example.org").address == "0.0.0.0"
    assert read(tmp_path, MOMENTUM_URL="https://mail.example.org").address == "0.0.0.0"
    assert read(tmp_path, MOMENTUM_URL="http://localhost:8000", TRACKING_HOST="127.0.0.1:81").address == "127.0.0.1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "eight"),
        ("PORT", "65535"),
        ("TRACKING_KEYS", "short"),
        ("TRUSTED_PROXIES", "proxy.internal"),
        ("TRACKER_CLICK_LIMIT", "-1"),
        ("DATABASE_URL", "postgres://db/momentum"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(environment.BadVariableError) as refused:
        read(tmp_path, **{variable: value})
    expected = "TRACKING_KEYS" if variable == "DATABASE_URL" else variable
    assert str(refused.value).startswith(expected)
