"""The command `dashscope-mock`."""

import argparse
from collections.abc import Sequence

from mockserver import __version__
from mockserver.commands import (
    cassette,
    check,
    conform,
    errors,
    export,
    record,
    replay,
    serve,
    tail,
    verify,
)

COMMANDS = (serve, record, replay, verify, cassette, check, conform, tail, export, errors)
"""In the order in which help shows them."""


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    whole = argparse.ArgumentParser(
        prog="dashscope-mock",
        description="An offline DashScope: both HTTP dialects of the Qwen models, for tests without a key.",
    )
    whole.add_argument("--version", action="version", version=f"dashscope-mock {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit status."""
    options = parser().parse_args(arguments)
    status: int = options.run(options)
    return status
