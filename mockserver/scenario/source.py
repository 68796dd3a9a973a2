"""Reads a scenario file as data that remembers its lines. YAML is read by its events, never made freely.

Only what JSON has comes out of it: no tags, no merge keys, no dates, no key twice, no endless aliases.
"""

import json
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
from math import isfinite
from pathlib import Path
from sys import intern
from typing import Any

import yaml

from mockserver.base.jsontext import is_writable, values_in
from mockserver.scenario.problem import Spot

Place = tuple[str | int, ...]
"""Where something stands in a document: keys and indexes from its top."""

_MOST = 1_000_000
"""The most values of a file, each alias counted as what it stands for."""

_SIZE = 32 * 1024 * 1024
_DEEPEST = 100
_LEVELS = 200
"""The levels of nesting of a JSON file: what it says is written again, with some more around it."""

_COLUMNS = 1 << 20
"""More columns than anybody looks at: a spot beyond is shown at the last of them."""

_TEXT = "tag:yaml.org,2002:str"
_LISTS_AND_OBJECTS = {None, "!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"}
_AS_TEXT = {f"tag:yaml.org,2002:{name}" for name in ("timestamp", "value")}
_SHOWN = 80
"""The most characters that are shown of a text."""

_WHOLE = range(-(2**63), 2**64)
"""The whole numbers that are written as JSON."""

_HALF = re.compile(r"\\u[dD]([89a-fA-F])(?=[0-9a-fA-F]{2})")
"""How JSON escapes half of a surrogate pair, which YAML does not read."""

_TOO_DEEP = "the file is nested too deeply"
_NO_NUMBER = "put it in quotes if it is a text"
_QUOTES = "put a text with a colon or with {{ }} in quotes"

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _whole(digits: str) -> int:
    """A whole number; of one that is far too long its first digits, which are too many too."""
    return int(digits[:_SHOWN])


def _fraction(text: str) -> float:
    """A number with a point or an exponent; what YAML writes as .inf and .nan is told of later."""
    lower = text.replace("_", "").lower()
    return float(lower.replace(".inf", "inf").replace(".nan", "nan"))


_PLAIN: dict[str, tuple[re.Pattern[str], Callable[[str], Any]]] = {
    "tag:yaml.org,2002:null": (re.compile(r"(?s:.*)"), lambda _: None),
    "tag:yaml.org,2002:bool": (re.compile(r"(?i:true|false)"), lambda text: text.lower() == "true"),
    "tag:yaml.org,2002:int": (re.compile(r"[-+]?(?:0|[1-9][0-9]*)"), _whole),
    "tag:yaml.org,2002:float": (
        re.compile(
            r"[-+]?(?:(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|\.(?i:inf|nan))"
        ),
        _fraction,
    ),
}
"""How scalars of a tag look whose values JSON has too, and how they are read."""


class SourceError(ValueError):
    """A file that cannot be read: where, why, how to mend it, and whether it is not there at all."""

    def __init__(self, spot: Spot, message: str, hint: str = "", *, absent: bool = False) -> None:
        self.spot, self.message, self.hint, self.absent = spot, message, hint, absent
        super().__init__(f"{spot}: {message}{f' ({hint})' if hint else ''}")


@dataclass(slots=True)
class Source:
    """A file's data, and where each of its values stands, as `at_line` packs it."""

    file: Path
    data: Any
    spots: dict[Place, int] = field(default_factory=dict)

    def spot(self, place: Place) -> Spot:
        """Where a value stands, or the nearest one around it."""
        for length in range(len(place), -1, -1):
            packed = self.spots.get(place[:length])
            if packed is not None:
                return Spot(self.file, *divmod(packed, _COLUMNS))
        return Spot(self.file, 1)

    def let_go(self) -> None:
        """Forgets where all stands, one by one: half a million places freed at once hold every thread."""
        while self.spots:
            self.spots.popitem()


def at_line(line: int, column: int) -> int:
    """A line and a column, both from 1, as one number: a large file has half a million of them."""
    return line * _COLUMNS + min(column, _COLUMNS - 1)


@dataclass(slots=True)
class _Anchored:
    """What aliases of an anchor stand for: how many values, which, and where within it each of them stands.

    `size` is 0 while it is read: who names it then holds itself.
    """

    size: int = 0
    value: Any = None
    spots: list[tuple[Place, int]] = field(default_factory=list)


