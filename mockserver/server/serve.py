"""Runs a server until it is told to stop."""

import asyncio
import gc
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from mockserver.corridor.engine import Engine
from mockserver.server import heap
from mockserver.server.app import App
from mockserver.server.config import config
from mockserver.server.ending import LastCall
from mockserver.server.guard import Guard
from mockserver.server.listening import listen, url_of

log = logging.getLogger("mockserver")

_LEISURE_S = 0.05
"""Seconds after which a server loads what its first request need not wait for.

Who waits for a server is there at once, as a rule, and one thread of two has half of the interpreter.
"""

_TURN_S = 0.001
"""Seconds for which a thread that works aside may keep the interpreter from the loop; else 0.005."""


_COLLECTED = (20_000, 5, 1000)
"""After how many new objects the collector looks at them, and after how many such looks at those before.

Whoever makes them, the loop waits: for 100,000 objects a twentieth of a second, for 2,500,000 more than one.
"""


class Server(uvicorn.Server):
    """A server that says when it answers, only then loads the tokenizer, and at leisure all the rest.

    `alone`: the process is its own, so that its memory may be tuned. `beside` runs as long as it does.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        on_open: Callable[[], None] | None = None,
        alone: bool = True,
        beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    ) -> None:
        self._app = app = App(engine)
        self.guard = app.guard
        super().__init__(config(app, engine.settings, direct=app.direct))
        self._engine = engine
        self._on_open = on_open
        self._alone = alone
        self._beside = tuple(beside)
        self._last_call = LastCall(engine.settings.grace)
        self._tasks: list[asyncio.Task[None]] = []
        if not alone:
            # Within a test pytest parses what is imported, and CPython 3.11 fails where two threads do so at
            # once: all is imported here, before there is a second one.
            engine.door.load()
            app.others()

    def _load(self) -> None:
        """Loads what requests need, then takes all that will stay for good out of the collector's way.

        Its pauses were the lateness of paced streams. What large requests took goes back to the system.
        """
        if not self._alone:
            self._engine.door.load()
            self._app.others()
            return
        sys.setswitchinterval(_TURN_S)
        try:
            heap.settle()
            self._engine.door.load()
            self._engine.tokenizer.get()
            self._app.others()
            gc.collect()
            gc.freeze()
        finally:
            gc.set_threshold(*_COLLECTED)
            gc.enable()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to end: running answers get their grace, and then it is over whatever runs."""
        super().handle_exit(sig, frame)
        if self._alone:
            self._last_call.call(sig)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to answer, then tells so, then begins to load the tokenizer."""
        await super().startup(sockets)
        if self._on_open is not None:
            self._on_open()
        self._engine.tokenizer.start()
        self._tasks = [asyncio.create_task(run()) for run in self._beside]
        loop = asyncio.get_running_loop()
        loop.call_later(_LEISURE_S, loop.run_in_executor, None, self._load)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what runs beside, then the server."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().shutdown(sockets)


def write_ready_file(path: Path, url: str) -> None:
    """Writes where the server listens, as JSON, whole or not at all."""
    content = {
        "url": url,
        "openai_url": f"{url}/compatible-mode/v1",
        "native_url": f"{url}/api/v1",
        "port": int(url.rpartition(":")[2]),
        "pid": os.getpid(),
    }
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content) + "\n", encoding="utf-8")
    part.replace(path)


def banner(url: str, *, page: bool = True) -> str:
    """What a new user wants to know first: the base URLs, the environment of each SDK, one curl, the page."""
    look = f"\n\nSee what was asked and answered, in a browser:\n  {url}/_mock/" if page else ""
    return f"""\
DashScope mock, ready on {url}

  OpenAI-compatible  {url}/compatible-mode/v1
  native DashScope   {url}/api/v1
  Anthropic          {url}/apps/anthropic

Point your SDK here (any key that begins with sk- will do):
  openai (Python, Node)      export OPENAI_BASE_URL={url}/compatible-mode/v1 OPENAI_API_KEY=sk-test
  dashscope (Python, Java)   export DASHSCOPE_HTTP_BASE_URL={url}/api/v1 DASHSCOPE_API_KEY=sk-test
  anthropic, coding agents   export ANTHROPIC_BASE_URL={url}/apps/anthropic ANTHROPIC_AUTH_TOKEN=sk-test

Try it:
  curl {url}/compatible-mode/v1/chat/completions \\
    -H 'Authorization: Bearer sk-test' -H 'Content-Type: application/json' \\
    -d '{{"model":"qwen-plus","messages":[{{"role":"user","content":"Hello!"}}]}}'{look}

Ctrl-C ends it."""


_CONTROL_SEEN = {
    "on": "the control API is on: they can read what is asked and script what is answered "
    "(--control token or off prevents it)",
    "token": "the control API wants its token",
    "off": "the control API is off",
}


def exposed(host: str, mode: str) -> str:
    """What it means to listen on an address that is not the loopback, and what to do about it."""
    return (
        f"listening on {host}: other machines can reach this server, and any key that begins with sk- lets "
        f"them in unless --api-key names yours; {_CONTROL_SEEN[mode]}; --host 127.0.0.1 keeps it to this "
        "machine"
    )


def tell(guard: Guard, url: str, host: str, *, ready_file: Path | None, quiet: bool, more: str = "") -> None:
    """Tells the user where a server answers, with what `more` is to be known."""
    if ready_file is not None:
        write_ready_file(ready_file, url)
    if not quiet:
        print(banner(url, page=guard.mode != "off") + more, flush=True)  # noqa: T201 - the front door speaks on stdout
    if guard.drawn:
        # Nobody else knows it, so it is told to the quiet too; and on stdout, for a log is kept.
        print(f"Token of the control API (header X-Mock-Token): {guard.token}", flush=True)  # noqa: T201
    if not guard.local:
        log.warning("%s", exposed(host, guard.mode))


def serve(
    engine: Engine,
    *,
    sock: socket.socket | None = None,
    ready_file: Path | None = None,
    quiet: bool = False,
    beside: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    opened: Callable[[], None] | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM; running streams get the grace of the settings to finish.

    `sock` is one that listens already. `beside` are the coroutines that run as long as the server does.
    `opened` is told instead of the user that it answers, where the server is one of many.

    Raises `PortTakenError` or `CertificateError`.
    """
    sock = sock or listen(engine.settings)
    url = url_of(sock, "http" if engine.settings.certificate is None else "https")

    def on_open() -> None:
        tell(server.guard, url, engine.settings.host, ready_file=ready_file, quiet=quiet)

    server = Server(engine, on_open=opened or on_open, beside=beside)
    server.run(sockets=[sock])
