"""How a value is broken: pure functions, by the names that `table.json` gives them.

Each takes a value and gives what takes its place: nothing (it is dropped), one value or two of them. `Before`
holds what stood at the same place earlier, and in another conversation.
"""

import html
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus

_LONG = 2000
"""Characters that a careless limit leaves."""

NOTHING: tuple[Any, ...] = ()

KINDS = ("text", "json", "result", "token", "number", "flag", "list", "object", "element", "free")
"""What a place holds.

`token`: a word of few characters; `json`: a text that is JSON; `result`: one that may be; `element`: one of a
list; `free`: nothing.
"""


@dataclass(frozen=True, slots=True)
class Before:
    """What stood at the same place: earlier in this conversation, and in another one.

    `other` is the other value that the table gives.
    """

    stale: Any = None
    foreign: Any = None
    other: Any = None


Operator = Callable[[Any, Before], tuple[Any, ...]]


def copied(document: Any) -> Any:
    """A copy of a document, much faster than `deepcopy`: there is nothing in it but JSON."""
    if isinstance(document, dict):
        return {name: copied(value) for name, value in document.items()}
    return [copied(value) for value in document] if isinstance(document, list) else document


def _text(change: Callable[[str], str]) -> Operator:
    changed = lru_cache(change)  # each request holds what the one before held
    return lambda value, _: (changed(value),) if isinstance(value, str) else (value,)


def _double(value: Any, _: Before) -> tuple[Any, ...]:
    if isinstance(value, bool) or value is None or isinstance(value, dict):
        return (value,)
    return (value + value,)


def _empty(value: Any, _: Before) -> tuple[Any, ...]:
    return (type(value)(),)


def _retype(value: Any, _: Before) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (int(value),)
    if isinstance(value, str):
        return ({"value": value},)
    if isinstance(value, int | float):
        return (str(value),)
    if isinstance(value, list):
        return ({str(at): item for at, item in enumerate(value)},)
    return (json.dumps(value, ensure_ascii=False),)


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def _reserialise(value: Any, _: Before) -> tuple[Any, ...]:
    """JSON is read and written anew: blanks, escapes, digits and repeated keys are lost."""
    read = _parsed(value) if isinstance(value, str) else None
    return (value,) if read is None else (json.dumps(read, separators=(",", ":")),)


def _round(value: Any, _: Before) -> tuple[Any, ...]:
    """Numbers go through the digits of another type, also those inside a JSON text."""
    if isinstance(value, bool):
        return (value,)
    if isinstance(value, float):
        return (round(value),)
    if isinstance(value, int):
        return (round(value, -1),)
    read = _parsed(value) if isinstance(value, str) else None
    if isinstance(read, dict | list):
        doubles = json.loads(value, parse_int=lambda digits: int(float(digits)))
        return (json.dumps(doubles, ensure_ascii=False),) if doubles != read else (value,)
    return (value,)


def _reorder(value: Any, _: Before) -> tuple[Any, ...]:
    return (value[::-1],) if isinstance(value, list) else (value,)


def _of(name: str) -> Operator:
    """Another value takes the place, where there is one."""

    def change(value: Any, before: Before) -> tuple[Any, ...]:
        found = getattr(before, name)
        return (value,) if found is None else (copied(found),)

    return change


def _fold(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


_TEMPLATE = re.compile(r"\{\{.*?\}\}|\$?\{\w*\}|%[sd]|\$\w+", re.DOTALL)
_MARKUP = re.compile(r"</?\w[^<>]*>")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

TEXT: Mapping[str, Callable[[str], str]] = {
    "strip": str.strip,
    "cut-long": lambda text: text[:_LONG],
    "cut-end": lambda text: text[:-1],
    "first-line": lambda text: text.splitlines()[0] if text else text,
    "escape-html": html.escape,
    "escape-json": lambda text: json.dumps(text)[1:-1],
    "escape-url": quote,
    "unescape-html": html.unescape,
    "unescape-url": unquote_plus,
    "unescape-backslash": lambda text: text.replace("\\n", "\n").replace("\\\\", "\\").replace('\\"', '"'),
    "fill-template": lambda text: _TEMPLATE.sub("", text),
    "strip-markup": lambda text: _MARKUP.sub("", text),
    "strip-marks": lambda text: re.sub(r"[*`#]", "", text),
    "compose": lambda text: unicodedata.normalize("NFC", text),
    "decompose": lambda text: unicodedata.normalize("NFD", text),
    "compat-forms": lambda text: unicodedata.normalize("NFKC", text),
    "fold-accents": _fold,
    "unix-lines": lambda text: text.replace("\r\n", "\n").replace("\r", "\n"),
    "one-line": lambda text: " ".join(text.splitlines()),
    "collapse-blanks": lambda text: re.sub(r"[ \t]{2,}", " ", text),
    "drop-invisible": lambda text: _INVISIBLE.sub("", text),
    "drop-control": lambda text: _CONTROL.sub("", _ANSI.sub("", text)),
    "ascii": lambda text: text.encode("ascii", "replace").decode(),
    "basic-plane": lambda text: "".join(c for c in text if c <= "\uffff"),
    "latin": lambda text: text.encode().decode("latin-1"),
    "lower": str.lower,
    "plain-quotes": lambda text: text.replace("’", "'").replace("“", '"').replace("”", '"'),
}
"""Operators on texts, in the order of the table."""

OPERATORS: Mapping[str, Operator] = {
    "drop": lambda _value, _: NOTHING,
    "null": lambda _value, _: (None,),
    "empty": _empty,
    "double": _double,
    "twice": lambda value, _: (value, copied(value)),
    "reorder": _reorder,
    "first-only": lambda value, _: (value[:1],),
    "last-only": lambda value, _: (value[-1:],),
    "stale": _of("stale"),
    "foreign": _of("foreign"),
    "other": _of("other"),
    "retype": _retype,
    "round": _round,
    "one-more": lambda value, _: (value + 1,) if not isinstance(value, bool) else (value,),
    "turned": lambda value, _: (not value,) if isinstance(value, bool) else (value,),
    "reserialise": _reserialise,
    **{name: _text(change) for name, change in TEXT.items()},
}
"""Every operator by its name."""


def differs(value: Any, after: tuple[Any, ...]) -> bool:
    """Whether something else stands there now; 1, 1.0 and true are three values."""
    if len(after) != 1:
        return True
    (new,) = after
    return new != value if isinstance(new, str) and isinstance(value, str) else repr(new) != repr(value)
