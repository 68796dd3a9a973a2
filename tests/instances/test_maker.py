"""Schemas that cannot be met, and schemas that are meant to keep a server busy."""

from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from mockserver.base.deadline import Deadline
from mockserver.instances import instance as module
from mockserver.instances.document import compiled
from mockserver.instances.facts import DeadEndError
from mockserver.instances.impossible import TakesLongError
from mockserver.instances.maker import STEPS, Maker
from mockserver.instances.spelling import strictly
from mockserver.instances.words import Words
from tests.collecting import nothing_left
from tests.instances.grammar import BRANCHING
from tests.instances.making import HELLO, INTEGER, STRING, Json, attempt, drawn, made, thing


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (
            thing({"age": {**INTEGER, "minimum": 10, "maximum": 5}}, ("age",)),
            "properties.age: minimum 10 is above maximum 5",
        ),
        (
            thing({"s": {**STRING, "minLength": 3, "maxLength": 1}}, ("s",)),
            "properties.s: minLength 3 is above maxLength 1",
        ),
        (
            {"type": "number", "minimum": 1, "exclusiveMaximum": 1},
            "schema: minimum 1 leaves no number within exclusiveMaximum 1",
        ),
        (
            {"type": "integer", "minimum": 1.2, "maximum": 1.8},
            "no integer lies within minimum 1.2 and maximum 1.8",
        ),
        ({"type": "integer", "multipleOf": 7, "minimum": 8, "maximum": 13}, "no multiple of 7 lies within"),
        (
            {"type": "number", "multipleOf": 1e300, "minimum": 1, "maximum": 2},
            "no multiple of 1e+300 lies within",
        ),
        (
            {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.0000000000000002},
            "no number was found",
        ),
        ({"allOf": [STRING, INTEGER]}, "no value has the types string and integer at once"),
        ({"enum": [1], "const": True}, "enum and const leave no value"),
        ({"enum": [1, 2], "type": "string"}, 'is not of type "string"'),
        (False, "the schema false allows no value"),
        (
            {"type": "object", "if": {"required": ["a"]}, "then": False, "else": False},
            "else: the schema false allows no value",
        ),
        ({"not": {}}, "schema: {} is not allowed"),
        ({"type": "integer", "not": {"minimum": 0}, "minimum": 0}, "is not allowed for"),
        (
            thing({"a": False}, ("a",)),
            "the property 'a' is required, and its schema or additionalProperties is false",
        ),
        (thing({}, ("z",), additionalProperties=False), "the property 'z' is required"),
        (
            {"type": "object", "required": ["a", "b"], "maxProperties": 1},
            "maxProperties 1 is below the 2 required",
        ),
        (
            {"type": "object", "propertyNames": {"enum": ["a"]}, "minProperties": 3},
            "minProperties 3 is more than the 1",
        ),
        (
            {"type": "object", "propertyNames": False, "minProperties": 1},
            "minProperties 1 is more than the 0",
        ),
        ({"type": "object", "minProperties": 10**9}, "it needs 1000000000 properties"),
        ({"type": "array", "minItems": 10**9}, "it needs 1000000000 items, more than the 1000"),
        (
            {"type": "array", "minItems": 99, "items": {"type": "array", "minItems": 99, "items": INTEGER}},
            "its smallest instance has 9901 values, and the mock makes 5000",
        ),
        (
            {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "minItems": 3},
            "only 2 different items",
        ),
        ({"type": "array", "items": False, "minItems": 1}, "items: the schema false allows no value"),
        (
            {"type": "array", "contains": {}, "maxItems": 0},
            "contains needs 1 items, and maxItems 0 allows fewer",
        ),
        ({"type": "string", "minLength": 10**9}, "minLength 1000000000 is more than the mock writes"),
        ({"type": "string", "pattern": "^(?=b)a$"}, 'does not match "^(?=b)a$"'),
        (
            {"type": "string", "pattern": r"^[^\s\S]$"},
            "schema: pattern '^[^\\\\s\\\\S]$': a class that matches no printable",
        ),
        (
            {"$id": "https://e.com/s", "$defs": {"a": {"$id": "t"}}, "$ref": "https://e.com/t"},
            "use #/$defs/name",
        ),
        ({"$dynamicRef": "#/enum/0", "enum": [1]}, "names no schema in this document"),
        ({"$dynamicRef": "#/nowhere"}, "names no schema in this document"),
        (
            {"type": "object", "additionalProperties": {"$ref": "#"}, "minProperties": 1},
            "minProperties 1 is more than the 0 properties",
        ),
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
)
def test_an_impossible_schema_tells_which_part_and_why(schema: Any, words: str) -> None:
    assert words in attempt(schema)[1]


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
    "choices of which no two go together": thing(
        {"a": STRING},
        ("a",),
        allOf=[
            {"anyOf": [{"properties": {"a": {"const": f"{index} {way}"}}} for way in range(5)]}
            for index in range(10)
        ],
    ),
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
    value, reason = attempt(schema)
    assert orjson.dumps(value)
    assert len(reason) < 3_000
    assert len(attempts) <= 4
    assert all(maker.steps > 0 for maker in attempts[:1])  # for the others there may be no time left
    assert all(maker.steps <= STEPS for maker in attempts)


