"""A recorder for a test: it records or replays a cassette while the test runs, on a port of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mockserver.corridor.replay import Playing, Recorded
from mockserver.recorder.proxy import Mode, Recorder
from mockserver.recorder.serving import RecorderServer
from mockserver.recorder.upstream import Target, Upstream
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.server.listening import bind, url_of

_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class PlayingServer:
    """A recorder that runs: where clients are pointed to, and what it holds."""

    url: str
    recorder: Recorder

    @property
    def openai_url(self) -> str:
        """The base URL of the OpenAI SDKs."""
        return f"{self.url}/compatible-mode/v1"

    @property
    def native_url(self) -> str:
        """The base URL of the dashscope SDKs."""
        return f"{self.url}/api/v1"

    @property
    def unused(self) -> list[str]:
        """The recordings that nothing has asked for."""
        return self.recorder.recorded.library.unused

    @property
    def counts(self) -> dict[str, int]:
        """How many requests were recorded, replayed, missed, and could not be recorded."""
        return dict(self.recorder.counts)


@contextmanager
def playing(
    cassette: Path,
    mode: Mode = "none",
    *,
    upstream: str = "http://127.0.0.1",
    redaction: Redaction | None = None,
) -> Iterator[PlayingServer]:
    """Runs a recorder of this cassette in a thread, on a free port of the loopback.

    `none` never asks the upstream. Raises `CassetteError`, also for a cassette that is to be replayed and is
    not there.
    """
    onward = None if mode == "none" else Upstream(Target.read(upstream))
    library = Library(cassette, create=mode != "none")
    recorded = Recorded(library, redaction or Redaction.of(), Playing())
    recorder = Recorder(onward, recorded, mode=mode)
    sock = bind("127.0.0.1", 0)
    opened = threading.Event()
    server = RecorderServer(recorder, on_open=opened.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="recorder", daemon=True)
    thread.start()
    running = PlayingServer(url_of(sock), recorder)
    try:
        if not opened.wait(_PATIENCE):  # pragma: no cover - a machine that is all but standing still
            msg = "the recorder did not open its port"
            raise TimeoutError(msg)
        yield running
    finally:
        server.should_exit = True
        thread.join(_PATIENCE)
