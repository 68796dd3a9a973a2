"""What JSON a prompt asks for: a schema, a type, an example or a list of keys in its messages.

JSON mode itself knows no schema, so frameworks put one into the words. The newest message that has one
speaks, a schema before a type, a type before keys, keys before an example.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import islice
from typing import Any, NamedTuple

from mockserver.answer.course import any_of, known
from mockserver.answer.typed import like, type_by_name, type_named, type_of
from mockserver.base.jsontext import loads_bounded
from mockserver.base.kept import remembered

_LONGEST = 60_000
"""How much of a message is read."""

_MOST = 200
"""How many pieces in braces of a message are looked at."""

_MENTIONS = 2_000
"""How many words of a message are looked at that may begin a list of keys, and how many keys of a list."""

_CUE = 240
"""How far before an example the words may stand that call it one."""

_NEAR = 1_000
"""How far before a list of keys it may be said that JSON is wanted; behind it, as far as a cue."""

_MARK = re.compile(r'\\.|[{}"\n]')
"""What tells braces from those within strings."""

_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_SCHEMA = frozenset({"properties", "$ref", "$defs", "anyOf", "oneOf", "allOf", "items", "enum", "const"})


class Shape(NamedTuple):
    """A schema, and where in `which` of the texts the words stand that gave it."""

    schema: Any
    which: int
    start: int
    end: int


class Piece(NamedTuple):
    """A part of a text in braces, by where it stands."""

    whole: str
    start: int
    end: int

    @property
    def text(self) -> str:
        """The part."""
        return self.whole[self.start : self.end]

    @property
    def before(self) -> str:
        """The words before it, as far as a cue may stand."""
        return self.whole[max(self.start - _CUE, 0) : self.start]


_Found = tuple[Any, int, int] | None
_Find = Callable[["_Text"], _Found]


class _Text:
    """A text in which shapes are looked for, in each way once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pieces = _pieces(text)
        self._found: dict[_Find, _Found] = {}

    @cached_property
    def values(self) -> list[tuple[Piece, Any]]:
        """The pieces that are JSON, each with its value; what is within one of them is passed over."""
        return list(_values(self.pieces))

    def is_json(self, piece: Piece) -> bool:
        """Whether a piece is JSON, or a part of what is."""
        return any(whole.start <= piece.start < whole.end for whole, _ in self.values)

    def by(self, find: _Find) -> _Found:
        """What it asks for in one way."""
        if find not in self._found:
            self._found[find] = find(self)
        return self._found[find]


@remembered(most=32, characters=1 << 17)
def _read(text: str) -> _Text:
    """A text: the words of a system come again with each request."""
    return _Text(text)


def _may(text: str) -> bool:
    """Whether a text may ask for anything: nothing does without braces that does not speak of JSON."""
    return "{" in text or "json" in text.lower()


def shape(texts: Sequence[str]) -> Shape | None:
    """What some texts, the oldest first, ask for; None when they name no keys."""
    heads = ((index, text[:_LONGEST]) for index, text in enumerate(texts))
    asking = [(index, _read(head)) for index, head in heads if _may(head)]
    for find in (_schema, _type, _keys, _example):
        for index, text in reversed(asking):
            found = text.by(find)
            if found is not None:
                return Shape(found[0], index, found[1], found[2])
    return None


def _pieces(text: str) -> list[Piece]:
    """What stands in braces, in the order of the text; what is within another comes behind it."""
    opened: list[int] = []
    spans: list[tuple[int, int]] = []
    for mark, at in _marks(text):
        if mark == "{":
            opened.append(at)
        elif opened:
            spans.append((opened.pop(), at + 1))
    return [Piece(text, start, end) for start, end in sorted(spans)[:_MOST]]


def _marks(text: str) -> Iterator[tuple[str, int]]:
    """The braces of a text and where they stand, without those within a string of JSON.

    Such a string ends in its line: in one that does not, a quotation mark was only that.
    """
    within: list[tuple[str, int]] | None = (
        None  # the braces behind a quotation mark whose end was not met yet
    )
    for match in _MARK.finditer(text):
        mark, at = match[0][-1], match.end() - 1
        escaped = at > match.start()
        if within is None:
            if mark in "{}":
                yield mark, at
            elif mark == '"' and not escaped:
                within = []
        elif mark in "{}" and not escaped:
            within.append((mark, at))
        elif mark == "\n":
            yield from within
            within = None
        elif mark == '"' and not escaped:
            within = None
    yield from within or ()


def _values(pieces: list[Piece]) -> Iterator[tuple[Piece, Any]]:
    """The pieces that are JSON, each with its value; what is within one of them is passed over."""
    done = 0
    for piece in pieces:
        if piece.start < done:
            continue
        try:
            value = loads_bounded(piece.text.encode("utf-8", "surrogatepass"))
        except ValueError:
            continue
        done = piece.end
        yield piece, value


def _schema(text: _Text) -> _Found:
    """The last JSON Schema of a text: examples of schemas stand before what is meant."""
    found: _Found = None
    for piece, value in text.values:
        schema = _unwrapped(value)
        if schema is not None:
            found = (schema, piece.start, piece.end)
    return found


