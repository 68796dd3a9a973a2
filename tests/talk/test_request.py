"""What a client asks for, the same on every surface."""

from dataclasses import replace
from typing import Any

import pytest

from mockserver.catalogue.models import Models
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.table import SURFACES
from mockserver.talk.request import SEED, ChatRequest, Message
from mockserver.talk.surface import Surface


def asked(
    models: Models,
    name: str = "qwen-plus",
    *messages: Message,
    surface: Surface = NATIVE_TEXT,
    **parameters: Any,
) -> ChatRequest:
    return ChatRequest(surface, models[name], messages, parameters)


def test_the_native_surfaces_are_two_of_three() -> None:
    assert [surface for surface in SURFACES.values() if surface.dialect == "native"] == [
        NATIVE_TEXT,
        NATIVE_MULTIMODAL,
    ]


def test_a_parameter_is_as_it_was_sent_and_none_when_absent(models: Models) -> None:
    request = asked(models, top_p=0.8, temperature=None)
    assert (request.get("top_p"), request.get("temperature"), request.get("stop")) == (0.8, None, None)


@pytest.mark.parametrize("sent", [None, {}, ["zh"], "zh"])
def test_options_that_are_none_are_empty(models: Models, sent: Any) -> None:
    assert asked(models).options("asr_options") == {}
    assert asked(models, asr_options=sent).options("asr_options") == {}
    assert asked(models, asr_options={"language": "zh"}).options("asr_options") == {"language": "zh"}


@pytest.mark.parametrize(("sent", "n"), [({}, 1), ({"n": None}, 1), ({"n": 3}, 3)])
def test_one_choice_is_asked_for_unless_n_says_more(models: Models, sent: dict[str, Any], n: int) -> None:
    assert asked(models, **sent).n == n


@pytest.mark.parametrize(("sent", "seed"), [({}, SEED), ({"seed": None}, 1234), ({"seed": 0}, 0)])
def test_the_seed_is_1234_unless_one_is_sent(models: Models, sent: dict[str, Any], seed: int) -> None:
    assert asked(models, **sent).seed == seed


@pytest.mark.parametrize(
    ("name", "sent", "thinks"),
    [
        ("qwen-max", {}, False),
        ("qwen-max", {"enable_thinking": True}, False),
        ("qwq-plus", {}, True),
        ("qwq-plus", {"enable_thinking": False, "reasoning_effort": "none"}, True),
        ("qwen-plus", {}, False),
        ("qwen-plus", {"enable_thinking": True}, True),
        ("qwen-plus", {"enable_thinking": None}, False),
        ("qwen3.8-max", {}, True),
        ("qwen3.8-max", {"enable_thinking": False}, False),
        ("qwen3.8-max", {"reasoning_effort": "none"}, False),
        ("qwen3.8-max", {"reasoning_effort": "low"}, True),
    ],
)
def test_whether_a_model_thinks(models: Models, name: str, sent: dict[str, Any], *, thinks: bool) -> None:
    assert asked(models, name, **sent).thinking is thinks


@pytest.mark.parametrize(
    ("sent", "includes"),
    [
        ({}, False),
        ({"stream_options": None}, False),
        ({"stream_options": {}}, False),
        ({"stream_options": {"include_usage": False}}, False),
        ({"stream_options": {"include_usage": True}}, True),
    ],
)
def test_usage_is_streamed_when_it_is_asked_for(
    models: Models, sent: dict[str, Any], *, includes: bool
) -> None:
    assert asked(models, surface=COMPAT, **sent).include_usage is includes


@pytest.mark.parametrize(
    ("name", "sent", "incremental"),
    [
        ("qwen-plus", {}, False),
        ("qwen-plus", {"incremental_output": True}, True),
        ("qwen3-max", {}, True),
        ("qwen3-max", {"incremental_output": False}, False),
        ("qwen3-max", {"incremental_output": None}, True),
        ("qwen-plus", {"enable_thinking": True}, True),
        ("qwen-plus", {"enable_thinking": True, "incremental_output": False}, False),
    ],
)
def test_a_native_stream_sends_deltas_when_asked_or_by_the_models_nature(
    models: Models, name: str, sent: dict[str, Any], *, incremental: bool
) -> None:
    assert asked(models, name, **sent).incremental is incremental


@pytest.mark.parametrize(
    ("name", "surface", "sent", "text"),
    [
        ("qwen-plus", NATIVE_TEXT, {}, True),
        ("qwen-plus", NATIVE_TEXT, {"result_format": None}, True),
        ("qwen-plus", NATIVE_TEXT, {"result_format": "message"}, False),
        ("qwen-plus", NATIVE_TEXT, {"result_format": "text", "enable_thinking": True}, False),
        ("qwen-plus", NATIVE_TEXT, {"tools": [{"type": "function"}]}, False),
        ("qwen-plus", COMPAT, {"result_format": "text"}, False),
        ("qwen3-vl-plus", NATIVE_MULTIMODAL, {"result_format": "text"}, False),
        ("qwen3-max", NATIVE_TEXT, {}, False),
        ("qwen3-max", NATIVE_TEXT, {"result_format": "text"}, True),
    ],
)
def test_only_plain_native_text_is_answered_in_text_format(
    models: Models, name: str, surface: Surface, sent: dict[str, Any], *, text: bool
) -> None:
    assert asked(models, name, surface=surface, **sent).text_format is text


