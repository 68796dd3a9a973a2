"""The recorder: passes requests on to the upstream, each chunk of an answer as it comes, and keeps it all.

Nothing waits for the recording: a client has every chunk before the recording is made of it. Modes: `all`
records everything; `new` replays what is known and records what is not; `none` replays, and what is not
known is an error; `overwrite` records in the place of what was recorded before.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, Literal

from starlette.types import Message, Receive, Scope, Send

from mockserver.base.version import __version__
from mockserver.corridor.replay import Match, Recorded, Tape
from mockserver.recorder import refusing
from mockserver.recorder.refusing import fault, say
from mockserver.recorder.upstream import Incoming, UnreachableError, Upstream
from mockserver.recording import cassette, nearest
from mockserver.recording.cassette import CassetteError, redacted
from mockserver.recording.coding import UncleanError, header
from mockserver.recording.index import Row
from mockserver.recording.interaction import Chunk, End, Interaction, Request, Response
from mockserver.recording.redaction import Pairs, Redaction
from mockserver.server.asgi import BodyTooLargeError, ClientGoneError, read_body, send_answer
from mockserver.server.aside import Aside
from mockserver.server.connection import EXTENSION
from mockserver.server.replaying import missing, pairs_of, target_of
from mockserver.wire.incoming import RequestHeaders

log = logging.getLogger("mockserver")

Mode = Literal["all", "new", "none", "overwrite"]
MODES: tuple[Mode, ...] = ("all", "new", "none", "overwrite")

_LINGER = 0.5
"""How long the end of an answer is waited for when the client has left, in seconds.

