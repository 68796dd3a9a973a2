"""Recordings of other tools, read as interactions.

Every importer takes a path and gives interactions, unredacted: whoever writes them redacts them first. What
cannot be read raises `ImportFaultError` with the place and the reason, and nothing else.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from mockserver.recording.importers import curl, har, jsonl, raw, vcr
from mockserver.recording.importers.pieces import ImportFaultError
from mockserver.recording.interaction import Interaction

Importer = Callable[[Path], Iterator[Interaction]]

IMPORTERS: dict[str, Importer] = {
    "vcr": vcr.read,
    "har": har.read,
    "curl": curl.read,
    "jsonl": jsonl.read,
    "raw": raw.read,
}
"""The importers by the names of their formats."""

_ENDINGS = {".yaml": "vcr", ".yml": "vcr", ".har": "har", ".jsonl": "jsonl", ".ndjson": "jsonl"}

__all__ = ["IMPORTERS", "ImportFaultError", "Importer", "format_of"]


def format_of(path: Path) -> str:
    """The format of a file or folder by its looks. Raises `ImportFaultError` when it does not tell."""
    if path.is_dir():
        if any(path.rglob("*.request.header.txt")):
            return "raw"
        return next(
            (_ENDINGS[inner.suffix] for inner in sorted(path.rglob("*")) if inner.suffix in _ENDINGS), "raw"
        )
    known = _ENDINGS.get(path.suffix.lower())
    if known is None and path.suffix.lower() == ".json":
        known = "har"
    return known or "curl"
