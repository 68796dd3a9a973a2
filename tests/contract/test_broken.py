"""Broken requests: valid ones with one place that their schema refuses."""

from copy import deepcopy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.contract.broken import _with, broken_requests, places, wrong_values
from mockserver.contract.generate import loaded, values
from mockserver.rules.schemas import validator, violations

ANYTHING: list[Any] = [{"x": 1}, [1], "no such value", True, None, 0.5]
CUP = {
    "type": "object",
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 9},
        "name": {"type": ["string", "null"]},
        "leaves": {"type": "array", "minItems": 1, "items": {"type": "number", "exclusiveMinimum": 0}},
        "milk": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    },
    "required": ["size"],
}
CHAT = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "Hi"}],
    "temperature": 0.5,
    "stop": ["a"],
    "seed": 1,
}


def all_but(*kinds: type) -> list[Any]:
    """The samples that are of none of these types."""
    return [value for value in ANYTHING if type(value) not in kinds]


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        ({}, []),
        ({"type": "string"}, all_but(str)),
        ({"type": "boolean"}, all_but(bool)),
        ({"type": "number"}, all_but(float)),
        ({"type": "integer"}, ANYTHING),
        ({"type": ["array", "null"]}, all_but(list, type(None))),
        ({"type": "object"}, all_but(dict)),
        ({"minimum": 3, "maximum": 5}, [2, 6]),
        ({"exclusiveMinimum": 3, "exclusiveMaximum": 5}, [3, 5]),
        ({"minItems": 1}, [[]]),
        ({"minItems": 0}, []),
        ({"type": "string", "enum": ["a"]}, [*all_but(str), "no such value"]),
    ],
)
def test_each_simple_demand_has_a_value_that_breaks_it(schema: dict[str, Any], wrong: list[Any]) -> None:
    assert list(wrong_values(schema, "x")) == wrong


def test_demands_are_read_behind_references() -> None:
    role = {"$ref": "parameters.schema.json#/$defs/seed"}
    assert (
        list(wrong_values(role, "x")) == list(wrong_values(loaded("parameters")["$defs"]["seed"], "x")) != []
    )


def test_every_place_of_a_value_is_found() -> None:
    cup = {"size": 2, "leaves": [1.5, 2], "milk": None, "more": 1}
    assert list(places(CUP, "x", cup)) == [
        (("size",),),
        *((("size",), wrong) for wrong in [*ANYTHING, 0, 10]),
        *((("leaves",), wrong) for wrong in [*all_but(list), []]),
        *((("leaves", 0), wrong) for wrong in [*all_but(float), 0]),
        *((("leaves", 1), wrong) for wrong in [*all_but(float), 0]),
    ]


def test_the_whole_is_no_place() -> None:
    assert list(places({"type": "integer"}, "x", 3)) == []
    assert list(places({"type": "array", "items": {"type": "null"}}, "x", [None])) == [
        ((0,), wrong) for wrong in all_but(type(None))
    ]


def test_where_one_of_several_may_hold_nothing_is_broken() -> None:
    schema = {"properties": {"a": {"type": "null"}}, "required": ["a"], "anyOf": [{"type": "object"}]}
    assert list(places(schema, "x", {"a": None})) == []
    assert list(places({"properties": {"b": schema}}, "x", {"b": {"a": None}})) == []


def test_a_place_is_replaced_or_left_out_and_the_value_stays_as_it_was() -> None:
    value = {"a": [{"b": 1}, 2]}
    before = deepcopy(value)
    assert _with(value, ("a", 0, "b"), (None,)) == {"a": [{"b": None}, 2]}
    assert _with(value, ("a", 0, "b"), ()) == {"a": [{}, 2]}
    assert _with(value, ("a", 1), ([],)) == {"a": [{"b": 1}, []]}
    assert value == before


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(values(CUP, "x"))
def test_whatever_place_is_broken_the_schema_refuses_it(cup: Any) -> None:
    schema = jsonschema_rs.Draft202012Validator(CUP)
    assert schema.is_valid(cup)
    for path, *rest in places(CUP, "x", cup):
        assert not schema.is_valid(_with(cup, path, tuple(rest))), (path, rest)


def test_whatever_place_of_a_request_is_broken_it_is_refused_there() -> None:
    name = "compat.request"
    assert validator(name).is_valid(CHAT)
    paths = set()
    for path, *rest in places(loaded(name), name, CHAT):
        changed = _with(CHAT, path, tuple(rest))
        assert not validator(name).is_valid(changed), (path, rest)
        paths.add(".".join(map(str, path)))
    assert {"model", "messages", "messages.0.role", "temperature", "seed"} <= paths


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["compat", "native-text", "native-multimodal"]).flatmap(
        lambda name: st.tuples(st.just(name), broken_requests(name))
    )
)
def test_a_broken_request_says_what_is_wrong_with_it(drawn: tuple[str, dict[str, Any]]) -> None:
    surface, body = drawn
    assert violations(f"{surface}.request", body) != []
