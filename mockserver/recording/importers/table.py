"""The formats of `fixtures/recorders.json`: how a file is known, and how an entry of it is read.

Raises `ImportFaultError` for what cannot be read, with the place and the reason.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from mockserver.base.resources import fixture
from mockserver.recording.importers import pieces
from mockserver.recording.importers.bodies import READERS
from mockserver.recording.importers.opening import Numbers
from mockserver.recording.importers.told import Body, Told, mark_of

_LOOKED_AT = 50
"""How many entries of a list are looked at for a sign."""

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,12})?)(ns|us|µs|μs|ms|s|m|h)")
_MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 36e5}
_MOST_MILLISECONDS = 1e9
"""Twelve days: no answer takes longer."""


@dataclass(frozen=True, slots=True)
class Format:
    """One format: its name, the tools that write it, how it is read.

    One with a reader of its own has no fields.
    """

    name: str
    tools: str
    signs: tuple[str, ...]
    kept: str
    lost: str
    numbers: Numbers = "text"
    entries: str = ""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    body: str = "text"
    headers: bool = True


@cache
def formats() -> tuple[Format, ...]:
    """All formats, in the order in which a file is held against them."""
    made = []
    for row in fixture("recorders")["formats"]:
        fields = {name: tuple(paths) for name, paths in row.get("fields", {}).items()}
        made.append(Format(**{**row, "signs": tuple(row["signs"]), "fields": fields}))
    return tuple(made)


def by_name(name: str) -> Format:
    """The format of a name."""
    return next(one for one in formats() if one.name == name)


def _at(value: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _stands(value: Any, steps: list[str]) -> bool:
    if not steps:
        return True
    step, *rest = steps
    if step == "*":
        return isinstance(value, list) and any(_stands(item, rest) for item in value[:_LOOKED_AT])
    return isinstance(value, dict) and step in value and _stands(value[step], rest)


def format_of(document: Any) -> Format | None:
    """The format of a document by its signs; None when it has none."""
    for one in formats():
        if any(_stands(document, sign.split(".")) for sign in one.signs):
            return one
    return None


def milliseconds(text: Any) -> float:
    """A duration as Go writes it, such as 1m2.5s; 0 for what is none."""
    if not isinstance(text, str):
        return 0.0
    parts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        return 0.0
    total = sum(float(number) * _MILLISECONDS[unit] for number, unit in parts)
    return total if total < _MOST_MILLISECONDS else 0.0


def entries_of(document: Any, one: Format, where: str) -> list[Any]:
    """The entries of a document. Raises `ImportFaultError`."""
    found = _at(document, one.entries)
    if not isinstance(found, list):
        raise pieces.fault(
            where, f"it is no file of {one.tools}: it has no list {one.entries or 'at its top'}"
        )
    return found


class _Entry:
    """An entry, read by the paths of its format."""

    def __init__(self, entry: dict[str, Any], one: Format, where: str) -> None:
        self._entry, self._format, self._where = entry, one, where

    def get(self, name: str) -> Any:
        """What stands at the first of a field's paths that holds something."""
        paths = self._format.fields.get(name, ())
        return next((found for path in paths if (found := _at(self._entry, path)) is not None), None)

    def body(self, name: str) -> Body:
        beside = self._entry if name == "answered" else {}  # what stands there tells of the answer
        return READERS[self._format.body](self.get(name), self._where, self._format.name, beside)

    def pairs(self, name: str) -> list[tuple[str, str]]:
        held = self.get(name)
        if (
            isinstance(held, list) and held and not isinstance(held[0], list | dict)
        ):  # nock: name, value, name, value
            held = [[key, value] for key, value in zip(held[::2], held[1::2], strict=False)]
        return pieces.pairs(held, self._where)


def told(entry: Any, one: Format, where: str) -> Told:
    """What an entry tells. Raises `ImportFaultError`."""
    if not isinstance(entry, dict):
        raise pieces.fault(where, "it is no interaction with request and response")
    read = _Entry(entry, one, where)
    length = read.get("length")
    sized = isinstance(length, str) and length.isdecimal() and read.get("unpacked") != "true"
    return Told(
        method=pieces.method_of(read.get("method"), where),
        target=pieces.target_of(read.get("url"), where),
        sent=read.pairs("sent"),
        asked=read.body("asked"),
        status=pieces.status_of(read.get("status"), where),
        headers=read.pairs("headers"),
        answered=read.body("answered"),
        recorded=pieces.moment_of(read.get("recorded")),
        first=milliseconds(read.get("first")),
        last=milliseconds(read.get("first")),
        length=int(length) if sized else None,
        headless=not one.headers,
        mark=mark_of(read.get("mark")),
    )
