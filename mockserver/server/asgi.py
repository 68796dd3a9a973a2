"""Requests in and answers out, by the ASGI protocol."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import partial

from starlette.types import Receive, Scope, Send

from mockserver.corridor.answers import Answer
from mockserver.faults import Plan
from mockserver.server.aside import Aside
from mockserver.server.connection import EXTENSION, Connection
from mockserver.wire.chunked import chunks
from mockserver.wire.incoming import RequestHeaders
from mockserver.wire.unpacking import TooMuchError, Unpacker, coding_of

_SLICE = 4 * 1024
"""So many bytes of a packed body are unpacked at once; what stands behind the end of a member is copied."""

_PIECE = 256 * 1024
"""So many bytes of an answer are sent in one turn; to copy many megabytes takes long."""

_FRAMES = 256
"""So many frames of a stream are sent in one turn."""


class ClientGoneError(Exception):
    """The client left before its request was there."""


class BodyTooLargeError(Exception):
    """A body beyond the limit; the rest of it is not read."""


async def read_body(scope: Scope, receive: Receive, *, limit: int) -> bytes:
    """The whole body of a request. Raises `BodyTooLargeError` or `ClientGoneError`."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise BodyTooLargeError
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        piece: bytes = message.get("body", b"")
        if len(body) + len(piece) > limit:
            raise BodyTooLargeError
        if not message.get("more_body", False) and not body:
            return piece
        body += piece
        if not message.get("more_body", False):
            return bytes(body)


async def read_plain(scope: Scope, receive: Receive, *, limit: int, aside: Aside) -> bytes:
    """The whole body of a request, unpacked. Raises what `read_body` raises, and `UnpackError`.

    It is unpacked aside, for a byte of what is packed may become a thousand.
    """
    coding = coding_of(RequestHeaders(scope["headers"]).get("content-encoding", ""))
    if not coding:
        return await read_body(scope, receive, limit=limit)
    unpacker = Unpacker(coding, limit=limit)
    body = await read_body(scope, receive, limit=limit)
    return await aside.apart(scope, partial(_unpacked, unpacker, body))


def _unpacked(unpacker: Unpacker, body: bytes) -> bytes:
    plain = bytearray()
    try:
        for at in range(0, len(body), _SLICE):
            plain += unpacker.feed(body[at : at + _SLICE])
    except TooMuchError:
        raise BodyTooLargeError from None
    unpacker.finish()
    return bytes(plain)


def announce(begins: Callable[[], None], scope: Scope) -> None:
    """Has something done right before the next byte leaves; at once where the server has no such moment."""
    connection = _connection(scope)
    if connection is None:
        begins()
    else:
        connection.announce(begins)


def _connection(scope: Scope) -> Connection | None:
    connection: Connection | None = scope.get("extensions", {}).get(EXTENSION, {}).get("connection")
    return connection


async def send_answer(answer: Answer, scope: Scope, receive: Receive, send: Send) -> bool:
    """Sends an answer: whole, or frame by frame as each is due. False when the client left early."""
    if answer.delay or answer.due:
        return await _send_paced(answer, scope, receive, send)
    await _send_start(answer, send)
    if answer.frames:
        await _send_rest(answer, send)
    else:
        await send_body(answer.body, send, cut=answer.cut)
    return True


async def _send_start(answer: Answer, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})


async def send_body(body: bytes, send: Send, *, cut: bool = False) -> None:
    """The whole body; one that is `cut` has no end."""
    at = 0
    while len(body) - at > _PIECE:
        await send({"type": "http.response.body", "body": body[at : at + _PIECE], "more_body": True})
        at += _PIECE
        await asyncio.sleep(0)  # others have their turn
    await send({"type": "http.response.body", "body": body[at:] if at else body, "more_body": cut})


