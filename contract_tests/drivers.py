"""Client programs: where they come from, whether they can run here, and the processes they run in."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from contract_tests.clients.jobs import Job, Report
from mockserver.contract.process import LineProcess, ProcessError

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "contract_tests" / "clients"
HOMES = ROOT / ".cache" / "clients"


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


def required(missing: str | None) -> None:
    """Skip the test for what is missing, or fail it if REQUIRE_ALL_CLIENTS=1."""
    if missing and os.environ.get("REQUIRE_ALL_CLIENTS") == "1":
        pytest.fail(missing, pytrace=False)
    if missing:
        pytest.skip(missing)


def program(name: str, *, path: str | None = None) -> str:
    """Find a program on the PATH or on another one; without it the test is skipped, or fails as above."""
    found = shutil.which(name, path=path)
    required(None if found else f"{name} is not installed")
    return found or name


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
        self._process = LineProcess(client.command, cwd=ROOT, env=environment)

    def run(self, job: Job) -> Report:
        """Hold one conversation; a program that dies or dawdles fails with what it wrote to stderr."""
        try:
            return cast("Report", json.loads(self._process.ask(json.dumps(job).encode() + b"\n")))
        except ProcessError as error:
            message = f"{self._client} {error}"
            raise RuntimeError(message) from None

    def close(self) -> None:
        """End the program."""
        self._process.close()
