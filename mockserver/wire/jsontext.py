"""JSON as the cloud reads and writes it: compact, raw UTF-8, strict.

NaN, lone surrogates, invalid UTF-8 and nesting beyond 1,024 levels are refused on reading.
"""

import re
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


def loads_bounded(text: bytes) -> Any:
    """The value of a JSON text, so that it can be written again as part of an answer.

    Raises `ValueError` when it is no JSON or is nested beyond 200 levels.
    """
    value = loads(text)
    if text.count(b"[") + text.count(b"{") > _LEVELS:
        wrapped = value
        for _ in range(_WRITABLE - _LEVELS):
            wrapped = [wrapped]
        try:
            orjson.dumps(wrapped)
        except TypeError:
            msg = f"nested more than {_LEVELS} levels deep"
            raise ValueError(msg) from None
    return value


dumps = orjson.dumps
"""The compact JSON bytes of a value, keys in the order of the mapping."""


def dump_text(text: str) -> bytes:
    """A JSON string. Lone surrogates, which UTF-8 cannot carry, become U+FFFD."""
    try:
        return orjson.dumps(text)
    except TypeError:
        return orjson.dumps(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))
