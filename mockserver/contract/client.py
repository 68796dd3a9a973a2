"""Clients under test: a class in Python, or a driver in any language behind stdin and stdout."""

import os
import shlex
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from mockserver.contract.cases import SURFACES
from mockserver.contract.process import LineProcess, ProcessError
from mockserver.contract.protocol import (
    FEATURES,
    KNOWN_FEATURES,
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
        held = self._held.get(command.conversation)
        if held is None:
            msg = f"no conversation {command.conversation!r} was begun"
            raise ProtocolError(msg)
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
    for given, known in ((surfaces, SURFACES), (features, KNOWN_FEATURES)):
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
    unwanted = ("DASHSCOPE_", "OPENAI_", "ANTHROPIC_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(unwanted)}
    return {**kept, "NO_PROXY": "*", "no_proxy": "*", "PYTHONUNBUFFERED": "1"}


class ProcessClient:
    """A driver in a process of its own: commands go in by lines, answers come out by lines.

    `patience` is how many seconds an answer may take, `begin_patience` how many the first one, before which
    the program has to start. Raises `ProtocolError` when the driver does not start, answers what it may not,
    dies or dawdles; with what it wrote to stderr.
    """

    def __init__(
        self, command: str | Sequence[str], *, patience: float = 60.0, begin_patience: float = 60.0
    ) -> None:
        words = shlex.split(command) if isinstance(command, str) else list(command)
        try:
            self._process = LineProcess(words, env=_environment(), patience=patience)
        except ProcessError as error:
            msg = f"the driver {error}"
            raise ProtocolError(msg) from None
        try:
            self.hello = read_hello(answer(self._ask(hello_line(), begin_patience)))
        except BaseException:  # Ctrl-C too: nobody else can end it yet
            self.close()
            raise

    def _ask(self, line: bytes, patience: float | None = None) -> bytes:
        try:
            return self._process.ask(line, patience=patience)
        except ProcessError as error:
            msg = f"the driver {error}"
            raise ProtocolError(msg) from None

    def send(self, command: Command) -> Report:
        """Does what the command says. Raises `ProtocolError`."""
        answered = answer(self._ask(encoded(command_json(command))))
        if isinstance(command, Begin) and answered["type"] == "ok":
            return Report()
        return read_report(answered)

    def close(self) -> None:
        """Ends the driver."""
        self._process.close()
