"""`dashscope-mock cassette`: looks into cassettes, cleans them, carries them in and out."""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from mockserver.base.names import several
from mockserver.commands.record import add_redaction, redaction_of
from mockserver.commands.replay import age

Parsers = "argparse._SubParsersAction[argparse.ArgumentParser]"
FORMATS = (
    *("aimock", "betamax", "cassette", "cassetter", "curl", "go-vcr", "har"),
    *("jsonl", "mitmproxy", "nock", "raw", "vcr", "wiremock"),
)
"""What is imported; a test holds them to the table, which help has no time to read."""

Run = Callable[[argparse.Namespace], int]


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and those below it."""
    whole = commands.add_parser(
        "cassette",
        help="inspect, diff, scrub, prune, import, export recordings",
        description="Looks into cassettes, cleans them, and carries them in and out.",
    )
    below = whole.add_subparsers(dest="action", required=True, metavar="ACTION")

    def enter(name: str, words: str, run: Run, *, optional: bool = False) -> argparse.ArgumentParser:
        command = below.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        count = "?" if optional else None
        command.add_argument(
            "cassette", type=Path, nargs=count, metavar="DIR", help="folder of the recordings"
        )
        command.set_defaults(run=lambda options: _guarded(run, options))
        return command

    inspect = enter("inspect", "show recordings in a few lines each", _inspect)
    inspect.add_argument("names", nargs="*", metavar="NAME", help="only these")
    diff = enter("diff", "show how two recordings differ", _diff)
    diff.add_argument("left", metavar="NAME", help="one recording")
    diff.add_argument("right", metavar="NAME", help="the other")
    scrub = enter("scrub", "take out what is secret, from all recordings", _scrub, optional=True)
    scrub.add_argument("--list", action="store_true", help="only show what is taken out, and why")
    add_redaction(scrub)
    prune = enter("prune", "delete recordings that are not needed", _prune)
    prune.add_argument("--older", type=age, metavar="AGE", help="those older than this, such as 90d")
    prune.add_argument("--cut", action="store_true", help="those of answers that broke off")
    prune.add_argument("--doubles", action="store_true", help="those that repeat another to the letter")
    prune.add_argument(
        "--unused", type=Path, metavar="FILE", help="those not named in this file, one per line"
    )
    prune.add_argument("--yes", action="store_true", help="really delete; else only tell")
    stats = enter("stats", "show figures of a cassette", _stats)
    stats.add_argument("--json", action="store_true", help="as JSON")
    take = enter("import", "add recordings of another tool", _import)
    take.add_argument("source", type=Path, metavar="PATH", help="file or folder to read")
    take.add_argument(
        "--format",
        choices=FORMATS,
        metavar="FORMAT",
        help="what wrote it; left out: by its content (docs/recording.md has a table)",
    )
    add_redaction(take)
    give = enter("export", "write recordings for another tool", _export)
    give.add_argument(
        "--format",
        choices=("har", "vcr", "go-vcr", "wiremock", "scenario"),
        default="har",
        help="(default: har); a scenario answers with the same bytes by scripts",
    )
    give.add_argument("--output", type=Path, metavar="FILE", help="write there, not to the screen")
    give.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="this recording only (repeatable)"
    )


def _say(text: str) -> None:
    # What half a character is, no terminal can show.
    print(text.encode("utf-8", "backslashreplace").decode("utf-8"))  # noqa: T201 - what was asked for


def _guarded(run: Run, options: argparse.Namespace) -> int:
    """Runs an action; what is wrong with its input is told in a line."""
    from mockserver.recording.cassette import CassetteError  # noqa: PLC0415 - help answers at once
    from mockserver.recording.importers import ImportFaultError  # noqa: PLC0415
    from mockserver.recording.redaction import RedactionError  # noqa: PLC0415

    try:
        return run(options)
    except (CassetteError, ImportFaultError, RedactionError) as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
    except OSError as error:
        print(f"dashscope-mock: {error.filename}: {error.strerror}", file=sys.stderr)  # noqa: T201
    return 2


def _inspect(options: argparse.Namespace) -> int:
    from mockserver.recording import upkeep  # noqa: PLC0415 - help answers at once
    from mockserver.recording.library import Library  # noqa: PLC0415

    for name, interaction in upkeep.interactions(Library(options.cassette), options.names):
        _say("\n".join(upkeep.inspect(name, interaction)))
    return 0


def _diff(options: argparse.Namespace) -> int:
    from mockserver.recording import upkeep  # noqa: PLC0415 - help answers at once
    from mockserver.recording.library import Library  # noqa: PLC0415

    names = [options.left, options.right]
    (_, left), (_, right) = upkeep.interactions(Library(options.cassette), names)
    lines = upkeep.difference(left, right)
    _say("\n".join(lines))
    return int(any(not line.endswith(": the same") for line in lines))


def _scrub(options: argparse.Namespace) -> int:
    from mockserver.recording import upkeep  # noqa: PLC0415 - help answers at once

    if options.list:
        _say("\n".join(upkeep.secrets_listed()))
        return 0
    if options.cassette is None:
        print("dashscope-mock: name the folder to clean, or --list what would be", file=sys.stderr)  # noqa: T201
        return 2
    changed = list(upkeep.scrub(options.cassette, redaction_of(options)))
    _say("\n".join([*changed, f"{several(len(changed), 'recording')} cleaned"]))
    return 0


def _prune(options: argparse.Namespace) -> int:
    from mockserver.recording import library, upkeep  # noqa: PLC0415 - help answers at once

    opened = library.Library(options.cassette)
    used = None if options.unused is None else set(options.unused.read_text(encoding="utf-8").split())
    reasons = upkeep.prunable(
        opened,
        now=datetime.now(UTC),
        older=None if options.older is None else library.age(options.older),
        used=used,
        cut=options.cut,
        doubles=options.doubles,
    )
    for name, reason in reasons.items():
        _say(f"{name}: {reason}")
        if options.yes:
            (opened.folder / name).unlink()
    done = "deleted" if options.yes else "would go; add --yes to delete them"
    _say(f"{len(reasons)} of {len(opened.rows)} recordings {done}")
    return 0


def _stats(options: argparse.Namespace) -> int:
    from mockserver.recording import upkeep  # noqa: PLC0415 - help answers at once
    from mockserver.recording.library import Library  # noqa: PLC0415

    figures = upkeep.stats(Library(options.cassette))
    if options.json:
        _say(json.dumps(figures, indent=2))
        return 0
    for name, value in figures.items():
        shown = (
            ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        )
        _say(f"{name:10} {shown if shown not in (None, '') else '-'}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from mockserver.recording import intake  # noqa: PLC0415 - help answers at once

    lines = []
    redaction = redaction_of(options)
    for line in intake.take_in(options.source, options.cassette, redaction, kind=options.format):
        lines.append(line)
        _say(str(line))
    _say(intake.summary(lines))
    return 0 if all(line.whole for line in lines) else 1


def _export(options: argparse.Namespace) -> int:
    from mockserver.recording import upkeep  # noqa: PLC0415 - help answers at once
    from mockserver.recording.exporting import EXPORTERS  # noqa: PLC0415
    from mockserver.recording.library import Library  # noqa: PLC0415
    from mockserver.recording.scripting import scenario  # noqa: PLC0415

    chosen = upkeep.interactions(Library(options.cassette), options.only)
    notes: list[str] = []
    if options.format == "scenario":
        written, notes = scenario(chosen)
    else:
        written = EXPORTERS[options.format](interaction for _, interaction in chosen)
    if options.output is None:
        _say(written.rstrip("\n"))
    else:
        options.output.write_text(written, encoding="utf-8")
    for note in notes:
        print(f"dashscope-mock: {note}", file=sys.stderr)  # noqa: T201 - the file may go to the screen
    return 0
