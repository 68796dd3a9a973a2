"""`dashscope-mock conform`: leads a client through the suite and the machine, and reports."""

import argparse
import json
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.base import resources
from mockserver.commands.ending import ended_by_signal

if TYPE_CHECKING:
    from mockserver.contract.cases import Case
    from mockserver.contract.client import Client
    from mockserver.contract.report import Expected, Result
    from mockserver.contract.stage import Stage
    from mockserver.contract.suite import Outcome

_FAILED, _MISUSED, _FAULT = 1, 2, 3
_SECONDS = 10.0
_START = 60.0
"""Seconds that a driver has to start at the least, however little one answer may take."""
_JOBS, _MOST_JOBS = 4, 64
_SLICE = 25
"""How many conversations the machine tries before it looks at the clock."""
_FILES = {
    "json": "the run as JSON, for --merge",
    "junit": "JUnit XML, for CI",
    "markdown": "a summary, for a CI job's page",
    "badge": "an SVG badge",
}


def _command(text: str) -> str:
    """A command line that names a program, checked."""
    try:
        words = shlex.split(text)
    except ValueError as error:
        msg = f"{text!r} is no command ({str(error).lower()}): close what is quoted"
        raise argparse.ArgumentTypeError(msg) from None
    if not words:
        msg = f'{text!r} names no program: write one, such as "node driver.mjs"'
        raise argparse.ArgumentTypeError(msg)
    return text


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    surfaces = tuple(resources.fixture("surfaces")["surfaces"])
    conform = commands.add_parser(
        "conform",
        help="prove a client right, or show the conversation that breaks it",
        description="Leads a client through conversations with an adversarial but legal cloud, and judges "
        "each request and each report. Exit status: 0 all holds, 1 the client fails, 2 wrong options, "
        "3 a fault of the driver or of the kit.",
    )
    conform.add_argument(
        "--client", type=_command, metavar="COMMAND", help='the driver, such as "node driver.mjs"'
    )
    conform.add_argument(
        "--loop", action="store_true", help="wait for a program that asks GET /_mock/conform/next"
    )
    conform.add_argument("--port", type=int, default=0, help="port of the cloud; 0 takes a free one")
    conform.add_argument(
        "--surface",
        action="append",
        choices=surfaces,
        default=[],
        metavar="SURFACE",
        help=f"only this one (repeatable): {', '.join(surfaces)}",
    )
    conform.add_argument(
        "--suite",
        action="append",
        default=[],
        metavar="NAME",
        help="only cases of this name or group, or of this .json file (repeatable)",
    )
    conform.add_argument("--list", action="store_true", help="list the cases, and run none")
    conform.add_argument(
        "--examples", type=int, default=0, metavar="N", help="let the machine try exactly N conversations too"
    )
    conform.add_argument(
        "--seconds",
        type=float,
        metavar="N",
        help=f"how long the machine looks for what the suite did not see (default: {_SECONDS:g} behind all "
        "cases, 0 with --suite or --examples)",
    )
    conform.add_argument("--seed", type=int, default=0, metavar="N", help="the machine's seed (default 0)")
    conform.add_argument(
        "--database", type=Path, metavar="FOLDER", help="keep what the machine finds, and try it first"
    )
    conform.add_argument("--expect", type=Path, metavar="FILE", help="known failures, one pattern a line")
    conform.add_argument("--strict", action="store_true", help="fail for what a client SHOULD do, too")
    conform.add_argument(
        "--jobs",
        type=int,
        default=_JOBS,
        metavar="N",
        help=f"how many drivers share the suite, side by side (default {_JOBS})",
    )
    conform.add_argument(
        "--patience", type=float, default=3.0, metavar="SECONDS", help="how long a silent stream is kept"
    )
    conform.add_argument(
        "--driver-patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how long a driver may take for one answer before it is given up (default 60); to start, it has "
        f"{_START:g} s at least",
    )
    for name, text in _FILES.items():
        conform.add_argument(f"--{name}", type=Path, metavar="FILE", help=text)
    conform.add_argument("--html", type=Path, metavar="FILE", help="a matrix with the transcripts")
    conform.add_argument(
        "--merge",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a run that --json kept: further ones for --html, or one to report again (repeatable)",
    )
    conform.set_defaults(run=_conform)


