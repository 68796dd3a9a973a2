"""Strategies from JSON Schemas: what is drawn holds, and what cannot be drawn is named."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.contract import generate
from mockserver.contract.generate import UnknownKeywordError, from_schema, loaded, merged, resolve, values

QUICK = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
NUMBERS = st.integers(-50, 50)
PARTS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.sampled_from(
        [
            {"type": "null"},
            {"type": "boolean"},
            {"type": "string", "minLength": 2},
            {"type": "string", "enum": ["a", "b"]},
            {"const": 7},
            {"type": ["integer", "null"]},
            {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 3}]},
        ]
    ),
    NUMBERS.map(lambda low: {"type": "integer", "minimum": low, "maximum": low + 3}),
    NUMBERS.map(lambda low: {"type": "integer", "exclusiveMinimum": low, "exclusiveMaximum": low + 2}),
    NUMBERS.map(lambda low: {"type": "number", "minimum": low, "exclusiveMaximum": low + 0.5}),
    NUMBERS.map(lambda low: {"type": "number", "exclusiveMinimum": low, "maximum": low + 0.5}),
)
SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    PARTS,
    lambda inner: st.one_of(
        st.builds(
            lambda items, least: {"type": "array", "items": items, "minItems": least},
            inner,
            NUMBERS.map(abs).map(lambda n: n % 3),
        ),
        st.builds(
            lambda properties, required: {
                "type": "object",
                "properties": properties,
                "required": [name for name in required if name in properties],
                "additionalProperties": False,
            },
            st.dictionaries(st.sampled_from("abc"), inner),
            st.lists(st.sampled_from("abc"), unique=True),
        ),
    ),
    max_leaves=5,
)


def drawn(schema: dict[str, Any], wanted: Callable[[Any], bool]) -> Any:
    """A value of a schema that is as wanted; `NoSuchExample` when there is none."""
    chosen = settings(max_examples=500, database=None, derandomize=True)
    return find(values(schema, "x"), wanted, settings=chosen)


def is_of(kind: type, value: Any) -> bool:
    """Whether a value is of exactly this type."""
    return type(value) is kind


def says(kind: str, value: Any) -> bool:
    """Whether an object says that it is of this kind."""
    return bool(value["kind"] == kind)


def every(schema: dict[str, Any], holds: Callable[[Any], bool]) -> None:
    """Looks at many values of a schema, all of which have to hold."""

    @settings(max_examples=60, database=None, derandomize=True)
    @given(values(schema, "x"))
    def look(value: Any) -> None:
        assert holds(value)

    look()


@QUICK
@given(SCHEMAS, st.data())
def test_what_is_drawn_of_a_schema_holds(schema: dict[str, Any], data: st.DataObject) -> None:
    value = data.draw(values(schema, "x"))
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(value)


def test_a_document_is_read_and_its_strategy_made_once() -> None:
    assert loaded("compat.request") is loaded("compat.request")
    assert loaded("compat.request") == resources.schema("compat.request")
    assert from_schema("parameters") is from_schema("parameters")


def test_a_reference_leads_within_its_document_to_others_and_on(monkeypatch: pytest.MonkeyPatch) -> None:
    documents: dict[str, dict[str, Any]] = {
        "tea": {"$defs": {"leaf": {"type": "string"}, "pot": {"$ref": "cup.schema.json#/$defs/deep/cup"}}},
        "cup": {
            "$defs": {"deep": {"cup": {"$ref": "#/$defs/handle"}}, "handle": {"const": 1}},
            "type": "null",
        },
    }
    monkeypatch.setattr(generate, "loaded", documents.__getitem__)
    plain = {"type": "string"}
    assert resolve(plain, "tea") == (plain, "tea")
    assert resolve({"$ref": "#/$defs/leaf"}, "tea") == ({"type": "string"}, "tea")
    assert resolve({"$ref": "#/$defs/pot"}, "tea") == ({"const": 1}, "cup")
    assert resolve({"$ref": "cup.schema.json"}, "tea") == (documents["cup"], "cup")
    assert resolve({"$ref": "cup.schema.json#/"}, "tea") == (documents["cup"], "cup")


def test_references_of_what_is_drawn_are_read_from_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    documents: dict[str, dict[str, Any]] = {
        "tea": {"type": "array", "minItems": 1, "items": {"$ref": "cup.schema.json#/$defs/cup"}},
        "cup": {
            "$defs": {
                "cup": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/one"}},
                "one": {"const": 1},
            }
        },
    }
    monkeypatch.setattr(generate, "loaded", documents.__getitem__)
    every(documents["tea"], lambda value: {item for cup in value for item in cup} == {1})


@pytest.mark.parametrize("place", ["here", "property", "item", "alternative", "then"])
def test_a_keyword_that_is_not_known_is_named_wherever_it_stands(place: str) -> None:
    unknown = {"type": "string", "pattern": "x", "maxLength": 3}
    decides = {"properties": {"kind": {"enum": ["a", "b"]}}, "if": {"properties": {"kind": {"const": "a"}}}}
    schemas: dict[str, Any] = {
        "here": unknown,
        "property": {"type": "object", "properties": {"a": unknown}},
        "item": {"type": "array", "items": unknown},
        "alternative": {"anyOf": [{"type": "null"}, unknown]},
        "then": {**decides, "type": "object", "then": {"properties": {"a": unknown}}},
    }
    with pytest.raises(
        UnknownKeywordError, match=r"^tea: no values can be drawn for the keyword 'maxLength'$"
    ):
        values(schemas[place], "tea")


def test_notes_say_nothing_about_values() -> None:
    noted = {"$id": "x", "title": "A", "description": "B", "x-refusal": "c", "$defs": {}, "const": 1}
    assert drawn(noted, lambda _: True) == 1


def test_each_of_several_types_is_drawn() -> None:
    schema = {"type": ["string", "integer", "null"]}
    for kind in (str, int, type(None)):
        assert type(drawn(schema, partial(is_of, kind))) is kind


def test_a_schema_that_names_no_type_is_a_text_or_an_object() -> None:
    every({}, lambda value: isinstance(value, str | dict))
    assert drawn({}, lambda value: isinstance(value, dict)) == {}


@pytest.mark.parametrize(
    ("schema", "low", "high"),
    [
        ({"type": "integer", "minimum": 2, "maximum": 4}, 2, 4),
        ({"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 4}, 3, 3),
        ({"type": "integer", "maximum": -999}, -1000, -999),
        ({"type": "integer", "minimum": 2**53 - 1, "maximum": 2**63}, 2**53 - 1, 2**53),
    ],
)
def test_numbers_reach_their_borders_and_go_no_further(schema: dict[str, Any], low: int, high: int) -> None:
    every(schema, lambda value: low <= value <= high)
    assert drawn(schema, lambda value: value == low) == low
    assert drawn(schema, lambda value: value == high) == high


def test_a_border_that_is_left_out_is_never_drawn() -> None:
    above = math.nextafter(1.0, 2.0)
    every({"type": "number", "minimum": 1.0, "exclusiveMaximum": above}, lambda value: value == 1.0)
    every({"type": "number", "exclusiveMinimum": 1.0, "maximum": above}, lambda value: value == above)


def test_a_list_may_be_empty_unless_it_must_not() -> None:
    schema = {"type": "array", "items": {"const": 1}}
    assert drawn(schema, lambda _: True) == []
    assert drawn({**schema, "minItems": 2}, lambda _: True) == [1, 1]
    every({"type": "array"}, lambda value: all(isinstance(item, str) for item in value))


def test_what_is_required_is_always_there_and_the_rest_now_and_then() -> None:
    schema = {"type": "object", "properties": {"a": {"const": 1}, "b": {"const": 2}}, "required": ["a", "c"]}
    every(schema, lambda value: value["a"] == 1 and isinstance(value["c"], str))
    assert drawn(schema, lambda value: "b" in value)["b"] == 2
    assert "b" not in drawn(schema, lambda value: "b" not in value)


def test_a_key_that_no_schema_knows_is_drawn_where_it_is_allowed() -> None:
    schema = {"type": "object", "properties": {"a": {"const": 1}}}
    assert drawn(schema, lambda value: len(value) == 2) == {"a": 1, "x-other": "ignored"}
    every({**schema, "additionalProperties": False}, lambda value: set(value) <= {"a"})


def test_an_object_of_tokens_has_numbers_for_its_names() -> None:
    schema = {
        "type": "object",
        "propertyNames": {"pattern": "[0-9]+"},
        "additionalProperties": {"type": "integer", "minimum": 0, "maximum": 1},
    }
    every(schema, lambda value: all(name.isdigit() and item in (0, 1) for name, item in value.items()))
    assert drawn(schema, bool) == {"0": 0}


def test_an_alternative_holds_together_with_what_all_have() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 0}},
        "additionalProperties": False,
        "anyOf": [
            {"required": ["a"], "properties": {"a": {"maximum": 1}}},
            {"required": ["b"], "properties": {"b": {"const": "x"}}},
        ],
    }
    assert drawn(schema, lambda value: "b" not in value) == {"a": 0}
    assert drawn(schema, lambda value: "a" not in value) == {"b": "x"}
    every(schema, lambda value: "b" in value or value["a"] <= 1)


def test_one_property_decides_what_else_is_asked() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["a", "b", "c"]}, "x": {"type": "integer"}},
        "required": ["kind"],
        "additionalProperties": False,
        "if": {"properties": {"kind": {"const": "a"}}},
        "then": {"required": ["x"]},
        "else": {"properties": {"x": {"minimum": 7}}},
    }
    every(schema, jsonschema_rs.Draft202012Validator(schema).is_valid)
    for kind in "abc":
        assert drawn(schema, partial(says, kind))["kind"] == kind
    assert drawn(schema, lambda value: value["kind"] == "b" and "x" in value)["x"] == 7


def test_merged_schemas_unite_properties_deeply_and_demands_in_their_order() -> None:
    base = {"type": "object", "properties": {"a": {"properties": {"b": {"minimum": 1}}}}, "required": ["a"]}
    part = {"properties": {"a": {"properties": {"b": {"maximum": 2}, "c": {}}}}, "required": ["z"]}
    assert merged(base, part) == {
        "type": "object",
        "properties": {"a": {"properties": {"b": {"minimum": 1, "maximum": 2}, "c": {}}}},
        "required": ["a", "z"],
    }
    assert merged(base, {}) == base
    assert merged({}, part) == part
    assert merged({"type": "string"}, {"type": "null"}) == {"type": "null"}
