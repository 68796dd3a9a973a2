"""What the candidates of arrays and objects ask of the maker that checks them."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from mockserver.instances.document import Document
from mockserver.instances.facts import Facts, Plain
from mockserver.instances.places import Place
from mockserver.instances.spots import Places, Spot


class Making(Protocol):
    """One attempt at an instance, as `mockserver.instances.maker.Maker` goes about it."""

    document: Document
    numbers: Iterator[int]
    formats: bool
    brief: bool

    @property
    def lean(self) -> bool:
        """Whether to leave out what may be left out."""

    def step(self, weight: int = 1) -> None:
        """Counts a step. Raises where there may be none more."""

    def given(self, places: Places, name: str) -> bool:
        """Whether the user's words give a value for a property."""

    def told(self, places: Places) -> int:
        """How many objects the user's words tell of, by what shows in a text what it is."""

    def make(self, places: Places, spot: Spot) -> Any:
        """The first valid value. Raises `DeadEndError` when there is none."""

    def leaf(self, leaf: Plain, name: str, *, listed: Sequence[Any] | None = None) -> Any:
        """A value that may be any of its type; None where it has to be made otherwise.

        `listed` is for an item: what the words offer for the items of its list.
        """

    def values(self, places: Places, spot: Spot) -> Iterator[Any]:
        """The valid values among those proposed, at least one. Raises `DeadEndError` when there is none."""

    def refusing(self, places: Places, value: Any) -> Place | None:
        """The first of the subschemas that a value does not fit; None when it fits all."""

    def offers(self, facts: Facts, spot: Spot) -> list[Any]:
        """What the user's words offer for a value."""
