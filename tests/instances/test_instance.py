"""Instances of JSON Schemas: always valid, always the same, always soon."""

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft7Validator, Draft202012Validator

from mockserver.base.deadline import Deadline
from mockserver.instances.impossible import ImpossibleSchemaError, TakesLongError
from mockserver.instances.instance import instance
from mockserver.instances.words import Words
from tests.instances.making import HELLO, INTEGER, STRING, Json, attempt, drawn, made, thing

# Schemas of which instances exist.

NAMES = st.sampled_from(["a", "b", "city", "age", "items", "x-1", "名前"])
ENDS = st.tuples(st.integers(-1000, 1000), st.integers(0, 1000)).map(lambda pair: (pair[0], sum(pair)))
LEAVES = st.one_of(
    st.just(True),
    st.just({}),
    st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"]).map(
        lambda name: {"type": name}
    ),
    st.lists(st.sampled_from(["null", "boolean", "integer", "string"]), min_size=1, unique=True).map(
        lambda names: {"type": names}
    ),
    ENDS.map(lambda ends: {"type": "integer", "minimum": ends[0], "maximum": ends[1]}),
    ENDS.map(lambda ends: {"type": "number", "exclusiveMinimum": ends[0], "exclusiveMaximum": ends[1] + 1}),
    st.integers(1, 99).map(lambda step: {"type": "integer", "multipleOf": step, "minimum": step}),
    st.sampled_from([0.5, 0.1, 0.01, 2.5]).map(lambda step: {"type": "number", "multipleOf": step}),
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
        lambda pair: {"type": "string", "minLength": pair[0], "maxLength": sum(pair)}
    ),
    st.sampled_from([r"^\d{3}-\d{4}$", "^[a-z]+$", "b+", r"^(foo|ba[rz]) \w{2,5}$", "^$"]).map(
        lambda pattern: {"type": "string", "pattern": pattern}
    ),
    st.sampled_from(
        ["date", "date-time", "time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "duration", "regex"]
    ).map(lambda form: {"type": "string", "format": form}),
    st.lists(st.none() | st.booleans() | st.integers() | st.text(), min_size=1).map(
        lambda members: {"enum": [member for member in members if not _wide(member)] or [None]}
    ),
    st.text().map(lambda text: {"const": text}),
)


def _wide(member: Any) -> bool:
    return isinstance(member, int) and abs(member) >= 2**63


@st.composite
def object_schemas(draw: st.DrawFn, below: st.SearchStrategy[Any]) -> Json:
    properties = draw(st.dictionaries(NAMES, below, max_size=4))
    schema: Json = {"type": "object", "properties": properties}
    schema["required"] = [name for name in properties if draw(st.booleans())]
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.just(value=False) | below)
    elif draw(st.booleans()):
        schema["minProperties"] = draw(st.integers(0, 6))
    return schema


@st.composite
def array_schemas(draw: st.DrawFn, below: st.SearchStrategy[Any]) -> Json:
    least = draw(st.integers(0, 3))
    schema: Json = {"type": "array", "items": draw(below), "minItems": least}
    if draw(st.booleans()):
        schema["maxItems"] = least + draw(st.integers(0, 3))
    if draw(st.booleans()):
        schema["prefixItems"] = draw(st.lists(below, min_size=1, max_size=2))
    return schema


def above(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        object_schemas(below),
        array_schemas(below),
        st.lists(below, min_size=1, max_size=3).map(lambda schemas: {"anyOf": schemas}),
        below.map(lambda schema: {"allOf": [schema, {}]}),
        below.map(lambda schema: {"$defs": {"it": schema}, "description": "the city", "allOf": [schema]}),
    )


