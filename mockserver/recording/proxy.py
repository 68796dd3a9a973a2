"""The recorder: passes requests on to the upstream, each chunk of an answer as it comes, and keeps it all.

Nothing waits for the recording: a client has every chunk before the recording is made of it. Modes: `all`
records everything; `new` replays what is known and records what is not; `none` replays, and what is not
known is an error; `overwrite` records in the place of what was recorded before.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Literal

from starlette.types import Message, Receive, Scope, Send

from mockserver import __version__
from mockserver.recording import cassette, nearest
from mockserver.recording.cassette import CassetteError, Chunk, End, Interaction, Request, Response, redacted
from mockserver.recording.coding import UncleanError, header
from mockserver.recording.index import Row
from mockserver.recording.others import missing, pairs_of, target_of
from mockserver.recording.redaction import Pairs, Redaction
from mockserver.recording.replay import Match, Recorded, Tape
from mockserver.recording.upstream import Incoming, UnreachableError, Upstream
from mockserver.server.asgi import BodyTooLargeError, ClientGoneError, read_body, send_answer
from mockserver.wire.jsontext import dumps

log = logging.getLogger("mockserver")

Mode = Literal["all", "new", "none", "overwrite"]
MODES: tuple[Mode, ...] = ("all", "new", "none", "overwrite")

_LINGER = 0.5
"""How long the end of an answer is waited for when the client has left, in seconds.

