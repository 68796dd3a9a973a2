"""One connection to Redis: questions go in one piece, and whoever waits hears when it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.exceptions import InvalidResponse, NoScriptError, ResponseError

from mockserver.state.redis.address import read_address
from mockserver.state.redis.line import Line

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def spoken(peer: Peer, speak: Callable[[Line, list[asyncio.StreamWriter]], Awaitable[Any]]) -> Any:
    """What speaking to a peer comes to, which says what it likes behind the client's own greeting."""

    async def run() -> Any:
        writers: list[asyncio.StreamWriter] = []

        async def greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            while not (said := await reader.read(65_536)).count(b"QUESTION"):
                # The client tells its name and version, each a command that is answered.
                writer.write(b"+OK\r\n" * said.count(b"*"))
                if not said:
                    return
            await peer(reader, writer)

        server = await asyncio.start_server(greeted, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        line = await Line.to(read_address(f"redis://127.0.0.1:{port}"), deadline=20.0)
        try:
            return await speak(line, writers)
        finally:
            await line.close()
            for writer in writers:
                writer.close()
            server.close()
            await server.wait_closed()

    return asyncio.run(run())


def test_answers_that_come_in_parts_are_whole_and_in_their_order() -> None:
    async def peer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for part in (b"*2\r\n$3\r\none\r\n", b":2\r\n-NOSCRIPT No matching", b" script.\r\n-ERR so\r\n"):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0)

    async def speak(line: Line, _: list[asyncio.StreamWriter]) -> Any:
        return await line.ask([("QUESTION", number) for number in range(3)])

    first, unknown, refused = spoken(peer, speak)
    assert first == [b"one", 2]
    assert isinstance(unknown, NoScriptError)
    assert type(refused) is ResponseError
    assert str(refused) == "so"


def test_who_waits_hears_that_it_is_over_and_so_does_who_asks_later() -> None:
    async def peer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+half of what is due\r\n")
        writer.close()

    async def speak(line: Line, _: list[asyncio.StreamWriter]) -> Any:
        assert not line.over
        for _attempt in range(2):
            with pytest.raises(ConnectionResetError, match="it closed the connection"):
                await line.ask([("QUESTION",), ("QUESTION",)])
            assert line.over

    spoken(peer, speak)


def test_an_answer_in_no_form_of_the_protocol_ends_the_connection() -> None:
    async def peer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def speak(line: Line, _: list[asyncio.StreamWriter]) -> Any:
        with pytest.raises(InvalidResponse, match="Protocol error"):
            await line.ask([("QUESTION",)])
        assert line.over

    spoken(peer, speak)


def test_a_connection_that_ended_while_nobody_asked_is_over() -> None:
    async def peer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+so\r\n")

    async def speak(line: Line, writers: list[asyncio.StreamWriter]) -> Any:
        assert await line.ask([("QUESTION",)]) == [b"so"]
        writers[0].close()
        for _ in range(100_000):
            if line.over:
                return
            await asyncio.sleep(0)
        pytest.fail("nobody heard of its end")

    spoken(peer, speak)