SCHEMAS = st.recursive(LEAVES, above, max_leaves=8)
KEYWORDS = st.fixed_dictionaries(
    {},
    optional={
        "minimum": st.integers(-5, 5),
        "maximum": st.integers(-5, 5),
        "multipleOf": st.sampled_from([1, 2, 0.3]),
        "minLength": st.integers(0, 5),
        "maxLength": st.integers(0, 5),
        "pattern": st.sampled_from(["^a", "b$", "[0-9]{3}"]),
        "minItems": st.integers(0, 4),
        "maxItems": st.integers(0, 4),
        "uniqueItems": st.booleans(),
        "minProperties": st.integers(0, 4),
        "maxProperties": st.integers(0, 4),
        "required": st.lists(NAMES, unique=True, max_size=3),
        "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, unique=True, max_size=2), max_size=2),
        "patternProperties": st.just({"^x-": INTEGER}),
        "propertyNames": st.sampled_from([{"maxLength": 3}, {"pattern": "^[a-c]"}, {"enum": ["a", "city"]}]),
        "contains": st.sampled_from([INTEGER, {"const": "a"}]),
        "not": st.sampled_from([STRING, {"required": ["a"]}, {"const": 1}, {"minimum": 3}]),
        "oneOf": st.just([INTEGER, {"type": "number"}, STRING, thing({"a": INTEGER}, ("a",))]),
        "if": st.just({"required": ["a"]}),
        "then": st.just({"required": ["b"]}),
        "else": st.just({"minProperties": 1}),
        "default": st.integers(-9, 9) | st.text(max_size=6),
        "examples": st.lists(st.integers(-9, 9) | st.text(max_size=6), max_size=2),
    },
)
"""Keywords at random, which may contradict one another."""


@given(SCHEMAS, st.integers(0, 9), st.text())
def test_an_instance_of_a_schema_that_has_some_is_valid(schema: Any, seed: int, text: str) -> None:
    value = made(schema, words=Words.of(text), seed=seed)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)
    assert orjson.loads(orjson.dumps(value)) == value


@given(SCHEMAS, KEYWORDS, st.integers(0, 9))
def test_with_any_keywords_an_instance_is_valid_or_the_reason_is_told(
    schema: Any, keywords: Json, seed: int
) -> None:
    mixed = keywords if isinstance(schema, bool) else {**schema, **keywords}
    value, reason = attempt(mixed, seed=seed)
    assert reason or Draft202012Validator(mixed).is_valid(value)


KEYS = (
    "type properties items $ref allOf anyOf enum $defs required pattern format minItems if then default $id "
    "$anchor $schema dependencies additionalItems $dynamicRef patternProperties const dependentSchemas"
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["object", "array", "#", "#/$defs/a"]),
    lambda below: st.lists(below) | st.dictionaries(st.sampled_from(KEYS.split()) | st.text(), below),
    max_leaves=12,
)


@given(ANYTHING)
def test_what_is_no_schema_is_refused_and_nothing_else_happens(anything: Any) -> None:
    value, reason = attempt(anything)
    assert orjson.dumps(value)
    assert reason or isinstance(anything, dict | bool)


@given(SCHEMAS, st.text(), st.integers(0, 9))
def test_the_same_numbers_and_words_make_the_same_instance(schema: Any, text: str, seed: int) -> None:
    again = copy.deepcopy(schema)
    one, other = (made(each, words=Words.of(text), seed=seed) for each in (schema, again))
    assert orjson.dumps(one) == orjson.dumps(other)
    assert schema == again


def test_finite_numbers_are_enough() -> None:
    schema = {"type": "array", "items": thing({"a": STRING, "b": INTEGER}), "minItems": 20}
    assert len(instance(schema, numbers=iter([3, 1]), words=HELLO)) == 20


