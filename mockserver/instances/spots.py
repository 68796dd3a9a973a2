"""Where in an instance a value stands."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from mockserver.base.values import value
from mockserver.instances.document import Document
from mockserver.instances.facts import DeadEndError, flatten
from mockserver.instances.places import Place

DEEPEST = 48
"""How deep an instance may be nested."""

Places = tuple[Place, ...]
"""Subschemas that all hold for one value."""


@value
class Spot:
    """Where a value stands.

    It has the property's name, how deep it is, the references passed on the way, whether one was passed
    twice, and whether it stands in a list of the property. Of an object that is made again, `kept` are the
    properties that it had: they stay as they were where they may.
    """

    name: str = ""
    depth: int = 0
    passed: frozenset[str] = frozenset()
    deep: bool = False
    listed: bool = False
    kept: Mapping[str, Any] = field(default_factory=dict)

    def behind(self, refs: frozenset[str]) -> "Spot":
        """The same behind some references more."""
        deep = self.deep or not refs.isdisjoint(self.passed)
        return Spot(self.name, self.depth, self.passed | refs, deep, self.listed, self.kept)

    def below(self, name: str) -> "Spot":
        """Where the value of a property stands."""
        kept = self.kept.get(name)
        return Spot(name, self.depth + 1, self.passed, self.deep, kept=kept if isinstance(kept, dict) else {})

    def recurs(self, document: Document, places: Places) -> bool:
        """Whether subschemas lead back to where the instance already is."""
        try:
            return bool(flatten(document, places).refs & self.passed)
        except DeadEndError:
            return False
