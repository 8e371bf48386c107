"""Anything wrong in the environment is one line that names the variable (DESIGN §8)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.program import ROOT

CLUSTER = {"DATABASE_URL": "postgres://a:b@127.0.0.1/c", "SECRET_KEY": "x", "TRACKING_KEYS": "k" * 40}


@pytest.mark.parametrize(
    "environment, expected",
    [
        ({"PORT": "web"}, "PORT: "),
        ({"DEBUG": "maybe"}, "DEBUG: expected on or off"),
        ({"API_AUTHENTICATION": "maybe"}, "API_AUTHENTICATION: expected on or off"),
        ({"DATABASE_URL": "mysql://a@b/c"}, "DATABASE_URL: expected a URL of the form postgres://…"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL: expected a URL of the form redis://…"),
        ({"SMTP_URL": "mail.example.org:25"}, "SMTP_URL: expected a URL of the form smtp://…"),
        ({"SMTP_URL": "smtp://mail.example.org/?tls=maybe"}, "SMTP_URL: "),
        ({"MOMENTUM_URL": "ftp://example.org"}, "MOMENTUM_URL: expected a URL of the form http://…"),
        ({"TRUSTED_PROXIES": "nobody"}, "TRUSTED_PROXIES: "),
        ({"TRACKING_KEYS": "short"}, "TRACKING_KEYS: key 1 has fewer than 32 characters"),
        ({"DATABASE_URL": CLUSTER["DATABASE_URL"]}, "SECRET_KEY is required once DATABASE_URL is set"),
        (CLUSTER, "ALLOWED_HOSTS is required once DATABASE_URL is set"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, environment: dict[str, str], expected: str) -> None:
    variables = {**os.environ, "MOMENTUM_HOME": str(tmp_path), **environment}
    command = [sys.executable, "manage.py", "check"]
    run = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stderr.startswith(expected)
    assert len(run.stderr.splitlines()) == 1
