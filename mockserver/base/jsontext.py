"""JSON as the cloud reads and writes it: compact, raw UTF-8, strict.

NaN, lone surrogates, invalid UTF-8 and nesting beyond 1,024 levels are refused on reading.
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

_SURROGATE = re.compile("[\ud800-\udfff]")


def loads(text: bytes | str) -> Any:
    """The value of a JSON text. Raises `ValueError` with the reason when it is none."""
    try:
        return orjson.loads(text)
    except RecursionError as error:  # pragma: no cover - orjson reports depth as a decode error
        raise ValueError(str(error)) from error


_WRITABLE = 254
"""The levels of nesting that orjson writes."""

_LEVELS = 200
"""The levels of nesting taken from others: an answer may put some of its own around what it repeats."""

VALUES = 250_000
"""The most values taken from others in one text: to read them is one step, and nobody else has a turn."""

_EXACT = 2**53
"""The widest whole number that a double holds exactly."""

_BETWEEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[,\[{]', re.DOTALL)


def loads_bounded(text: bytes) -> Any:
    """The value of a JSON text, so that it can be written again as part of an answer.

    Raises `ValueError` when it is no JSON, is nested beyond 200 levels or has more than 250,000 values.
    """
    opened = text.count(b"[") + text.count(b"{")
    if opened + text.count(b",") > VALUES and values_in(text) > VALUES:
        msg = f"more than {VALUES:,} values"
        raise ValueError(msg)
    value = loads(text)
    if opened > _LEVELS:
        wrapped = value
        for _ in range(_WRITABLE - _LEVELS):
            wrapped = [wrapped]
        try:
            orjson.dumps(wrapped)
        except TypeError:
            msg = f"nested more than {_LEVELS} levels deep"
            raise ValueError(msg) from None
    return value


def values_in(text: bytes) -> int:
    """How many values a text has, at most: commas and brackets outside of its strings."""
    return 1 + sum(found[0][:1] != b'"' for found in _BETWEEN.finditer(text))


dumps = orjson.dumps
"""The compact JSON bytes of a value, keys in the order of the mapping."""

Written = orjson.Fragment
"""A value whose JSON is known already: it is written as it is."""


_MANY = 20_000
"""So many values of a list are written at once."""


def dumps_in_turns(value: Any) -> bytes:
    """As `dumps`; long lists are written in pieces, so that other threads have their turn in between."""
    return dumps(_pieced(value))


def _pieced(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _pieced(part) for name, part in value.items()}
    if isinstance(value, list) and len(value) > _MANY:
        pieces = [dumps(value[at : at + _MANY])[1:-1] for at in range(0, len(value), _MANY)]
        return orjson.Fragment(b"[%b]" % b",".join(pieces))
    return value


def canonical(text: str) -> str:
    """A JSON text, the same for equal values however they are written; as it is when it is none.

    Blanks, escapes, the order of keys and the `.0` of a whole number are ways of writing: clients that read
    arguments and write them again change them.
    """
    try:
        value = loads_bounded(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return text
    return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS).decode()


def _plain(value: Any) -> Any:
    """A value with its whole numbers as integers, as far as a double tells them apart."""
    if isinstance(value, dict):
        return {name: _plain(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_plain(below) for below in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    return value


def whole_numbers(members: Mapping[str, Any]) -> dict[str, Any]:
    """Members with whole numbers as integers: a schema takes 2.0 for one."""
    return {
        name: int(member) if isinstance(member, float) and member.is_integer() else member
        for name, member in members.items()
    }


def is_writable(text: str) -> bool:
    """Whether UTF-8 can carry a text: no half of a surrogate pair stands alone in it."""
    return text.isascii() or _SURROGATE.search(text) is None


def writable(text: str) -> str:
    """A text that UTF-8 can carry: the halves of a pair put together, and U+FFFD for one alone."""
    if is_writable(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def dump_text(text: str) -> bytes:
    """A JSON string. Lone surrogates, which UTF-8 cannot carry, become U+FFFD."""
    try:
        return orjson.dumps(text)
    except TypeError:
        return orjson.dumps(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))
