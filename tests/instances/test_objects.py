"""Candidates for objects: complete, then with less, then varied."""

import re
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.deadline import Deadline
from mockserver.instances.document import compiled
from mockserver.instances.facts import DeadEndError, Facts, flatten
from mockserver.instances.maker import Maker
from mockserver.instances.objects import objects
from mockserver.instances.spots import Spot
from mockserver.instances.words import Words
from tests.instances.making import INTEGER, STRING, Json, drawn


def proposed(
    schema: Json, said: str = "Hello", *, sparse: bool = False, seed: int = 0, most: int = 40
) -> list[Json]:
    """The first candidates for an object."""
    document = compiled(schema)
    still = Deadline(1, timer=lambda: 0)
    maker = Maker(document, drawn(seed), Words.of(said), sparse=sparse, deadline=still)
    facts = Facts(tuple(flatten(document, (document.root,)).places), "schema")
    return list(islice(objects(maker, facts, Spot(passed=frozenset(("",)))), most))


def fixed(**values: Any) -> Json:
    """Properties that can have one value each."""
    return {name: {"const": value} for name, value in values.items()}


THREE: Json = {"properties": fixed(a=1, b=2, c=3), "required": ["b"]}


def test_the_complete_one_comes_first_then_those_with_less() -> None:
    assert proposed(THREE, most=6) == [
        {"a": 1, "b": 2, "c": 3},
        {"b": 2, "c": 3},
        {"a": 1, "b": 2},
        {"b": 2},
        {"a": 1, "b": 2},
        {"b": 2, "c": 3},
    ]


def test_what_is_left_out_leaves_as_many_as_there_must_be() -> None:
    told = proposed({**THREE, "minProperties": 2}, most=4)
    assert told[3] == {"a": 1, "b": 2}


def test_then_their_values_are_varied_one_at_a_time() -> None:
    told = proposed({"properties": {"a": {"enum": [1, 2]}, "b": {"const": 0}}, "required": ["a", "b"]})
    assert {(one["a"], one["b"]) for one in told} == {(1, 0), (2, 0)}


@pytest.mark.parametrize(
    ("more", "first"),
    [
        ({}, {"b": 2}),
        ({"minProperties": 2}, {"a": 1, "b": 2}),
        ({"required": ["c", "b"]}, {"b": 2, "c": 3}),
    ],
)
def test_a_sparse_one_has_what_it_needs(more: Json, first: Json) -> None:
    assert proposed({**THREE, **more}, sparse=True)[0] == first


def test_there_are_never_more_properties_than_allowed() -> None:
    assert {tuple(one) for one in proposed({**THREE, "maxProperties": 1})} == {("b",)}
    assert max(map(len, proposed({**THREE, "maxProperties": 2}))) == 2


@pytest.mark.parametrize(
    ("schema", "names"),
    [
        ({"additionalProperties": {"const": 0}, "minProperties": 2}, {"key_1", "key_2"}),
        ({**THREE, "minProperties": 5}, {"a", "b", "c", "key_1", "key_2"}),
        ({"propertyNames": {"enum": ["x", "y"]}, "minProperties": 2}, {"x", "y"}),
        ({"properties": fixed(a=1, b=2), "propertyNames": {"enum": ["a"]}}, {"a"}),
        ({"properties": {"a": {"const": 1}, "b": False}}, {"a"}),
        ({}, set()),
    ],
)
def test_names_that_are_not_given_are_made_where_they_are_needed(schema: Json, names: set[str]) -> None:
    assert proposed(schema)[0].keys() == names


def test_names_of_a_pattern_fit_it() -> None:
    first = proposed(
        {"patternProperties": {"^x-[0-9]$": {"const": 9}}, "additionalProperties": False, "minProperties": 2}
    )[0]
    assert len(first) == 2
    assert [name for name in first if not (name.startswith("x-") and name[2:].isdecimal())] == []
    assert set(first.values()) == {9}


