"""Templates of the wire: JSON that looks like what is sent, with named holes.

A hole is a string value ``"$name"``. ``"$name?"`` is optional: when its value is not given, its key
(or array element) is left out, and so is an object that loses all its keys in this way. Values are
given as JSON bytes, so each is encoded once.

Templates are compiled to literal pieces once for each set of optional holes that is present;
filling is one formatting.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import orjson

Values = Mapping[str, bytes]

_MARK = "\ue000"
_MARK_BYTES = _MARK.encode()


def _holes(shape: Any) -> list[str]:
    if isinstance(shape, dict):
        return [hole for value in shape.values() for hole in _holes(value)]
    if isinstance(shape, list):
        return [hole for value in shape for hole in _holes(value)]
    return [shape[1:]] if isinstance(shape, str) and shape.startswith("$") else []


class _Absent:
    """Marks a value that is left out."""


_ABSENT = _Absent()


def _prune(shape: Any, present: frozenset[str]) -> Any:
    """The shape without absent optional parts; each hole left is marked by its name."""
    if isinstance(shape, dict):
        kept = {key: _prune(value, present) for key, value in shape.items()}
        kept = {key: value for key, value in kept.items() if value is not _ABSENT}
        return kept if kept or not shape else _ABSENT
    if isinstance(shape, list):
        kept_items = [_prune(value, present) for value in shape]
        return [value for value in kept_items if value is not _ABSENT]
    if isinstance(shape, str) and shape.startswith("$"):
        name = shape[1:]
        if name.endswith("?"):
            name = name[:-1]
            if name not in present:
                return _ABSENT
        return f"{_MARK}{name}{_MARK}"
    return shape


_PLACES: dict[type, bytes] = {bytes: b"%b", int: b"%d"}

Column = Sequence[bytes] | Sequence[int]
"""What fills a hole in one row after the other: all bytes, or all whole numbers."""


def _pattern(literals: Iterable[bytes], places: Iterable[bytes]) -> bytes:
    """The literals as one format, with these places between them."""
    texts = [literal.replace(b"%", b"%%") for literal in literals]
    return b"".join(text + place for text, place in zip(texts, [*places, b""], strict=True))


def _filler(literals: tuple[bytes, ...], holes: tuple[str, ...]) -> Callable[[Values], bytes]:
    """What fills these holes; made once, because many templates are bound and never filled."""
    if not holes:
        return lambda _: literals[0]
    text = _pattern(literals, [b"%b"] * len(holes))
    # One hole is picked as itself, which formats as well as a tuple of one.
    pick: Callable[[Values], Any] = itemgetter(*holes)

    def fill(values: Values) -> bytes:
        filled: bytes = text % pick(values)
        return filled

    return fill


class Compiled:
    """A template whose set of holes is fixed: literals with holes between them."""

    __slots__ = ("_fill", "holes", "literals")

    def __init__(self, literals: tuple[bytes, ...], holes: tuple[str, ...]) -> None:
        self.literals = literals
        self.holes = holes
        self._fill: Callable[[Values], bytes] | None = None

    @property
    def size(self) -> int:
        """About how many bytes it takes, filled once: its literals, and these as a pattern."""
        return 2 * sum(map(len, self.literals))

    def fill(self, values: Values) -> bytes:
        """The bytes, all holes filled. Raises `KeyError` with the name of a hole without value."""
        if self._fill is None:
            self._fill = _filler(self.literals, self.holes)
        return self._fill(values)

    def rows(self, columns: Mapping[str, Column]) -> list[bytes]:
        """The bytes once for each row of these columns, of which each hole has one.

        Raises `KeyError` with the name of a hole without a column.
        """
        rows = [*zip(*[columns[hole] for hole in self.holes], strict=True)]
        if not rows:
            return []
        text = _pattern(self.literals, [_PLACES[type(value)] for value in rows[0]])
        return [text % row for row in rows]

    def bind(self, values: Values, *, before: bytes = b"", after: bytes = b"") -> "Compiled":
        """The template with these holes filled and something put around it; other holes stay open."""
        literals, holes = [before + self.literals[0]], []
        for hole, literal in zip(self.holes, self.literals[1:], strict=True):
            if hole in values:
                literals[-1] += values[hole] + literal
            else:
                holes.append(hole)
                literals.append(literal)
        literals[-1] += after
        return Compiled(tuple(literals), tuple(holes))


class Template:
    """A JSON shape with holes, compiled on first use for each set of optional holes present."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape
        holes = _holes(shape)
        self.optional = frozenset(hole[:-1] for hole in holes if hole.endswith("?"))
        self.required = frozenset(hole for hole in holes if not hole.endswith("?"))
        self._compiled: dict[frozenset[str], Compiled] = {}

    def compiled(self, present: frozenset[str] = frozenset()) -> Compiled:
        """The template for these optional holes present."""
        present &= self.optional
        found = self._compiled.get(present)
        if found is None:
            found = self._compiled[present] = self._compile(present)
        return found

    def fill(self, values: Values) -> bytes:
        """The bytes, with every optional hole that has no value left out."""
        present = self.optional.intersection(values)
        found = self._compiled.get(present)
        return (self.compiled(present) if found is None else found).fill(values)

    def _compile(self, present: frozenset[str]) -> Compiled:
        pruned = _prune(self.shape, present)
        text = orjson.dumps({} if pruned is _ABSENT else pruned)
        pieces = text.replace(b'"' + _MARK_BYTES, _MARK_BYTES).replace(_MARK_BYTES + b'"', _MARK_BYTES)
        parts = pieces.split(_MARK_BYTES)
        return Compiled(tuple(parts[::2]), tuple(part.decode() for part in parts[1::2]))
