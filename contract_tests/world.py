"""The server under test, and one test's corner of it."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from contract_tests.drivers import ROOT

POLLS, POLL_SECONDS = 600, 0.1


@dataclass(frozen=True)
class World:
    """All that belongs to one API key: its scripted replies, and the journal of its requests."""

    key: str
    openai_url: str
    native_url: str
    control: httpx.Client

    def script(self, *replies: dict[str, Any], **match: Any) -> None:
        """Answer the next requests that match with `replies`, one after the other."""
        body = {"match": {"key": self.key, **match}, "reply": list(replies), "times": len(replies)}
        self.control.post("/_mock/replies", json=body).raise_for_status()

    def requests(self) -> list[dict[str, Any]]:
        """Read from the journal what was asked with this key, oldest first."""
        answer = self.control.get("/_mock/requests", params={"key": self.key}).raise_for_status()
        requests: list[dict[str, Any]] = answer.json()["requests"]
        return requests

    def forget(self) -> None:
        """Drop this world."""
        self.control.post("/_mock/reset", params={"key": self.key}).raise_for_status()


@dataclass(frozen=True)
class Server:
    """A running server."""

    openai_url: str
    native_url: str
    control: httpx.Client

    def world(self, key: str) -> World:
        """Give the corner of `key`."""
        return World(key, self.openai_url, self.native_url, self.control)


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    """Run a server process on a free port, and hand it out once it can answer; it writes into `folder`.

    The options are those of `serve`.
    """
    ready, log = folder / "ready.json", folder / "log"
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--ready-file", str(ready)]
    command += options
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(ready.is_file, process=process, log=log)
        urls = json.loads(ready.read_bytes())
        with httpx.Client(base_url=urls["url"], trust_env=False, timeout=30) as control:
            wait_until(lambda: control.get("/_mock/health").is_success, process=process, log=log)
            yield Server(urls["openai_url"], urls["native_url"], control)
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_until(condition: Callable[[], bool], *, process: subprocess.Popen[bytes], log: Path) -> None:
    """Look again and again while the process lives; one that ends has failed, with what it wrote."""
    for _ in range(POLLS):
        if condition():
            return
        try:
            process.wait(timeout=POLL_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        break
    message = f"the server is not ready (exit status {process.poll()}):\n{log.read_text()[-4000:]}"
    raise RuntimeError(message)
