"""The data that ships with the package: `schemas/` and `fixtures/`.

In a wheel both folders lie inside the package; in a checkout they lie beside it.
"""

import os
import sys
from pathlib import Path
from typing import Any

import orjson

_PACKAGE = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """The folder `schemas` or `fixtures`, wherever this installation keeps it."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def cache_folder() -> Path:
    """Where lies what is made once for all processes of a user.

    It need not be there, nor be possible: who uses it goes on without.
    """
    place = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    try:
        parent = Path(place) if place else Path("~/.cache").expanduser()
    except RuntimeError:  # of this user nobody knows a home
        parent = Path(os.devnull)
    return parent / "dashscope-mock"


def fixture(name: str) -> Any:
    """The parsed content of `fixtures/{name}.json`."""
    return orjson.loads((folder("fixtures") / f"{name}.json").read_bytes())


def schema(name: str) -> dict[str, Any]:
    """The parsed content of `schemas/{name}.schema.json`."""
    loaded: dict[str, Any] = orjson.loads((folder("schemas") / f"{name}.schema.json").read_bytes())
    return loaded


def schema_names() -> list[str]:
    """The names of all schemas, sorted."""
    return sorted(path.name.removesuffix(".schema.json") for path in folder("schemas").glob("*.schema.json"))
