"""A caller of the API, and a relay that takes mail."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.api import Api
from tests.smtp_peers import Peer, serving
from transmissions.pipeline import jobs, trying


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A relay that takes everything unless a test says otherwise."""
    peer = Peer()
    with serving(peer) as port, override_settings(SMTP_URL=f"smtp://127.0.0.1:{port}/"):
        trying.relay.cache_clear()
        jobs.forget()
        yield peer
        trying.relay().close()
        trying.relay.cache_clear()


@pytest.fixture
def api() -> Api:
    return Api()