class _Builder:
    """Makes data of the events of a YAML document: no tree of nodes is made, which is far larger."""

    def __init__(self, file: Path, loader: Any, most: int) -> None:
        self.file = file
        self.most = most
        self.loader = loader
        self.spots: dict[Place, int] = {}
        self._size = 0
        self._anchors: dict[str, _Anchored] = {}

    def spot(self, event: Any) -> Spot:
        return Spot(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def document(self) -> Any:
        """The one document of the text; None where there is none. Raises `SourceError` and YAML's own."""
        event = self.loader.get_event
        event()  # the stream begins
        if isinstance(event(), yaml.StreamEndEvent):
            return None
        data = self.build(event(), ())
        event()  # the document ends
        after = event()
        if not isinstance(after, yaml.StreamEndEvent):
            raise SourceError(self.spot(after), "a second document begins", "a scenario file is one document")
        return data

    def build(self, event: Any, place: Place) -> Any:
        """What begins with an event, read to its end."""
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place)
        self._count(1, event)
        if len(place) > _DEEPEST:
            raise self._too_much(event)
        self.spots[place] = at_line(mark.line + 1, mark.column + 1)
        if event.anchor is None:
            return self._value(event, place)
        if event.anchor in self._anchors:
            raise SourceError(self.spot(event), f"the anchor &{event.anchor} stands here twice")
        kept = self._anchors[event.anchor] = _Anchored()
        size, before = self._size, len(self.spots)
        kept.value = self._value(event, place)
        new = islice(reversed(self.spots.items()), len(self.spots) - before + 1)
        kept.spots = [(inner[len(place) :], packed) for inner, packed in new]
        kept.size = self._size - size + 1
        return kept.value

    def _count(self, more: int, event: Any) -> None:
        """Counts values. Raises `SourceError` for too many."""
        self._size += more
        if self._size > self.most:
            raise self._too_much(event)

    def _too_much(self, event: Any) -> SourceError:
        hint = f"it may have {self.most:,} values: use fewer, or fewer or shallower aliases"
        return SourceError(self.spot(event), "the file unfolds to too much", hint)

    def _alias(self, event: Any, place: Place) -> Any:
        """What an alias stands for, made anew: who changes one of them changes no other."""
        kept = self._anchors.get(event.anchor)
        if kept is None:
            raise SourceError(self.spot(event), f"found undefined alias *{event.anchor}")
        if not kept.size or len(place) + max(len(inner) for inner, _ in kept.spots) > _DEEPEST:
            raise self._too_much(event)
        self._count(kept.size, event)
        self.spots.update(((*place, *inner), packed) for inner, packed in kept.spots)
        return deepcopy(kept.value)

    def _value(self, event: Any, place: Place) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if event.tag not in _LISTS_AND_OBJECTS:
            raise SourceError(self.spot(event), f"the tag {event.tag} is not read", "write plain values")
        if isinstance(event, yaml.MappingStartEvent):
            return dict(self._pairs(place))
        return [self.build(item, (*place, at)) for at, item in enumerate(self._until(yaml.SequenceEndEvent))]

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        """The events with which the items of a list or the keys of an object begin."""
        while not isinstance(event := self.loader.get_event(), end):
            yield event

    def _pairs(self, place: Place) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for event in self._until(yaml.MappingEndEvent):
            mark, spot = event.start_mark, self.spot(event)
            key = intern(self._key(event, place))
            if key in seen:
                raise SourceError(spot, f"the key {key!r} stands here twice", f"first on line {seen[key]}")
            seen[key] = spot.line
            built = self.build(self.loader.get_event(), (*place, key))
            # What is wrong with a field is shown at its name.
            self.spots[*place, key] = at_line(mark.line + 1, mark.column + 1)
            yield key, built

    def _key(self, event: Any, place: Place) -> str:
        """The key that an event is, or that its alias stands for; an anchor may stand at either."""
        text = getattr(event, "value", None)
        if isinstance(event, yaml.ScalarEvent | yaml.AliasEvent) and event.anchor is not None:
            beside = (*place, -1)  # no value stands there
            named = self.build(event, beside)
            del self.spots[beside]
            text = named if text is None else text
        if not isinstance(text, str):
            raise SourceError(self.spot(event), "a key must be a text", _QUOTES)
        if isinstance(event, yaml.ScalarEvent) and self._tag(event) == "tag:yaml.org,2002:merge":
            raise SourceError(self.spot(event), "merge keys (<<) are not read", "use variables or include")
        return text

    def _tag(self, event: Any) -> str:
        """The tag of a scalar, its own or that of how it is written."""
        if event.tag is None or event.tag == "!":
            return str(self.loader.resolve(yaml.ScalarNode, event.value, event.implicit))
        return str(event.tag)

    def _scalar(self, event: Any) -> Any:
        tag, text = self._tag(event), str(event.value)
        if tag == _TEXT or tag in _AS_TEXT:
            return text
        if tag not in _PLAIN:
            raise SourceError(self.spot(event), f"the tag {tag} is not read", "write plain values")
        look, read = _PLAIN[tag]
        if look.fullmatch(text):
            return read(text)
        if self.loader.resolve(yaml.ScalarNode, text, (True, False)) == tag:
            # What YAML 1.1 makes of off, no, 12:30 and 0x1F is what nobody meant.
            return text
        kind = tag.rpartition(":")[2]
        raise SourceError(
            self.spot(event), f"{text[:_SHOWN]!r} cannot be read: it is no {kind}", "take the tag out"
        )