SDKs hang up right behind `[DONE]`, before the answer has ended.
"""

_MOST = 256 * 1024 * 1024
"""The largest answer that is kept, in bytes; a larger one is passed on and not recorded."""


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


async def _say(send: Send, status: int, content: object) -> None:
    body = dumps(content)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@dataclass(slots=True)
class _Taken:
    """An answer as it is being passed on. Times are in milliseconds after the request was sent."""

    status: int
    headers: Pairs
    begun: float
    chunks: list[Chunk] = field(default_factory=list)
    size: int = 0
    end: End = "complete"

    def add(self, data: bytes) -> None:
        self.size += len(data)
        if self.size <= _MOST:
            self.chunks.append(Chunk((time.perf_counter() - self.begun) * 1000, data))

    def check(self) -> None:
        """Raises `CassetteError` for an answer that is too large to be kept."""
        if self.size > _MOST:
            msg = f"the answer is larger than {_MOST // 1024**2} MB"
            raise CassetteError(msg)


class Recorder:
    """The ASGI application of one upstream and one cassette."""

    def __init__(
        self,
        upstream: Upstream | None,
        recorded: Recorded,
        *,
        mode: Mode = "new",
        now: Callable[[], datetime] = utc_now,
        max_body: int = 10 * 1024 * 1024,
        linger: float = _LINGER,
    ) -> None:
        self.upstream = upstream
        self.recorded = recorded
        self.mode: Mode = mode if upstream is not None else "none"
        self._now = now
        self._max_body = max_body
        self._linger = linger
        self._written: set[str] = set()
        self._running: dict[str, asyncio.Event] = {}
        self.counts = {"recorded": 0, "replayed": 0, "missed": 0, "not recorded": 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by the ASGI protocol."""
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/_mock"):
            await self._control(scope, receive, send)
            return
        try:
            body = await read_body(scope, receive, limit=self._max_body)
        except BodyTooLargeError:
            await _say(
                send,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                _fault("the request is too large", "raise --max-body"),
            )
            return
        except ClientGoneError:
            return
        await self._answer(scope, body, receive, send)

    async def crowded(self, _: Scope, __: Receive, send: Send) -> None:
        """What a connection hears that is one too many."""
        words = _fault("the recorder has too many connections", "close some")
        await _say(send, HTTPStatus.SERVICE_UNAVAILABLE, words)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - for others
        if scope["path"] == "/_mock/health":
            await _say(send, HTTPStatus.OK, {"status": "ok", "version": __version__})
        else:
            words = _fault("the recorder has no control API but /_mock/health", "script a server instead")
            await _say(send, HTTPStatus.NOT_FOUND, words)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        tape = self._tape(scope, body) if self.mode in ("new", "none") else None
        while tape is not None and tape.keys.strict in self._running:
            await self._running[tape.keys.strict].wait()  # what is just being recorded is known then
        match = self.recorded.match(tape) if tape is not None else None
        if match is not None and await self._replay(match, scope, body, receive, send):
            self.counts["replayed"] += 1
            return
        if self.mode == "none" or self.upstream is None:
            tape = self._tape(scope, body)
            self.counts["missed"] += 1
            await send_answer(missing(nearest.report(self.recorded.library, tape.request)), receive, send)
            return
        key = None if tape is None else tape.keys.strict
        if key is not None:
            self._running[key] = asyncio.Event()
        try:
            await self._forward(self.upstream, scope, body, receive, send)
        finally:
            if key is not None:
                self._running.pop(key).set()

    async def _replay(
        self,
        match: Match,
        scope: Scope,  # noqa: ARG002 - for others
        body: bytes,  # noqa: ARG002 - for others
        receive: Receive,
        send: Send,
    ) -> bool:
        """Sends what is recorded; False when it cannot be read."""
        try:
            _, ready = self.recorded.prepared(match, "")
        except CassetteError as error:
            log.warning("%s", error)
            return False
        await send_answer(self.recorded.sent(ready, time.time()), receive, send)
        return True

    def _tape(self, scope: Scope, body: bytes) -> Tape:
        path, query = target_of(scope)
        return self.recorded.tape(scope["method"], path, pairs_of(scope), body, query)

    async def _forward(
        self, upstream: Upstream, scope: Scope, body: bytes, receive: Receive, send: Send
    ) -> None:
        path, query = target_of(scope)
        begun = time.perf_counter()
        made = self._now()
        try:
            incoming = await upstream.send(
                scope["method"], path + (f"?{query}" if query else ""), scope["headers"], body
            )
        except UnreachableError as error:
            self.counts["not recorded"] += 1
            words = self.recorded.redaction.text(str(error))
            await _say(send, HTTPStatus.BAD_GATEWAY, _fault(words, "see that the upstream can be reached"))
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in incoming.headers]
        taken = _Taken(incoming.status, headers, begun)
        await send({"type": "http.response.start", "status": incoming.status, "headers": incoming.headers})
        try:
            await self._pass_on(incoming, taken, receive, send)
        finally:
            try:
                await incoming.close()
            finally:
                await self._keep(upstream, scope, body, taken, made)
        if taken.end == "complete":
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pass_on(self, incoming: Incoming, taken: _Taken, receive: Receive, send: Send) -> None:
        """Sends each chunk as it comes, until the end or until one of the two is gone."""
        taken.end = "cut-by-client"  # what it is when this is cancelled

        async def carry() -> None:
            async for data in incoming.chunks():
                taken.add(data)
                await send({"type": "http.response.body", "body": data, "more_body": True})

        carrying = asyncio.ensure_future(carry())
        gone: asyncio.Future[Message] = asyncio.ensure_future(receive())
        try:
            await asyncio.wait((carrying, gone), return_when=asyncio.FIRST_COMPLETED)
            if not carrying.done():
                await asyncio.wait((carrying,), timeout=self._linger)
            if carrying.done():
                try:
                    carrying.result()
                except UnreachableError:
                    taken.end = "cut-by-upstream"
                else:
                    taken.end = "complete"
        finally:
            gone.cancel()
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)

    async def _keep(
        self, upstream: Upstream, scope: Scope, body: bytes, taken: _Taken, made: datetime
    ) -> None:
        """Writes what was asked and answered. What the client's own headers hold is secret too."""
        path, query = target_of(scope)
        passed = upstream.headers_for(scope["headers"], body, scope["method"])
        sent = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in passed]
        redaction = self.recorded.redaction.knowing(pairs_of(scope))
        interaction = Interaction(
            request=Request(method=scope["method"], path=path, query=query, headers=sent, body=body),
            response=Response(
                status=taken.status, headers=taken.headers, chunks=tuple(taken.chunks), end=taken.end
            ),
            recorded=made.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            client=header(sent, "user-agent"),
        )
        over = self._replaced(scope, body) if self.mode == "overwrite" else []
        try:
            taken.check()
            # In a thread: cleaning and writing a long answer must not hold up the chunks of others.
            name, clean = await asyncio.to_thread(self._write, interaction, redaction, over)
        except (CassetteError, UncleanError) as error:
            self.counts["not recorded"] += 1
            log.warning("not recorded: %s", error)
        else:
            self.recorded.library.enter(name, clean, over=over)
            self.counts["recorded"] += 1

    def _write(
        self, interaction: Interaction, redaction: Redaction, over: Sequence[Row]
    ) -> tuple[str, Interaction]:
        """The name of the new file, and what is in it. Raises what the recording of an answer may."""
        clean = redacted(interaction, redaction)
        folder = self.recorded.library.folder
        return cassette.write(folder, clean, over=over[0].name if over else None), clean

    def _replaced(self, scope: Scope, body: bytes) -> list[Row]:
        """What a recording takes the place of: all that was there of its request when this run began."""
        key = self._tape(scope, body).keys.strict
        if key in self._written:
            return []
        self._written.add(key)
        return list(self.recorded.library.find(key))


def _fault(message: str, fix: str) -> dict[str, object]:
    words = f"{message}; {fix}"
    return {
        "error": {"message": words, "type": "recorder_error", "code": "recorder"},
        "code": "Recorder",
        "message": words,
    }