WEATHER = thing(
    {
        "location": {**STRING, "description": "The city and state, e.g. San Francisco, CA"},
        "unit": {**STRING, "enum": ["celsius", "fahrenheit"]},
    },
    ("location",),
)


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        (
            "What's the weather in Paris, in Celsius?",
            WEATHER,
            {"location": "Paris", "unit": "celsius"},
        ),
        ("What is the square root of 132413?", thing({"number": {"type": "number"}}), {"number": 132413}),
        (
            "What is 15 multiplied by 7?",
            thing(
                {
                    "operation": {"enum": ["add", "subtract", "multiply", "divide"]},
                    "a": {"type": "number"},
                    "b": {"type": "number"},
                }
            ),
            {"operation": "multiply", "a": 15, "b": 7},
        ),
        (
            "Run the command: echo hello_world",
            thing({"command": STRING, "timeout": {"type": "integer", "default": 300}}),
            {"command": "echo hello_world", "timeout": 300},
        ),
        (
            "weather in Paris and London for 3 days",
            thing({"cities": {"type": "array", "items": STRING}, "days": INTEGER}),
            {"cities": ["Paris", "London"], "days": 3},
        ),
        (
            "从北京到上海的航班",
            thing({"origin": STRING, "destination": STRING}),
            {"origin": "北京", "destination": "上海"},
        ),
        (
            "tell me about circles",
            {"anyOf": [thing({"kind": {"const": kind}}, ("kind",)) for kind in ("square", "circle")]},
            None,
        ),
    ],
)
def test_the_words_of_the_user_come_first(text: str, schema: Json, expected: Any) -> None:
    value = made(schema, words=Words.of(text))
    if expected is None:
        assert value["kind"] in ("square", "circle")
    else:
        assert value == expected


def branches(count: int, **more: Any) -> Json:
    """A kind, and for each of its values a branch that demands another property."""
    tests = [
        {
            "if": {"properties": {"kind": {"const": f"k{index}"}}, "required": ["kind"]},
            "then": {"properties": {f"f{index}": STRING}, "required": [f"f{index}"]},
        }
        for index in range(count)
    ]
    kinds = [f"k{index}" for index in range(count)]
    return thing({"kind": {"enum": kinds}}, ("kind",), allOf=tests, **more)


@pytest.mark.parametrize("count", [1, 2, 20, 200])
def test_of_many_branches_the_one_that_is_met_is_filled(count: int) -> None:
    schema = branches(count)
    for seed in range(5):
        value = made(schema, seed=seed)
        assert list(value) == ["kind", value["kind"].replace("k", "f")]
    assert made(schema, words=Words.of("make a k0"))["kind"] == "k0"


CHAIN: Json = {
    "type": "object",
    "properties": {"level": {"const": 0}},
    "required": ["level"],
    "allOf": [
        {"if": {"required": [before]}, "then": {"required": [after]}}
        for before, after in (("c", "d"), ("a", "b"), ("level", "a"), ("b", "c"))
    ],
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (CHAIN, {"level", "a", "b", "c", "d"}),
        (
            thing(
                {"card": INTEGER},
                ("card",),
                dependentSchemas={"card": thing({"address": STRING}, ("address",))},
            ),
            {"card", "address"},
        ),
        (
            {"if": thing({"a": {"const": 1}}, ("a",)), "then": True, "else": False},
            {"a"},
        ),
        (
            thing(
                {"a": {"enum": [1, 2]}},
                ("a",),
                **{"if": {"properties": {"a": {"const": 1}}}, "then": False, "else": {"required": ["b"]}},
            ),
            {"a", "b"},
        ),
        (
            {
                "if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]},
                "then": {"required": ["x"]},
                "else": {"if": {"required": ["y"]}, "then": {"required": ["z"]}, "else": {"required": ["y"]}},
                "properties": {"kind": {"const": "w"}},
                "type": "object",
            },
            {"kind", "y", "z"},
        ),
    ],
)
def test_what_a_value_meets_is_read_and_followed(schema: Json, expected: set[str]) -> None:
    for seed in range(5):
        value = made(schema, seed=seed)
        Draft202012Validator(schema).validate(value)
        assert set(value) == expected


def test_a_condition_of_texts_and_numbers_is_read_too() -> None:
    schema = {
        "allOf": [
            {"if": {"type": "string"}, "then": {"minLength": 30}, "else": {"minimum": 1000}},
            {"type": ["string", "integer"]},
        ]
    }
    for seed in range(9):
        Draft202012Validator(schema).validate(made(schema, seed=seed))


