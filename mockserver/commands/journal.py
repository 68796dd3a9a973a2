"""What `tail` and `export` share: which server, how it lets them in, and which of its exchanges."""

import argparse
from collections.abc import Mapping

from mockserver.corridor.settings import TOKEN_VARIABLE

_USUAL = "http://127.0.0.1:8000"

FILTERS = {
    "key": ("KEY", "requests with this API key"),
    "surface": ("SURFACE", "compat, native-text or native-multimodal"),
    "model": ("MODEL", "requests to this model"),
    "status": ("STATUS", "answers with this HTTP status"),
    "finding": ("RULE", "requests that break this rule"),
    "contains": ("TEXT", "exchanges in which this is said"),
    "answered-by": ("ID", "answers of this script"),
}
"""The filters of the command line: what their value is called, and what they let through."""


def add_filters(command: argparse.ArgumentParser) -> None:
    """Enters the server's address, its token and all filters."""
    command.add_argument("where", nargs="?", metavar="URL", help="the server (default: that of --url)")
    command.add_argument("--url", default=_USUAL, help=f"the same (default: {_USUAL})")
    command.add_argument(
        "--control-token",
        metavar="TOKEN",
        help=f"the token of its control API, when it asks for one (default: that of {TOKEN_VARIABLE})",
    )
    for name, (metavar, words) in FILTERS.items():
        command.add_argument(f"--{name}", metavar=metavar, help=f"only {words}")


def filters_of(options: argparse.Namespace) -> Mapping[str, str]:
    """The filters that are given, as the control API names them."""
    names = [name.replace("-", "_") for name in FILTERS]
    return {name: getattr(options, name) for name in names if getattr(options, name) is not None}


def url_of(options: argparse.Namespace) -> str:
    """The server's address, wherever on the command line it stands."""
    return str(options.where or options.url)
