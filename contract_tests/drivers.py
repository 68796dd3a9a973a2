"""Client programs: where they come from, whether they can run here, and the processes they run in."""

import contextlib
import hashlib
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from contract_tests.clients.jobs import Job, Report

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "contract_tests" / "clients"
HOMES = ROOT / ".cache" / "clients"
LIMIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Home:
    """An environment under `.cache/clients`, made by `scripts/install-clients`."""

    name: str
    sources: tuple[str, ...]
    """What the environment is made from; its stamp is the hash of these files, as in the script."""

    @property
    def path(self) -> Path:
        """Where the environment is."""
        return HOMES / self.name

    def missing(self) -> str | None:
        """Why the environment cannot be used, or None."""
        stamp = self.path / "stamp"
        if not stamp.is_file():
            return f"{self.name} is not installed: run scripts/install-clients"
        wanted = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in self.sources))
        if stamp.read_text("ascii").strip() != wanted.hexdigest():
            return f"{self.name} was installed from other sources: run scripts/install-clients"
        return None


@dataclass(frozen=True, kw_only=True)
class Client:
    """One program that holds conversations, and what may be asked of it."""

    name: str
    command: tuple[str, ...]
    surface: str
    model: str
    tool: str | None = None
    """What must be on the PATH."""
    home: Home | None = None
    """Where its SDK is, when that is not the environment of the tests."""
    cumulative: bool = False
    """Whether it really asks the server for frames that repeat the text so far."""
    merges: bool = False
    """Whether its SDK asks for pieces and makes growing texts of them itself."""
    raises: bool = False
    """Whether its errors have classes that tell what is wrong."""
    json_errors_only: bool = False
    """Whether its SDK cannot read a refusal that has the form of an event stream."""

    def missing(self) -> str | None:
        """Why the client cannot be run here, or None."""
        if self.tool and shutil.which(self.tool) is None:
            return f"{self.name} needs {self.tool!r} on the PATH"
        return self.home.missing() if self.home else None

    @property
    def native(self) -> bool:
        """Whether it speaks the native dialect."""
        return self.surface != "compat"

    def __str__(self) -> str:
        """Show the name: it is the test's id."""
        return self.name


class Driver:
    """A running client program: jobs go in, reports come out, until it is closed."""

    def __init__(self, client: Client) -> None:
        """Start the program, without anything in its environment that could lead it elsewhere."""
        unwanted = ("DASHSCOPE_", "OPENAI_", "JAVA_TOOL_OPTIONS", "NODE_OPTIONS", "PYTHONPATH")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        environment |= {"NO_PROXY": "*", "no_proxy": "*", "NODE_PATH": str(HOMES / "node" / "node_modules")}
        self._client = client
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 -- closed with the driver
        self._process = subprocess.Popen(
            client.command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._noise,
        )
        self._reports: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._reports.put(line)
        self._reports.put(b"")

    def run(self, job: Job) -> Report:
        """Hold one conversation; a program that dies or dawdles fails with what it wrote to stderr."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.flush()
            line = self._reports.get(timeout=LIMIT_SECONDS)
        except (BrokenPipeError, queue.Empty):
            line = b""
        if not line:
            self._noise.seek(0)
            noise = self._noise.read().decode(errors="replace")
            status = self._process.poll()
            message = f"{self._client} gave no report (exit status {status}):\n{noise[-4000:]}"
            raise RuntimeError(message)
        return cast("Report", json.loads(line))

    def close(self) -> None:
        """End the program by the end of its input, or else by force."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # a dead program leaves the job in the buffer
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        self._noise.close()
