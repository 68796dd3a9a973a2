"""Function calls of the built-in model, as the SDKs tell them: when, which, with what, and in what form."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openai import OpenAI

from contract_tests.clients.jobs import Message, RefusedError
from contract_tests.matrix import both_ways
from contract_tests.sdks import ClientSdk, GenerationSdk, Sdk, every_sdk, sdks, text_sdks
from contract_tests.world import World

WEATHER: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given city.",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string", "description": "The city, such as Hangzhou."},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["location"],
        },
    },
}
TIME: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_current_time", "description": "Get the current time of day."},
}
TOOLS = [TIME, WEATHER]
ASKED = "What is the weather in Paris?"
CHAT = "Tell me a story about a dragon."
NAMED = {"type": "function", "function": {"name": "get_current_time"}}


def arguments_of(call: Any) -> Any:
    """Read a call's arguments; those of the weather fit its schema."""
    arguments = json.loads(call.arguments)
    if call.name == "get_current_weather":
        Draft202012Validator(WEATHER["function"]["parameters"]).validate(arguments)
    return arguments


@every_sdk
@both_ways
def test_the_tool_that_was_asked_for_is_called(sdk: Sdk, *, stream: bool) -> None:
    answer = sdk.ask(ASKED, tools=TOOLS, stream=stream)

    (call,) = answer.calls
    assert call.name == "get_current_weather"
    assert arguments_of(call)["location"] == "Paris"
    assert (answer.content, answer.finish_reason) == ("", "tool_calls")


@every_sdk
@both_ways
def test_no_tool_is_called_when_none_was_asked_for(sdk: Sdk, *, stream: bool) -> None:
    answer = sdk.ask(CHAT, tools=TOOLS, stream=stream)

    assert answer.calls == []
    assert answer.content
    assert answer.finish_reason == "stop"


@every_sdk
def test_none_forbids_calls_and_hides_the_tools(sdk: Sdk) -> None:
    answer = sdk.ask(ASKED, tools=TOOLS, tool_choice="none")

    assert answer.calls == []
    assert answer.content
    assert answer.usage.input == sdk.ask(ASKED).usage.input


@every_sdk
def test_required_makes_a_call_of_anything(sdk: Sdk) -> None:
    (call,) = sdk.ask(CHAT, tools=TOOLS, tool_choice="required").calls

    assert call.name in ("get_current_time", "get_current_weather")
    arguments_of(call)


@every_sdk
@both_ways
def test_named_tool_is_called_whatever_was_asked(sdk: Sdk, *, stream: bool) -> None:
    (call,) = sdk.ask(ASKED, tools=TOOLS, tool_choice=NAMED, stream=stream).calls

    assert call.name == "get_current_time"
    assert isinstance(arguments_of(call), dict)


@text_sdks
@pytest.mark.parametrize("choice", ["required", NAMED], ids=["required", "named"])
def test_thinking_models_are_not_forced(sdk: Sdk, choice: Any) -> None:
    with pytest.raises(RefusedError, match="does not support being set to required or object in thinking"):
        sdk.ask(ASKED, tools=TOOLS, tool_choice=choice, stream=True, enable_thinking=True)


@text_sdks
def test_thinking_comes_before_a_call(sdk: Sdk) -> None:
    answer = sdk.ask(ASKED, tools=TOOLS, stream=True, enable_thinking=True)

    assert answer.reasoning
    assert [call.name for call in answer.calls] == ["get_current_weather"]
    assert answer.finish_reason == "tool_calls"


@every_sdk
@both_ways
def test_parallel_calls(sdk: Sdk, *, stream: bool) -> None:
    both = "What is the current time, and what is the weather in Paris?"
    one = sdk.ask(both, tools=TOOLS, stream=stream)
    two = sdk.ask(both, tools=TOOLS, stream=stream, parallel_tool_calls=True)

    assert len(one.calls) == 1
    assert [call.name for call in two.calls] == ["get_current_time", "get_current_weather"]
    assert arguments_of(two.calls[1])["location"] == "Paris"
    assert len({call.id for call in two.calls}) == 2


