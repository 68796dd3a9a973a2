"""The demands of every keyword are met."""

from math import inf
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from mockserver.instances.facts import DeadEndError, Facts
from mockserver.instances.places import Place
from tests.instances.making import INTEGER, STRING, Json, made, thing

CHOICES: list[Any] = [
    {"oneOf": [thing({"a": STRING}, ("a",)), thing({"b": STRING}, ("b",))]},
    {"oneOf": [INTEGER, {"type": "number"}]},
    thing({"x-1": STRING, "items": STRING}, (), propertyNames={"maxLength": 3}, minProperties=2),
    {
        "type": "array",
        "items": {"type": "integer", "not": {"multipleOf": 2}},
        "uniqueItems": True,
        "minItems": 300,
    },
    {"allOf": [{"pattern": "^.a"}, {"pattern": "b.$"}, {"minLength": 40}], "type": "string"},
    {"type": "number", "multipleOf": 0.5, "minimum": 2, "not": {"minimum": 3}},
    {"type": "object", "propertyNames": {"pattern": "^[a-c]"}, "minProperties": 5},
    {"oneOf": [INTEGER, {"type": "number"}, STRING, thing({"a": STRING})], "multipleOf": 2.5, "minLength": 3},
    {"not": STRING},
    {"not": {"enum": ["sample", "example", "something", "mock value"]}, "type": "string"},
    thing({"a": STRING, "b": INTEGER}, (), **{"not": {"required": ["a"]}}),
    thing({"k": {"enum": ["x", "y"]}}, ("k",), **{"not": {"properties": {"k": {"const": "x"}}}}),
    {
        **thing({"country": {"enum": ["US", "CA"]}}, ("country",)),
        "if": {"properties": {"country": {"const": "US"}}},
        "then": {"properties": {"zip": {"pattern": "^[0-9]{5}$"}}, "required": ["zip"]},
        "else": {"required": ["postal"]},
    },
    {**thing({"a": STRING}), "if": {"required": ["a"]}, "then": False},
    thing({"a": STRING, "b": STRING}, ("a",), dependentRequired={"a": ["c"], "c": ["d"]}),
    thing({"a": STRING}, ("a",), dependentSchemas={"a": {"properties": {"n": INTEGER}, "required": ["n"]}}),
    {"allOf": [{"pattern": "^a"}, {"pattern": "b$"}], "type": "string"},
    {"allOf": [{"multipleOf": 4}, {"multipleOf": 6}, {"minimum": 5}], "type": "integer"},
    {"allOf": [thing({"a": STRING}, ("a",)), thing({"b": INTEGER}, ("b",))], "unevaluatedProperties": False},
    {"type": "object", "propertyNames": {"pattern": "^[a-c]$"}, "minProperties": 3},
    {
        "patternProperties": {r"^x-\d+$": INTEGER},
        "additionalProperties": False,
        "minProperties": 3,
        "type": "object",
    },
    {"type": "array", "items": INTEGER, "contains": {"const": 5}, "minContains": 2},
    {"type": "array", "prefixItems": [STRING, INTEGER], "items": False, "contains": {"const": "here"}},
    {"type": "array", "items": {"enum": [1, True, "1", None]}, "uniqueItems": True, "minItems": 4},
    {
        "type": "array",
        "items": {"type": "integer", "minimum": 1, "maximum": 99},
        "uniqueItems": True,
        "minItems": 99,
    },
    {"type": "array", "items": {"maxLength": 1, "type": "string"}, "uniqueItems": True, "minItems": 20},
    {"type": "array", "items": thing({"a": STRING}, ("a",)), "uniqueItems": True, "minItems": 9},
    {"type": "array", "items": {"enum": [[1], {"a": 1}, {"a": 2}]}, "uniqueItems": True, "minItems": 3},
    {"type": "array", "maxItems": 1, "items": {"enum": ["a"]}, "uniqueItems": True},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1e-300},
    {"type": "number", "minimum": 1.5e308},
    {"type": "number", "maximum": -1.5e308},
    {"type": "integer", "minimum": 1e300},
    {"type": "integer", "maximum": -5, "multipleOf": 7},
    {"type": "number", "multipleOf": 0.1, "minimum": 0.25, "maximum": 0.45},
    {"enum": [1, 2, 3], "const": 2},
    {"type": "integer", "not": {"minimum": -1200, "maximum": 1200}, "minimum": -1e6, "maximum": 1e6},
    {"enum": [0, 5, 7]},
    {"type": "string", "pattern": "^(?!.*(a+)+$).*b$"},
    {"type": "string", "pattern": "b{2}", "minLength": 9},
    {"type": "string", "format": "email", "maxLength": 5},
    {"type": "string", "format": "date", "pattern": "^x$"},
    {"type": "string", "format": "uuid", "minLength": 36},
    {"minLength": 3, "maxLength": 2, "type": ["string", "integer"]},
    {"properties": {"a": {"type": "array", "minItems": 2, "maxItems": 1}}, "type": "object"},
    {"type": "array", "items": False},
    {
        **thing({"a": STRING, "b": STRING, "c": STRING}),
        "allOf": [
            {"not": {"anyOf": [{"required": pair} for pair in (["a", "b"], ["b", "c"], ["a", "c"])]}},
            {"not": {"maxProperties": 0}},
        ],
    },
    {"type": "array", "prefixItems": [STRING, False, STRING]},
    {"type": "object", "maxProperties": 2, "properties": dict.fromkeys("abcd", STRING)},
    {"type": "object", "additionalProperties": {"type": "number"}},
    {"type": "object", "properties": {"a": True}, "minProperties": 4},
    {"type": "array", "items": {**STRING, "maxLength": 2}, "uniqueItems": True, "minItems": 90},
    {"type": "array", "uniqueItems": True, "items": {"type": "boolean"}, "prefixItems": [{}, {}, {}]},
    {"type": "array", "uniqueItems": True, "items": {"enum": [1]}, "contains": {"const": 1}, "minItems": 1},
    thing({"score": {"type": "number", "minimum": 2, "maximum": 9}}, ("score",)),
    thing({"score": {"type": "number", "minimum": 0, "maximum": 9}}, ("score",)),
    {"type": "object", "patternProperties": {"^[ab]$": False}, "minProperties": 2},
    {"type": "object", "patternProperties": {r"[^\s\S]": STRING}, "minProperties": 2},
    {"type": "object", "patternProperties": {"^key_1$": {"allOf": [STRING, INTEGER]}}, "minProperties": 2},
    thing(
        {"a": STRING, "b": STRING, "c": STRING}, (), minProperties=2, **{"not": {"required": ["a", "b", "c"]}}
    ),
    thing(
        {"a": {"enum": [1, 2]}, "b": {"enum": [1, 2]}},
        ("a", "b"),
        **{"not": {"properties": {"a": {"const": 1}}}},
    ),
    thing({"a": {"anyOf": [INTEGER, STRING]}}, ("a",), **{"not": {"properties": {"a": INTEGER}}}),
    {
        "properties": {"a": {"$ref": "#"}},
        "type": "object",
        "additionalProperties": {"$ref": "#"},
        "minProperties": 0,
    },
]


