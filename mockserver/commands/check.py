"""`dashscope-mock check`: says what is wrong with scenario files."""

import argparse
from pathlib import Path


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    check = commands.add_parser(
        "check",
        help="check scenario files",
        description="Checks scenario files: what cannot be read is an error, a reply that can never be "
        "given a warning. Exit status 1 with errors.",
    )
    check.add_argument("files", nargs="+", type=Path, metavar="FILE", help="scenario file, YAML or JSON")
    check.add_argument("--strict", action="store_true", help="exit status 1 with warnings too")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    from mockserver.catalogue import errors, models  # noqa: PLC0415 - help answers without the catalogues
    from mockserver.scenario.document import load  # noqa: PLC0415
    from mockserver.scenario.reach import warnings  # noqa: PLC0415

    failed = False
    for file in options.files:
        whole = load([file], errors.load())
        problems = [*whole.problems, *warnings(whole, models.load())]
        for problem in problems:
            print(problem)  # noqa: T201 - the command speaks on stdout
        failed |= whole.broken or (options.strict and bool(problems))
        if not whole.broken:
            print(f"{file}: {len(whole.scripts)} replies, {len(problems)} warnings")  # noqa: T201
    return int(failed)