def _composed(text: str, file: Path, most: int) -> Source:
    loader = _LOADER(text)
    builder = _Builder(file, loader, most)
    try:
        data = builder.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        spot = Spot(file, 1) if mark is None else Spot(file, mark.line + 1, mark.column + 1)
        raise SourceError(spot, str(error.problem or error.context), _yaml_hint(text, spot)) from None
    except yaml.YAMLError as error:
        raise SourceError(Spot(file, 1), str(error).partition("\n")[0]) from None
    finally:
        loader.dispose()
    return Source(file, data, builder.spots)


def _yaml_hint(text: str, spot: Spot) -> str:
    lines = text.splitlines()
    line = lines[spot.line - 1] if spot.line <= len(lines) else ""
    if "\t" in line:
        return "YAML takes blanks, not tabs, in front of a line"
    if line.count(":") > 1 or "{{" in line:
        return _QUOTES
    return ""


def _as_private(half: re.Match[str]) -> str:
    """An escaped half of a pair as a character for private use: D800 to DFFF as E000 to E7FF."""
    return f"\\ue{int(half[1], 16) - 8}"


def _flaw(value: Any) -> tuple[str, str] | None:
    """Why a value, what it holds apart, cannot be written again as JSON, and how to mend it."""
    if isinstance(value, str) and not is_writable(value):
        message = f"{value[:_SHOWN]!r} holds half a surrogate pair, which UTF-8 cannot carry"
        return message, "write the whole character"
    if isinstance(value, int) and value not in _WHOLE:
        return f"{value} is no whole number of 64 bits", _NO_NUMBER
    if isinstance(value, float) and not isfinite(value):
        return f"{value} is no JSON number", _NO_NUMBER
    if isinstance(value, dict):
        return next(filter(None, map(_flaw, value)), None)
    return None


def _within(place: Place, value: Any) -> Iterator[tuple[Place, Any]]:
    """The values of an object or a list, each with its place."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*place, key), inner


def _checked(source: Source) -> Source:
    """A source all of which can be written again as JSON. Raises `SourceError` for the first that cannot."""
    left: list[Iterator[tuple[Place, Any]]] = [iter([((), source.data)])]
    while left:
        for place, value in left[-1]:
            if (flaw := _flaw(value)) is not None:
                raise SourceError(source.spot(place), *flaw)
            if isinstance(value, dict | list):
                if len(place) >= _LEVELS:
                    raise SourceError(source.spot(place), _TOO_DEEP)
                left.append(_within(place, value))
                break
        else:
            left.pop()
    return source


def read_text(text: str, file: Path, *, most: int = _MOST) -> Source:
    """A scenario's data from its text; a name that ends with .json is JSON.

    Raises `SourceError`, also for a text with more than so many values.
    """
    if file.suffix != ".json":
        return _checked(_composed(text, file, most))
    if sum(map(text.count, ",[{")) >= most and values_in(text.encode()) > most:
        raise SourceError(Spot(file, 1), f"the file has more than {most:,} values")
    try:
        data = json.loads(text, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise SourceError(Spot(file, error.lineno, error.colno), f"this is not JSON: {error.msg}") from None
    except RecursionError:
        raise SourceError(Spot(file, 1), _TOO_DEEP) from None
    try:
        # JSON is YAML but for tabs and for escaped halves of pairs, which is what the lines are lost to.
        spots = _composed(_HALF.sub(_as_private, text.replace("\t", " ")), file, most).spots
    except SourceError as error:
        if "twice" in error.message:
            raise
        spots = {}
    return _checked(Source(file, data, spots))


def read_file(file: Path) -> Source:
    """A scenario's data from its file. Raises `SourceError`."""
    try:
        content = file.read_bytes()
        if len(content) > _SIZE:
            raise SourceError(Spot(file, 1), f"the file has {len(content)} bytes: it may have {_SIZE}")
        return read_text(content.decode("utf-8-sig"), file)
    except OSError as error:
        hint = "name a YAML or JSON file"
        message = f"{file.name} cannot be read: {error.strerror}"
        raise SourceError(Spot(file, 1), message, hint, absent=True) from None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SourceError(Spot(file, line), "this is not UTF-8", "save the file as UTF-8") from None