def test_conditions_that_turn_in_a_circle_end() -> None:
    turns = [
        {"if": {"required": [f"p{index}"]}, "then": {"not": {"required": [f"p{index}"]}}}
        for index in range(99)
    ]
    schema = thing({f"p{index}": STRING for index in range(99)}, allOf=turns)
    assert attempt(schema) == ({}, "")


def test_a_value_is_valid_in_both_readings_where_drafts_differ() -> None:
    old: Json = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"text": {"type": "string", "default": ""}},
        "type": "object",
        "properties": {"url": {"$ref": "#/definitions/text", "pattern": "^https?://"}},
        "required": ["url"],
    }
    assert made(old)["url"].startswith("http")
    old["properties"]["url"] = {"$ref": "#/definitions/text", "type": "integer"}
    assert made(old) == {"url": ""}


def test_a_property_whose_pattern_allows_a_usual_thing_has_it() -> None:
    schema = thing({"url": {**STRING, "pattern": "^https?://"}, "word": {**STRING, "pattern": "^[a-z]+$"}})
    value = made(schema)
    assert value["url"].startswith("https://example.")
    assert value["word"] in ("sample", "example")


def test_past_its_deadline_a_simpler_instance_is_made_or_the_reason_is_told() -> None:
    now = iter(range(10**9))
    wide = thing({f"p{index}": STRING for index in range(500)}, ("p0",))
    some = instance(wide, numbers=drawn(), words=HELLO, deadline=Deadline(400, timer=lambda: next(now)))
    assert {"p0"} <= set(some) < set(wide["properties"])
    with pytest.raises(ImpossibleSchemaError, match="no instance was found in time"):
        instance(wide, numbers=drawn(), words=HELLO, deadline=Deadline(0))


def test_in_haste_an_instance_is_whole_or_not_made() -> None:
    now = iter(range(10**9))
    wide = thing({f"p{index}": STRING for index in range(500)}, ("p0",))

    def hasty(seconds: float) -> Any:
        deadline = Deadline(seconds, timer=lambda: next(now), hasty=True)
        return instance(wide, numbers=drawn(), words=HELLO, deadline=deadline)

    whole = made(wide)
    assert hasty(5000) == whole
    with pytest.raises(TakesLongError):
        hasty(40)


def test_the_alternative_that_the_words_name_comes_first() -> None:
    ways = {"anyOf": [{"const": "square"}, {"const": "circle"}, {"const": "line"}]}
    assert {made(ways, words=Words.of("a circle, please"), seed=seed) for seed in range(9)} == {"circle"}


def test_words_that_do_not_fit_the_schema_are_not_used() -> None:
    schema = thing({"number": {"type": "integer", "maximum": 50}, "city": {**STRING, "maxLength": 3}})
    value = made(schema, words=Words.of("132413 people live in Quackiland"))
    assert value["number"] <= 50
    assert len(value["city"]) <= 3


def test_optional_properties_are_there_in_the_order_of_the_schema() -> None:
    assert list(made(thing({"b": STRING, "a": INTEGER, "c": {"type": "null"}}, ("c",)))) == ["b", "a", "c"]


def test_an_optional_property_that_cannot_be_is_left_out() -> None:
    assert made(thing({"a": False, "b": {"const": 1}, "c": {"enum": [1], "type": "string"}})) == {"b": 1}


def test_a_default_is_taken_and_null_is_the_last_choice() -> None:
    schema = thing(
        {
            "limit": {"type": "integer", "default": 10},
            "mode": {"enum": [None, "fast", "slow"], "default": "slow"},
            "note": {"anyOf": [{"type": "null"}, {"const": "said"}], "default": None},
            "maybe": {"type": ["null", "integer"], "minimum": 3, "maximum": 3},
            "shown": {"type": "string", "examples": ["only"]},
        }
    )
    expected = {"limit": 10, "mode": "slow", "note": "said", "maybe": 3, "shown": "only"}
    assert [made(schema, seed=seed) for seed in range(3)] == [expected] * 3


NODE = thing(
    {
        "value": INTEGER,
        "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
        "parent": {"$ref": "#/$defs/node"},
    },
    ("value", "children", "next"),
)


