"""The JSON documents inside a body: a whole body, or the data of each frame; found, read, put back."""

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.base.jsontext import writable

Edit = tuple[int, int, bytes]
"""A part of a body, from and to, and what stands there then."""

UNREADABLE = object()
"""What `parse` gives for a text that is no JSON; JSON's own null is None."""

_DATA = re.compile(rb"(?:^|(?<=[\r\n]))(?:\xef\xbb\xbf)?data:[ ]?([^\r\n]*)")
_SSE = re.compile(rb"(?:\xef\xbb\xbf)?(?:id|event|data|retry|)[^\r\n{\[]{0,40}:")


_UTF8 = getincrementaldecoder("utf-8")
_PIECE = 256 * 1024

_LEVELS = 200
"""The levels of nesting that are read; what walks through a value calls itself for each."""


def parse(text: str | bytes) -> Any:
    """The value of a JSON text; `UNREADABLE` when it is none or is nested beyond 200 levels."""
    return parse_all(text)[0]


def unreadable(text: bytes) -> str:
    """Why `parse` cannot read a text."""
    try:
        json.loads(text)
    except RecursionError:
        pass
    except ValueError:
        return "it is no JSON, or cut; write the file again"
    return f"its JSON is nested more than {_LEVELS} levels deep; no recorder writes so, and no client asks so"


def parse_all(text: str | bytes) -> tuple[Any, list[dict[str, Any]]]:
    """The same, and the objects whose members a later one of the same name hides, with these alone."""
    doubles: list[dict[str, Any]] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        kept = dict(pairs)
        if len(kept) < len(pairs):
            doubles.extend({name: value} for name, value in pairs if kept[name] is not value)
        return kept

    try:
        value = json.loads(text, object_pairs_hook=members)
    except (ValueError, RecursionError):
        return UNREADABLE, []
    return (UNREADABLE, []) if _is_deep(value, text) else (value, doubles)


def _is_deep(value: Any, text: str | bytes) -> bool:
    """Whether a value is nested beyond what is read. Few texts have so many brackets at all."""
    if isinstance(text, bytes):
        brackets = text.count(b"[") + text.count(b"{")
    else:
        brackets = text.count("[") + text.count("{")
    if brackets <= _LEVELS:
        return False
    level = [value]
    for _ in range(_LEVELS + 1):
        inner: list[Any] = []
        for item in level:
            inner += item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        if not inner:
            return False
        level = inner
    return True


def sayable(value: Any) -> Any:
    """A value with texts that UTF-8 can say.

    JSON may hold half of a surrogate pair, such as where a stream cuts an emoji in two.
    """
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, list):
        return [sayable(item) for item in value]
    if isinstance(value, dict):
        return {sayable(name): sayable(item) for name, item in value.items()}
    return value


def _strict(text: str) -> bool:
    """Whether a document is JSON to every reader; Python's own takes NaN and Infinity too."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        json.loads(text, parse_constant=refuse)
    except ValueError:
        return False
    return True


def as_readable(before: "Sequence[Place]", body: bytes) -> bool:
    """Whether a body that was changed holds as many documents as before, all that were JSON still JSON."""
    after = find(body)
    return len(after) >= len(before) and all(
        _strict(new.text) or not _strict(old.text) for old, new in zip(before, after, strict=False)
    )


def dump_like(value: Any, model: str) -> str:
    """JSON in the style of another text: its blanks, and whether it escapes what is not ASCII."""
    spaced = re.search(r'[{,]\s*"(?:[^"\\]|\\.)*"\s*:\s', model) is not None
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps(value, ensure_ascii=model.isascii(), separators=separators)


def text_of(body: bytes, errors: str) -> str:
    """A body as a text. What is none is decoded in pieces: a call that mends many bytes holds all others."""
    decoder = _UTF8(errors)
    pieces = [decoder.decode(body[at : at + _PIECE]) for at in range(0, len(body), _PIECE)]
    return "".join([*pieces, decoder.decode(b"", final=True)])


@dataclass(frozen=True, slots=True)
class Place:
    """One document of a body: where it stands, its text and its value.

    `doubles`: its members that a later one of the same name hides, each in an object of its own.
    """

    start: int
    stop: int
    text: str
    value: Any
    doubles: tuple[dict[str, Any], ...] = ()


def is_sse(body: bytes) -> bool:
    """Whether a body looks like Server-Sent Events."""
    return body[:1] not in (b"{", b"[") and _SSE.match(body) is not None


def find(body: bytes) -> list[Place]:
    """The documents of a body: of each `data:` line of a stream, or the body itself."""
    spans = [match.span(1) for match in _DATA.finditer(body)] if is_sse(body) else [(0, len(body))]
    places = []
    for start, stop in spans:
        text = text_of(body[start:stop], "replace")
        value, doubles = parse_all(text)
        if isinstance(value, dict | list | str):
            places.append(Place(start, stop, text, value, tuple(doubles)))
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
    return b"".join(parts), list(_moved(ends, ordered))


def _moved(ends: Iterable[int], edits: Sequence[Edit]) -> Iterator[int]:
    """Where rising ends stand behind rising edits; both are walked through once."""
    shift = at = 0
    for end in ends:
        while at < len(edits) and edits[at][1] <= end:
            start, stop, new = edits[at]
            shift += len(new) - (stop - start)
            at += 1
        inside = at < len(edits) and edits[at][0] < end
        yield edits[at][0] + shift + len(edits[at][2]) if inside else end + shift
