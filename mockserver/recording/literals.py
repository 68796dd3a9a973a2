"""The string literals in a text that is JSON, or was to become some, where no parser helps."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"(\s*+:)?+|\\?\Z)', re.DOTALL)
"""A literal, closed or not, and the colon behind a name. It never gives back what it has read."""


@dataclass(frozen=True, slots=True)
class Literal:
    """One literal: where its inside stands, what it says, whether it is a name and holds an escape."""

    start: int
    stop: int
    said: str
    name: bool
    escaped: bool


def _said(inside: str) -> str:
    try:
        return str(json.loads(f'"{inside}"', strict=False))
    except ValueError:
        return inside


def literals(text: str) -> Iterator[Literal]:
    """The literals of a text, in order; the last may have no end."""
    if '"' not in text:
        return
    for match in _LITERAL.finditer(text):
        inside = match[1]
        escaped = "\\" in inside
        start, stop = match.span(1)
        yield Literal(start, stop, _said(inside) if escaped else inside, match[2] is not None, escaped)
