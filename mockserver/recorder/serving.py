"""Runs a recorder until it is told to stop."""

import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import uvicorn

from mockserver.corridor.settings import Settings
from mockserver.recorder.proxy import Recorder
from mockserver.recorder.upstream import Upstream
from mockserver.server.config import Served, config
from mockserver.server.listening import bind, url_of
from mockserver.server.serve import write_ready_file

_SETTLING = 0.3
"""How long a cut answer may take to be written at the end, in seconds."""

_LOCAL = ("127.0.0.1", "localhost", "::1")


class Passing(Served, Protocol):
    """An application that may pass requests on to an upstream."""

    upstream: Upstream | None

    async def settle(self, seconds: float) -> None:
        """Waits for what is being passed on or written, at most so long."""


_TUNNELS = (
    "A tunnel hides what is to be recorded. Set the client's base URL to this recorder's own, with http://, "
    "in the place of a proxy; as a proxy it serves http:// URLs of its upstream's host, asked with TLS."
)
"""What a client hears that takes the recorder for a proxy of https:// URLs."""


class RecorderServer(uvicorn.Server):
    """A server of a recorder that says when its port is open."""

    def __init__(self, recorder: Passing, *, on_open: Callable[[], None] | None = None) -> None:
        super().__init__(config(recorder, Settings(request_timeout=60.0), tunnels=_TUNNELS))
        self._recorder = recorder
        self._on_open = on_open

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the running answers, lets those that were cut be written, then lets go of the upstream."""
        await super().shutdown(sockets)
        await self._recorder.settle(_SETTLING)
        if self._recorder.upstream is not None:
            await self._recorder.upstream.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Opens the port, then tells so."""
        await super().startup(sockets)
        if self._on_open is not None:
            self._on_open()


def banner(url: str, recorder: Recorder) -> str:
    """Where clients are pointed to, and what becomes of their requests."""
    upstream = recorder.upstream
    onward = "nothing is passed on" if upstream is None else f"passed on to {upstream.way}"
    return f"""\
DashScope recorder, ready on {url}

  OpenAI-compatible  {url}/compatible-mode/v1
  native DashScope   {url}/api/v1

  cassette           {recorder.recorded.library.folder}, mode {recorder.mode}, {onward}

Ctrl-C ends it."""


def serve(
    recorder: Recorder, *, host: str, port: int, ready_file: Path | None = None, quiet: bool = False
) -> None:
    """Serves until SIGINT or SIGTERM. Raises `PortTakenError`."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # it would log each stream that is cut on purpose
    sock = bind(host, port)
    url = url_of(sock)

    def opened() -> None:
        if ready_file is not None:
            write_ready_file(ready_file, url)
        if not quiet:
            print(banner(url, recorder), flush=True)  # noqa: T201 - the front door speaks on stdout
        if host not in _LOCAL:
            warning = (
                f"warning: {host} is reachable from other machines: whoever reaches it may ask the upstream"
            )
            print(warning, file=sys.stderr, flush=True)  # noqa: T201

    RecorderServer(recorder, on_open=opened).run(sockets=[sock])