def _conform(options: argparse.Namespace) -> int:
    from mockserver.contract.cases import CaseError  # noqa: PLC0415 - help answers without the kit
    from mockserver.contract.protocol import ProtocolError  # noqa: PLC0415
    from mockserver.contract.report import ExpectedError  # noqa: PLC0415
    from mockserver.server.listening import PortTakenError  # noqa: PLC0415

    status = _FAULT  # of a run that is told to end
    try:
        if options.list:
            return _list(_cases(options.suite))
        with ended_by_signal():
            status = _run(options)
    except (CaseError, ExpectedError, PortTakenError, _MisuseError, OSError) as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
        return _MISUSED
    except ProtocolError as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
        return _FAULT
    return status


class _MisuseError(ValueError):
    """Options that do not go together; the message says which."""


def _cases(names: Sequence[str]) -> "tuple[Case, ...]":
    from mockserver.contract.cases import built_in, chosen, from_file  # noqa: PLC0415

    files = [name for name in names if name.endswith(".json")]
    others = [name for name in names if not name.endswith(".json")]
    read = tuple(case for name in files for case in from_file(Path(name)))
    return read + (chosen(built_in(), others) if others or not files else ())


def _list(cases: "Sequence[Case]") -> int:
    for case in cases:
        print(f"{case.id:<28} {case.title}")  # noqa: T201
    return 0


def _results(paths: Sequence[Path]) -> "list[Result]":
    from mockserver.contract.report import Result  # noqa: PLC0415

    read = []
    for path in paths:
        try:
            read.append(Result.read(json.loads(path.read_text("utf-8"))))
        except json.JSONDecodeError as error:
            msg = f"{path}:{error.lineno}:{error.colno}: this is no JSON, so no run that conform --json kept"
            raise _MisuseError(msg) from None
        except UnicodeDecodeError:
            msg = f"{path}: this is no text in UTF-8, so no run that conform --json kept"
            raise _MisuseError(msg) from None
        except ValueError as error:
            msg = f"{path}: {error}"
            raise _MisuseError(msg) from None
    return read


def _run(options: argparse.Namespace) -> int:
    from mockserver.contract.report import Expected  # noqa: PLC0415
    from mockserver.contract.stage import Stage  # noqa: PLC0415

    merged = _results(options.merge)
    if not (options.client or options.loop):
        return _again(options, merged)
    _check(options)
    expected = Expected.read(options.expect) if options.expect else Expected()
    cases = _cases(options.suite)
    with Stage(patience=options.patience, port=options.port) as stage:
        result, found = _judge(options, stage, cases)
    _write(options, [result, *merged], expected)
    _print(result, expected)
    if found is not None:
        from mockserver.contract.found import story  # noqa: PLC0415

        print(_printable(story(found)))  # noqa: T201
    return _status(result, expected, strict=options.strict)


def _check(options: argparse.Namespace) -> None:
    """Whether the numbers make sense. Raises `_MisuseError`."""
    least = min(options.examples, options.seconds or 0)
    if least < 0 or min(options.patience, options.driver_patience) <= 0:
        msg = (
            f"--examples is {options.examples}, --seconds {options.seconds or 0:g}, --patience "
            f"{options.patience:g} and --driver-patience {options.driver_patience:g}: none may be negative, "
            "and no patience 0"
        )
        raise _MisuseError(msg)
    if not 1 <= options.jobs <= _MOST_JOBS:
        msg = f"--jobs is {options.jobs}: a suite is shared by 1 to {_MOST_JOBS} drivers"
        raise _MisuseError(msg)


def _again(options: argparse.Namespace, merged: "Sequence[Result]") -> int:
    """Writes the reports of runs that were kept, and drives nobody."""
    from mockserver.contract.report import Expected  # noqa: PLC0415

    files = [name for name in _FILES if getattr(options, name) is not None]
    if not (merged and (options.html or files)):
        msg = 'say whom to test: --client "node driver.mjs", or --loop; or --merge with --html, --badge, …'
        raise _MisuseError(msg)
    if files and len(merged) > 1:
        msg = f"--{files[0]} tells of one run, not of {len(merged)}: give it one --merge, or take --html"
        raise _MisuseError(msg)
    _write(options, merged, Expected.read(options.expect) if options.expect else Expected())
    return 0


def _connector(options: argparse.Namespace, stage: "Stage") -> "Callable[[], Client]":
    from mockserver.contract.client import ProcessClient  # noqa: PLC0415
    from mockserver.contract.loop import LoopClient  # noqa: PLC0415

    if options.loop:
        print(f"waiting for a program that asks {stage.url}/_mock/conform/next", file=sys.stderr)  # noqa: T201
        waiting = LoopClient(stage.loop, patience=options.driver_patience)
        return lambda: waiting
    patience = options.driver_patience
    return lambda: ProcessClient(options.client, patience=patience, begin_patience=max(patience, _START))


