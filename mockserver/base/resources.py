"""The data that ships with the package: `schemas/` and `fixtures/`.

In a wheel both folders lie inside the package; in a checkout they lie beside it.
"""

from pathlib import Path
from typing import Any

import orjson

_PACKAGE = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """The folder `schemas` or `fixtures`, wherever this installation keeps it."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


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