def test_a_recursion_takes_the_shallow_way() -> None:
    value = made({"$defs": {"node": NODE}, "$ref": "#/$defs/node"})
    assert set(value) == {"value", "children", "next"}
    assert value["children"] == []
    assert value["next"]["next"] is None


def test_a_grammar_ends_at_its_leaves() -> None:
    sign = {"enum": ["+", "-"]}
    term = {"$ref": "#/definitions/term"}
    pair = thing({"sign": sign, "left": term, "right": term}, ("sign", "left", "right"))
    grammar = {"definitions": {"term": {"oneOf": [pair, {"type": "number"}]}}, "$ref": "#/definitions/term"}
    values = [made(grammar, seed=seed) for seed in range(20)]
    assert any(isinstance(value, dict) for value in values)
    for value in values:
        Draft202012Validator(grammar).validate(value)


@pytest.mark.parametrize(
    "schema",
    [
        {"$defs": {"a": {"$anchor": "here", "const": 5}}, "$ref": "#here"},
        {
            "$id": "https://example.com/s",
            "$defs": {"a": {"const": 5}},
            "$ref": "https://example.com/s#/$defs/a",
        },
        {"$id": "https://example.com/s", "$defs": {"a": {"$id": "t", "const": 5}}, "$ref": "#/$defs/a"},
        {"$defs": {"a/b~c d%": {"const": 5}}, "$ref": "#/$defs/a~1b~0c%20d%25"},
        {"$defs": {"温度": {"const": 5}}, "allOf": [{"$ref": "#/$defs/温度"}, {"$ref": "#/$defs/温度"}]},
        {"$dynamicAnchor": "node", "const": 5},
        {"prefixItems": [{"const": 5}], "anyOf": [{"$ref": "#/prefixItems/0"}]},
    ],
)
def test_references_within_the_document_are_followed(schema: Json) -> None:
    assert made(schema) == 5


@pytest.mark.parametrize(
    ("schema", "validator"),
    [
        (
            {"type": "array", "items": [STRING, INTEGER], "additionalItems": False, "minItems": 2},
            Draft7Validator,
        ),
        ({"type": "array", "items": [STRING], "additionalItems": INTEGER, "minItems": 3}, Draft7Validator),
        (
            thing(
                {"a": STRING, "b": STRING}, ("a",), dependencies={"a": ["b", "c"], "b": {"required": ["d"]}}
            ),
            Draft7Validator,
        ),
        (
            {
                "$schema": "http://json-schema.org/draft-04/schema#",
                "type": "integer",
                "minimum": 1,
                "maximum": 3,
                "exclusiveMinimum": True,
                "exclusiveMaximum": True,
            },
            Draft4Validator,
        ),
    ],
)
def test_older_drafts_are_understood(schema: Json, validator: Any) -> None:
    validator(schema).validate(made(schema))


def test_words_that_are_not_of_the_format_are_not_used_whatever_the_draft_knows() -> None:
    old = "http://json-schema.org/draft-04/schema#"
    schema = thing({"query": {**STRING, "format": "uri-reference"}}, ("query",), **{"$schema": old})
    assert " " not in made(schema, words=Words.of("Make one in JSON, please."))["query"]


@pytest.mark.parametrize(
    ("said", "guests"),
    [
        ("Jason is 10 and John is 30 years old", [("Jason", 10), ("John", 30)]),
        ("My name is Laurie, and I am 7", [("Laurie", 7)]),
    ],
)
def test_a_list_has_an_object_for_each_that_the_words_tell_of(
    said: str, guests: list[tuple[str, int]]
) -> None:
    guest = thing({"name": STRING, "age": INTEGER}, ("name", "age"))
    for seed in range(3):
        value = made(thing({"guests": {"type": "array", "items": guest}}), words=Words.of(said), seed=seed)
        found = [(each["name"], each["age"]) for each in value["guests"]]
        assert found[: len(guests)] == guests
        assert len(found) == len(guests)
