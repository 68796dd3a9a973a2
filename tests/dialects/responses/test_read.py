"""Bodies of the Responses API read."""

from typing import Any

import pytest

from mockserver.catalogue import models as model_catalogue
from mockserver.dialects.responses.read import BUILT_IN, continued, conversation_of, read_request
from mockserver.rules.schemas import violations
from mockserver.talk.request import ChatRequest, Message

TOOL = {"type": "function", "name": "brew_tea", "description": "Brews.", "parameters": {"type": "object"}}
WEIGH = {"type": "function", "name": "weigh"}
FUNCTION = {"type": "function", "function": {"name": "brew_tea", "parameters": {"type": "object"}}}


def read(model: str = "qwen3.7-plus", headers: dict[str, str] | None = None, **body: Any) -> ChatRequest:
    sent = {"model": model, "input": "Tea?", **body}
    assert violations("responses.request", sent) == []
    return read_request(sent, model_catalogue.load()[model], headers or {})


def test_the_instructions_are_the_first_message() -> None:
    request = read(instructions="Brew.")
    assert request.messages == (Message("system", "Brew."), Message("user", "Tea?"))
    assert request.places == ("instructions", "input")
    assert read().messages == (Message("user", "Tea?"),)


@pytest.mark.parametrize(
    ("model", "name"), [("qwen3.7-plus", "max_tokens"), ("qwen3.8-max", "max_completion_tokens")]
)
def test_the_limit_of_an_answer_counts_the_thinking_from_qwen3_8_on(model: str, name: str) -> None:
    request = read(model, max_output_tokens=64, temperature=0.5, top_p=0.5)
    assert request.parameters == {name: 64, "temperature": 0.5, "top_p": 0.5}
    assert request.place(name) == "max_output_tokens"


@pytest.mark.parametrize(("model", "thinks"), [("glm-5.2", False), ("glm-5.3", True), ("qwen3.7-plus", True)])
def test_one_model_thinks_only_with_an_effort(model: str, *, thinks: bool) -> None:
    assert read(model).thinking is thinks
    assert read(model, reasoning={"effort": "low"}).thinking


@pytest.mark.parametrize(
    ("body", "thinks"),
    [
        ({"reasoning": {"effort": "none"}}, False),
        ({"reasoning": {"effort": "minimal"}}, True),
        ({"reasoning": {"effort": "high"}, "enable_thinking": False}, True),
        ({"reasoning": {"effort": "none"}, "enable_thinking": True}, False),
        ({"reasoning": {"summary": "auto"}, "enable_thinking": True}, True),
        ({"enable_thinking": False}, False),
        ({"reasoning": None}, True),
    ],
)
def test_the_effort_beats_the_older_switch(body: dict[str, Any], *, thinks: bool) -> None:
    assert read(**body).thinking is thinks


def test_an_effort_is_no_switch_where_there_is_none() -> None:
    assert read("qwen3-coder-plus", reasoning={"effort": "high"}).parameters == {"reasoning_effort": "high"}


def test_functions_are_flat_and_tools_of_the_service_stand_beside_them() -> None:
    request = read(tools=[TOOL, {"type": "mcp", "server_label": "leaves"}, {"type": "computer_use"}])
    assert request.tools == [
        {
            "type": "function",
            "function": {"name": "brew_tea", "parameters": {"type": "object"}, "description": "Brews."},
        }
    ]
    assert request.get("built_in_tools") == [{"type": "mcp", "server_label": "leaves"}]
    assert request.stray == ("tools[2]",)
    assert request.get("enable_search") is None


def test_a_search_shows_its_sources() -> None:
    request = read(tools=[{"type": "web_search"}])
    assert (request.get("enable_search"), request.get("search_options")) == (True, {"enable_source": True})
    assert read(tools=[{"type": "web_search"}], tool_choice="none").get("enable_search") is None


@pytest.mark.parametrize(
    ("choice", "read_as", "tools"),
    [
        ("auto", "auto", 2),
        ("none", "none", 2),
        ("required", "required", 2),
        ({"type": "function", "name": "weigh"}, {"type": "function", "function": {"name": "weigh"}}, 2),
        ({"type": "allowed_tools", "mode": "auto", "tools": [WEIGH]}, "auto", 1),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [WEIGH]},
            {"type": "function", "function": {"name": "weigh"}},
            1,
        ),
        ({"type": "allowed_tools", "mode": "required", "tools": [WEIGH, TOOL]}, "required", 2),
        ({"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}, "auto", 2),
    ],
)
def test_the_choice_of_tools_in_all_forms(choice: Any, read_as: Any, tools: int) -> None:
    request = read(tools=[TOOL, WEIGH], tool_choice=choice)
    assert (request.get("tool_choice"), len(request.tools)) == (read_as, tools)


def test_an_answer_says_again_what_it_was_asked_with() -> None:
    format_ = {"type": "json_schema", "name": "tea", "schema": {"type": "object"}, "strict": True}
    request = read(
        instructions="Brew.",
        conversation={"id": "conv_1"},
        store=False,
        parallel_tool_calls=False,
        text={"format": format_},
        metadata={"a": "b"},
        temperature=None,
    )
    assert request.echo == {
        "instructions": "Brew.",
        "conversation": {"id": "conv_1"},
        "store": False,
        "parallel_tool_calls": False,
        "text": {
            "format": {"type": "json_schema", "name": "tea", "schema_": {"type": "object"}, "strict": True}
        },
    }
    assert request.get("response_format") is None
    assert read(text={"format": None}).echo == {}


@pytest.mark.parametrize("several", [True, False])
def test_whether_several_calls_may_come_is_read(*, several: bool) -> None:
    assert read(parallel_tool_calls=several).get("parallel_tool_calls") is several


def test_unknown_fields_are_told_and_those_of_openai_are_not() -> None:
    request = read(background=True, metadata={}, user="leaf", truncation="auto", top_k=3)
    assert request.stray == ("top_k",)
    assert read(include=[], prompt=None, extra={}).stray == ()
    assert read(include=["message.output_text.logprobs"]).stray == ("include",)


@pytest.mark.parametrize(
    ("header", "cached"), [("enable", True), ("ENABLE", True), ("disable", False), (None, False)]
)
def test_the_session_cache_marks_the_last_message(header: str | None, *, cached: bool) -> None:
    headers = {} if header is None else {"x-dashscope-session-cache": header}
    messages = read(headers=headers, instructions="Brew.").messages
    assert [message.cached for message in messages] == [False, cached]


def test_a_history_stands_behind_the_instructions() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "brew_tea", "arguments": "{}"}
    before = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hi!"}, call]
    request = continued(read(instructions="Brew."), before, "previous_response_id")
    assert [message.text for message in request.messages] == ["Brew.", "Hi.", "Hi!", "Tea?"]
    place = "previous_response_id"
    assert request.places == ("instructions", place, place, "input")
    assert request.calls_at == ((), (), (place,), ())


def test_a_conversation_is_named_by_its_id_or_an_object() -> None:
    assert [conversation_of(body) for body in ({"conversation": "c"}, {"conversation": {"id": "c"}}, {})] == [
        "c",
        "c",
        None,
    ]


def test_the_tools_of_the_service_are_those_of_the_table() -> None:
    from mockserver.dialects.responses.acts import tools  # noqa: PLC0415 - beside what it is held against

    assert set(tools()) == BUILT_IN
