"""How uvicorn serves an application of ours."""

from typing import Any

import pytest

from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import Tokenizer
from mockserver.server.config import config
from mockserver.server.knowing import Knowing
from tests.server.wires import app_of


@pytest.mark.parametrize("direct", [True, False])
def test_what_is_set_is_what_is_served_by(tokenizer: Tokenizer, *, direct: bool) -> None:
    app = app_of(tokenizer)
    settings = Settings(request_timeout=3, idle_timeout=5, max_connections=7, grace=9)
    made = config(app, settings, direct=app.direct if direct else None, tunnels="No.")
    kind: Any = made.http
    assert issubclass(kind, Knowing) is direct
    assert (kind.request_seconds, kind.unread_seconds, kind.max_connections) == (3, 5, 7)
    assert kind.tunnels == "No."
    assert (made.timeout_keep_alive, made.timeout_graceful_shutdown) == (5, 9)


def test_each_server_has_its_own_turn(tokenizer: Tokenizer) -> None:
    app = app_of(tokenizer)
    kinds: list[Any] = [config(app, Settings()).http for _ in range(2)]
    assert kinds[0].turn is not kinds[1].turn
    assert kinds[0].metronome is not kinds[1].metronome