def _judge(
    options: argparse.Namespace, stage: "Stage", cases: "Sequence[Case]"
) -> "tuple[Result, Outcome | None]":
    """Runs the suite, then the machine where it was asked for."""
    from mockserver.contract.drivers import Drivers  # noqa: PLC0415
    from mockserver.contract.report import Result  # noqa: PLC0415
    from mockserver.contract.report.terminal import Progress  # noqa: PLC0415
    from mockserver.contract.suite import Verdict, permutations  # noqa: PLC0415

    jobs = 1 if options.loop else options.jobs
    with closing(Drivers(_connector(options, stage), jobs=jobs)) as drivers:
        hello = drivers.hello
        result = Result(hello.client, options.seed)
        planned = permutations(cases, options.surface or hello.surfaces, features=hello.features)
        progress = Progress(sys.stderr, len(planned))
        held, told = {}, set()
        for at, outcome in drivers.lead(stage, planned):
            held[at] = result.add(outcome)
            progress.step(outcome.verdict)
            message = f"{outcome.id}: {outcome.message}" if outcome.transcript else outcome.message
            if outcome.verdict is Verdict.DRIVER and message not in told:
                told.add(message)
                print(f"\n{message}", file=sys.stderr)  # noqa: T201
        progress.end()
        result.held = [held[at] for at in sorted(held)]
        with drivers.one() as client:
            found = _explore(options, stage, client, result)
        if found is not None:
            result.add(found)
        return result, found


def _explore(
    options: argparse.Namespace, stage: "Stage", client: "Client", result: "Result"
) -> "Outcome | None":
    """What the machine finds: in so many examples, whatever it is; in so many seconds, what is new."""
    from hypothesis.database import DirectoryBasedExampleDatabase  # noqa: PLC0415

    from mockserver.contract.machine import Budget, explore, explore_for  # noqa: PLC0415

    database = DirectoryBasedExampleDatabase(options.database) if options.database else None
    budget = Budget(examples=options.examples or _SLICE, seed=options.seed, database=database)
    if options.examples and (found := explore(stage, client, surfaces=options.surface, budget=budget)):
        return found
    seconds = options.seconds
    if seconds is None:
        seconds = 0.0 if options.suite or options.examples else _SECONDS
    known = frozenset(failure["requirement"] for held in result.held for failure in held.failures)
    return explore_for(seconds, stage, client, surfaces=options.surface, budget=replace(budget, known=known))


def _write(options: argparse.Namespace, results: "Sequence[Result]", expected: "Expected") -> None:
    """Writes the reports that were asked for: the matrix of all runs, the others of the first."""
    from mockserver.contract.report.files import FORMATS  # noqa: PLC0415
    from mockserver.contract.report.matrix import as_html  # noqa: PLC0415

    for name, render in FORMATS.items():
        path = getattr(options, name)
        if path is not None:
            path.write_text(render(results[0], expected), "utf-8")
    if options.html is not None:
        options.html.write_text(as_html(results), "utf-8")


def _print(result: "Result", expected: "Expected") -> None:
    from mockserver.contract.report.terminal import failures, summary, table  # noqa: PLC0415

    width = shutil.get_terminal_size().columns
    for text in (table(result, width=width), failures(result, expected), summary(result, expected)):
        if text:
            print(_printable(text), end="\n\n")  # noqa: T201


def _printable(text: str) -> str:
    """A text as a terminal may show it: what could steer it is escaped."""
    return "".join(c if c == "\n" or c.isprintable() else ascii(c)[1:-1] for c in text)


def _status(result: "Result", expected: "Expected", *, strict: bool) -> int:
    from mockserver.contract.suite import Verdict  # noqa: PLC0415

    stale = expected.stale(result.held)
    for text in stale:
        print(f"known failure that is none: {text}", file=sys.stderr)  # noqa: T201
    faults = [held for held in result.held if held.verdict in (Verdict.DRIVER, Verdict.KIT)]
    if faults:
        return _FAULT
    unexpected = [
        held
        for held in result.held
        if held.verdict is not Verdict.PASSED and not expected.covers(held) and (strict or not held.lenient)
    ]
    if not result.held:
        print("no conversation was held: a run that shows nothing does not pass", file=sys.stderr)  # noqa: T201
        return _FAILED
    return _FAILED if unexpected or stale else 0
