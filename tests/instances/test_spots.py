"""Where a value stands, and whether that leads back to where it already is."""

from dataclasses import replace

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
    assert spot.below("a") == Spot("a", 1)
    assert spot == Spot()


def test_behind_references_a_spot_is_deep_where_one_was_passed_before() -> None:
    spot = Spot("a", 2, frozenset(("/x",)), listed=True, kept={"b": 1})
    assert spot.behind(frozenset(("/y",))) == replace(spot, passed=frozenset(("/x", "/y")))
    assert spot.behind(frozenset(("/x", "/y"))).deep
    assert spot.behind(frozenset(("/x",))).behind(frozenset(("/z",))).deep


def test_below_a_spot_a_property_has_what_was_kept_of_it() -> None:
    spot = Spot("a", 2, frozenset(("/x",)), deep=True, listed=True, kept={"b": {"c": 1}, "d": 1})
    assert spot.below("b") == Spot("b", 3, frozenset(("/x",)), deep=True, kept={"c": 1})
    assert [spot.below(name).kept for name in ("d", "e")] == [{}, {}]
