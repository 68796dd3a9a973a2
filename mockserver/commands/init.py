"""`dashscope-mock init`: writes a first scenario and a first test, which pass as they stand."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from mockserver.base import resources

SDKS = ("openai", "dashscope")
"""The SDKs that the first test can be written with."""

SCENARIO, SCHEMA, TEST = "dashscope.yaml", "scenario.schema.json", "test_dashscope.py"


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    init = commands.add_parser(
        "init",
        help="write a first scenario and a first test",
        description="Writes a first scenario, the schema by which an editor completes it, and a first test "
        "for pytest, all of which pass as they stand. No file that is there is touched: exit status 2 then.",
    )
    init.add_argument(
        "folder", nargs="?", type=Path, default=Path("tests"), metavar="FOLDER", help="(default: tests)"
    )
    init.add_argument("--sdk", choices=SDKS, default=SDKS[0], help="what it asks with (default: %(default)s)")
    init.set_defaults(run=_init)


def files(sdk: str) -> Mapping[str, str]:
    """What is written, by the name of its file."""
    texts = resources.folder("fixtures") / "init"
    test = (texts / f"{sdk}.py.txt").read_text("utf-8")
    return {
        SCENARIO: (texts / "scenario.yaml").read_text("utf-8"),
        SCHEMA: (resources.folder("schemas") / "scenario.schema.json").read_text("utf-8"),
        TEST: test.replace("{scenario}", SCENARIO),
    }


def _init(options: argparse.Namespace) -> int:
    written = files(options.sdk)
    if options.folder.is_symlink() and not options.folder.exists():
        print(  # noqa: T201
            f"dashscope-mock: {options.folder} is a link to nothing: make the folder that it leads to, "
            "or name another one",
            file=sys.stderr,
        )
        return 2
    there = [path for name in written if os.path.lexists(path := options.folder / name)]
    if there:
        print(f"dashscope-mock: {there[0]} is there already: name another folder", file=sys.stderr)  # noqa: T201
        return 2
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
        for name, text in written.items():
            (options.folder / name).write_text(text, "utf-8")
            print(f"wrote {options.folder / name}")  # noqa: T201
    except OSError as error:
        print(f"dashscope-mock: {error.filename}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 2
    print(f"\npip install pytest {options.sdk}\npytest {options.folder}")  # noqa: T201
    return 0
