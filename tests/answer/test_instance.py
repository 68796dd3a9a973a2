"""Instances of JSON Schemas: always valid, always the same, always soon."""

import copy
from collections.abc import Iterator
from hashlib import blake2b
from itertools import count
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft7Validator, Draft202012Validator

from mockserver.answer import instance as module
from mockserver.answer.instance import ImpossibleSchemaError, instance
from mockserver.answer.maker import STEPS, Maker
from mockserver.answer.words import Words

Json = dict[str, Any]
HELLO = Words.of("Hello")
STRING: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}


def drawn(seed: int = 0) -> Iterator[int]:
    """Endless numbers, as a request gives them."""
    for block in count():
        yield from blake2b(f"{seed} {block}".encode(), digest_size=64).digest()


def made(schema: Any, *, words: Words = HELLO, seed: int = 0) -> Any:
    return instance(schema, numbers=drawn(seed), words=words)


def reason(schema: Any) -> str:
    with pytest.raises(ImpossibleSchemaError) as caught:
        made(schema)
    return str(caught.value)


def thing(properties: Json, required: tuple[str, ...] = (), **more: Any) -> Json:
    return {"type": "object", "properties": properties, "required": list(required), **more}


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
    try:
        value = made(mixed, seed=seed)
    except ImpossibleSchemaError as impossible:
        assert str(impossible)
        return
    Draft202012Validator(mixed).validate(value)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda below: st.lists(below) | st.dictionaries(st.sampled_from(["type", "properties", "items", "$ref", "allOf", "anyOf", "enum", "$defs", "required", "pattern", "format", "minItems", "if", "then", "default", "$id", "$anchor", "$schema", "dependencies", "additionalItems"]) | st.text(), below), max_leaves=12))  # fmt: skip
def test_what_is_no_schema_is_refused_and_nothing_else_happens(anything: Any) -> None:
    try:
        value = made(anything)
    except ImpossibleSchemaError as impossible:
        assert str(impossible)
    else:
        assert orjson.dumps(value)


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


