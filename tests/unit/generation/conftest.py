from datetime import UTC, datetime

import pytest

from momentum.lib import clock
from tests.unit.generation.builders import SENT_AT, keyring_at
from tracking.keys import Keyring


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return keyring_at(tmp_path_factory.mktemp("keys"))


@pytest.fixture(autouse=True)
def _frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(SENT_AT + 60, UTC))
