"""Anthropic's Messages read: what every form of a body asks for, and where each message stands in it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.catalogue import models as model_catalogue
from mockserver.dialects.anthropic.read import read_request
from mockserver.rules import schemas
from mockserver.talk.request import ChatRequest, Message, Part, ToolCall
from tests.wire.strategies import json_values, texts

MODEL = model_catalogue.load()["qwen3.7-plus"]


def read(*messages: dict[str, Any], **body: Any) -> ChatRequest:
    sent = {"model": MODEL.name, "max_tokens": 64, "messages": list(messages) or [user("Hi")], **body}
    assert schemas.violations("anthropic.request", sent) == []
    return read_request(sent, MODEL, {})


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **more}


MARK = {"cache_control": {"type": "ephemeral"}}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "brew_tea", "input": {"leaf": "龙井"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}


def test_a_text_is_a_message() -> None:
    request = read(user("How long?"))
    assert request.messages == (Message("user", "How long?"),)
    assert request.surface.name == "anthropic"
    assert not request.stream
    assert read(stream=True).stream


def test_the_system_text_is_the_first_message() -> None:
    request = read(system="You brew.")
    assert request.messages == (Message("system", "You brew."), Message("user", "Hi"))
    assert (request.message_place(0), request.message_place(1)) == ("system", "messages[0]")


def test_a_system_in_blocks_may_carry_a_marker() -> None:
    request = read(system=[text("You "), text("brew.", **MARK)])
    assert request.messages[0] == Message("system", "You brew.", cached=True)
    assert request.messages[0].pieces == ("You ", "brew.")


@pytest.mark.parametrize("system", [None, "", []])
def test_a_system_that_says_nothing_is_no_message(system: Any) -> None:
    assert read(system=system).messages == (Message("user", "Hi"),)


def test_pictures_and_videos_are_read_by_where_they_lie() -> None:
    inline = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    far = {"type": "url", "url": "https://tea.example/pot.mp4"}
    request = read(
        user([{"type": "image", "source": inline}, {"type": "video", "source": far}, text("What is this?")])
    )
    assert request.messages[0].media == (
        Part("image", "data:image/png;base64,AAAA"),
        Part("video", "https://tea.example/pot.mp4"),
    )
    assert request.messages[0].text == "What is this?"


def test_an_answer_is_read_back_with_its_thought_and_its_calls() -> None:
    thought = {"type": "thinking", "thinking": "Tea is meant.", "signature": ""}
    hidden = {"type": "redacted_thinking", "data": "x"}
    request = read(user("Tea!"), {"role": "assistant", "content": [thought, hidden, text("Yes."), CALL]})
    assert request.messages[1] == Message(
        "assistant",
        "Yes.",
        tool_calls=(ToolCall("brew_tea", '{"leaf":"龙井"}', "toolu_1"),),
        reasoning="Tea is meant.",
    )


def test_a_result_is_a_message_of_its_own_before_what_is_said_beside() -> None:
    request = read(
        user("Tea!"), {"role": "assistant", "content": [CALL]}, user([text("And now?"), {**RESULT, **MARK}])
    )
    assert request.messages[2:] == (
        Message("tool", "done", tool_call_id="toolu_1", cached=True),
        Message("user", "And now?"),
    )
    assert request.message_place(2) == "messages[2].content[1]"
    assert request.message_place(3) == "messages[2]"
    assert request.message_place() == "messages"


def test_a_turn_of_results_alone_says_nothing_else() -> None:
    picture = {"type": "image", "source": {"type": "url", "url": "https://tea.example/cup.png"}}
    inner = {**RESULT, "content": [text("see "), picture, text("there")]}
    request = read(user("Tea!"), {"role": "assistant", "content": [CALL]}, user([inner]))
    assert len(request.messages) == 3
    assert request.messages[2].text == "see there"
    assert request.messages[2].media == (Part("image", "https://tea.example/cup.png"),)


def test_a_result_may_be_empty() -> None:
    bare = {"type": "tool_result", "tool_use_id": "toolu_1"}
    request = read(user("Tea!"), {"role": "assistant", "content": [CALL]}, user([bare]))
    assert request.messages[2] == Message("tool", "", tool_call_id="toolu_1")


def test_an_empty_list_of_blocks_is_an_empty_message() -> None:
    assert read(user([])).messages == (Message("user", ""),)


def test_parameters_have_the_names_of_the_other_dialects() -> None:
    request = read(
        temperature=0.5,
        top_p=0.9,
        top_k=20,
        stop_sequences=["END"],
        thinking={"type": "enabled", "budget_tokens": 99},
    )
    assert request.parameters == {
        "max_tokens": 64,
        "temperature": 0.5,
        "top_p": 0.9,
        "top_k": 20,
        "stop": ["END"],
        "enable_thinking": True,
        "thinking_budget": 99,
    }
    assert (request.max_output, request.stop, request.thinking_budget) == (64, ("END",), 99)


def test_places_are_those_of_the_body() -> None:
    request = read()
    assert request.place("stop") == "stop_sequences"
    assert request.place("thinking_budget") == "thinking.budget_tokens"
    assert request.place("temperature") == "temperature"


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (None, {}),
        ({"type": "enabled"}, {"enable_thinking": True}),
        ({"type": "disabled"}, {"enable_thinking": False}),
        ({"type": "disabled", "budget_tokens": 99}, {"enable_thinking": False}),
    ],
)
def test_thinking_is_a_switch_and_a_budget(thinking: Any, expected: dict[str, Any]) -> None:
    assert read(thinking=thinking).parameters == {"max_tokens": 64, **expected}


def test_the_configuration_of_the_output_has_effort_and_format() -> None:
    schema = {"type": "object", "properties": {"leaf": {"type": "string"}}}
    request = read(output_config={"effort": "high", "format": {"type": "json_schema", "schema": schema}})
    assert request.get("reasoning_effort") == "high"
    assert request.get("response_format") == {
        "type": "json_schema",
        "json_schema": {"name": "output", "schema": schema},
    }
    assert read(output_config={}).parameters == read(output_config=None).parameters == {"max_tokens": 64}


def test_the_effort_may_stand_alone_where_deepseek_has_it() -> None:
    assert read(reasoning_effort="max").get("reasoning_effort") == "max"


def test_tools_are_functions() -> None:
    schema = {"type": "object", "properties": {}}
    tools = [
        {"name": "brew_tea", "description": "Brews.", "input_schema": schema, **MARK},
        {"type": "custom", "name": "pour"},
    ]
    assert read(tools=tools).tools == [
        {
            "type": "function",
            "function": {"name": "brew_tea", "parameters": schema, "description": "Brews."},
        },
        {"type": "function", "function": {"name": "pour", "parameters": None}},
    ]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", "auto"),
        ({"type": "auto"}, "auto"),
        ({"type": "any", "disable_parallel_tool_use": True}, "required"),
        ("any", "required"),
        ({"type": "none"}, "none"),
        ({"type": "tool", "name": "brew_tea"}, {"type": "function", "function": {"name": "brew_tea"}}),
    ],
)
def test_the_choice_of_tools_in_all_forms(choice: Any, expected: Any) -> None:
    assert read(tool_choice=choice).get("tool_choice") == expected


SWITCH = text("x-anthropic-billing-header: cc_entrypoint=cli; cc_version=1")
SEARCH = [{"type": "web_search_20250305", "name": "web_search"}]


def test_web_search_is_switched_on_by_a_system_block_and_the_tool() -> None:
    request = read(system=[SWITCH], tools=SEARCH)
    assert request.get("enable_search") is True
    assert not request.tools
    assert request.stray == ()


@pytest.mark.parametrize("system", [SWITCH["text"], [text("You brew.")], None])
def test_web_search_stays_off_without_that_block(system: Any) -> None:
    assert read(system=system, tools=SEARCH).get("enable_search") is None


def test_what_is_not_known_is_told_by_its_place() -> None:
    tools = [{"name": "pour"}, {"type": "bash_20250124", "name": "bash"}]
    request = read(tools=tools, enable_thinking=True, service_tier="auto", metadata={"user_id": "7"})
    assert request.stray == ("enable_thinking", "service_tier", "tools[1]")
    assert request.get("enable_thinking") is None, "it is no parameter of this dialect"


marks = st.sampled_from([{}, MARK])
blocks = st.one_of(
    st.builds(lambda said, mark: text(said, **mark), texts, marks),
    st.builds(lambda said: {"type": "thinking", "thinking": said, "signature": ""}, texts),
    st.builds(lambda given: {**CALL, "input": given}, st.dictionaries(texts, json_values, max_size=2)),
    st.builds(lambda said: {**RESULT, "content": said}, texts),
)
turns = st.builds(
    lambda role, content: {"role": role, "content": content},
    st.sampled_from(["user", "assistant"]),
    st.one_of(texts, st.lists(blocks, max_size=4)),
)


def said_in(turn: dict[str, Any], kind: str, key: str) -> list[Any]:
    content = [text(turn["content"])] if isinstance(turn["content"], str) else turn["content"]
    return [block[key] for block in content if block["type"] == kind]


@given(history=st.lists(turns, min_size=1, max_size=5))
def test_nothing_that_is_said_is_lost(history: list[dict[str, Any]]) -> None:
    request = read(*history)
    places = [request.message_place(at) for at in range(len(request.messages))]
    assert len(set(places)) == len(places)
    for kind, key, found in (
        ("text", "text", ["".join(message.text) for message in request.messages if message.role != "tool"]),
        ("thinking", "thinking", [message.reasoning for message in request.messages]),
        ("tool_result", "content", [message.text for message in request.messages if message.role == "tool"]),
    ):
        assert "".join(found) == "".join("".join(said_in(turn, kind, key)) for turn in history)
    inputs = [given for turn in history for given in said_in(turn, "tool_use", "input")]
    calls = [loads(call.arguments) for message in request.messages for call in message.tool_calls]
    assert dumps(calls) == dumps(inputs)
