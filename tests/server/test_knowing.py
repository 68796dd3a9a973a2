"""A request that is known as a whole leaves when it is booked, whatever happens to its line meanwhile."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from uvicorn.server import ServerState

from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import Tokenizer
from mockserver.server.config import config
from mockserver.server.direct import Books, Ways
from mockserver.state.ports import GoneError
from tests.server.talk import COMPAT, request
from tests.server.wires import Wire, app_of, quiet

CHAT = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Which tea?"}]}
WENT = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\ntea\r\n0\r\n\r\n"
CLOSED = WENT.replace(b"transfer", b"connection: close\r\ntransfer")
GONE = GoneError("it did not answer in time")


def said(words: str, key: str = "sk-1") -> bytes:
    """A chat, as it goes over the wire."""
    chat = {**CHAT, "messages": [{"role": "user", "content": words}]}
    return request("POST", COMPAT, chat, key=key)


FIRST, SECOND = said("Which tea?"), said("And now?", key="sk-2")


@dataclass
class Booked:
    """A booking whose end is told by hand."""

    went: bytes = WENT
    done: "asyncio.Future[bool | Exception]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    noted: list[str] = field(default_factory=list)

    def holds(self) -> bool:
        """Whether it was booked."""
        result = self.done.result()
        if isinstance(result, Exception):
            raise result
        return result

    def begins(self) -> Callable[[], None]:
        """What is to be done right before the first byte leaves."""
        return lambda: self.noted.append("begins")

    def ended(self) -> None:
        """All of it leaves."""
        self.noted.append("ended")


class Line:
    """One connection to a server that books the first request; the others go their whole way."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.app = app_of(tokenizer)
        self.bookings: list[Booked] = []
        ways = Ways(self.app.at_hand, self.app.engine.known.heads, books=cast("Books", self._book))
        made = config(self.app, Settings(), direct=ways)
        made.load()
        self.wire = Wire()
        connection: Any = made.http_protocol_class
        self.wire.line = self.line = connection(made, ServerState(), {})
        self.line.connection_made(self.wire)
        self.books = False

    def _book(self, whole: bytes) -> Booked | None:
        if not self.books or whole != FIRST:
            return None
        self.bookings.append(Booked())
        return self.bookings[-1]

    async def learns(self) -> None:
        """Hears the head of the first request often enough to know it."""
        for _ in range(3):
            await self.hears(FIRST)
        self.wire.written.clear()
        self.books = True

    async def hears(self, *pieces: bytes) -> bytes:
        """What comes of these pieces so far."""
        for piece in pieces:
            self.line.data_received(piece)
        await quiet(self.line)
        return b"".join(self.wire.written)

    async def told(self, result: bool | Exception) -> bytes:  # noqa: FBT001 - what a future has
        """What comes of the end of the booking."""
        self.bookings[-1].done.set_result(result)
        await quiet(self.line)
        return b"".join(self.wire.written)

    def keys(self) -> list[str]:
        """Whose requests are in the journal."""
        return [entry.world.key for entry in self.app.engine.journal]


def with_line(tokenizer: Tokenizer, does: Callable[[Line], Any]) -> Any:
    """What comes of what is done with a line whose first request is known."""

    async def run() -> Any:
        line = Line(tokenizer)
        await line.learns()
        return await does(line)

    return asyncio.run(run())


def test_it_leaves_when_it_is_booked_and_not_before(tokenizer: Tokenizer) -> None:
    async def does(line: Line) -> None:
        assert await line.hears(FIRST) == b""
        assert line.bookings[0].noted == []
        assert await line.told(True) == WENT
        assert sorted(line.bookings[0].noted) == ["begins", "ended"]
        assert await line.hears(FIRST) == WENT
        assert await line.told(True) == WENT * 2
        assert len(line.keys()) == 3

    with_line(tokenizer, does)


