"""The loop without a harness: a plain program asks over HTTP what to do, does it, and reports.

    command = GET /_mock/conform/next       {"type": "say", ...}, {"type": "wait"} or {"type": "bye"}
    POST /_mock/conform/report              what a driver would answer: hello, ok, report or trouble

The program asks again after each report, and again after `wait`; it ends at `bye`. (The idea is
Autobahn's: a client that loops over cases needs no harness code.)
"""

import asyncio
import queue
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from mockserver.contract.protocol import (
    VERSION,
    Begin,
    Command,
    Hello,
    ProtocolError,
    Report,
    answer,
    command_json,
    read_hello,
    read_report,
)
from mockserver.server.asgi import BodyTooLargeError, read_body

_LIMIT = 64 * 1024 * 1024
_WAIT_SECONDS = 20.0

Document = dict[str, object]


class Loop:
    """The two calls of the loop, and the queues between them and the kit."""

    def __init__(self) -> None:
        self.commands: queue.SimpleQueue[Document] = queue.SimpleQueue()
        self.answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call, by the ASGI protocol."""
        call = scope["path"].removeprefix("/_mock/conform/"), scope["method"]
        if call == ("next", "GET"):
            response: Response = JSONResponse(await asyncio.to_thread(self._next))
        elif call == ("report", "POST"):
            response = await self._report(Request(scope, receive))
        else:
            message = f"{scope['path']} does not take {scope['method']}; GET next, then POST report"
            response = JSONResponse({"error": {"message": message, "field": None}}, HTTPStatus.NOT_FOUND)
        await response(scope, receive, send)

    def _next(self) -> Document:
        try:
            return {"type": "bye"} if self.closed else self.commands.get(timeout=_WAIT_SECONDS)
        except queue.Empty:
            return {"type": "wait"}

    async def _report(self, request: Request) -> Response:
        try:
            self.answers.put(await read_body(request.scope, request.receive, limit=_LIMIT))
        except BodyTooLargeError:
            message = "a report may hold 64 MB"
            return JSONResponse({"error": {"message": message, "field": None}}, 413)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    def close(self) -> None:
        """Says goodbye to whoever asks next."""
        self.closed = True
        self.commands.put({"type": "bye"})


class LoopClient:
    """The client behind the loop. `patience` is how long an answer may take, in seconds."""

    def __init__(self, loop: Loop, *, patience: float = 60.0, begin_patience: float = 600.0) -> None:
        self._loop = loop
        self._patience = patience
        loop.commands.put({"type": "hello", "version": VERSION})
        self.hello: Hello = read_hello(answer(self._answer(begin_patience)))

    def _answer(self, patience: float) -> bytes:
        try:
            return self._loop.answers.get(timeout=patience)
        except queue.Empty:
            msg = f"no report came within {patience:g} s: GET /_mock/conform/next, then POST the report"
            raise ProtocolError(msg) from None

    def send(self, command: Command) -> Report:
        """Does what the command says. Raises `ProtocolError`, at once when the loop has ended."""
        if self._loop.closed:
            msg = "the loop has ended, and its program was told so: start both again"
            raise ProtocolError(msg)
        self._loop.commands.put(command_json(command))
        answered = answer(self._answer(self._patience))
        if isinstance(command, Begin) and answered["type"] == "ok":
            return Report()
        return read_report(answered)

    def close(self) -> None:
        """Ends the loop."""
        self._loop.close()