def test_a_schema_that_is_too_wide_gives_some_of_its_properties() -> None:
    value = made(HOSTILE["wide"])
    assert 0 < len(value) < 20_000


@given(BRANCHING, st.integers(0, 9), st.sampled_from([Draft202012Validator, Draft7Validator]))
def test_a_schema_that_branches_is_read_and_met(schema: Json, seed: int, draft: Any) -> None:
    named = {"$schema": draft.META_SCHEMA["$schema"], **schema}
    if draft is Draft7Validator:
        named = orjson.loads(orjson.dumps(named).replace(b"$defs", b"definitions"))
    value = made(named, seed=seed)
    draft(named).validate(value)
    assert orjson.loads(orjson.dumps(value)) == value
    readable = orjson.loads(orjson.dumps(named))
    strictly(readable)
    assert jsonschema_rs.validator_for(readable, validate_formats=True).is_valid(value)


def test_of_choices_that_contradict_one_another_none_is_followed_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[int] = []
    monkeypatch.setattr(Maker, "step", lambda *_: steps.append(1))
    reason = attempt(HOSTILE["choices of which no two go together"])[1]
    assert "enum and const leave no value" in reason
    assert len(steps) < 200


NAMED = st.fixed_dictionaries(
    {"type": st.sampled_from(["string", "integer", "number", "boolean"])},
    optional={"description": st.sampled_from(["A city", "the user's age", "one of: tea, milk", ""])},
)
LISTS = NAMED.map(lambda items: {"type": "array", "items": items})
SAID = st.lists(
    st.sampled_from(
        ["Jason", "in Berlin", "25", "age 7", '"tea"', "a@b.co", "\ud800", '"\ud800"', "city: Rome"]
    )
).map(" ".join)


def searched(schema: Any) -> Any:
    """The same schema with a word in each subschema that says nothing, so that its leaves are looked for."""
    if not isinstance(schema, dict):
        return schema
    below = {
        word: {name: searched(each) for name, each in inner.items()}
        if word == "properties"
        else searched(inner)
        for word, inner in schema.items()
    }
    return {**below, "$comment": "-"}


@given(
    st.dictionaries(st.sampled_from(["name", "age", "city", "tag", "is_new"]), NAMED | LISTS, min_size=1),
    SAID,
    st.integers(0, 9),
)
def test_what_may_be_any_of_its_type_is_made_without_a_search_as_with_one(
    properties: Json, said: str, seed: int
) -> None:
    schema = thing(properties, tuple(properties)[::2])
    words = Words.of(said)
    assert made(schema, words=words, seed=seed) == made(searched(schema), words=words, seed=seed)


def test_what_is_found_to_take_long_is_not_begun_in_haste_again() -> None:
    now = iter(range(10**9))
    schema = thing({f"slow{index}": STRING for index in range(50)})
    made(schema)

    def hasty(seconds: int) -> Any:
        deadline = Deadline(seconds, timer=lambda: next(now), hasty=True)
        return module.instance(schema, numbers=drawn(), words=HELLO, deadline=deadline)

    for _ in range(3):  # once may be a collection of garbage that falls into it
        with pytest.raises(TakesLongError):
            hasty(5)
        assert hasty(10**6)
    for seconds in (5, 5, 10**6):
        with pytest.raises(TakesLongError):
            hasty(seconds)


@pytest.mark.parametrize(
    "schema",
    [
        thing({"age": {**INTEGER, "minimum": 10, "maximum": 5}}, ("age",)),
        {"anyOf": [{**INTEGER, "minimum": 10, "maximum": 5}, {**STRING, "minLength": 3, "maxLength": 1}]},
        {"type": ["integer", "string"], "minimum": 10, "maximum": 5, "minLength": 3, "maxLength": 1},
        {**INTEGER, "if": {"minimum": 1}, "then": {"maximum": 0}, "else": {"minimum": 1}},
    ],
    ids=["a property", "ways", "types", "conditions"],
)
def test_a_dead_end_is_gone_when_it_was_told_of(schema: Json) -> None:
    attempt(schema)  # what is compiled is kept
    with nothing_left(DeadEndError):
        assert attempt(schema)[1]


def test_what_took_long_twice_and_then_does_not_is_made_in_haste_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    schema = thing({"again": STRING})
    document = compiled(schema)
    for took, left in ((0.5, 2), (0.0005, 0)):
        clock = iter((0.0, took))
        monkeypatch.setattr(module, "working_time", lambda clock=clock: next(clock))
        document.late = 2
        deadline = Deadline(1, timer=lambda: 0)
        assert module.instance(schema, numbers=drawn(), words=HELLO, deadline=deadline)
        assert document.late == left
