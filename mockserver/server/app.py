"""The ASGI application: chat requests straight to the engine, everything else by routes of their own."""

import asyncio
import logging
from asyncio import Future, ensure_future
from collections.abc import Callable, Coroutine, Generator, Sequence
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.catalogue.plans import agents_only, is_agent
from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.rote import Rote
from mockserver.corridor.unshared import is_gone
from mockserver.corridor.work import INLINE, LARGE, Steps, Work, pause
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.table import around, at, dialect_of
from mockserver.endpoints.answering import refusal, turned_away, unavailable
from mockserver.endpoints.asked import app_of
from mockserver.server.asgi import (
    BodyTooLargeError,
    ClientGoneError,
    announce,
    carry_out,
    closing,
    read_plain,
    send_answer,
)
from mockserver.server.aside import Aside
from mockserver.server.direct import Line, Ways, head, written
from mockserver.server.guard import Guard
from mockserver.server.turn import Pauses
from mockserver.state.ports import GoneError, Need
from mockserver.talk.surface import Surface
from mockserver.wire.incoming import RequestHeaders
from mockserver.wire.unpacking import UnpackError

if TYPE_CHECKING:
    from starlette.applications import Starlette

log = logging.getLogger("mockserver")

Chat = Callable[..., Steps[Answer]]
"""The way to an answer, from headers, a body and the time at which they `arrived`."""


def _told(steps: Steps[Answer], asked: Future[Any]) -> Work:
    """Tells steps what they asked for: what they ask for next; `StopIteration` has what they come to."""
    try:
        told = asked.result()
    except Exception as error:  # noqa: BLE001 - the steps decide what is done about it
        return steps.throw(error)
    return steps.send(told)


