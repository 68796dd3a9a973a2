"""Candidates for arrays: of a good length first, then of others."""

from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.deadline import Deadline
from mockserver.instances.arrays import arrays
from mockserver.instances.document import compiled
from mockserver.instances.facts import DeadEndError, Facts, flatten
from mockserver.instances.maker import Maker
from mockserver.instances.spots import Spot
from mockserver.instances.words import Words
from tests.instances.making import INTEGER, STRING, Json, drawn, made

ONE = {"const": 1}


def proposed(
    schema: Json, said: str = "Hello", *, sparse: bool = False, name: str = "", seed: int = 0, most: int = 40
) -> list[list[Any]]:
    """The first candidates for an array."""
    document = compiled(schema)
    still = Deadline(1, timer=lambda: 0)
    maker = Maker(document, drawn(seed), Words.of(said), sparse=sparse, deadline=still)
    facts = Facts(tuple(flatten(document, (document.root,)).places), "schema")
    return list(islice(arrays(maker, facts, Spot(name=name, passed=frozenset(("",)))), most))


@pytest.mark.parametrize(
    ("schema", "first"),
    [
        ({"items": ONE, "minItems": 2}, [1, 1]),
        ({"items": ONE, "minItems": 2, "maxItems": 2}, [1, 1]),
        ({"prefixItems": [{"const": "a"}, {"const": "b"}], "items": False}, ["a", "b"]),
        ({"prefixItems": [{"const": "a"}], "items": ONE, "minItems": 3}, ["a", 1, 1]),
        ({"items": [{"const": "a"}], "additionalItems": ONE, "minItems": 3}, ["a", 1, 1]),
        ({"items": ONE, "maxItems": 0}, []),
        ({"contains": {"const": "q"}, "maxItems": 1}, ["q"]),
        ({"prefixItems": [{"const": "a"}], "contains": {"const": "q"}, "maxItems": 2}, ["a", "q"]),
        ({"contains": {"const": "q"}, "minContains": 2, "maxItems": 2}, ["q", "q"]),
        ({"prefixItems": [STRING], "contains": {"const": "q"}, "maxItems": 1}, ["q"]),
        ({"items": {"$ref": "#"}}, []),
    ],
)
def test_the_first_has_each_item_at_its_place(schema: Json, first: list[Any]) -> None:
    assert next(iter(proposed(schema, most=1))) == first


def test_there_are_one_or_two_items_where_nothing_says_how_many() -> None:
    assert {len(proposed({"items": ONE}, seed=seed, most=1)[0]) for seed in range(20)} == {1, 2}


def test_a_sparse_one_is_as_short_as_it_may_be() -> None:
    assert proposed({"items": ONE, "minItems": 2}, sparse=True)[0] == [1, 1]
    assert proposed({"items": ONE}, sparse=True)[0] == []


def test_as_many_items_as_the_words_offer_are_made() -> None:
    cities = "Flights from Oslo to Bergen and Voss"
    assert proposed({"items": STRING}, cities, name="city")[0] == ["Oslo", "Bergen", "Voss"]
    assert proposed({"items": STRING, "maxItems": 2}, cities, name="city")[0] == ["Oslo", "Bergen"]
    assert proposed({"items": INTEGER}, "echo 5 and 7", name="n")[0] == [5, 7]


def test_other_lengths_are_proposed_too() -> None:
    assert {len(one) for one in proposed({"items": ONE, "minItems": 3})} == {3, 4}
    assert {0, 1} <= {len(one) for one in proposed({"items": ONE})}


def test_items_that_must_differ_do() -> None:
    for one in proposed({"items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3}):
        assert sorted(one) == [1, 2, 3]
    for one in proposed({"items": {"enum": [1, 1.0, True]}, "uniqueItems": True, "minItems": 2}):
        assert sorted(map(str, one)) in (["1", "True"], ["1.0", "True"])


def test_items_that_differ_by_their_place_may_be_of_other_sorts() -> None:
    schema = {"prefixItems": [{"enum": [1]}, {"enum": [1, 2]}], "items": False, "uniqueItems": True}
    assert proposed(schema)[0] == [1, 2]


def test_an_item_that_cannot_be_ends_an_array_that_may_end() -> None:
    schema = {"prefixItems": [ONE, {"type": "string", "minLength": 5, "maxLength": 2}], "minItems": 1}
    assert proposed(schema)[0] == [1]
    with pytest.raises(DeadEndError, match=r"prefixItems\.1: minLength 5 is above maxLength 2"):
        proposed({**schema, "minItems": 2})


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"minItems": 2, "maxItems": 1}, "schema: minItems 2 is above maxItems 1"),
        ({"minItems": 1001}, "schema: it needs 1001 items, more than the 1000 that the mock makes"),
        (
            {"contains": ONE, "minContains": 3, "maxItems": 2},
            "schema: contains needs 3 items, and maxItems 2 allows fewer",
        ),
        ({"items": STRING, "contains": INTEGER}, "items: no value has the types string and integer at once"),
        (
            {"items": {"type": "boolean"}, "uniqueItems": True, "minItems": 3},
            "schema: uniqueItems: only 2 different items were found, and 3 are needed",
        ),
    ],
)
def test_where_no_array_can_be_the_reason_is_told(schema: Json, words: str) -> None:
    with pytest.raises(DeadEndError, match=f"^{words}$"):
        proposed(schema)


@given(
    span=st.tuples(st.integers(0, 4), st.integers(0, 3)),
    front=st.integers(0, 3),
    unique=st.booleans(),
    seed=st.integers(0, 9),
)
def test_every_array_is_as_long_as_it_may_be_with_its_front_in_place(
    span: tuple[int, int], front: int, seed: int, *, unique: bool
) -> None:
    least, most = span[0], sum(span)
    schema: Json = {"items": INTEGER, "minItems": least, "maxItems": most, "uniqueItems": unique}
    schema["prefixItems"] = [{"const": -at - 1} for at in range(front)]
    if not front:
        del schema["prefixItems"]
    told = proposed(schema, seed=seed)
    assert {len(one) for one in told} <= set(range(least, most + 1))
    assert len(told[0]) >= min(front, most)
    expected = list(range(-1, -front - 1, -1))
    assert [one for one in told if one[:front] != expected[: len(one)]] == []
    assert not unique or [one for one in told if len(set(one)) < len(one)] == []


def test_a_list_within_a_list_is_made() -> None:
    told = made({"type": "array", "items": {"type": "array", "items": ONE, "minItems": 1}, "minItems": 2})
    assert [set(inner) for inner in told] == [{1}] * len(told)
