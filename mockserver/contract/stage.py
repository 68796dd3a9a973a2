"""The stage: an adversarial but legal cloud on loopback, which sees what a client sends.

It is the application of `mockserver.server` with one change: how the bytes of a scripted answer go out
is planned. They may be cut into any pieces, and a stream may end before its end.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Self

import uvicorn
from starlette.types import Receive, Scope, Send

from mockserver.contract.delivery import SILENT, Delivery, spoilt
from mockserver.contract.loop import Loop
from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.threads import Thread
from mockserver.dialects.table import at, dialect_of
from mockserver.scripts.script import Script
from mockserver.server.app import App
from mockserver.server.asgi import ClientGoneError, carry_out, send_answer
from mockserver.server.config import config
from mockserver.server.connection import EXTENSION
from mockserver.server.guarded import Guarded
from mockserver.server.listening import bind, url_of
from mockserver.state.journal import Entry
from mockserver.talk.surface import Surface
from mockserver.wire.incoming import RequestHeaders

_FOLLOWING, _LEADING = 0x80, 0xC0
"""The second byte of a character in UTF-8 and all later ones lie between these."""

_FIRST_PAUSES, _INSIDE_PAUSES, _PAUSE_SECONDS = 3, 6, 0.002


@dataclass(slots=True)
class Planned:
    """One answer that is planned: a reply of the control API, and its delivery."""

    reply: Mapping[str, Any]
    delivery: Delivery = field(default_factory=Delivery)


@dataclass(slots=True)
class Seen:
    """One request as the stage saw it. `planned` is None where nothing was planned for it.

    `gone` is set when the client has left; `ended` says that the answer is not whole. `frames` is how many it
    has, 0 where it comes as a whole. `thread` is what the request went on from, where the service keeps that.
    """

    entry: Entry
    headers: Mapping[str, str]
    planned: Planned | None
    gone: threading.Event = field(default_factory=threading.Event)
    ended: bool = False
    frames: int = 0
    thread: Thread | None = None

    def __post_init__(self) -> None:
        self.ended = self.planned is not None and spoilt(self.planned.reply)


@dataclass(slots=True)
class Lane:
    """What is planned for one conversation, which has an API key of its own, and what was seen of it."""

    planned: dict[str, Planned] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)


class StageApp(App):
    """The application, with planned deliveries; a silent stream is kept for `patience` seconds."""

    def __init__(self, engine: Engine, *, patience: float, loop: Loop) -> None:
        super().__init__(engine)
        self.lanes: dict[str, Lane] = {}
        self._patience = patience
        self._loop = Guarded(loop, self.guard)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by the ASGI protocol."""
        if scope["type"] == "http" and scope["path"].startswith("/_mock/conform/"):
            await self._loop(scope, receive, send)
            return
        surface = at(scope["path"]) if scope["type"] == "http" else None
        if surface is None:
            await super().__call__(scope, receive, send)
            return
        try:
            answer = await self._chat(surface, scope, receive, self.engine.clock())
        except ClientGoneError:
            return
        seen = self._note(answer, scope)
        try:
            if answer.plan is not None:
                await carry_out(answer.plan, scope, receive, send)
            elif seen is None or seen.planned is None:
                await send_answer(answer, scope, receive, send)
            else:
                await self._deliver(answer, surface, seen, scope, receive, send)
        finally:
            if answer.admission is not None:
                answer.admission.free()

    def _note(self, answer: Answer, scope: Scope) -> Seen | None:
        entry = answer.entry
        lane = None if entry is None else self.lanes.get(entry.world.key)
        if entry is None or lane is None:
            return None
        planned = lane.planned.get(entry.answered_by)
        seen = Seen(entry, RequestHeaders(scope["headers"]), planned, thread=answer.thread)
        lane.seen.append(seen)
        return seen

    async def _deliver(
        self, answer: Answer, surface: Surface, seen: Seen, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Sends an answer as it was planned."""
        assert seen.planned is not None
        grammar = dialect_of(surface).grammar
        delivery, frames, tail = seen.planned.delivery.of(answer.frames, answer.body, tail=grammar.tail)
        seen.ended = seen.ended or bool(delivery.end)
        seen.frames = len(answer.frames)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        pauses = _Pauses()
        for piece in delivery.pieces(frames, tail=tail):
            if delivery.sizes:
                await pauses.before(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if delivery.end == "error":
            delivery = replace(delivery, after=delivery.whole(len(frames), tail=tail))
            await send({"type": "http.response.body", "body": self._error(answer, surface, delivery)})
        elif delivery.end:
            await self._end(delivery.end, seen, scope, receive)
        else:
            await send({"type": "http.response.body", "body": b""})

    def _error(self, answer: Answer, surface: Surface, delivery: Delivery) -> bytes:
        """The error in the middle of a stream, in the frames of its surface."""
        assert answer.entry is not None
        return late_error(self.engine, delivery, surface, answer.entry.request_id)

    async def _end(self, end: str, seen: Seen, scope: Scope, receive: Receive) -> None:
        """Ends a connection in the middle of an answer, or falls silent until the client has left."""
        connection = scope["extensions"][EXTENSION]["connection"]
        if end in SILENT:
            try:
                async with asyncio.timeout(self._patience):
                    await _gone(receive)
            except TimeoutError:
                pass
            else:
                seen.gone.set()
        if end == "reset":
            await connection.reset()
        else:
            await connection.close()
        await _gone(receive)


def late_error(engine: Engine, delivery: Delivery, surface: Surface, request_id: str) -> bytes:
    """The frame that ends a stream with the error of a delivery."""
    entry = engine.errors.by_code(delivery.error)
    return dialect_of(surface).late(engine.errors.refuse(entry.id), request_id, delivery.after + 1)


class _Pauses:
    """Lets a client read what was sent before a piece, so that the piece comes to it by itself.

    What is written at once is read at once, however many chunks it has: a reader that is broken by a
    boundary would never see one. There are pauses at the first boundaries and where one parts a character.
    """

    def __init__(self) -> None:
        self._first, self._inside = _FIRST_PAUSES, _INSIDE_PAUSES

    async def before(self, piece: bytes) -> None:
        """A pause before this piece, if it is worth one."""
        inside = _FOLLOWING <= piece[0] < _LEADING
        if not (self._first or (inside and self._inside)):
            return
        if self._first:
            self._first -= 1
        else:
            self._inside -= 1
        await asyncio.sleep(_PAUSE_SECONDS)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class _Server(uvicorn.Server):
    def __init__(self, app: StageApp) -> None:
        super().__init__(config(app, app.engine.settings))
        self.open = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop = asyncio.get_running_loop()
        self.open.set()

    def does(self, change: Callable[[], None]) -> None:
        """Changes what is planned between two requests, since several conversations are led side by side.

        While nothing is served, at once. Raises what the change raises.
        """
        if self._loop is None:
            change()
            return
        done = Future[None]()
        self._loop.call_soon_threadsafe(_settle, done, change)
        done.result()


def _settle(done: "Future[None]", change: Callable[[], None]) -> None:
    try:
        change()
    except Exception as error:  # noqa: BLE001 - handed to whoever asked
        done.set_exception(error)
    else:
        done.set_result(None)


class Stage:
    """A running stage. Use it as a context manager.

    `patience` is how long a silent stream is kept and how long a client may take to let a connection go, in
    seconds. `port` is 0 for a free one.
    """

    def __init__(self, *, engine: Engine | None = None, patience: float = 3.0, port: int = 0) -> None:
        self.engine = engine or Engine(Settings(seed=1, grace=1.0))
        self.patience = patience
        self.loop = Loop()
        self._app = StageApp(self.engine, patience=patience, loop=self.loop)
        self._socket = bind("127.0.0.1", port)
        self.url = url_of(self._socket)
        self._server = _Server(self._app)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._numbers = count(1)

    def __enter__(self) -> Self:
        self.engine.tokenizer.get()
        self._thread.start()
        self._server.open.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.close()
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join()
        self._socket.close()

    def lane(self) -> str:
        """A new conversation's API key."""
        key = f"sk-conform-{next(self._numbers)}"
        self._app.lanes[key] = Lane()
        return key

    def plan(self, key: str, replies: Sequence[Planned]) -> None:
        """Plans the next answers of a conversation; what was planned before and not taken is dropped."""
        match = {"key": key}
        specs = [{"match": match, "reply": dict(planned.reply), "times": 1} for planned in replies]
        scripts = [Script.read(spec, "", self.engine.errors) for spec in specs]
        lane = self._app.lanes[key]

        def enter() -> None:
            self.engine.scripts.clear(key)
            for script, planned in zip(scripts, replies, strict=True):
                self.engine.scripts.enter(script)
                lane.planned[script.id] = planned

        self._server.does(enter)

    def seen(self, key: str) -> list[Seen]:
        """What was seen of a conversation so far, oldest first."""
        return list(self._app.lanes[key].seen)

    def forget(self, key: str) -> None:
        """Forgets a conversation."""
        self._app.lanes.pop(key, None)
        self._server.does(lambda: self.engine.reset(key))
