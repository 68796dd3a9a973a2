"""Answers that are JSON, as the SDKs read them."""

import json
from enum import StrEnum
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openai import OpenAI
from pydantic import BaseModel, Field

from contract_tests.clients.jobs import RefusedError
from contract_tests.matrix import both_ways
from contract_tests.sdks import Sdk, every_sdk

OBJECT = {"type": "json_object"}
ORDER: dict[str, Any] = {
    "type": "object",
    "$defs": {
        "item": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "count": {"type": "integer", "minimum": 1, "maximum": 9},
                "size": {"enum": ["small", "large"]},
            },
            "required": ["name", "count", "size"],
            "additionalProperties": False,
        }
    },
    "properties": {
        "customer": {
            "type": "object",
            "properties": {
                "email": {"type": "string", "format": "email"},
                "since": {"type": "string", "format": "date"},
                "id": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            },
            "required": ["email", "since", "id"],
            "additionalProperties": False,
        },
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}, "minItems": 2},
        "grid": {"type": "array", "minItems": 1, "items": {"type": "array", "items": {"type": "number"}}},
        "state": {"enum": ["open", "paid", "shipped"]},
    },
    "required": ["customer", "items", "grid", "state"],
    "additionalProperties": False,
}


def as_format(schema: Any, *, strict: bool = True) -> dict[str, Any]:
    """Write a schema as `response_format`."""
    return {"type": "json_schema", "json_schema": {"name": "order", "strict": strict, "schema": schema}}


@every_sdk
@both_ways
def test_json_object(sdk: Sdk, *, stream: bool) -> None:
    answer = sdk.ask("Name three rivers, as JSON.", response_format=OBJECT, stream=stream)

    assert isinstance(json.loads(answer.content), dict)
    assert answer.finish_reason == "stop"


@every_sdk
@both_ways
def test_json_object_needs_the_word(sdk: Sdk, *, stream: bool) -> None:
    with pytest.raises(RefusedError, match="'messages' must contain the word 'json' in some form"):
        sdk.ask("Name three rivers.", response_format=OBJECT, stream=stream)


@every_sdk
def test_word_may_stand_in_the_system_message(sdk: Sdk) -> None:
    answer = sdk.ask(
        [
            {"role": "system", "content": "You answer in jSON."},
            {"role": "user", "content": "Name three rivers."},
        ],
        response_format=OBJECT,
    )

    assert isinstance(json.loads(answer.content), dict)


@every_sdk
def test_older_models_do_not_think_in_json(sdk: Sdk) -> None:
    with pytest.raises(
        RefusedError, match="Json mode response is not supported when enable_thinking is true"
    ):
        sdk.ask("Name three rivers, as JSON.", response_format=OBJECT, stream=True, enable_thinking=True)


@every_sdk
@both_ways
@pytest.mark.parametrize("strict", [True, False], ids=["strict", "lax"])
def test_json_schema(sdk: Sdk, *, strict: bool, stream: bool) -> None:
    answer = sdk.ask("What did I order?", response_format=as_format(ORDER, strict=strict), stream=stream)

    checker = Draft202012Validator.FORMAT_CHECKER
    Draft202012Validator(ORDER, format_checker=checker).validate(json.loads(answer.content))


@every_sdk
def test_same_question_has_the_same_answer(sdk: Sdk) -> None:
    first, second = (sdk.ask("What did I order?", response_format=as_format(ORDER)) for _ in range(2))

    assert first.content == second.content


@every_sdk
def test_impossible_schema_is_refused_with_the_reason(sdk: Sdk) -> None:
    schema = {
        "type": "object",
        "properties": {"size": {"type": "integer", "minimum": 9, "maximum": 3}},
        "required": ["size"],
    }
    with pytest.raises(RefusedError, match=r"size.*(9|3)") as refused:
        sdk.ask("How large is it?", response_format=as_format(schema))

    assert refused.value.failure["status"] == 400


@every_sdk
def test_unknown_format_is_refused(sdk: Sdk) -> None:
    with pytest.raises(RefusedError, match="Unknown format of response_format"):
        sdk.ask("Name three rivers, as XML.", response_format={"type": "xml"})


class Size(StrEnum):
    """How large a dish is."""

    SMALL = "small"
    LARGE = "large"


class Dish(BaseModel):
    """A dish, with the dishes beside it."""

    name: str
    size: Size
    price: float = Field(ge=0)
    spices: list[str]


class Menu(BaseModel):
    """A menu."""

    title: str
    best: Dish
    others: list[Dish]
    closed_on: str | None


def test_openai_parses_the_answer_into_a_model(openai: OpenAI) -> None:
    completion = openai.chat.completions.parse(
        model="qwen-plus",
        messages=[{"role": "user", "content": "What is for dinner?"}],
        response_format=Menu,
    )

    assert isinstance(completion.choices[0].message.parsed, Menu)


def test_openai_parses_a_stream_into_a_model(openai: OpenAI) -> None:
    with openai.chat.completions.stream(
        model="qwen3-max",
        messages=[{"role": "user", "content": "What is for dinner?"}],
        response_format=Menu,
    ) as stream:
        completion = stream.get_final_completion()

    assert isinstance(completion.choices[0].message.parsed, Menu)