SDKs hang up right behind `[DONE]`, before the answer has ended.
"""

_PATIENCE = 30.0
"""How long a request waits for the same one that is just being recorded, in seconds."""

_STATUSES = range(200, 600)
"""The statuses of an answer (RFC 9110, 15)."""

_MOST = 256 * 1024 * 1024
"""The largest answer that is kept, in bytes; a larger one is passed on and not recorded."""


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


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
    """The ASGI application of one upstream and one cassette.

    `local`: it listens on the loopback. `linger` and `patience` are in seconds: how long the end of an answer
    is waited for when the client has left, and the recording of the same request that came before.
    """

    def __init__(
        self,
        upstream: Upstream | None,
        recorded: Recorded,
        *,
        mode: Mode = "new",
        now: Callable[[], datetime] = utc_now,
        max_body: int = 10 * 1024 * 1024,
        linger: float = _LINGER,
        patience: float = _PATIENCE,
        local: bool = True,
    ) -> None:
        self.upstream = upstream
        self.recorded = recorded
        self.mode: Mode = mode if upstream is not None else "none"
        self._now = now
        self._max_body = max_body
        self._linger = linger
        self._patience = patience
        self._local = local
        self._aside = Aside()
        self._forwarding: set[asyncio.Task[Any]] = set()
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
        objection = self._objection(scope)
        if objection is not None:
            await say(send, *objection)
            return
        try:
            body = await read_body(scope, receive, limit=self._max_body)
        except BodyTooLargeError:
            await say(
                send,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                fault("the request is too large", "raise --max-body"),
            )
            return
        except ClientGoneError:
            return
        await self._answer(scope, body, receive, send)

    def _objection(self, scope: Scope) -> tuple[int, dict[str, object]] | None:
        """Why a request may not pass: what stands in its target, or in its headers."""
        host = self.upstream.target.host if self.upstream is not None else ""
        authority = scope.get("extensions", {}).get(EXTENSION, {}).get("authority")
        misled = refusing.misled(authority.decode("latin-1"), host) if authority and host else None
        headers = RequestHeaders(scope["headers"])
        return misled or refusing.objection(headers, local=self._local, upstream=host)

    async def settle(self, seconds: float) -> None:
        """Waits for answers that are being passed on or written, at most so long."""
        if self._forwarding:
            await asyncio.wait(self._forwarding, timeout=seconds)

    async def crowded(self, _: Scope, __: Receive, send: Send) -> None:
        """What a connection hears that is one too many."""
        words = fault("the recorder has too many connections", "close some")
        await say(send, HTTPStatus.SERVICE_UNAVAILABLE, words)

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - for others
        if scope["path"] == "/_mock/health":
            await say(send, HTTPStatus.OK, {"status": "ok", "version": __version__})
        else:
            words = fault("the recorder has no control API but /_mock/health", "script a server instead")
            await say(send, HTTPStatus.NOT_FOUND, words)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        tape = await self._tape(scope, body) if self.mode in ("new", "none") else None
        if tape is not None and not await self._turn(tape.keys.strict, receive):
            return
        match = self.recorded.match(tape) if tape is not None else None
        if match is not None and await self._replay(match, scope, body, receive, send):
            self.counts["replayed"] += 1
            return
        if self.mode == "none" or self.upstream is None:
            tape = await self._tape(scope, body)
            self.counts["missed"] += 1
            report = await self._aside.run(partial(nearest.report, self.recorded.library, tape.request))
            await send_answer(missing(report), scope, receive, send)
            return
        key = "" if tape is None else tape.keys.strict
        mine = self._running[key] = asyncio.Event()
        try:
            await self._forward(self.upstream, scope, body, receive, send)
        finally:
            mine.set()
            if self._running.get(key) is mine:  # one that did not wait may have taken the place
                del self._running[key]

    async def _turn(self, key: str, receive: Receive) -> bool:
        """Waits while the same request is being recorded: its answer is known then, and replayed.

        Not without end: one that hangs must not hold up those that come after it. False when the client left.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        while (running := self._running.get(key)) is not None and (left := until - loop.time()) > 0:
            recorded, gone = asyncio.ensure_future(running.wait()), asyncio.ensure_future(receive())
            try:
                waiting = (recorded, gone)
                await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return False
            finally:
                recorded.cancel()
                gone.cancel()
        return True

    async def _replay(
        self,
        match: Match,
        scope: Scope,
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
        await send_answer(self.recorded.sent(ready, time.time()), scope, receive, send)
        return True

    async def _tape(self, scope: Scope, body: bytes) -> Tape:
        path, query = target_of(scope)
        asked = self.recorded.tape(scope["method"], path, pairs_of(scope), body, query)
        return await self._aside.through(asked)

    async def _forward(
        self, upstream: Upstream, scope: Scope, body: bytes, receive: Receive, send: Send
    ) -> None:
        """Passes a request on and its answer back, and keeps both."""
        task = asyncio.current_task()
        assert task is not None
        self._forwarding.add(task)
        gone: asyncio.Future[Message] = asyncio.ensure_future(receive())
        try:
            await self._carry(upstream, scope, body, gone, send)
        finally:
            gone.cancel()
            self._forwarding.discard(task)

    async def _carry(
        self, upstream: Upstream, scope: Scope, body: bytes, gone: "asyncio.Future[Message]", send: Send
    ) -> None:
        path, query = target_of(scope)
        begun = time.perf_counter()
        made = self._now()
        target = path + (f"?{query}" if query else "")
        try:
            incoming = await self._begun(upstream.send(scope["method"], target, scope["headers"], body), gone)
        except UnreachableError as error:
            await self._refuse(send, str(error), "see that the upstream can be reached")
            return
        if incoming is None:
            self._not_recorded("the client left before the upstream answered")
            return
        if incoming.status not in _STATUSES:
            await incoming.close()
            words = f"the upstream answered with the status {incoming.status}, which HTTP does not have"
            await self._refuse(send, words, "see what stands between here and the upstream")
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in incoming.headers]
        taken = _Taken(incoming.status, headers, begun)
        await send({"type": "http.response.start", "status": incoming.status, "headers": incoming.headers})
        try:
            await self._pass_on(incoming, taken, gone, send)
        finally:
            try:
                await incoming.close()
            finally:
                await self._keep(upstream, scope, body, taken, made)
        if taken.end == "complete":
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    @staticmethod
    async def _begun(
        asking: Coroutine[Any, Any, Incoming], gone: "asyncio.Future[Message]"
    ) -> Incoming | None:
        """The answer once it has begun; None when the client left before. Raises `UnreachableError`."""
        asked = asyncio.ensure_future(asking)
        try:
            await asyncio.wait((asked, gone), return_when=asyncio.FIRST_COMPLETED)
            return asked.result() if asked.done() else None
        finally:
            if not asked.done():
                asked.cancel()
                await asyncio.gather(asked, return_exceptions=True)

    def _not_recorded(self, why: str) -> None:
        self.counts["not recorded"] += 1
        log.warning("not recorded: %s", why)

    async def _refuse(self, send: Send, why: str, fix: str) -> None:
        """Says why there is no answer of the upstream, to the client and in the log."""
        words = self.recorded.redaction.text(why)
        self._not_recorded(words)
        await say(send, HTTPStatus.BAD_GATEWAY, fault(words, fix))

    async def _pass_on(
        self, incoming: Incoming, taken: _Taken, gone: "asyncio.Future[Message]", send: Send
    ) -> None:
        """Sends each chunk as it comes, until the end or until one of the two is gone."""
        taken.end = "cut-by-client"  # what it is when this is cancelled

        async def carry() -> None:
            async for data in incoming.chunks():
                taken.add(data)
                await send({"type": "http.response.body", "body": data, "more_body": True})

        carrying = asyncio.ensure_future(carry())
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
            carrying.cancel()
            await asyncio.gather(carrying, return_exceptions=True)

    async def _keep(
        self, upstream: Upstream, scope: Scope, body: bytes, taken: _Taken, made: datetime
    ) -> None:
        """Records what was asked and answered, or says why not: the client has its answer all the same."""
        try:
            await self._record(upstream, scope, body, taken, made)
        except (CassetteError, UncleanError) as error:
            self._not_recorded(str(error))
        except asyncio.CancelledError:
            self._not_recorded("the recorder ended before it was written")
            raise
        except Exception as error:  # noqa: BLE001 - nothing of a recording may spoil the answer
            self._not_recorded(f"it cannot be written: {type(error).__name__}")
        else:
            self.counts["recorded"] += 1

    async def _record(
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
        over = await self._replaced(scope, body) if self.mode == "overwrite" else []
        taken.check()
        # Aside: cleaning and writing a long answer must not hold up the chunks of others.
        row = await self._aside.run(partial(self._write, interaction, redaction, over))
        self.recorded.library.enter(row, over=over)

    def _write(self, interaction: Interaction, redaction: Redaction, over: Sequence[Row]) -> Row:
        """The row of the new file. Raises what the recording of an answer may."""
        clean = redacted(interaction, redaction)
        name = cassette.write(self.recorded.library.folder, clean, over=over[0].name if over else None)
        return Row.of(name, 0, 0, clean)

    async def _replaced(self, scope: Scope, body: bytes) -> list[Row]:
        """What a recording takes the place of: all that was there of its request when this run began."""
        key = (await self._tape(scope, body)).keys.strict
        if key in self._written:
            return []
        self._written.add(key)
        return list(self.recorded.library.find(key))