def test_what_comes_behind_it_is_answered_behind_it(tokenizer: Tokenizer) -> None:
    async def does(line: Line) -> None:
        assert await line.hears(FIRST, SECOND) == b""
        heard = await line.told(True)
        assert heard.startswith(WENT + b"HTTP/1.1 200 OK\r\n")
        assert line.keys()[3:] == ["sk-2"]

    with_line(tokenizer, does)


@pytest.mark.parametrize("behind", [True, False])
def test_one_that_was_not_booked_goes_its_whole_way(tokenizer: Tokenizer, *, behind: bool) -> None:
    async def does(line: Line) -> None:
        await line.hears(*[FIRST, SECOND][: 1 + behind])
        heard = await line.told(False)
        assert heard.count(b"HTTP/1.1 200 OK\r\n") == 1 + behind
        # Each with its own headers, in which its key stands.
        assert line.keys()[3:] == ["sk-1", "sk-2"][: 1 + behind]
        assert not line.bookings[0].noted

    with_line(tokenizer, does)


@pytest.mark.parametrize("behind", [True, False])
def test_one_that_was_lost_hears_so(tokenizer: Tokenizer, *, behind: bool) -> None:
    async def does(line: Line) -> None:
        await line.hears(*[FIRST, SECOND][: 1 + behind])
        heard = await line.told(GONE)
        assert heard.startswith(b"HTTP/1.1 503 ")
        assert b"the shared state of this mock server cannot be used" in heard
        assert heard.count(b"HTTP/1.1 200 OK\r\n") == behind
        assert line.keys()[3:] == ["sk-2"][:behind]

    with_line(tokenizer, does)


def test_half_a_request_behind_it_is_waited_for(tokenizer: Tokenizer) -> None:
    async def does(line: Line) -> None:
        await line.hears(FIRST, SECOND[:-9])
        line.bookings[0].done.set_result(False)
        for _ in range(9):
            await asyncio.sleep(0)
        assert line.keys()[3:] == ["sk-1"]
        heard = await line.hears(SECOND[-9:])
        assert heard.count(b"HTTP/1.1 200 OK\r\n") == 2
        assert line.keys()[3:] == ["sk-1", "sk-2"]

    with_line(tokenizer, does)


@pytest.mark.parametrize("result", [True, False, GONE], ids=["booked", "changed", "lost"])
def test_a_client_that_left_is_told_nothing(tokenizer: Tokenizer, result: bool | Exception) -> None:  # noqa: FBT001
    async def does(line: Line) -> None:
        await line.hears(FIRST)
        line.line.connection_lost(None)
        line.wire.closed = True
        assert await line.told(result) == b""
        assert line.bookings[0].noted == (["ended"] if result is True else [])
        assert len(line.keys()) == 3

    with_line(tokenizer, does)


@pytest.mark.parametrize("result", [True, False], ids=["booked", "changed"])
def test_a_server_that_ends_answers_it_and_closes(tokenizer: Tokenizer, *, result: bool) -> None:
    async def does(line: Line) -> None:
        await line.hears(FIRST)
        line.line.shutdown()
        heard = await line.told(result)
        assert heard == CLOSED if result else b"connection: close\r\n" in heard
        assert line.wire.closed

    with_line(tokenizer, does)


@pytest.mark.parametrize("result", [True, False], ids=["booked", "changed"])
def test_a_client_that_says_no_more_is_answered_before_its_line_is_closed(
    tokenizer: Tokenizer, *, result: bool
) -> None:
    async def does(line: Line) -> None:
        await line.hears(FIRST)
        assert line.line.eof_received()
        heard = await line.told(result)
        assert heard.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"connection: close\r\n" in heard
        assert line.wire.closed
        assert not Line(tokenizer).line.eof_received()

    with_line(tokenizer, does)


def test_one_whose_client_does_not_read_goes_the_long_way(tokenizer: Tokenizer) -> None:
    async def does(line: Line) -> None:
        line.line.pause_writing()
        line.line.data_received(FIRST)
        await asyncio.sleep(0)
        assert not line.bookings
        line.line.resume_writing()
        assert (await line.hears()).startswith(b"HTTP/1.1 200 OK\r\n")

    with_line(tokenizer, does)
