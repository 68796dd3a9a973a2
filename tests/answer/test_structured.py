"""Answers that have to be JSON."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer import prose, structured
from mockserver.answer.course import course_of
from mockserver.base.jsontext import dumps, loads
from mockserver.instances.impossible import ImpossibleSchemaError
from mockserver.talk.request import ChatRequest
from tests.asking import Messages, ask
from tests.instances.making import drawn
from tests.wire.strategies import json_values, texts

OBJECT = {"type": "json_object"}
CUP = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "cups": {"type": "integer", "minimum": 3, "maximum": 3}},
    "required": ["city", "cups"],
}


def demand(form: Any, said: str | Messages = "Tea in Berlin?") -> ChatRequest:
    """A request with a response format, as sent; the rules for it are tested elsewhere."""
    request = ask(said)
    return replace(request, parameters={**request.parameters, "response_format": form})


def by_schema(schema: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "cup", "schema": schema}}


@pytest.mark.parametrize(
    ("form", "wanted"),
    [(OBJECT, True), (by_schema(CUP), True), ({"type": "text"}, False), ({}, False), (None, False)],
)
def test_json_is_wanted_by_two_formats_only(form: Any, wanted: bool) -> None:  # noqa: FBT001 - a column
    assert structured.wanted(demand(form)) is wanted


def test_without_a_response_format_none_is_wanted() -> None:
    assert not structured.wanted(ask("Tea?"))
    assert structured.schema(ask("Tea?")) is None


@pytest.mark.parametrize(
    ("form", "schema"),
    [
        (OBJECT, None),
        ({"type": "json_object", "json_schema": {"schema": CUP}}, None),
        (by_schema(CUP), CUP),
        ({"type": "json_schema", "json_schema": CUP}, CUP),
        (by_schema(True), True),
        (by_schema(None), None),
        ({"type": "json_schema"}, {}),
        ({"type": "json_schema", "json_schema": None}, {}),
    ],
)
def test_the_schema_stands_in_its_wrapper_or_in_its_place(form: Any, schema: Any) -> None:
    assert structured.schema(demand(form)) == schema


@given(texts)
def test_any_object_says_what_the_words_would_have_said(said: str) -> None:
    request = demand(OBJECT, said)
    assert loads(structured.answer(request, drawn())) == {
        "mock": True,
        "turn": 1,
        "answer": prose.answer(request, drawn()),
    }


def test_the_object_is_compact_and_knows_its_turn() -> None:
    turns = [{"role": "user", "content": "Tea?"}] * 2
    assert structured.answer(demand(OBJECT, turns), drawn()).startswith('{"mock":true,"turn":2,"answer":"')


def test_an_answer_fits_its_schema_with_the_users_own_words() -> None:
    assert structured.answer(demand(by_schema(CUP)), drawn()) == '{"city":"Berlin","cups":3}'


@given(json_values)
def test_an_answer_fits_a_schema_that_allows_one_value(value: Any) -> None:
    assert loads(structured.answer(demand(by_schema({"const": value})), drawn())) == value


def test_a_schema_that_nothing_fits_is_an_error() -> None:
    with pytest.raises(ImpossibleSchemaError):
        structured.answer(demand(by_schema(False)), drawn())


@pytest.mark.parametrize(
    "shown",
    ['{"type": ["object", "null"], "enum": [1]}', '{"type": "object", "properties": 5, "$ref": "#/x"}'],
)
def test_words_that_ask_for_what_nothing_can_be_are_answered_all_the_same(shown: str) -> None:
    said = loads(structured.answer(demand(OBJECT, f"Answer in JSON by {shown}"), drawn()))
    assert said["mock"] is True
    assert said["turn"] == 1
    assert said["answer"]


def test_json_mode_reads_the_prompt() -> None:
    said = "Jason is 25 years old. Return JSON with the keys name and age."
    assert structured.answer(demand(OBJECT, said), drawn()) == '{"name":"Jason","age":25}'


@pytest.mark.parametrize(
    ("shown", "key", "kind"),
    [
        ('{"type": "array", "items": {"type": "string"}}', "items", list),
        ('{"type": "array", "items": {"type": "string"}, "title": "CityNames"}', "city_names", list),
        ('{"type": "string", "enum": ["red", "blue"]}', "value", str),
        ('{"anyOf": [{"type": "null"}, {"type": "boolean"}], "type": ["null", "boolean"]}', "value", bool),
    ],
)
def test_json_mode_answers_with_an_object_whatever_the_prompt_shows(shown: str, key: str, kind: type) -> None:
    said = loads(structured.answer(demand(OBJECT, f"Answer in JSON by {shown}"), drawn()))
    assert list(said) == [key]
    assert isinstance(said[key], kind)


@given(st.integers(-(2**53), 2**53) | st.booleans())
def test_json_mode_takes_the_object_of_several_types(value: Any) -> None:
    shown = dumps({"type": ["array", "object"], "properties": {"cup": {"const": value}}, "required": ["cup"]})
    said = loads(structured.answer(demand(OBJECT, f"Answer in JSON by {shown.decode()}"), drawn()))
    assert said == {"cup": value}


@given(json_values)
def test_a_schema_of_the_format_may_ask_for_no_object(value: Any) -> None:
    assert loads(structured.answer(demand(by_schema({"enum": [value]})), drawn())) == value


def test_words_of_the_schema_fill_nothing() -> None:
    cup = '{"type":"object","properties":{"title":{"type":"string","description":"The title"}},"title":"Cup"}'
    request = demand(OBJECT, f'Answer in JSON by {cup} about "Tea"')
    assert structured.task(request, course_of(request)).words == 'Answer in JSON by\nabout "Tea"'
    assert loads(structured.answer(request, drawn())) == {"title": "Tea"}


def test_a_format_with_a_schema_goes_before_the_prompt() -> None:
    request = demand(by_schema(CUP), 'Return JSON with the key "tea" for Berlin')
    assert structured.answer(request, drawn()) == '{"city":"Berlin","cups":3}'


def test_what_was_wrong_is_heeded_where_it_can_be() -> None:
    schema = {"type": "object", "properties": {"cups": {"type": "integer"}}, "required": ["cups"]}

    def again(said: str) -> Any:
        turns: Messages = [
            {"role": "user", "content": "Tea for 3 cups?"},
            {"role": "assistant", "content": '{"cups":3}'},
            {"role": "user", "content": f"1 validation error for Cup\ncups\n  {said}"},
        ]
        return loads(structured.answer(demand(by_schema(schema), turns), drawn()))["cups"]

    assert again("Input should be greater than or equal to 30") >= 30
    assert again("Input should be 'red' or 'blue'") == 3
    assert again("It tastes odd") == 3


def test_what_tools_have_answered_fills_the_answer() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    turns: Messages = [
        {"role": "user", "content": "Tea?"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "There is tea in Berlin.", "tool_call_id": "c1"},
    ]
    assert loads(structured.answer(demand(by_schema(CUP), turns), drawn()))["city"] == "Berlin"