def test_what_a_property_requires_is_required_in_turn() -> None:
    chain = {
        "properties": fixed(a=1, b=2, c=3),
        "required": ["a"],
        "dependentRequired": {"a": ["b"], "b": ["c"]},
    }
    assert proposed(chain, sparse=True)[0] == {"a": 1, "b": 2, "c": 3}
    old = {"properties": fixed(a=1, b=2), "required": ["a"], "dependencies": {"a": ["b"]}}
    assert proposed(old, sparse=True)[0] == {"a": 1, "b": 2}
    free = {**chain, "required": []}
    assert proposed(free, sparse=True)[0] == {}


def test_a_property_is_all_that_is_said_of_it() -> None:
    schema = {
        "properties": {"x-a": {"enum": [1, 2]}},
        "patternProperties": {"^x-": {"enum": [2, 3]}},
        "required": ["x-a"],
    }
    assert proposed(schema)[0] == {"x-a": 2}


def test_a_property_gets_what_the_words_have_for_it() -> None:
    schema = {"properties": {"city": STRING, "days": INTEGER}, "required": ["city", "days"]}
    assert proposed(schema, "weather in Paris for 3 days")[0] == {"city": "Paris", "days": 3}


def test_a_text_serves_several_properties_where_it_must() -> None:
    schema = {"properties": {"city": STRING, "destination": STRING}}
    assert proposed(schema, "weather in Oslo")[0] == {"city": "Oslo", "destination": "Oslo"}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (
            {"required": ["a", "b"], "maxProperties": 1},
            "schema: maxProperties 1 is below the 2 required properties",
        ),
        ({"minProperties": 1001}, "schema: it needs 1001 properties, more than the 1000 that the mock makes"),
        ({"minProperties": 2, "maxProperties": 1}, "schema: minProperties 2 is above maxProperties 1"),
        (
            {"required": ["a"], "dependentRequired": {"a": ["b"]}, "maxProperties": 1},
            "schema: maxProperties 1 is below the 2 required properties",
        ),
    ],
)
def test_where_no_object_can_be_the_reason_is_told(schema: Json, words: str) -> None:
    with pytest.raises(DeadEndError, match=f"^{words}$"):
        proposed(schema)


NAMES = st.sampled_from("abcd")


@given(
    given_=st.lists(NAMES, unique=True, max_size=4),
    needed=st.lists(NAMES, unique=True, max_size=3),
    least=st.integers(0, 4),
    seed=st.integers(0, 9),
)
def test_the_first_has_all_that_is_given_and_needed(
    given_: list[str], needed: list[str], least: int, seed: int
) -> None:
    schema: Json = {
        "properties": fixed(**dict.fromkeys(given_, 0)),
        "required": needed,
        "minProperties": least,
    }
    told = proposed(schema, seed=seed)
    assert told[0].keys() >= {*given_, *needed}
    assert len(told[0]) >= least
    assert [one for one in told if one.get("a", 0) != 0 and "a" in given_] == []


@pytest.mark.parametrize(
    ("pattern", "least"), [("^x-", 30), ("-y$", 200), ("^[a-z]{2}$", 100), ("^[0-9]$", 10)]
)
@given(seed=st.integers(0, 9))
def test_a_pattern_gives_as_many_names_as_it_has(pattern: str, least: int, seed: int) -> None:
    schema = {"patternProperties": {pattern: {"const": 9}}, "additionalProperties": False}
    (found,) = proposed({**schema, "minProperties": least}, seed=seed, most=1)
    assert len(found) >= least
    assert all(re.search(pattern, name) for name in found)


def test_every_pattern_gives_a_name_before_one_gives_many() -> None:
    schema = {"patternProperties": {"^x-": {"const": 1}, "-y$": {"const": 2}}, "additionalProperties": False}
    (found,) = proposed({**schema, "minProperties": 3}, most=1)
    assert {1, 2} <= set(found.values())
