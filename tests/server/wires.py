"""Connections to a server without sockets."""

import asyncio
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

from uvicorn.server import ServerState

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.server.app import App
from mockserver.server.config import config
from mockserver.wire.ids import Ids
from tests.conftest import NOW

QUIET = 8
"""After so many turns without a task all is said: requests behind each other take a turn each."""


class Wire(asyncio.Transport):
    """A transport that keeps what is written to it, and tells its protocol when it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.line: Any = None
        self.written: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written.append(bytes(data))

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.line.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _: str, default: Any = None) -> Any:
        return default

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Reading goes on: what is said was said."""

    resume_reading = pause_reading


def connected(app: App, count: int = 1, *, direct: bool = True) -> list[Wire]:
    """So many connections to the server of an application, within a loop."""
    made = config(app, app.engine.settings, direct=app.direct if direct else None)
    made.load()
    connection: Any = made.http_protocol_class
    wires = [Wire() for _ in range(count)]
    for wire in wires:
        wire.line = connection(made, ServerState(), {})
        wire.line.connection_made(wire)
    return wires


async def quiet(line: Any) -> None:
    """Until all is said on a line."""
    turns = 0
    while turns < QUIET:
        turns = 0 if line.tasks else turns + 1
        if line.tasks:
            await asyncio.wait(line.tasks)
        await asyncio.sleep(0)


async def _heard(app: App, pieces: list[bytes], *, direct: bool) -> Wire:
    (wire,) = connected(app, direct=direct)
    line = wire.line
    for piece in pieces:
        if not wire.closed:
            line.data_received(piece)
        await asyncio.sleep(0)
    await quiet(line)
    if not wire.closed:
        line.connection_lost(OSError("The client is gone."))
    return wire


def app_of(
    tokenizer: Tokenizer,
    *scripts: dict[str, Any],
    clock: Callable[[], float] = lambda: NOW,
    **options: Any,
) -> App:
    """An application whose ids are known, and whose clock stands still."""
    engine = Engine(Settings(**options), tokenizer=LazyTokenizer(lambda: tokenizer), clock=clock, ids=Ids(1))
    engine.tokenizer.get()
    for script in scripts:
        engine.scripts.add(script, engine.errors)
    return App(engine)


def heard(app: App, *pieces: bytes, direct: bool = True) -> Wire:
    """What a client hears on one connection that says these pieces, one in each turn of the loop."""
    return asyncio.run(_heard(app, list(pieces), direct=direct))


def open_transport() -> Mock:
    """A transport whose client is there."""
    transport = Mock(spec=asyncio.Transport)
    transport.is_closing.return_value = False
    return transport
