"""Values whose `repr` is short, however large they are.

A library that says what is wrong with a value puts all of it into its words, once for each rule that it
tries. Of 12 MB that takes a twentieth of a second each time, in which no other thread of the process runs.
"""

from collections.abc import Callable, ItemsView, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from mockserver.base.jsontext import dumps

MOST = 200
"""So many characters of a value are shown."""

_CUT = "..."


class _Style(NamedTuple):
    """How a value is written: what has no parts, what stands between a key and its value, and between two."""

    leaf: Callable[[Any], str]
    colon: str
    comma: str


_PYTHON = _Style(repr, ": ", ", ")
_JSON = _Style(lambda leaf: dumps(leaf).decode(), ":", ",")


def shown(value: object, *, most: int = MOST, style: _Style = _PYTHON) -> str:
    """The `repr` of a JSON value, or how that begins; nothing of it costs more than what is shown."""
    text = ""
    for piece in _pieces(value, most, style):
        text += piece
        if len(text) > most:
            return text[:most] + _CUT
    return text


def as_json(value: object, *, most: int) -> str:
    """The JSON of a value, or how that begins, at the same cost."""
    return shown(value, most=most, style=_JSON)


def _pieces(value: object, most: int, style: _Style) -> Iterator[str]:
    if isinstance(value, str):
        yield style.leaf(str(value[: most + 1]))
    elif not isinstance(value, list | dict):
        yield style.leaf(value)
    elif isinstance(value, dict):
        pairs = (
            (_pieces(key, most, style), (style.colon,), _pieces(each, most, style))
            for key, each in value.items()
        )
        yield from _among("{", map(chain.from_iterable, pairs), style.comma, "}")
    else:
        parts = (_pieces(each, most, style) for each in value)
        yield from _among("[", parts, style.comma, "]")


def _among(begin: str, parts: Iterable[Iterable[str]], comma: str, end: str) -> Iterator[str]:
    yield begin
    for at, part in enumerate(parts):
        if at:
            yield comma
        yield from part
    yield end


class _Brief:
    """What is shown by how it begins."""

    __slots__ = ()

    def __repr__(self) -> str:
        return shown(self)


class _Holder(_Brief):
    """One of whose parts each is brief as well when it is taken out."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        return map(brief, super().__iter__())  # type: ignore[misc] # that of what it holds them by

    def __getitem__(self, at: Any) -> Any:
        return brief(super().__getitem__(at))  # type: ignore[misc]


class Text(_Brief, str):
    """A long text."""

    __slots__ = ()


class Array(_Holder, list[Any]):
    """A list."""

    __slots__ = ()


class Object(_Holder, dict[str, Any]):
    """An object; its keys are brief, too."""

    __slots__ = ()

    def items(self) -> Any:
        """Its keys and values."""
        return ItemsView(self)


def brief(value: Any) -> Any:
    """The same value with a short `repr`; what is in a list or an object has one when it is taken out."""
    if isinstance(value, str):
        return Text(value) if len(value) > MOST else value
    if isinstance(value, list):
        return Array(value)
    return Object(value) if isinstance(value, dict) else value