async def _send_rest(answer: Answer, send: Send) -> None:
    """The body, or all frames as fast as they go."""
    if not answer.frames:
        await send_body(answer.body, send, cut=answer.cut)
        return
    last = -1 if answer.cut else len(answer.frames) - 1
    for at, frame in enumerate(answer.frames, 1):
        await send({"type": "http.response.body", "body": frame, "more_body": at - 1 != last})
        if not at % _FRAMES:
            await asyncio.sleep(0)  # others have their turn


async def _send_paced(answer: Answer, scope: Scope, receive: Receive, send: Send) -> bool:
    """Each frame on an absolute schedule, so that lateness never adds up.

    Where the connection can be written to, a metronome does that; the last frames leave with what ends them.
    """
    client = _Client(receive)
    try:
        if await client.left_within(answer.delay):
            return False
        await _send_start(answer, send)
        if not answer.due:
            await _send_rest(answer, send)
            return True
        start = client.now()
        connection = _connection(scope)
        if connection is not None and connection.chunked and not answer.foreign:
            most = bisect_left(answer.due, answer.due[-1])
            pieces = chunks(answer.frames)[:most]
            answer.sent = await client.hears(connection, pieces, answer.due[:most], start)
        for frame, due in zip(answer.frames[answer.sent :], answer.due[answer.sent :], strict=True):
            if await client.left_within(start + due - client.now()):
                return False
            await send({"type": "http.response.body", "body": frame, "more_body": True})
            answer.sent += 1
        if not answer.cut:
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        client.forget()
    return True


class _Client:
    """Who reads an answer, and may leave while it waits for its moments.

    One callback tells of that for all of them: `asyncio.wait` would make one for each, and half a stream's
    processor time would go into it.
    """

    def __init__(self, receive: Receive) -> None:
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self.gone = asyncio.ensure_future(receive())
        self.gone.add_done_callback(self._wake)
        self._waiter: asyncio.Future[None] | None = None

    def _wake(self, _: object = None) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def left_within(self, seconds: float) -> bool:
        """Waits so long, or until the client leaves; whether it left."""
        if seconds > 0 and not self.gone.done():
            self._waiter = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._wake)
            try:
                await self._waiter
            finally:
                timer.cancel()
        return self.gone.done()

    async def hears(
        self, connection: Connection, pieces: Sequence[bytes], due: Sequence[float], start: float
    ) -> int:
        """Has pieces written as each is due, until the client takes no more or leaves; how many went."""
        if self.gone.done():
            return 0
        self._waiter = self._loop.create_future()
        piece = connection.play(pieces, due, start, self._wake)
        try:
            await self._waiter
        finally:
            connection.stop(piece)
        return piece.at

    def forget(self) -> None:
        """Nobody waits for it any more."""
        self.gone.cancel()


async def carry_out(plan: Plan, scope: Scope, receive: Receive, send: Send) -> bool:
    """Does what the plan of a fault says. False when the client left early.

    What HTTP cannot do goes to the connection, which the scope holds under the extension
    ``mock.connection``; a server without it just leaves the answer without an end.
    """
    connection = _connection(scope)
    client = _Client(receive)
    start = client.now()
    try:
        if plan.head_at is not None:
            if await client.left_within(plan.head_at):
                return False
            await send({"type": "http.response.start", "status": plan.status, "headers": plan.headers})
        for piece in plan.pieces:
            if await client.left_within(start + piece.at - client.now()):
                return False
            if piece.missing and connection is not None:
                connection.begin_chunk(piece.data, missing=piece.missing)
            else:
                await send({"type": "http.response.body", "body": piece.data, "more_body": True})
            # What was written leaves with the end of this turn: each piece in a packet of its own.
            await asyncio.sleep(0)
        if plan.ending == "end":
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        elif connection is not None:
            await (connection.reset() if plan.ending == "reset" else connection.close())
            await client.gone
    finally:
        client.forget()
    return True


def closing(answer: Answer) -> Answer:
    """The answer, with the connection closed behind it: what is left of the request is not read."""
    answer.headers = [*answer.headers, (b"connection", b"close")]
    return answer
