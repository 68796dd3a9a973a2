"""Cassettes for tests: where one lies, and a server that records or replays it while a test runs.

A pytest plugin reads its marker and its option, asks `cassette_of` for the folder, and runs the test inside
`playing`. Each server has a port of its own and each file a name of its own, so workers run side by side.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from mockserver.recording.library import Library
from mockserver.recording.proxy import Recorder
from mockserver.recording.redaction import Redaction
from mockserver.recording.replay import Playing, Recorded
from mockserver.recording.serving import RecorderServer
from mockserver.recording.upstream import Target, Upstream
from mockserver.server.serve import bind, url_of

RecordMode = Literal["none", "new", "all"]
MODES: tuple[RecordMode, ...] = ("none", "new", "all")
"""The values of `--dashscope-record`."""

UPSTREAM = "https://dashscope.aliyuncs.com"

_PATIENCE = 20.0


class UnusedRecordingsError(AssertionError):
    """Recordings of a test's cassette that nothing asked for."""


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


@contextmanager
def playing(
    cassette: Path,
    mode: RecordMode = "none",
    *,
    upstream: str = UPSTREAM,
    key: str | None = None,
    redaction: Redaction | None = None,
    how: Playing | None = None,
    fail_unused: bool = False,
) -> Iterator[PlayingServer]:
    """Runs a recorder of this cassette in a thread, on a free port of the loopback.

    `none` never asks the upstream, so it needs no network and no key. With `fail_unused`,
    `UnusedRecordingsError` is raised at the end for what nothing asked for. Raises `CassetteError`,
    also for a cassette that is to be replayed and is not there.
    """
    onward = None
    if mode != "none":
        target = Target.read(upstream)
        tls = httpx.create_ssl_context() if target.scheme == "https" else None
        onward = Upstream(target, key=key, tls=tls)
    library = Library(cassette, create=mode != "none")
    recorded = Recorded(library, redaction or Redaction.of(), how or Playing())
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
    if fail_unused and running.unused:
        msg = f"recordings of {cassette.name} that nothing asked for: {', '.join(running.unused)}"
        raise UnusedRecordingsError(msg)