@pytest.mark.parametrize("schema", CHOICES, ids=lambda schema: orjson.dumps(schema).decode()[:60])
def test_every_keyword_is_met(schema: Json) -> None:
    for seed in range(5):
        Draft202012Validator(schema).validate(made(schema, seed=seed))


def test_the_scalars_of_formats_are_what_they_say() -> None:
    forms = "date date-time time email idn-email uri iri uri-reference uri-template uuid ipv4 ipv6 hostname"
    forms += " idn-hostname duration json-pointer relative-json-pointer regex"
    for form in forms.split():
        schema = {"type": "string", "format": form}
        checker = Draft202012Validator.FORMAT_CHECKER
        for seed in range(5):
            Draft202012Validator(schema, format_checker=checker).validate(made(schema, seed=seed))


def test_what_is_asked_of_facts_twice_is_found_once_and_a_dead_end_stays_one() -> None:
    places = (Place({"format": "date", "minLength": 2}), Place({"format": "email", "maxLength": 9}))
    facts = Facts(places, "tea")
    assert facts.texts("format") is facts.texts("format")
    assert (facts.texts("format"), facts.texts("pattern")) == (("date", "email"), ())
    assert facts.span("Length") is facts.span("Length")
    assert (facts.span("Length"), facts.span("Items")) == ((2, 9), (0, inf))
    assert (facts.first("minLength"), facts.first("maxLength"), facts.first("title")) == (2, 9, None)
    dead = Facts((*places, Place({"minLength": 10})), "tea")
    for _ in range(2):
        with pytest.raises(DeadEndError, match="minLength 10 is above maxLength 9"):
            dead.span("Length")
