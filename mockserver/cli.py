"""The command `dashscope-mock`."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from typing import IO, Any, cast

from mockserver.base.version import __version__

COMMANDS = (
    "init",
    "serve",
    "record",
    "replay",
    "verify",
    "cassette",
    "check",
    "conform",
    "tail",
    "export",
    "errors",
    "completion",
)
"""The modules of `mockserver.commands`, in the order in which help shows them."""


def parser(names: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of the command line, with these commands."""
    whole = argparse.ArgumentParser(
        prog="dashscope-mock",
        description="An offline DashScope: both HTTP dialects of the Qwen models, for tests without a key.",
    )
    whole.add_argument("--version", action="version", version=f"dashscope-mock {__version__}")
    whole.set_defaults(parser=whole)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in names:
        import_module(f"mockserver.commands.{name}").add(commands)
    return whole


WHOLE = "completion"
"""The command that speaks of all others, and has the parser of all."""

UNREAD = 141
"""The exit status of a command whose output nobody reads any more, as shells tell of SIGPIPE."""

INTERRUPTED = 130
"""The same of one that was ended by Ctrl-C, SIGINT."""


class UnreadError(Exception):
    """Nobody reads the output any more: no `OSError`, which a command would take for a fault of its files."""


class _Output:
    """The standard output, which tells who stopped reading from what else may be wrong."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with _reading():
            return self._stream.write(text)

    def flush(self) -> None:
        with _reading():
            self._stream.flush()


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise UnreadError from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    # A command that is named is the only one that is loaded: a server's port opens the sooner.
    named = [name for name in given[:1] if name in COMMANDS and name != WHOLE]
    try:
        options = parser(named or COMMANDS).parse_args(given)
        with redirect_stdout(cast("IO[str]", _Output(sys.stdout))):
            status: int = options.run(options)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED  # before the command was so far that it could end in its own way
    except UnreadError:
        # `| head` has seen enough; what is still buffered goes nowhere, or Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    return status
