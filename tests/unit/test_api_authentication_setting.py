"""The switch that opens the API to everybody must not be thrown by a typing error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def settings_say(value: str | None) -> str:
    environment = {name: text for name, text in os.environ.items() if name != "API_AUTHENTICATION"}
    if value is not None:
        environment["API_AUTHENTICATION"] = value
    ran = subprocess.run(
        [sys.executable, "-c", "from momentum import settings; print(settings.API_AUTHENTICATION)"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.stdout.strip() or ran.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("value, is_on", [(None, True), ("", True), ("on", True), ("Off", False), ("false", False)])
def test_on_unless_switched_off(value: str | None, is_on: bool) -> None:
    assert settings_say(value) == str(is_on)


def test_anything_else_is_an_error_that_names_the_variable() -> None:
    assert settings_say("ture").endswith("API_AUTHENTICATION: expected on or off")
