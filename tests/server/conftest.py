"""What the tests of the server share: a running one, and a client of the application in process."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.server.app import App
from mockserver.wire.ids import Ids
from tests.conftest import KEY, NOW
from tests.server.talk import Live, running

MakeLive = Callable[..., Live]


@pytest.fixture(scope="session")
def _one_live(lazy_tokenizer: LazyTokenizer) -> Iterator[Live]:
    engine = Engine(Settings(), tokenizer=lazy_tokenizer, clock=lambda: NOW, ids=Ids(1))
    with running(engine) as live:
        yield live


@pytest.fixture
def live(_one_live: Live) -> Live:
    """A running server, its memory empty, its clock still and its ids from the beginning."""
    _one_live.engine.reset()
    _one_live.engine.ids = Ids(1)
    return _one_live


@pytest.fixture
def make_live(lazy_tokenizer: LazyTokenizer) -> Iterator[MakeLive]:
    """Runs a server with these settings."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Live:
            engine = Engine(Settings(**settings), tokenizer=lazy_tokenizer, clock=lambda: NOW, ids=Ids(1))
            return stack.enter_context(running(engine))

        yield make


@pytest.fixture
def client(engine: Engine) -> TestClient:
    """A client of the application in process, with a key."""
    return TestClient(App(engine), base_url="http://localhost", headers={"Authorization": f"Bearer {KEY}"})