class App:
    """The application of one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.guard = Guard.of(engine.settings)
        self.rote = Rote(engine, head)
        self.aside = Aside()
        self._others: Starlette | None = None
        self._apps: Chat | None = None
        self._making = Lock()

    @property
    def direct(self) -> Ways:
        """What answers without ASGI."""
        heads, rote = self.engine.known.heads, self.rote
        if self.engine.keeping.shared:
            return Ways(self.at_hand, heads, books=rote.book)
        return Ways(self.at_hand, heads, by_rote=rote.say)

    def others(self) -> "Starlette":
        """What answers everything but chats, and, beside it, what answers apps.

        It is imported when it is first asked for, by whichever thread.
        """
        with self._making:
            if self._others is None:
                # The first chat waits for less.
                from mockserver.endpoints import apps  # noqa: PLC0415
                from mockserver.server.routes import starlette  # noqa: PLC0415

                self._apps = apps.completion
                self._others = starlette(self.engine, self.guard, self.aside)
            return self._others

    async def _made(self, scope: Scope) -> "Starlette":
        """What answers everything but chat, imported aside, unless the caller cannot wait."""
        if self._others is None and INLINE not in scope.get("extensions", {}):
            return await asyncio.to_thread(self.others)
        return self.others()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by the ASGI protocol."""
        chat = await self._asked(scope) if scope["type"] == "http" else None
        if chat is None:
            await self._other(scope, receive, send)
            return
        arrived = self.engine.clock()
        surface, steps = chat
        try:
            if self.engine.recorded is not None and at(scope["path"]) is None:
                # Recordings of apps are bytes like those of any other path.
                left = await self._replayed(scope, receive, send)
                if left is None:
                    return
                receive = left
            answer = await self._chat(surface, scope, receive, arrived, steps)
        except ClientGoneError:
            return
        await self._send_entered(answer, scope, receive, send)

    def at_hand(
        self,
        scope: Scope,
        headers: RequestHeaders,
        body: bytes,
        line: Line,
        whole: bytes = b"",
        lost: Exception | None = None,
    ) -> Pauses[bytes | ASGIApp]:
        """All bytes of the answer to a request that is there as a whole; or what answers it the long way.

        What became of one that came in one piece, `whole`, is learnt: the next one is answered by rote, or
        booked. One of which that was `lost` hears so.
        """
        if lost is not None:
            return self._told_lost(scope, headers, line, lost)
        return self._answered(scope, headers, body, line, whole)

    def _told_lost(
        self, scope: Scope, headers: RequestHeaders, line: Line, lost: Exception
    ) -> Pauses[bytes | ASGIApp]:
        yield None
        gone = unavailable(self.engine, around(scope["path"]), headers, lost, arrived=self.engine.clock())
        data = written(gone, keep_alive=line.keep_alive)
        return partial(self._send_on, gone) if data is None else data

    def _answered(
        self, scope: Scope, headers: RequestHeaders, body: bytes, line: Line, whole: bytes
    ) -> Pauses[bytes | ASGIApp]:
        """The answer of the whole way, which is learnt; or what answers the long way."""
        path, engine = scope["path"], self.engine
        surface = at(path) if scope["method"] == "POST" else None
        most = min(LARGE, engine.settings.max_body)
        if surface is None or len(body) > most or "content-encoding" in headers:
            return self
        if agents_only(path, headers.get("host", "")):
            return self
        arrived, board = engine.clock(), engine.keeping.board
        steps = engine.steps(surface, headers, body, arrived=arrived)
        try:
            work = next(steps)
            while True:
                if work is pause:
                    yield None
                    work = next(steps)
                elif isinstance(work, Need):
                    asked = ensure_future(work.ask())
                    yield asked
                    work = _told(steps, asked)
                else:
                    rest = self._through(surface, headers, arrived, steps, work)
                    return partial(self._go_on, rest)
        except StopIteration as end:
            answer: Answer = end.value
        except Exception as error:  # noqa: BLE001 - logged, and told the client
            answer = self._failed(error, surface, headers, arrived)
        if engine.keeping.shared:
            answer = yield from self._entered(answer, engine.keeping.unsettled(), scope)
        data = written(answer, keep_alive=line.keep_alive)
        if data is None:
            return partial(self._send_on, answer)
        assert answer.entry is not None, "every chat has its entry"
        answer.entry.finished = engine.clock()
        engine.ended(answer)
        self.rote.learn(whole, answer, data, board=board)
        return data

    async def _go_on(
        self, rest: Coroutine[None, None, Answer], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Goes the rest of a way to an answer, and sends what it comes to."""
        answer = await rest
        await receive()
        await self._send_entered(answer, scope, receive, send)

    async def _send_on(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends an answer to a request whose body was read without ASGI."""
        await receive()
        await self._send(answer, scope, receive, send)

    async def _send_entered(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends an answer once it stands in the journal."""
        entered = self._entered(answer, self.engine.keeping.unsettled(), scope)
        try:
            while True:
                await asyncio.wait([next(entered)])
        except StopIteration as end:
            answer = end.value
        except BaseException:
            self.engine.ended(answer)
            raise
        await self._send(answer, scope, receive, send)

    async def _send(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends an answer, or carries out its plan."""
        try:
            if answer.plan is not None:
                sent = await carry_out(answer.plan, scope, receive, send)
            else:
                sent = await send_answer(answer, scope, receive, send)
            if sent:
                assert answer.entry is not None, "every chat has its entry"
                answer.entry.finished = self.engine.clock()
            else:
                self.engine.left(answer)
        finally:
            self.engine.ended(answer)

    def _entered(
        self, answer: Answer, waiting: Sequence[Future[Any]], scope: Scope
    ) -> Generator[Future[Any], None, Answer]:
        """An answer that stands in the journal; where that cannot be had, another one says so."""
        keeping = self.engine.keeping
        if not keeping.shared or is_gone(answer.entry):
            return answer
        try:
            for each in waiting:
                yield each
                each.result()
        except GoneError as error:
            assert answer.entry is not None, "every chat has its entry"
            keeping.lost(answer.entry)
            self.engine.ended(answer)
            surface, headers = around(scope["path"]), RequestHeaders(scope["headers"])
            return unavailable(self.engine, surface, headers, error, arrived=self.engine.clock())
        begins = None if answer.entry is None else keeping.begins(answer.entry)
        if begins is not None:
            announce(begins, scope)
        return answer

    async def _asked(self, scope: Scope) -> tuple[Surface, Chat] | None:
        """The dialect that is spoken on the path of a chat, and what answers there; None for other paths."""
        path = scope["path"]
        surface = at(path)
        if surface is not None:
            return surface, partial(self.engine.steps, surface)
        app = app_of(path)
        if app is None:
            return None
        await self._made(scope)
        assert self._apps is not None, "it is made with the others"
        return NATIVE_TEXT, partial(self._apps, self.engine, app)

    async def crowded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What a connection hears that is one too many: the gateway's own words, whatever it asks.

        The body is not read, so a stream is refused as plain JSON, as the gateway does.
        """
        surface = around(scope["path"])
        headers = RequestHeaders(scope["headers"])
        answer = refusal(self.engine, "throttling.route", surface, headers, arrived=self.engine.clock())
        await send_answer(closing(answer), scope, receive, send)

    async def _replayed(self, scope: Scope, receive: Receive, send: Send) -> Receive | None:
        """Answers from the recordings, or gives what the request can be read from."""
        from mockserver.server import replaying  # noqa: PLC0415 - a server without recordings needs none of it

        assert self.engine.recorded is not None
        return await replaying.play(self.engine.recorded, self.engine, self.aside, scope, receive, send)

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self.engine.recorded is not None:
                left = await self._replayed(scope, receive, send)
                if left is None:
                    return
                receive = left
            others = await self._made(scope)
            if self.engine.keeping.shared:
                from mockserver.server.settling import Settling  # noqa: PLC0415 - `others` has it

                await Settling(others, self.engine)(scope, receive, send)
            else:
                await others(scope, receive, send)
        except ClientGoneError:
            return
        except Exception:
            # Starlette has answered 500 by now and raises once more for whoever keeps the log.
            log.exception("a request on %s could not be answered", scope["path"])

    async def _chat(
        self, surface: Surface, scope: Scope, receive: Receive, arrived: float, steps: Chat | None = None
    ) -> Answer:
        """What answers a request: the `steps`, or the engine's own."""
        engine, ask = self.engine, steps or partial(self.engine.steps, surface)
        headers = RequestHeaders(scope["headers"])
        if scope["method"] != "POST":
            asked = {"method": scope["method"], "path": scope["path"]}
            entry = dialect_of(surface).wrong_method
            return refusal(engine, entry, surface, headers, arrived=arrived, **asked)
        only = agents_only(scope["path"], headers.get("host", ""))
        if only and not is_agent(headers.get("user-agent", "")):
            return turned_away(engine, surface, headers, "plan.agents-only", arrived=arrived)
        try:
            body = await read_plain(scope, receive, limit=engine.settings.max_body, aside=self.aside)
        except BodyTooLargeError:
            return closing(refusal(engine, "body.too-large", surface, headers, arrived=arrived))
        except UnpackError as error:
            return closing(refusal(engine, error.entry, surface, headers, arrived=arrived, reason=str(error)))
        return await self._through(surface, headers, arrived, ask(headers, body, arrived=arrived))

    async def _through(
        self,
        surface: Surface,
        headers: RequestHeaders,
        arrived: float,
        steps: Steps[Answer],
        work: Work | None = None,
    ) -> Answer:
        """The answer that all steps come to; of steps that have begun, `work` is what they asked for."""
        try:
            return await self.aside.through(steps, work)
        except Exception as error:  # noqa: BLE001 - logged, and told the client
            return self._failed(error, surface, headers, arrived)

    def _failed(self, error: Exception, surface: Surface, headers: RequestHeaders, arrived: float) -> Answer:
        """What fails unforeseen is a refusal too."""
        log.error("a chat request on %s could not be answered", surface.name, exc_info=error)
        return refusal(self.engine, "internal.error", surface, headers, arrived=arrived)
