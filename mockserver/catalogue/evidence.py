"""What is known of the backends: facts, each with the models, the region and the date that show it.

The table is `evidence` in `fixtures/families.json`. Of a row is either `recorded` (the models whose
recordings show its facts, or whose answers somebody wrote down, as the source tells) or `of` (the models that
a document speaks of). A fact of a model in a region
comes from the nearest row that has it:

1. its own recordings, 2. a document about it, 3. recordings of a model of its generation and line,
4. of its generation, 5. of its line, the nearest generation first, 6. `default`.

Among equals a row of the same region wins, then one that names no region, then the newest. So a model
that nobody has recorded answers as its relatives do.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, Protocol

from mockserver.base.values import value
from mockserver.catalogue.regions import Region

Standing = Literal["recorded", "documented", "inherited", "assumed"]
"""How well a fact of a model is known; `assumed` is what holds by default."""

_OWN, _SAID, _TWIN, _SIBLING, _LINE, _FAR = range(6)


class Kin(Protocol):
    """What relates a model to others."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def generation(self) -> str:
        """Its generation: a number for Qwen, the maker for others."""
        ...

    @property
    def line(self) -> str:
        """What it is for or how large: max, plus, open, vl ..."""
        ...


@value(kw_only=True)
class Row:
    """A row of the table.

    `recorded`: the models whose recordings show the facts. `of`: which models a document speaks of, by
    `names`, `generations` and `lines`; all that are given must hold. `lends`: to which relatives the facts go
    over: all, those of the same line or generation only, of both ("twins"), or none.
    `confined`: what it says holds in its region alone. `served` false: known, and not what is answered;
    `source` says why.
    """

    facts: Mapping[str, Any]
    source: str
    recorded: tuple[str, ...] = ()
    of: Mapping[str, Collection[str]] | None = None
    region: Region | None = None
    since: str = ""
    lends: Literal["all", "line", "generation", "twins", "none"] = "all"
    confined: bool = False
    served: bool = True

    def distance(self, model: Kin, kin: Mapping[str, Kin]) -> float:
        """How far a model is from those of which the row speaks; infinite when it says nothing of it."""
        if model.name in self.recorded:
            return _OWN
        if self.of is not None:
            return _SAID if _spoken_of(model, self.of) else float("inf")
        return min((self._apart(model, kin[name]) for name in self.recorded), default=float("inf"))

    def _apart(self, model: Kin, other: Kin) -> float:
        same_line, same_generation = model.line == other.line, model.generation == other.generation
        if self.lends == "none":
            return float("inf")
        if same_line and same_generation:
            return _TWIN
        if same_generation and self.lends in ("all", "generation"):
            return _SIBLING
        if same_line and self.lends in ("all", "line"):
            return _LINE + abs(float(model.generation) - float(other.generation)) / 100
        return float("inf")


def _spoken_of(model: Kin, scope: Mapping[str, Collection[str]]) -> bool:
    said = {"names": model.name, "generations": model.generation, "lines": model.line}
    return all(said[key] in allowed for key, allowed in scope.items())


@value
class Finding:
    """A fact of a model: its value, how well it is known, and the row that says so (None: the default)."""

    value: Any
    standing: Standing
    row: Row | None = None


class Evidence:
    """The table, asked for one model in one region."""

    def __init__(self, rows: Iterable[Row], default: Mapping[str, Any], kin: Iterable[Kin]) -> None:
        self._default = default
        self._kin = {model.name: model for model in kin}
        self._by_fact: dict[str, list[Row]] = {}
        self._named: set[str] = set()
        for row in rows:
            self._named.update(row.recorded, () if row.of is None else row.of.get("names", ()))
            if row.served:
                for fact in row.facts:
                    self._by_fact.setdefault(fact, []).append(row)

    @classmethod
    def read(cls, data: Mapping[str, Any], kin: Iterable[Kin], *, without: str | None = None) -> "Evidence":
        """The table of the file; `without` leaves out what a model's own recordings show.

        A row that no recording is left for goes away with them.
        """
        rows = []
        for entry in data["evidence"]:
            recorded = tuple(name for name in entry.get("recorded", ()) if name != without)
            if recorded or "of" in entry:
                rows.append(Row(**{**entry, "recorded": recorded}))
        return cls(rows, data["default"], kin)

    def group(self, model: Kin) -> tuple[str, str, str]:
        """Models of one group have the same facts."""
        return model.generation, model.line, model.name if model.name in self._named else ""

    def facts(self, model: Kin, region: Region) -> dict[str, Finding]:
        """All facts of a model in a region."""
        found = {name: Finding(value, "assumed") for name, value in self._default.items()}
        for name, rows in self._by_fact.items():
            here = [row for row in rows if not row.confined or row.region == region]
            near = [(row.distance(model, self._kin), row) for row in here]
            near = [(distance, row) for distance, row in near if distance < _FAR]
            if near:
                distance, row = max(near, key=lambda one: _rank(one[0], one[1], region))
                found[name] = Finding(row.facts[name], _standing(distance), row)
        return found


def _rank(distance: float, row: Row, region: Region) -> tuple[float, int, str]:
    """The greater the better: near, of this region, new."""
    place = 2 if row.region == region else 1 if row.region is None else 0
    return -distance, place, row.since


def _standing(distance: float) -> Standing:
    if distance == _OWN:
        return "recorded"
    return "documented" if distance == _SAID else "inherited"
