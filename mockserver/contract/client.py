"""Clients under test: a class in Python, or a driver in any language behind stdin and stdout."""

import os
import queue
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from mockserver.contract.protocol import (
    FEATURES,
    LINE,
    Begin,
    Command,
    Error,
    Hello,
    ProtocolError,
    Report,
    Results,
    Say,
    answer,
    command_json,
    encoded,
    hello_line,
    read_hello,
    read_report,
)

SURFACES = ("compat", "native-text", "native-multimodal")
_LEAVE_SECONDS = 5.0


class Client(Protocol):
    """Whatever can be driven: it takes a command and gives the report."""

    hello: Hello

    def send(self, command: Command) -> Report:
        """Does what the command says. Raises `ProtocolError` when the driver, not the client, fails."""
        ...

    def close(self) -> None:
        """Ends the client."""
        ...


class Held(Protocol):
    """One conversation that a client in Python holds; it may have `results` and `end` as well."""

    def say(self, say: Say, /) -> Report:
        """Says something and reports what came of it; what it raises is reported as the error."""
        ...


Factory = Callable[[Begin], Held]
"""Begins a conversation."""


def error_of(error: BaseException) -> Error:
    """An exception by the attributes that the SDKs in Python agree on."""
    status = getattr(error, "status_code", getattr(error, "status", None))
    code = getattr(error, "code", None)
    return Error(
        kind=type(error).__name__,
        code=code if isinstance(code, str) else None,
        status=status if isinstance(status, int) else None,
        message=str(getattr(error, "message", None) or error),
    )


class PythonClient:
    """A client in this process, made of a class or function that begins conversations."""

    def __init__(self, factory: Factory, *, hello: Hello) -> None:
        self.hello = hello
        self._factory = factory
        self._held: dict[str, Any] = {}

    def send(self, command: Command) -> Report:
        """Does what the command says. Raises `ProtocolError` for what is no report."""
        if isinstance(command, Begin):
            try:
                self._held[command.conversation] = self._factory(command)
            except Exception as error:
                msg = f"{self.hello.client} could not begin: {type(error).__name__}: {error}"
                raise ProtocolError(msg) from error
            return Report()
        held = self._held[command.conversation]
        try:
            if isinstance(command, Say):
                report = held.say(command)
            elif isinstance(command, Results):
                report = held.results(command)
            else:
                self._held.pop(command.conversation)
                report = held.end() if hasattr(held, "end") else Report()
        except ProtocolError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a client raises is what it reports
            return Report(error=error_of(error))
        if not isinstance(report, Report):
            msg = f"{self.hello.client} gave {type(report).__name__} where a Report is due"
            raise ProtocolError(msg)
        return report

    def close(self) -> None:
        """Forgets what is still held."""
        self._held.clear()


def client_under_test(
    *, surfaces: Sequence[str] = ("compat",), features: Sequence[str] = FEATURES, name: str = ""
) -> Callable[[Factory], PythonClient]:
    """Makes a client of a class or function that begins conversations.

    `surfaces` and `features` are what it can do. A name that there is not raises `ValueError`.
    """
    for given, known in ((surfaces, SURFACES), (features, FEATURES)):
        wrong = [item for item in given if item not in known]
        if wrong:
            msg = f"{wrong[0]!r} is not known; known are {', '.join(known)}"
            raise ValueError(msg)

    def make(factory: Factory) -> PythonClient:
        shown = name or getattr(factory, "__name__", "client")
        return PythonClient(
            factory, hello=Hello(client=shown, surfaces=tuple(surfaces), features=tuple(features))
        )

    return make


def _environment() -> dict[str, str]:
    """The environment without what could lead a client elsewhere."""
    unwanted = ("DASHSCOPE_", "OPENAI_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(unwanted)}
    return {**kept, "NO_PROXY": "*", "no_proxy": "*", "PYTHONUNBUFFERED": "1"}


class ProcessClient:
    """A driver in a process of its own: commands go in by lines, answers come out by lines.

    `patience` is how many seconds an answer may take. Raises `ProtocolError` when the driver does not
    start, answers what it may not, dies or dawdles; with what it wrote to stderr.
    """

    def __init__(self, command: str | Sequence[str], *, patience: float = 60.0) -> None:
        self._command = shlex.split(command) if isinstance(command, str) else list(command)
        self._patience = patience
        self._noise = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the driver
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is what the user asked to test
                self._command,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._noise,
            )
        except OSError as error:
            self._noise.close()
            msg = f"the driver {self._command[:1]} cannot be started: {error}"
            raise ProtocolError(msg) from None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.hello = read_hello(answer(self._ask(hello_line())))
        except ProtocolError:
            self.close()
            raise

    def _read(self) -> None:
        assert self._process.stdout is not None
        while line := self._process.stdout.readline(LINE):
            self._lines.put(line)
        self._lines.put(b"")

    def _ask(self, line: bytes) -> bytes:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
            answered = self._lines.get(timeout=self._patience)
        except (OSError, ValueError):
            answered = b""
        except queue.Empty:
            msg = f"the driver gave no answer within {self._patience:g} s{self._said()}"
            raise ProtocolError(msg) from None
        if not answered:
            msg = f"the driver ended in the middle (exit status {self._process.poll()}){self._said()}"
            raise ProtocolError(msg)
        return answered

    def _said(self) -> str:
        self._noise.seek(0)
        noise = self._noise.read()[-2000:].decode(errors="replace").strip()
        return f"; it wrote:\n{noise}" if noise else ""

    def send(self, command: Command) -> Report:
        """Does what the command says. Raises `ProtocolError`."""
        answered = answer(self._ask(encoded(command_json(command))))
        if isinstance(command, Begin) and answered["type"] == "ok":
            return Report()
        return read_report(answered)

    def close(self) -> None:
        """Ends the driver by the end of its input, or else by force."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):  # a dead driver leaves a command in the buffer
            self._process.stdin.close()
        try:
            self._process.wait(timeout=_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()
        self._noise.close()
