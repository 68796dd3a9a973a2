"""A mock server on which the cassettes of tests are played and recorded, one after the other.

It has all that a mock server has: scripts and faults answer first, and the journal keeps what was replayed
and recorded, with its findings. Only the recorder, in threads of its own, talks to the upstream.
"""

import asyncio
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, Self

from starlette.types import Receive, Scope, Send

from mockserver.corridor.engine import Engine
from mockserver.corridor.replay import Match, Playing, Recorded
from mockserver.corridor.settings import Settings
from mockserver.dialects.table import at
from mockserver.recorder.proxy import Mode, Recorder
from mockserver.recorder.serving import RecorderServer
from mockserver.recorder.upstream import Target, Upstream, UpstreamError, proxy_for
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.server.app import App
from mockserver.server.listening import bind, url_of
from mockserver.server.replaying import repeating
from mockserver.talk.refused import Refused
from mockserver.testing.guard import unguarded
from mockserver.wire.incoming import RequestHeaders, key_of

RecordMode = Literal["none", "new", "all"]
"""What is recorded in a run of tests: nothing, what is not known, or everything anew."""

_PATIENCE = 60.0


class Beside(Recorder):
    """A recorder beside a mock server, which answers what is scripted, struck by a fault or recorded."""

    def __init__(self, app: App, upstream: Upstream, recorded: Recorded, *, mode: Mode) -> None:
        super().__init__(upstream, recorded, mode=mode, max_body=app.engine.settings.max_body)
        self._app = app

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        if await self._staged(scope, body):
            await self._app(scope, repeating(body, receive), send)
        else:
            await super()._answer(scope, body, receive, send)

    async def _staged(self, scope: Scope, body: bytes) -> bool:
        """Whether the mock server answers a request in any case, by a script or with a fault."""
        surface, engine = at(scope["path"]), self._app.engine
        if surface is None:
            return False
        headers = RequestHeaders(scope["headers"])
        try:
            world = engine.door.admit(key_of(surface, headers), headers)
        except Refused:
            return True
        struck = engine.faults.asked(world.key, headers)
        scripted = self.recorded.scripted(engine, surface, headers, body, world)
        return struck or await self._aside.through(scripted)

    async def _replay(self, _: Match, scope: Scope, body: bytes, receive: Receive, send: Send) -> bool:
        await self._app(scope, repeating(body, receive), send)
        return True

    async def _forward(
        self, upstream: Upstream, scope: Scope, body: bytes, receive: Receive, send: Send
    ) -> None:
        """Passes a request on; what was recorded of it stands in the journal as its replay would."""
        before, arrived = self.counts["recorded"], self._app.engine.clock()
        try:
            await super()._forward(upstream, scope, body, receive, send)
        finally:
            surface = at(scope["path"])
            if surface is not None and self.counts["recorded"] > before:
                self._app.engine.chat(surface, RequestHeaders(scope["headers"]), body, arrived=arrived)


class Deck:
    """The server of a process. Without an `upstream`, nothing is recorded."""

    def __init__(
        self, *, mode: Mode = "none", upstream: Upstream | None = None, redaction: Redaction | None = None
    ) -> None:
        self.mode: Mode = mode
        self.upstream = upstream
        self._redaction = redaction or Redaction.of()
        self._app = App(Engine(Settings(port=0, grace=0.0, journal=100_000)))
        self.crowded = self._app.crowded
        self._libraries: dict[Path, Library] = {}
        self._recorders: dict[Path, Beside] = {}
        self._recorder: Beside | None = None

    async def settle(self, seconds: float) -> None:
        """Waits for what the recorder passes on or writes, at most so long."""
        if self._recorder is not None:
            await self._recorder.settle(seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, by the ASGI protocol."""
        await (self._recorder or self._app)(scope, receive, send)

    @classmethod
    def of(cls, record: RecordMode, *, upstream: str, key: str | None, patterns: Iterable[str] = ()) -> Self:
        """The deck of a test run. `all` records in the place of what was recorded before.

        Raises `UpstreamError` and `RedactionError`; `UpstreamError` also without a key for another machine.
        """
        redaction = Redaction.of(patterns=patterns)
        if record == "none":
            return cls(redaction=redaction)
        target = Target.read(upstream)
        if target.scheme == "https" and not key:
            msg = f"there is no key for {target.host}; export DASHSCOPE_API_KEY, or name another variable"
            raise UpstreamError(msg)
        mode: Mode = "overwrite" if record == "all" else "new"
        onward = Upstream(target, key=key or None, proxy=proxy_for(target))
        return cls(mode=mode, upstream=onward, redaction=redaction)

    def insert(self, folder: Path, *, strict_miss: bool = True) -> None:
        """Plays this cassette from now on. Raises `CassetteError`, also for one that is not there.

        Without `strict_miss`, the built-in model answers what is not recorded.
        """
        library = self._libraries.get(folder)
        if library is None:
            library = self._libraries[folder] = Library(folder, create=self.upstream is not None)
        playing = Playing(strict_miss=strict_miss, judged=True, last=self.mode == "overwrite")
        recorded = self._app.engine.recorded = Recorded(library, self._redaction, playing)
        if self.upstream is not None:
            recorder = self._recorders.get(folder)
            if recorder is None:
                recorder = Beside(self._app, self.upstream, recorded, mode=self.mode)
                self._recorders[folder] = recorder
            recorder.recorded = recorded
            self._recorder = recorder

    @property
    def used(self) -> dict[Path, set[str]]:
        """The recordings that answered, or were made, of each cassette that was played."""
        return {folder: set(library.used) for folder, library in self._libraries.items()}

    def start(self) -> Self:
        """Opens a port on the loopback and serves in a thread; `url` is where."""
        sock = bind("127.0.0.1", 0)
        self.url = url_of(sock)
        opened = threading.Event()
        self._server = RecorderServer(self, on_open=opened.set)

        async def serve() -> None:
            helpers = ThreadPoolExecutor(thread_name_prefix="dashscope-deck", initializer=unguarded)
            asyncio.get_running_loop().set_default_executor(helpers)
            await self._server.serve(sockets=[sock])

        def run() -> None:
            unguarded()
            asyncio.run(serve())

        self._thread = threading.Thread(target=run, name="dashscope-deck", daemon=True)
        self._thread.start()
        if not opened.wait(_PATIENCE):  # pragma: no cover - a machine that stands still
            msg = f"the server did not open its port within {_PATIENCE:.0f} seconds"
            raise RuntimeError(msg)
        return self

    def stop(self) -> None:
        """Ends the server."""
        self._server.should_exit = True
        self._thread.join(_PATIENCE)


def cassette_of(test_file: Path, name: str | None = None) -> Path:
    """The folder of a test's cassette: `cassettes/<module>` beside its module, or the name it gives.

    A name is relative to the module's folder. Raises `ValueError` for one that leads out of it.
    """
    home = test_file.resolve().parent
    if name is None:
        return home / "cassettes" / test_file.stem
    chosen = (home / name).resolve()
    if not chosen.is_relative_to(home):
        msg = f"cassette {name!r} leads out of {home}; name a folder below the test's own"
        raise ValueError(msg)
    return chosen


def never_asked(folder: Path, used: Iterable[str]) -> list[str]:
    """The recordings of a folder whose request no test made. Raises `CassetteError`.

    Several recordings of one request are for several times that it is made, or for several tests.
    """
    rows, names = Library(folder).rows, set(used)
    asked = {(row.strict, row.system) for row in rows if row.name in names}
    return [row.name for row in rows if (row.strict, row.system) not in asked]