@pytest.mark.parametrize(
    ("sent", "stop"),
    [
        ({}, ()),
        ({"stop": None}, ()),
        ({"stop": ""}, ()),
        ({"stop": "tea"}, ("tea",)),
        ({"stop": []}, ()),
        ({"stop": ["tea", "", "cup"]}, ("tea", "cup")),
        ({"stop": [108386, 3837]}, ((108386,), (3837,))),
        ({"stop": [108386.0, 0, 0.0]}, ((108386,), (0,), (0,))),
        ({"stop": [[3837.0], []]}, ((3837,),)),
        ({"stop": [[108386, 104307], [3837]]}, ((108386, 104307), (3837,))),
    ],
)
def test_stop_sequences_are_texts_or_runs_of_token_ids(
    models: Models, sent: dict[str, Any], stop: tuple[object, ...]
) -> None:
    assert asked(models, **sent).stop == stop


@pytest.mark.parametrize(
    ("sent", "most"),
    [
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 9}, 9),
        ({"max_tokens": 7, "max_completion_tokens": 9}, 7),
    ],
)
def test_an_answer_is_as_long_as_the_request_allows(models: Models, sent: dict[str, Any], most: int) -> None:
    assert asked(models, **sent).max_output == most


def test_an_answer_without_a_limit_is_as_long_as_the_model_allows(models: Models) -> None:
    assert asked(models, max_tokens=None).max_output == models["qwen-plus"].max_output


def test_a_conversation_shows_its_turn_last_user_system_and_tools(models: Models) -> None:
    said = (
        Message("system", "You brew tea."),
        Message("user", "Green tea, please."),
        Message("assistant", "How hot?"),
        Message("user", "Eighty degrees."),
    )
    tools = [{"type": "function", "function": {"name": "brew"}}]
    request = asked(models, "qwen-plus", *said, tools=tools)
    assert (request.turn, request.last_user, request.system) == (2, "Eighty degrees.", "You brew tea.")
    assert request.tools == tools


def test_an_empty_conversation_has_none_of_it(models: Models) -> None:
    request = asked(models)
    assert (request.turn, request.last_user, request.system, request.partial) == (0, "", "", None)
    assert request.tools == ()


def test_a_last_assistant_message_marked_partial_is_to_be_continued(models: Models) -> None:
    user, prefix = Message("user", "A poem on tea."), Message("assistant", "Steam", partial=True)
    assert asked(models, "qwen-plus", user, prefix).partial is prefix
    assert asked(models, "qwen-plus", prefix, user).partial is None
    assert asked(models, "qwen-plus", user, replace(prefix, partial=False)).partial is None
    assert asked(models, "qwen-plus", user, replace(prefix, role="user")).partial is None


@pytest.mark.parametrize(
    ("name", "said", "thinks"),
    [
        ("qwen3-32b", [("user", "Tea?")], True),
        ("qwen3-32b", [("user", "Tea? /no_think")], False),
        ("qwen3-32b", [("user", "/no_think Tea? /think")], True),
        ("qwen3-32b", [("user", "/think Tea? /no_think")], False),
        ("qwen3-32b", [("user", "Tea? /no_think"), ("assistant", "Yes."), ("user", "Now? /think")], True),
        ("qwen3-32b", [("user", "Tea? /no_think"), ("assistant", "/think"), ("user", "Now?")], False),
        ("qwen3-32b", [("system", "/no_think"), ("user", "Tea?")], False),
        ("qwen3.8-max", [("user", "Tea? /no_think")], True),
    ],
)
def test_the_newest_switch_in_the_texts_turns_thinking_on_or_off(
    models: Models, name: str, said: list[tuple[str, str]], *, thinks: bool
) -> None:
    assert asked(models, name, *(Message(*words) for words in said)).thinking is thinks


def test_a_switch_in_the_texts_does_not_start_thinking_that_was_not_asked_for(models: Models) -> None:
    said = Message("user", "Tea? /think")
    assert asked(models, "qwen3-32b", said, enable_thinking=False).thinking is False
    assert asked(models, "qwen-plus-2025-04-28", said).thinking is False


@pytest.mark.parametrize(
    ("name", "sent", "budget"),
    [
        ("qwen-plus", {}, None),
        ("qwen-plus", {"reasoning_effort": "low"}, None),
        ("qwen-plus", {"thinking_budget": 50}, 50),
        ("qwen3.8-max", {}, 131072),
        ("qwen3.8-max", {"reasoning_effort": "minimal"}, 4096),
        ("qwen3.8-max", {"reasoning_effort": "low"}, 4096),
        ("qwen3.8-max", {"reasoning_effort": "medium"}, 16384),
        ("qwen3.8-max", {"reasoning_effort": "max"}, 131072),
        ("qwen3.8-max", {"reasoning_effort": "low", "thinking_budget": 7}, 7),
        ("qwen3.8-max", {"reasoning_effort": "low", "thinking_budget": None}, 4096),
        ("deepseek-v4-pro", {"reasoning_effort": "high"}, None),
    ],
)
def test_a_model_thinks_as_long_as_asked_or_as_the_effort_allows(
    models: Models, name: str, sent: dict[str, Any], budget: int | None
) -> None:
    assert asked(models, name, **sent).thinking_budget == budget
