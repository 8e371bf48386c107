from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, settings

from momentum.lib import clock
from tests.unit.generation.builders import SENT_AT, keyring_at
from tracking.keys import Keyring

# A busy machine is no fault of the code under test.
settings.register_profile("generation", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("generation")


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    return keyring_at(tmp_path_factory.mktemp("keys"))


@pytest.fixture(autouse=True)
def _frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(SENT_AT + 60, UTC))
