"""Where a value stands, and whether that leads back to where it already is."""

from dataclasses import FrozenInstanceError

import pytest

from mockserver.instances.document import compiled
from mockserver.instances.spots import Spot
from tests.instances.making import Json

TREE: Json = {
    "properties": {
        "left": {"$ref": "#"},
        "leaf": {"$ref": "#/$defs/leaf"},
        "twice": {"allOf": [{"$ref": "#/$defs/leaf"}]},
        "never": {"allOf": [{"$ref": "#"}, False]},
        "plain": {"type": "string"},
    },
    "$defs": {"leaf": {"type": "string"}},
}


@pytest.mark.parametrize(
    ("name", "passed", "recurs"),
    [
        ("left", {""}, True),
        ("left", {"/$defs/leaf"}, False),
        ("left", set(), False),
        ("leaf", {""}, False),
        ("leaf", {"", "/$defs/leaf"}, True),
        ("twice", {"/$defs/leaf"}, True),
        ("plain", {"", "/$defs/leaf"}, False),
        ("never", {""}, False),
    ],
)
def test_a_reference_that_was_passed_leads_back(name: str, passed: set[str], *, recurs: bool) -> None:
    document = compiled(TREE)
    place = document.root.named("properties")[name]
    assert Spot(passed=frozenset(passed)).recurs(document, (place,)) is recurs


def test_one_of_several_places_is_enough() -> None:
    document = compiled(TREE)
    named = document.root.named("properties")
    spot = Spot(passed=frozenset(("",)))
    assert spot.recurs(document, (named["plain"], named["left"]))
    assert not spot.recurs(document, ())


def test_the_first_spot_is_the_whole_instance_and_a_spot_stays_where_it_is() -> None:
    spot = Spot()
    assert (spot.name, spot.depth, spot.passed, spot.deep, spot.listed) == ("", 0, frozenset(), False, False)
    with pytest.raises(FrozenInstanceError):
        spot.depth = 1  # type: ignore[misc]
