"""Reads a scenario file as data that remembers its lines. YAML is composed, never constructed freely.

Only what JSON has comes out of it: no tags, no merge keys, no dates, no key twice, no endless aliases.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mockserver.scenario.problem import Spot

Place = tuple[str | int, ...]
"""Where something stands in a document: keys and indexes from its top."""

_MOST = 1_000_000
"""The most values of a file, each alias counted as what it stands for."""

_SIZE = 32 * 1024 * 1024
_DEEPEST = 100
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str")}
_AS_TEXT = {f"tag:yaml.org,2002:{name}" for name in ("timestamp", "value")}
_JSON = re.compile(r"(?i:true|false)|[-+]?(?:0|[1-9][0-9]*)")
"""The booleans and whole numbers that JSON has too."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SourceError(ValueError):
    """A file that cannot be read: where, why, how to mend it, and whether it is not there at all."""

    def __init__(self, spot: Spot, message: str, hint: str = "", *, absent: bool = False) -> None:
        self.spot, self.message, self.hint, self.absent = spot, message, hint, absent
        super().__init__(f"{spot}: {message}{f' ({hint})' if hint else ''}")


@dataclass(slots=True)
class Source:
    """A file's data, and where each of its values stands."""

    file: Path
    data: Any
    spots: dict[Place, Spot] = field(default_factory=dict)

    def spot(self, place: Place) -> Spot:
        """Where a value stands, or the nearest one around it."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.spots:
                return self.spots[place[:length]]
        return Spot(self.file, 1)

    def let_go(self) -> None:
        """Forgets where all stands, one by one: half a million places freed at once hold every thread."""
        while self.spots:
            self.spots.popitem()


class _Builder:
    """Makes data of a composed YAML document."""

    def __init__(self, file: Path, loader: Any) -> None:
        self.file = file
        self.loader = loader
        self.spots: dict[Place, Spot] = {}
        self._sizes: dict[yaml.Node, int] = {}

    def spot(self, node: yaml.Node) -> Spot:
        return Spot(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def measure(self, node: yaml.Node) -> int:
        """How many values a node unfolds to, each list and mapping looked at once.

        Nothing is unfolded for it: what aliases stand for over and over would take long to make. Raises
        `SourceError` for too many.
        """
        if isinstance(node, yaml.ScalarNode):
            return 1
        known = self._sizes.get(node)
        if known is not None:
            return known
        self._sizes[node] = _MOST + 1  # one that holds itself has no end
        size = 1
        if isinstance(node, yaml.MappingNode):
            size += sum(self.measure(value) for _, value in node.value)
        elif isinstance(node, yaml.SequenceNode):
            size += sum(map(self.measure, node.value))
        if size > _MOST:
            raise self.too_much(self.spot(node))
        self._sizes[node] = size
        return size

    @staticmethod
    def too_much(spot: Spot) -> SourceError:
        return SourceError(spot, "the file unfolds to too much", "use fewer or shallower aliases")

    def let_go(self) -> None:
        """Takes apart what was measured, one by one, for the same reason."""
        while self._sizes:
            self._sizes.popitem()[0].value = ()

    def build(self, node: yaml.Node, place: Place) -> Any:
        spot = self.spot(node)
        if len(place) > _DEEPEST:
            raise self.too_much(spot)
        self.spots[place] = spot
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, place))
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, at)) for at, item in enumerate(node.value)]
        return self._scalar(node, spot)

    def _pairs(self, node: yaml.MappingNode, place: Place) -> Iterator[tuple[str, Any]]:
        seen: dict[str, Spot] = {}
        for key_node, value in node.value:
            spot = self.spot(key_node)
            if key_node.tag == "tag:yaml.org,2002:merge":
                raise SourceError(spot, "merge keys (<<) are not read", "use variables or include")
            if not isinstance(key_node, yaml.ScalarNode):
                raise SourceError(spot, "a key must be a text")
            key = str(key_node.value)
            if key in seen:
                raise SourceError(
                    spot, f"the key {key!r} stands here twice", f"first on line {seen[key].line}"
                )
            seen[key] = spot
            built = self.build(value, (*place, key))
            # What is wrong with a field is shown at its name.
            self.spots[*place, key] = spot
            yield key, built

    def _scalar(self, node: yaml.Node, spot: Spot) -> Any:
        if node.tag in _AS_TEXT:
            return node.value
        if node.tag not in _PLAIN:
            raise SourceError(spot, f"the tag {node.tag} is not read", "write plain values")
        try:
            value = self.loader.construct_object(node)
        except (ValueError, yaml.YAMLError) as error:
            raise SourceError(spot, f"{str(node.value)[:80]!r} cannot be read: {error}") from None
        text = str(node.value)
        if node.tag.endswith((":bool", ":int")) and not _JSON.fullmatch(text):
            # What YAML 1.1 makes of off, no, 12:30 and 0x1F is what nobody meant.
            return text
        if isinstance(value, float) and value - value != 0:
            raise SourceError(spot, f"{node.value!r} is no JSON number", "put it in quotes if it is a text")
        return value


def _composed(text: str, file: Path) -> Source:
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        builder = _Builder(file, loader)
        data = None
        if node is not None:
            builder.measure(node)
            data = builder.build(node, ())
            builder.let_go()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        spot = Spot(file, 1) if mark is None else Spot(file, mark.line + 1, mark.column + 1)
        raise SourceError(spot, str(error.problem or error.context), _yaml_hint(text, spot)) from None
    except yaml.YAMLError as error:
        raise SourceError(Spot(file, 1), str(error).partition("\n")[0]) from None
    except RecursionError:
        raise SourceError(Spot(file, 1), "the file is nested too deeply") from None
    finally:
        loader.dispose()
    return Source(file, data, builder.spots)


def _yaml_hint(text: str, spot: Spot) -> str:
    lines = text.splitlines()
    line = lines[spot.line - 1] if spot.line <= len(lines) else ""
    if "\t" in line:
        return "YAML takes blanks, not tabs, in front of a line"
    if line.count(":") > 1 or "{{" in line:
        return "put a text with a colon or with {{ }} in quotes"
    return ""


def read_text(text: str, file: Path) -> Source:
    """A scenario's data from its text; a name that ends with .json is JSON. Raises `SourceError`."""
    if file.suffix != ".json":
        return _composed(text, file)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(Spot(file, error.lineno, error.colno), f"this is not JSON: {error.msg}") from None
    except RecursionError:
        raise SourceError(Spot(file, 1), "the file is nested too deeply") from None
    try:
        # JSON is YAML but for tabs, which is what the lines are lost to.
        return Source(file, data, _composed(text.replace("\t", " "), file).spots)
    except SourceError as error:
        if "twice" in error.message:
            raise
        return Source(file, data)


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
