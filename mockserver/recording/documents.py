"""The JSON documents inside a body: a whole body, or the data of each frame; found, read, put back."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Edit = tuple[int, int, bytes]
"""A part of a body, from and to, and what stands there then."""

UNREADABLE = object()
"""What `parse` gives for a text that is no JSON; JSON's own null is None."""

_DATA = re.compile(rb"(?:^|(?<=[\r\n]))(?:\xef\xbb\xbf)?data:[ ]?([^\r\n]*)")
_SSE = re.compile(rb"(?:\xef\xbb\xbf)?(?:id|event|data|retry|)[^\r\n{\[]{0,40}:")


def parse(text: str | bytes) -> Any:
    """The value of a JSON text; `UNREADABLE` when it is none or is nested beyond reason."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return UNREADABLE


def dump_like(value: Any, model: str) -> str:
    """JSON in the style of another text: its blanks, and whether it escapes what is not ASCII."""
    spaced = re.search(r'[{,]\s*"(?:[^"\\]|\\.)*"\s*:\s', model) is not None
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(value, ensure_ascii=model.isascii(), separators=separators)


@dataclass(frozen=True, slots=True)
class Place:
    """One document of a body: where it stands, its text and its value."""

    start: int
    stop: int
    text: str
    value: Any


def is_sse(body: bytes) -> bool:
    """Whether a body looks like Server-Sent Events."""
    return body[:1] not in (b"{", b"[") and _SSE.match(body) is not None


def find(body: bytes) -> list[Place]:
    """The documents of a body: of each `data:` line of a stream, or the body itself."""
    spans = [match.span(1) for match in _DATA.finditer(body)] if is_sse(body) else [(0, len(body))]
    places = []
    for start, stop in spans:
        text = body[start:stop].decode("utf-8", "replace")
        value = parse(text)
        if isinstance(value, dict | list | str):
            places.append(Place(start, stop, text, value))
    return places


def choices_of(document: Any) -> list[dict[str, Any]]:
    """The choices of an answer or of a piece of one, of either dialect; empty when it has none."""
    if not isinstance(document, dict):
        return []
    output = document.get("output")
    held = (output if isinstance(output, dict) else document).get("choices")
    return [choice for choice in held if isinstance(choice, dict)] if isinstance(held, list) else []


def splice(body: bytes, ends: Sequence[int], edits: Iterable[Edit]) -> tuple[bytes, list[int]]:
    """A body with parts exchanged, and where its chunks end then.

    A border inside an exchanged part moves behind it.
    """
    ordered = sorted(edits)
    if not ordered:
        return body, list(ends)
    parts, at = [], 0
    for start, stop, new in ordered:
        parts += [body[at:start], new]
        at = stop
    parts.append(body[at:])
    return b"".join(parts), [_moved(end, ordered) for end in ends]


def _moved(end: int, edits: Sequence[Edit]) -> int:
    shift = 0
    for start, stop, new in edits:
        if stop <= end:
            shift += len(new) - (stop - start)
        elif start < end:
            return start + shift + len(new)
    return end + shift