def _unwrapped(value: Any, depth: int = 0) -> Any:
    """The schema that a value is or holds; None when there is none."""
    if not isinstance(value, Mapping) or depth > 2:  # noqa: PLR2004 - response_format, json_schema, schema
        return None
    if _is_schema(value):
        return value
    for name in ("schema", "json_schema", "parameters"):
        inner = _unwrapped(value.get(name), depth + 1)
        if inner is not None:
            return inner
    if value and all(_is_property(below) for below in value.values()):
        return {"type": "object", "properties": dict(value), "required": list(value)}
    return None


def _is_schema(value: Mapping[str, Any]) -> bool:
    if isinstance(value.get("properties"), Mapping):
        return True
    return _is_type(value.get("type")) and not _SCHEMA.isdisjoint(value)


def _is_type(named: Any) -> bool:
    """Whether this is what `type` says in a schema: the name of a type, or a list of them."""
    names = named if isinstance(named, list) else [named]
    return bool(names) and all(isinstance(name, str) and name in _TYPES for name in names)


def _is_property(value: Any) -> bool:
    """Whether a value describes a property, in a map of them."""
    if not isinstance(value, Mapping):
        return False
    return _is_type(value.get("type")) or not _SCHEMA.isdisjoint(value)


@cache
def _declaration() -> re.Pattern[str]:
    return re.compile(r"(?:interface\s++(\w++)[^{\n]*+|type\s++(\w++)\s*+=\s*+|class\s++(\w++)\s*+)$")


def _type(text: _Text) -> _Found:
    """The last declared type of a text, which may speak of those before it; else a type in braces."""
    names: dict[str, Any] = {}
    last: _Found = None
    bare: _Found = None
    done = 0
    for piece in text.pieces:
        if piece.start < done:
            continue
        declared = _declaration().search(piece.before)
        if declared is None and (text.is_json(piece) or not any_of("json", "cues").search(piece.before)):
            continue
        schema = type_of(piece.text, names)
        if schema is None:
            continue
        done = piece.end
        if declared is not None:
            name = next(filter(None, declared.groups()))
            names[name] = schema
            last = (schema, piece.start, piece.end)
        else:
            bare = (schema, piece.start, piece.end)
    return bare or last


def _example(text: _Text) -> _Found:
    """The examples that a text calls so: the keys of all that have one in common."""
    made: dict[str, Any] = {}
    start = end = -1
    for piece, value in text.values:
        if not isinstance(value, Mapping) or not value or not any_of("json", "cues").search(piece.before):
            continue
        schema = like(dict(value))["properties"]
        if made and made.keys().isdisjoint(schema):
            continue
        for name, below in schema.items():
            if name not in made or value[name]:
                made[name] = below
        start, end = (piece.start if start < 0 else start), piece.end
    if not made:
        return None
    return {"type": "object", "properties": made, "required": list(made)}, start, end


@cache
def _listing() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """What begins a list of keys in a line, an item of it, and an item that has a line of its own."""
    keys = known()["json"]
    return tuple(re.compile(keys[name], re.IGNORECASE) for name in ("keys", "key", "line"))  # type: ignore[return-value] # three of them


def _keys(whole: _Text) -> _Found:
    """The keys that a text lists, in a line or one below the other; or the example before that has them."""
    begins, item, line = _listing()
    text = whole.text
    if "json" not in text.lower():
        return None
    for match in islice(begins.finditer(text), _MENTIONS):
        if "json" not in text[max(match.start() - _NEAR, 0) : match.end() + _CUE].lower():
            continue
        found = _row(text, match.end(), item) or _column(text, match.end(), line)
        if found:
            named, end = found
            shown = _shown(whole.pieces, named, match.start())
            if shown is not None:
                return like(shown[1]), shown[0].start, end
            return {"type": "object", "properties": named, "required": list(named)}, match.start(), end
    return None


def _shown(pieces: list[Piece], named: Mapping[str, Any], at: int) -> tuple[Piece, dict[str, Any]] | None:
    """The last example not far before a list of keys that holds them all, at whatever depth."""
    near = [piece for piece in pieces if at - _NEAR < piece.end <= at]
    for piece, value in reversed(list(_values(near))):
        if isinstance(value, Mapping) and value and named.keys() <= set(piece.text.split('"')[1:-1]):
            return piece, dict(value)
    return None


def _row(text: str, at: int, item: re.Pattern[str]) -> tuple[dict[str, Any], int] | None:
    named: dict[str, Any] = {}
    for match in _after_each_other(item, text, at):
        name = next(filter(None, match.group("quoted", "plain")))
        named[name] = _described(name, match["said"] or "")
        at = match.end()
        if not match["more"]:
            break
    return (named, at) if named else None


def _column(text: str, at: int, line: re.Pattern[str]) -> tuple[dict[str, Any], int] | None:
    named: dict[str, Any] = {}
    for match in _after_each_other(line, text, at):
        said = f"{match['type'] or ''} {match['said'] or ''}".strip()
        named[match["name"]] = _described(match["name"], said)
        at = match.end()
    return (named, at) if named else None


def _after_each_other(pattern: re.Pattern[str], text: str, at: int) -> Iterator[re.Match[str]]:
    """What matches from a place on, each where the one before it has ended."""
    for _ in range(_MENTIONS):
        match = pattern.match(text, at)
        if match is None:
            return
        yield match
        at = match.end()


def _described(name: str, said: str) -> dict[str, Any]:
    return {**(type_named(said) or type_by_name(name)), **({"description": said} if said else {})}