def after_the_result(sdk: Sdk) -> list[Message]:
    """Call the tool, and write the history with its result."""
    (call,) = sdk.ask(ASKED, tools=TOOLS).calls
    function = {"name": call.name, "arguments": call.arguments}
    sent = {"id": call.id, "type": "function", "function": function}
    return [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": "", "tool_calls": [sent]},
        {"role": "tool", "content": "Sunny, 26 degrees.", "tool_call_id": call.id},
    ]


@text_sdks
@both_ways
def test_words_follow_the_result(sdk: Sdk, *, stream: bool) -> None:
    answer = sdk.ask(after_the_result(sdk), tools=TOOLS, stream=stream)

    assert answer.calls == []
    assert "Sunny, 26 degrees." in answer.content
    assert answer.finish_reason == "stop"


@text_sdks
@both_ways
@pytest.mark.parametrize(("model", "form"), [("qwen-plus", 22), ("qwen-turbo", 22), ("qwen3-max", 24)])
def test_ids(sdk: Sdk, model: str, form: int, *, stream: bool) -> None:
    first, second = (sdk.ask(ASKED, model=model, tools=TOOLS, stream=stream).calls[0] for _ in range(2))

    assert first.id != second.id
    for call in (first, second):
        mark, digits = call.id.split("_")
        assert mark == "call"
        assert len(digits) == form
        assert set(digits) <= set("0123456789abcdef")


@every_sdk
def test_tools_cost_input_tokens(sdk: Sdk) -> None:
    """The block of tools in the system's message counts: all of each function, and what is around them."""
    without = sdk.ask(CHAT).usage.input
    one = sdk.ask(CHAT, tools=[TIME]).usage.input
    both = sdk.ask(CHAT, tools=TOOLS).usage.input

    assert one - without in range(100, 200)
    assert both - one in range(60, 120)


@pytest.mark.parametrize("model", ["qwen3-max", "qwen3-vl-plus", "qwen3-32b"])
def test_openai_assembles_the_deltas_itself(openai: OpenAI, model: str) -> None:
    """The stream helper of `openai` concatenates whatever comes, ids too: these backends send each once."""
    with openai.chat.completions.stream(
        model=model,
        messages=[{"role": "user", "content": ASKED}],
        tools=[WEATHER],  # type: ignore[list-item]
        extra_body={"enable_thinking": False},
    ) as stream:
        (choice,) = stream.get_final_completion().choices

    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls"
    assert call.function.name == "get_current_weather"
    assert json.loads(call.function.arguments)["location"] == "Paris"
    assert call.id.count("call_") == 1


@sdks("generation")
def test_dashscope_merges_the_pieces_itself(sdk: GenerationSdk) -> None:
    """Asked not to be incremental, the 1.x interface asks for pieces and makes growing answers of them."""
    *_, last = sdk.call(
        model="qwen-plus",
        messages=[{"role": "user", "content": ASKED}],
        tools=TOOLS,
        result_format="message",
        stream=True,
        incremental_output=False,
    )

    (choice,) = last["output"]["choices"]
    (call,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert json.loads(call["function"]["arguments"])["location"] == "Paris"


@sdks("client")
def test_dashscope_client_assembles_the_deltas_itself(sdk: ClientSdk) -> None:
    with sdk.open() as client:
        stream: Any = client.chat.completions.create(
            model="qwen-plus", messages=ASKED, tools=TOOLS, stream=True
        )
        (choice,) = stream.get_final_message().choices

    (call,) = choice.message.tool_calls
    assert choice.finish_reason == "tool_calls"
    assert call.id.count("call_") == 1
    assert json.loads(call.function.arguments)["location"] == "Paris"


@text_sdks
def test_scripted_calls_arrive_to_the_letter(sdk: Sdk, world: World) -> None:
    arguments = '{"location":  "巴黎 🗼",\n"unit": "celsius"}'
    world.script({"tool_calls": [{"name": "get_current_weather", "arguments": arguments}]})

    (call,) = sdk.ask(ASKED, tools=TOOLS, stream=True).calls

    assert call.arguments == arguments
