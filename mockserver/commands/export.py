"""`dashscope-mock export`: writes the journal of a running server as a scenario or as lines of JSON."""

import argparse
import sys
from pathlib import Path

from mockserver.base.options import SettingsError
from mockserver.commands.journal import add_filters, filters_of, url_of


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    export = commands.add_parser(
        "export",
        help="write the exchanges of a running server to a file",
        description="Writes the exchanges of a running server: as a scenario that gives the same answers "
        "to the same requests, or as lines of JSON.",
    )
    add_filters(export)
    export.add_argument(
        "--format", choices=("scenario", "jsonl"), default="scenario", help="(default: scenario)"
    )
    export.add_argument("--out", type=Path, metavar="FILE", help="where to; left out: stdout")
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from mockserver.testing.channel import ControlError, HttpChannel  # noqa: PLC0415 - help answers without it

    try:
        channel = HttpChannel(url_of(options), token=options.control_token)
        content = channel.call("GET", "requests", format=options.format, **filters_of(options))
        if options.out is None:
            sys.stdout.write(content.decode())
        else:
            options.out.write_bytes(content)
    except (ControlError, SettingsError) as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        what = options.out if error.filename else f"the server {url_of(options)}"
        print(f"dashscope-mock: {what}: {error.strerror or error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0
