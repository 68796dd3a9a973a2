"""`dashscope-mock tail`: shows what is asked and answered, as it happens."""

import argparse
import os
import shutil
import sys
import time

from mockserver.base.options import SettingsError
from mockserver.commands.journal import add_filters, filters_of, url_of

_EVERY = 0.25


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    tail = commands.add_parser(
        "tail",
        help="show the exchanges of a running server, live",
        description="Shows the exchanges of a running server, one block each, until Ctrl-C.",
    )
    add_filters(tail)
    tail.add_argument("--last", type=int, default=10, metavar="N", help="begin with the last N (default: 10)")
    tail.add_argument("--once", action="store_true", help="end after what is there now")
    tail.add_argument("--jsonl", action="store_true", help="one line of JSON each, in place of a block")
    tail.set_defaults(run=_tail)


def _on_terminal(text: str) -> str:
    """As wide as the terminal, and in colour unless `NO_COLOR` says otherwise."""
    from mockserver.testing.report import folded, painted  # noqa: PLC0415

    narrow = folded(text, shutil.get_terminal_size().columns)
    return narrow if os.environ.get("NO_COLOR") else painted(narrow)


def _tail(options: argparse.Namespace) -> int:
    import json  # noqa: PLC0415 - help answers without it

    from mockserver.testing.channel import ControlError, HttpChannel  # noqa: PLC0415
    from mockserver.testing.report import block  # noqa: PLC0415

    shown_as = _on_terminal if sys.stdout.isatty() else str
    query = {**filters_of(options), "limit": str(max(0, options.last))}
    try:
        channel = HttpChannel(url_of(options), token=options.control_token)
        while True:
            for shown in json.loads(channel.call("GET", "requests", **query))["requests"]:
                jsonl = options.jsonl
                text = json.dumps(shown, ensure_ascii=False) if jsonl else shown_as(f"{block(shown)}\n")
                print(text, flush=True)  # noqa: T201 - the command speaks on stdout
                query["after"] = str(shown["number"])
            query.pop("limit", None)
            query.setdefault("after", "0")
            if options.once:
                return 0
            time.sleep(_EVERY)
    except KeyboardInterrupt:
        return 0
    except (ControlError, SettingsError) as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
    except OSError as error:
        reason = error.strerror or error
        print(f"dashscope-mock: no server on {url_of(options)}: {reason}", file=sys.stderr)  # noqa: T201
    return 2