CHOICES: list[Any] = [
    {"oneOf": [thing({"a": STRING}, ("a",)), thing({"b": STRING}, ("b",))]},
    {"oneOf": [INTEGER, {"type": "number"}]},
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
    {"enum": [0, 5, 7]},
    {"type": "string", "pattern": "^(?!.*(a+)+$).*b$"},
    {"type": "string", "pattern": "b{2}", "minLength": 9},
    {"type": "string", "format": "email", "maxLength": 5},
    {"type": "string", "format": "date", "pattern": "^x$"},
    {"type": "string", "format": "uuid", "minLength": 36},
    {"minLength": 3, "maxLength": 2, "type": ["string", "integer"]},
    {"properties": {"a": {"type": "array", "minItems": 2, "maxItems": 1}}, "type": "object"},
    {"type": "array", "items": False},
    {"type": "object", "maxProperties": 2, "properties": dict.fromkeys("abcd", STRING)},
    {"type": "object", "additionalProperties": {"type": "number"}},
    {"type": "object", "properties": {"a": True}, "minProperties": 4},
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


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (thing({"age": {**INTEGER, "minimum": 10, "maximum": 5}}, ("age",)), "properties.age: minimum 10 is above maximum 5"),
        (thing({"s": {**STRING, "minLength": 3, "maxLength": 1}}, ("s",)), "properties.s: minLength 3 is above maxLength 1"),
        ({"type": "number", "minimum": 1, "exclusiveMaximum": 1}, "schema: minimum 1 leaves no number within exclusiveMaximum 1"),
        ({"type": "integer", "minimum": 1.2, "maximum": 1.8}, "no integer lies within minimum 1.2 and maximum 1.8"),
        ({"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 13}, "no multiple of 7 lies within"),
        ({"type": "number", "multipleOf": 1e300, "minimum": 1, "maximum": 2}, "no multiple of 1e+300 lies within"),
        ({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.0000000000000002}, "no number was found"),
        ({"allOf": [STRING, INTEGER]}, "no value has the types string and integer at once"),
        ({"enum": [1], "const": True}, "enum and const leave no value"),
        ({"enum": [1, 2], "type": "string"}, 'is not of type "string"'),
        (False, "the schema false allows no value"),
        ({"not": {}}, "schema: {} is not allowed"),
        (thing({"a": False}, ("a",)), "the property 'a' is required, and its schema or additionalProperties is false"),
        (thing({}, ("z",), additionalProperties=False), "the property 'z' is required"),
        ({"type": "object", "required": ["a", "b"], "maxProperties": 1}, "maxProperties 1 is below the 2 required"),
        ({"type": "object", "propertyNames": {"enum": ["a"]}, "minProperties": 3}, "minProperties 3 is more than the 1"),
        ({"type": "object", "propertyNames": False, "minProperties": 1}, "minProperties 1 is more than the 0"),
        ({"type": "object", "minProperties": 10**9}, "it needs 1000000000 properties"),
        ({"type": "array", "minItems": 10**9}, "it needs 1000000000 items, more than the 1000"),
        ({"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "minItems": 3}, "only 2 different items"),
        ({"type": "array", "items": False, "minItems": 1}, "items: the schema false allows no value"),
        ({"type": "array", "contains": {}, "maxItems": 0}, "contains needs 1 items, and maxItems 0 allows fewer"),
        ({"type": "string", "minLength": 10**9}, "minLength 1000000000 is more than the mock writes"),
        ({"type": "string", "pattern": "^(?=b)a$"}, 'does not match "^(?=b)a$"'),
        ({"type": "string", "pattern": r"^[^\s\S]$"}, "schema: pattern '^[^\\\\s\\\\S]$': a class that matches no printable"),
        ({"$id": "https://e.com/s", "$defs": {"a": {"$id": "t"}}, "$ref": "https://e.com/t"}, "use #/$defs/name"),
        ({"$dynamicRef": "#/enum/0", "enum": [1]}, "names no schema in this document"),
        (thing({"c": {"$ref": "#"}}, ("c",)), "properties.c: it needs itself within itself, without end"),
        ({"type": "array", "items": {"$ref": "#"}, "minItems": 1}, "it needs itself within itself"),
        ({"$ref": "http://127.0.0.1:1/x"}, "lies outside the schema, and the mock opens nothing"),
        ({"$ref": "file:///etc/hostname"}, "lies outside the schema"),
        ({"$ref": "#/nowhere"}, "'/nowhere' does not exist"),
        ({"$ref": "#/x", "x": 5}, "x: 5 is not of types"),
        ({"type": "strin"}, "the schema is not valid: type:"),
        ({"items": [{"type": "strin"}]}, "the schema is not valid: items:"),
        ({"pattern": "("}, "the schema is not valid: pattern:"),
        ([1], "the schema is not valid"),
        (None, "the schema is not valid"),
        ({"minimum": 10**400}, "the schema is not JSON that can be written"),
        ({"const": "\ud800"}, "the schema is not JSON that can be written"),
    ],
)  # fmt: skip
def test_an_impossible_schema_tells_which_part_and_why(schema: Any, words: str) -> None:
    assert words in reason(schema)


def nested(schema: Any, levels: int, around: Any) -> Any:
    for _ in range(levels):
        schema = around(schema)
    return schema


def chain_of(levels: int, *, required: bool) -> Json:
    """Each level holds two of the next: an instance of all would have 2 ** levels leaves."""
    parts = {
        f"d{level}": thing(
            {side: {"$ref": f"#/$defs/d{level + 1}"} for side in ("l", "r")}, ("l", "r") if required else ()
        )
        for level in range(levels)
    }
    return {"$defs": {**parts, f"d{levels}": STRING}, "$ref": "#/$defs/d0"}


HOSTILE: dict[str, Any] = {
    "deep objects": nested(STRING, 60, lambda schema: thing({"a": schema}, ("a",))),
    "deep choices": nested(STRING, 100, lambda schema: {"anyOf": [False, schema]}),
    "deeper than can be read": nested({}, 5000, lambda schema: {"not": schema}),
    "required doubling": chain_of(30, required=True),
    "optional doubling": chain_of(30, required=False),
    "wide": thing({f"p{index}": STRING for index in range(20_000)}),
    "wide and required": thing(
        {f"p{index}": STRING for index in range(900)}, tuple(f"p{index}" for index in range(900))
    ),
    "many members": {"enum": [f"value {index}" for index in range(20_000)], "type": "integer"},
    "many alternatives": {"anyOf": [{"const": index, "type": "string"} for index in range(8_000)]},
    "contradicting choices": {
        "allOf": [{"anyOf": [{"const": f"{index} {way}"} for way in range(5)]} for index in range(10)]
    },
    "a long chain of references": {
        "$defs": {
            **{f"d{index}": {"$ref": f"#/$defs/d{index + 1}"} for index in range(2_000)},
            "d2000": STRING,
        },
        "$ref": "#/$defs/d0",
    },
    "references in a circle": {
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        "$ref": "#/$defs/a",
    },
    "itself": {"$ref": "#"},
    "a slow pattern": {"type": "string", "pattern": r"^(a+)+\1?(?=b)c$"},
    "a huge pattern": {"type": "string", "pattern": "^((((a?){90}){90}){9}){9}$", "minLength": 20_000},
    "unique and many": {"type": "array", "uniqueItems": True, "minItems": 1000, "items": {"type": "integer"}},
    "nested minItems": nested(STRING, 6, lambda schema: {"type": "array", "items": schema, "minItems": 500}),
}


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_schema_ends_within_its_steps(schema: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[Maker] = []

    class Watched(Maker):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            attempts.append(self)

    monkeypatch.setattr(module, "Maker", Watched)
    try:
        value = made(schema)
    except ImpossibleSchemaError as impossible:
        assert len(str(impossible)) < 3_000
    else:
        assert orjson.dumps(value)
    assert len(attempts) <= 4
    assert all(0 < maker.steps <= STEPS for maker in attempts)


def test_a_schema_that_is_too_wide_gives_some_of_its_properties() -> None:
    value = made(HOSTILE["wide"])
    assert 0 < len(value) < 20_000
