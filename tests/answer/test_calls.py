"""When the built-in model calls a function, which one, and with what."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer import calls, prose
from mockserver.base.jsontext import loads
from mockserver.instances.impossible import ImpossibleSchemaError
from mockserver.talk.request import ChatRequest
from tests.asking import Messages, ask
from tests.instances.making import drawn

ASKED = "What is the weather in Berlin?"
BOTH_ASKED = "What is the weather in Berlin, and what is 3 + 4? Use get_weather and calculate_sum."


def tool(name: str, description: str = "", parameters: Any = None) -> dict[str, Any]:
    function: dict[str, Any] = {"name": name, "description": description}
    if parameters is not None:
        function["parameters"] = parameters
    return {"type": "function", "function": function}


WEATHER = tool(
    "get_weather",
    "Get the weather of a city",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer", "const": 2}},
        "required": ["city", "days"],
    },
)
SUM = tool(
    "calculate_sum",
    "Add two numbers",
    {
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        "required": ["a", "b"],
    },
)
TOOLS = [SUM, WEATHER]


def force(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def names(request: ChatRequest) -> list[str]:
    """The functions that a request gets called."""
    return [each["function"]["name"] for each in calls.wanted(request)]


def with_parameters(request: ChatRequest, **parameters: Any) -> ChatRequest:
    """A request with parameters that its schema would refuse."""
    return replace(request, parameters={**request.parameters, **parameters})


def arguments(parameters: Any, *, said: str = "Tea?", numbers: Iterator[int] | None = None) -> str:
    """The arguments of a forced call of a tool with these parameters."""
    request = ask(said, tools=[WEATHER])
    request = with_parameters(request, tools=[tool("brew", "", parameters)], tool_choice=force("brew"))
    (made,) = calls.calls(request, drawn() if numbers is None else numbers)
    assert (made.name, made.id) == ("brew", "")
    return made.arguments


def test_without_tools_nothing_is_called() -> None:
    assert names(ask(ASKED)) == []
    assert calls.calls(ask(ASKED), drawn()) == ()


def test_what_the_words_ask_for_is_called() -> None:
    assert names(ask(ASKED, tools=TOOLS)) == ["get_weather"]
    assert names(ask(ASKED, tools=TOOLS, tool_choice="auto")) == ["get_weather"]
    assert names(ask(ASKED, tools=TOOLS, tool_choice=None)) == ["get_weather"]


def test_words_that_ask_for_no_tool_call_none() -> None:
    assert names(ask("Hello", tools=TOOLS)) == []


def test_none_forbids_what_the_words_ask_for() -> None:
    assert names(ask(ASKED, tools=TOOLS, tool_choice="none")) == []


def test_required_calls_what_is_asked_for_and_else_the_first_tool() -> None:
    assert names(ask(ASKED, tools=TOOLS, tool_choice="required")) == ["get_weather"]
    assert names(ask("Hello", tools=TOOLS, tool_choice="required")) == ["calculate_sum"]


def test_a_tool_is_forced_by_its_name_whatever_the_words_are() -> None:
    assert names(ask("Hello", tools=TOOLS, tool_choice=force("get_weather"))) == ["get_weather"]


def test_of_two_tools_of_one_name_the_first_is_forced_and_an_unknown_name_calls_none() -> None:
    twice = ask("Hello", tools=[SUM, WEATHER, tool("get_weather")], tool_choice=force("get_weather"))
    assert calls.wanted(twice) == [WEATHER]
    assert names(with_parameters(twice, tool_choice=force("brew"))) == []


def test_only_parallel_calls_are_several() -> None:
    assert names(ask(BOTH_ASKED, tools=TOOLS)) == ["calculate_sum"]
    assert names(ask(BOTH_ASKED, tools=TOOLS, parallel_tool_calls=False)) == ["calculate_sum"]
    both = ask(BOTH_ASKED, tools=TOOLS, parallel_tool_calls=True)
    assert names(both) == ["calculate_sum", "get_weather"]
    assert [call.name for call in calls.calls(both, drawn())] == ["calculate_sum", "get_weather"]


def test_after_a_tool_has_answered_nothing_is_called_unless_it_is_required() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    history: Messages = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "Rain.", "tool_call_id": "call_1"},
    ]
    assert names(ask(history, tools=TOOLS)) == []
    assert names(ask(history, tools=TOOLS, tool_choice="required")) == ["calculate_sum"]
    again: Messages = [
        *history,
        {"role": "assistant", "content": "Rain."},
        {"role": "user", "content": ASKED},
    ]
    assert names(ask(again, tools=TOOLS)) == ["get_weather"]


@pytest.mark.parametrize("nameless", [{"type": "web_search"}, {"type": "function", "function": {}}])
def test_a_tool_without_a_name_is_never_called(nameless: dict[str, Any]) -> None:
    request = with_parameters(ask("Hello", tools=TOOLS, tool_choice="required"), tools=[nameless])
    assert names(request) == []
    assert names(with_parameters(request, tools=[nameless, WEATHER])) == ["get_weather"]


def test_the_arguments_come_from_the_words_and_are_spaced_as_models_write_them() -> None:
    (made,) = calls.calls(ask(ASKED, tools=TOOLS), drawn())
    assert (made.name, made.arguments, made.id) == ("get_weather", '{"city": "Berlin", "days": 2}', "")
    (chinese,) = calls.calls(ask("北京的天气怎么样？", tools=TOOLS), drawn())
    assert chinese.arguments == '{"city": "北京", "days": 2}'


def test_inner_values_are_written_without_blanks() -> None:
    inner = {"type": "object", "properties": {"of": {"const": {"leaf": [1, 2]}}}, "required": ["of"]}
    assert arguments(inner) == '{"of": {"leaf":[1,2]}}'


@pytest.mark.parametrize("parameters", [None, "none", [], 3])
def test_a_tool_that_describes_no_arguments_gets_an_empty_object(parameters: Any) -> None:
    assert arguments(parameters) == "{}"


def test_arguments_are_an_object_where_their_schema_names_no_type() -> None:
    assert arguments({}) == "{}"
    assert arguments({"properties": {"cups": {"const": 2}}}) == '{"cups": 2}'


def test_arguments_that_their_schema_wants_as_an_array_are_written_as_they_are() -> None:
    assert arguments({"type": "array", "const": [1, "茶"]}) == '[1,"茶"]'


def test_arguments_that_cannot_exist_are_an_error() -> None:
    with pytest.raises(ImpossibleSchemaError):
        arguments({"type": "object", "properties": {"a": False}, "required": ["a"]})


@given(
    st.integers(0, 2**31 - 1),
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.integers(), max_size=4),
)
def test_the_arguments_are_valid_json_by_the_tools_own_schema(seed: int, members: dict[str, int]) -> None:
    kinds = ({"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "boolean"}})
    parameters = {
        "type": "object",
        "properties": {name: kinds[kind % 3] for name, kind in members.items()},
        "required": list(members),
        "additionalProperties": False,
    }
    request = ask("Tea?", seed=seed, tools=[tool("brew", "", parameters)], tool_choice=force("brew"))
    (made,) = calls.calls(request, prose.numbers(request, 0))
    assert calls.calls(request, prose.numbers(request, 0)) == (made,)
    value = loads(made.arguments)
    assert set(value) == set(members)
    checks = (str, int, list)
    assert all(isinstance(value[name], checks[kind % 3]) for name, kind in members.items())


def test_numbers_that_are_all_the_same_make_arguments_too() -> None:
    made = arguments(SUM["function"]["parameters"], numbers=repeat(0))
    assert set(loads(made)) == {"a", "b"}
