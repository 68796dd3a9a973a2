"""The servers of a comparison as subprocesses: starting, pinning, scripting, measuring and ending them."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import workload

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from workload import Kind

HERE = Path(__file__).resolve().parent
START_LIMIT = 20.0
END_LIMIT = 3.0
LOAD_GRACE = 40.0
_NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"
"""Where this is set a source tree is compiled anew at every start; an installed wheel has its byte code."""

_SCHEDULED = 2
"""With the number of a process, the clock of what all its threads took, also of those that ended (Linux)."""


class BenchmarkError(Exception):
    """A server or the client did not do what the measurement rests on."""


def spent(pid: int) -> float:
    """Return how many seconds a process had a core, the threads that have ended among it."""
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def loaded(
    who: str,
    kind: Kind,
    *,
    port: int,
    seconds: float,
    scripted: bool = True,
    concurrency: int = 64,
    warmup: float = 0.5,
    at: str = "",
    fresh: bool = False,
) -> dict[str, float]:
    """Run the load client against a server for some seconds, and return what it measured (`load.Job`).

    Raises `BenchmarkError`, which says whose server it was.
    """
    job = {
        "kind": kind,
        "port": port,
        "scripted": scripted,
        "concurrency": concurrency,
        "warmup": warmup,
        "seconds": seconds,
        "at": at,
        "fresh": fresh,
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "load.py")],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        timeout=warmup + seconds + LOAD_GRACE,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"the client failed against {who}: {done.stderr[-800:]}")
    result: dict[str, float] = json.loads(done.stdout)
    result.pop("job", None)
    if "error" in result:
        raise BenchmarkError(f"{who}, {kind}: {result['error']}")
    return result


@dataclass(frozen=True, kw_only=True)
class Cores:
    """The core the servers run on and the core of everything else; none when there is nothing to pin."""

    server: int | None = None
    client: int | None = None
    note: str = ""


def choose_cores() -> Cores:
    """Choose two cores, if possible not two halves of the same one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return Cores(note="not pinned: fewer than two cores, so server and client slow each other down")
    siblings = _siblings(cores[0])
    other = next((core for core in cores[1:] if core not in siblings), cores[1])
    note = f"servers pinned to core {cores[0]}, client to core {other}"
    return Cores(
        server=cores[0], client=other, note=note + (" (halves of one core)" if other in siblings else "")
    )


def _siblings(core: int) -> set[int]:
    """Return the logical cores that share this one's hardware, as the kernel lists them (`0,4` or `0-1`)."""
    file = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    found: set[int] = set()
    for part in file.read_text().strip().split(",") if file.exists() else []:
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def pin(process: int, core: int | None) -> None:
    """Pin a process (0: this one) to a core."""
    if core is not None:
        os.sched_setaffinity(process, {core})


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(kw_only=True)
class Server:
    """One server's process, from spawn to end; use it in a `with` statement."""

    name: str
    core: int | None
    port: int = field(default_factory=free_port)
    port_open: float = 0.0
    first_answer: float = 0.0
    rss_first: float = 0.0
    script_id: str = ""
    at: str = ""
    """Another path than the cloud's, at which it answers chats."""

    @property
    def scripted(self) -> bool:
        """Whether its answers are scripted over the control API."""
        return self.name == "mock"

    @property
    def command(self) -> list[str]:
        """How to start it. The port is chosen here, so that opening it can be watched from the spawn on."""
        if self.scripted:
            return [sys.executable, "-m", "mockserver", "serve", "--port", str(self.port)]
        return [sys.executable, str(HERE / f"{self.name}_app.py"), "--port", str(self.port)]

    def __enter__(self) -> Self:
        """Spawn it and wait until its port accepts and its first chat is answered, noting both times."""
        self.output: IO[bytes] = tempfile.TemporaryFile()
        spawned = time.perf_counter()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            env={name: value for name, value in os.environ.items() if name != _NO_BYTE_CODE},
        )
        try:
            pin(self.process.pid, self.core)
            self._until(spawned, self._accepts)
            self.port_open = time.perf_counter() - spawned
            self._until(spawned, self._answers)
            self.first_answer = time.perf_counter() - spawned
            self.rss_first = self.resident_mb()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._end()

    def _end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.output.close()

    def _until(self, spawned: float, ready: Callable[[], bool]) -> None:
        while not ready():
            if self.process.poll() is not None or time.perf_counter() - spawned > START_LIMIT:
                self.output.seek(0)
                printed = self.output.read().decode(errors="replace").strip()[-800:]
                what = f"ended with code {self.process.returncode}" if self.process.poll() else "is not up"
                raise BenchmarkError(f"{self.name} {what} (waited at most {START_LIMIT} s): {printed}")
            time.sleep(0.001)

    def _accepts(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _answers(self) -> bool:
        """Ask for a chat; a 503 says that the server is still starting."""
        status, data = self.ask("chat")
        if status not in {200, 503}:
            raise BenchmarkError(f"{self.name} answered its first chat with {status}: {data[:600]!r}")
        return status == http.client.OK

    def ask(self, kind: Kind) -> tuple[int, bytes]:
        """Send one request of a kind, and return the answer's status and body."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=START_LIMIT) as connection:
                connection.sendall(workload.request(kind, 0, scripted=self.scripted, at=self.at))
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise BenchmarkError(f"{self.name} did not answer {kind} in full: {error!r}") from error

    def spent(self) -> float:
        """Return the seconds of processor time that it has taken so far."""
        return spent(self.process.pid)

    def resident_mb(self) -> float:
        """Return its resident memory in MB, as the kernel tells it."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
        raise BenchmarkError(f"{self.name} has no memory to measure any more: it has ended")

    def control(self, method: str, path: str, body: workload.Json | None = None) -> workload.Json:
        """Call the control API; an answer without a body is an empty object."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_LIMIT)
        try:
            head = {"Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), head)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if not 200 <= answer.status < 300:
            raise BenchmarkError(f"{method} {path} was answered with {answer.status}: {text[:600]!r}")
        document: workload.Json = json.loads(text or b"{}")
        return document

    def script(self, kind: Kind) -> None:
        """Make the mock's answer to this kind the same as the others'; its journal and ledger stay full."""
        if self.scripted:
            if self.script_id:
                self.control("DELETE", f"/_mock/replies/{self.script_id}")
            self.script_id = self.control("POST", "/_mock/replies", workload.script(kind))["id"]

    def check_text(self, kind: Kind) -> int:
        """Ask once, see that the answer has the text that every server must give, and count its events."""
        status, data = self.ask(kind)
        text = "".join(_texts(data)) if status == http.client.OK else None
        if text != workload.expected_text(kind):
            raise BenchmarkError(
                f"{self.name} gave another text to {kind} than was wanted; a comparison needs the same one. "
                f"Status {status}, text {text!r}, body {data[:600]!r}"
            )
        return data.count(b"\n\n")


def _texts(data: bytes) -> list[str]:
    """Return the contents in a body or in the events of a stream, of either surface."""
    if data.startswith(b"{"):
        documents = [json.loads(data)]
    else:
        lines = (line.removeprefix(b"data:").strip() for line in data.splitlines() if line[:5] == b"data:")
        documents = [json.loads(line) for line in lines if line != b"[DONE]"]
    choices = [choice for item in documents for choice in item.get("output", item)["choices"]]
    return [(choice.get("message") or choice["delta"]).get("content") or "" for choice in choices]
