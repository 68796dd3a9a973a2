"""JSON as the cloud reads and writes it: compact, raw UTF-8, strict.

NaN, lone surrogates, invalid UTF-8 and nesting beyond 1,024 levels are refused on reading.
"""

from typing import Any

import orjson


def loads(text: bytes | str) -> Any:
    """The value of a JSON text. Raises `ValueError` with the reason when it is none."""
    try:
        return orjson.loads(text)
    except RecursionError as error:  # pragma: no cover - orjson reports depth as a decode error
        raise ValueError(str(error)) from error


dumps = orjson.dumps
"""The compact JSON bytes of a value, keys in the order of the mapping."""


def dump_text(text: str) -> bytes:
    """A JSON string. Lone surrogates, which UTF-8 cannot carry, become U+FFFD."""
    try:
        return orjson.dumps(text)
    except TypeError:
        return orjson.dumps(text.encode("utf-8", "replace").decode())
