"""`dashscope-mock replay`: answers from a cassette, and `serve --cassette`, which does so beside scripts."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.commands.ending import ended_by_signal
from mockserver.commands.record import add_listening, add_redaction, redaction_of

if TYPE_CHECKING:
    from mockserver.corridor.replay import Playing, Recorded
    from mockserver.recording.library import Library


def speed(text: str) -> float:
    """The factor of the recorded times: instant, recorded, or a number such as 0.1."""
    known = {"instant": 0.0, "recorded": 1.0}
    try:
        factor = known[text] if text in known else float(text)
    except ValueError:
        factor = -1.0
    if not 0 <= factor <= 1000:  # noqa: PLR2004 - also refuses nan
        msg = f"{text!r} is no pace: write instant, recorded, or a factor from 0 to 1000 such as 0.1"
        raise argparse.ArgumentTypeError(msg)
    return factor


def age(text: str) -> str:
    """An age as it is written, checked."""
    from mockserver.recording import library  # noqa: PLC0415 - help answers at once

    try:
        library.age(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def add_playing(command: argparse._ActionsContainer) -> None:
    """Enters the options of how a cassette is replayed."""
    command.add_argument(
        "--replay-as",
        choices=("exact", "rechunk", "transcode"),
        default="exact",
        help="exact: the very bytes; rechunk: rendered anew; transcode: for other surfaces too",
    )
    command.add_argument(
        "--match",
        choices=("strict", "relaxed"),
        default="strict",
        help="strict: all that was asked; relaxed: the conversation only",
    )
    command.add_argument("--ignore-whitespace", action="store_true", help="match whatever the whitespace")
    command.add_argument(
        "--repeat",
        choices=("in-order", "last"),
        default="in-order",
        help="a repeated request gets each recording in its turn, or the last",
    )
    command.add_argument(
        "--times",
        type=speed,
        default="instant",
        metavar="PACE",
        help="instant, recorded, or a factor of the recorded times",
    )
    command.add_argument(
        "--max-age", type=age, metavar="AGE", help="warn of recordings older than this, such as 30d"
    )
    command.add_argument("--fail-stale", action="store_true", help="with --max-age: end with an error")
    command.add_argument("--fail-unused", action="store_true", help="end with an error if any was never used")
    add_redaction(command)


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    replay = commands.add_parser(
        "replay",
        help="answer from a cassette",
        description="Answers from a cassette only. What is not recorded is refused, with the nearest one.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    replay.add_argument("cassette", type=Path, metavar="DIR", help="folder of the recordings")
    add_playing(replay)
    add_listening(replay)
    replay.set_defaults(run=_replay)


def playing_of(options: argparse.Namespace, *, strict_miss: bool) -> "Playing":
    """How the options say a cassette is to be replayed."""
    from mockserver.corridor.replay import Playing  # noqa: PLC0415 - help answers at once

    return Playing(
        way=options.replay_as,
        relaxed=options.match == "relaxed",
        loose=options.ignore_whitespace,
        last=options.repeat == "last",
        speed=options.times,
        strict_miss=strict_miss,
    )


def open_cassette(options: argparse.Namespace, *, strict_miss: bool) -> "Recorded":
    """The recordings that the options name.

    Raises `CassetteError`, also for recordings that are too old, and `RedactionError`.
    """
    from mockserver.corridor.replay import Recorded  # noqa: PLC0415
    from mockserver.recording.library import Library  # noqa: PLC0415 - help answers at once

    library = Library(options.cassette)
    _check_age(library, options)
    return Recorded(library, redaction_of(options), playing_of(options, strict_miss=strict_miss))


def _check_age(library: "Library", options: argparse.Namespace) -> None:
    from mockserver.recording import library as libraries  # noqa: PLC0415 - help answers at once
    from mockserver.recording.cassette import CassetteError  # noqa: PLC0415

    if options.max_age is None:
        return
    old = library.older(libraries.age(options.max_age), datetime.now(UTC))
    if not old:
        return
    message = f"{len(old)} recordings are older than {options.max_age}: {_some(old)}; record them again"
    if options.fail_stale:
        raise CassetteError(message)
    print(f"warning: {message}", file=sys.stderr)  # noqa: T201 - the front door speaks


def _some(names: list[str], most: int = 5) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def end(recorded: "Recorded", options: argparse.Namespace) -> int:
    """Says which recordings were never used; the exit status."""
    unused = recorded.library.unused
    if unused and (options.fail_unused or not options.quiet):
        words = f"{len(unused)} of {len(recorded.library.rows)} recordings were never used: {_some(unused)}"
        print(f"dashscope-mock: {words}", file=sys.stderr)  # noqa: T201
    return 1 if unused and options.fail_unused else 0


def _replay(options: argparse.Namespace) -> int:
    from mockserver.base.options import SettingsError  # noqa: PLC0415
    from mockserver.corridor.engine import Engine  # noqa: PLC0415 - help answers without the server
    from mockserver.corridor.settings import Settings  # noqa: PLC0415
    from mockserver.recording.cassette import CassetteError  # noqa: PLC0415
    from mockserver.recording.redaction import RedactionError  # noqa: PLC0415
    from mockserver.server.listening import PortTakenError  # noqa: PLC0415
    from mockserver.server.serve import serve  # noqa: PLC0415

    try:
        engine = Engine(Settings(host=options.host, port=options.port))
        recorded = engine.recorded = open_cassette(options, strict_miss=True)
        with ended_by_signal():
            serve(engine, ready_file=options.ready_file, quiet=options.quiet)
    except (SettingsError, CassetteError, RedactionError, PortTakenError) as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return end(recorded, options)
