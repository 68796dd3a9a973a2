"""The rules of a conversation: for each the smallest request that breaks it, and one that just does not."""

from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.rules import check
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface
from tests.asking import Messages, ask
from tests.rules.cases import Case, judged

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
PREFIX: Messages = [{"role": "user", "content": "Sing."}, {"role": "assistant", "content": "La"}]
FUNCTION = {"type": "function", "function": {"name": "sing"}}


def hi(model: str = "qwen-plus", surface: Surface = COMPAT, **options: Any) -> ChatRequest:
    """A request with the smallest of messages."""
    return ask("Hi", model=model, surface=surface, **options)


CASES = [
    Case(
        "model.surface",
        hi("qwen-audio-turbo"),
        "model",
        "Unsupported model `qwen-audio-turbo` for OpenAI compatibility mode.",
        (hi("qwen-vl-max"), hi("qwen-audio-turbo", MULTIMODAL)),
    ),
    Case(
        "model.surface",
        hi("text-embedding-v4"),
        "model",
        "Unsupported model `text-embedding-v4` for OpenAI compatibility mode.",
        (),
    ),
    Case(
        "model.surface",
        hi("qwen3-asr-flash-realtime"),
        "model",
        "current user api does not support http call.",
        (hi("qwen3-asr-flash"),),
    ),
    Case(
        "model.surface",
        hi("qwen-vl-max", TEXT),
        "model",
        "url error, please check url！",
        (hi("qwen-max", TEXT),),
    ),
    Case(
        "model.surface",
        hi("qwen-plus", MULTIMODAL),
        "model",
        "url error, please check url！",
        (hi("qwen3.8-max", MULTIMODAL),),
    ),
    Case(
        "stream.required",
        hi("qwen-omni-turbo"),
        "stream",
        "This model only support stream mode, please enable the stream parameter to access the model. ",
        (hi("qwen-omni-turbo", stream=True),),
    ),
    Case(
        "stream.required",
        hi("qwen-deep-research", TEXT),
        "parameters.stream",
        "This model only support stream mode, please enable the stream parameter to access the model. ",
        (hi("qwen-deep-research", TEXT, stream=True),),
    ),
    Case(
        "thinking.unsupported",
        hi("qwen-long", enable_thinking=True),
        "enable_thinking",
        "The model qwen-long does not support enable_thinking.",
        (hi("qwen-long", enable_thinking=False), hi("qwen-long"), hi(stream=True, enable_thinking=True)),
    ),
    Case(
        "thinking.unsupported",
        hi("qwq-plus", enable_thinking=False),
        "enable_thinking",
        "The value of the enable_thinking parameter is restricted to True.",
        (hi("qwq-plus", enable_thinking=True), hi("qwq-plus")),
    ),
    Case(
        "thinking.non-streaming",
        hi(enable_thinking=True),
        "enable_thinking",
        "parameter.enable_thinking must be set to false for non-streaming calls",
        (hi(enable_thinking=True, stream=True), hi(), hi("qwen3-max", enable_thinking=True)),
    ),
    Case(
        "thinking.non-streaming",
        hi("qwen3-32b", TEXT),
        "parameters.enable_thinking",
        "parameter.enable_thinking must be set to false for non-streaming calls",
        (hi("qwen3-32b", TEXT, enable_thinking=False), hi("qwen3-32b", TEXT, stream=True)),
    ),
    Case(
        "thinking.non-streaming",
        hi("qwq-32b"),
        "enable_thinking",
        "This model only support stream mode, please enable the stream parameter to access the model. ",
        (hi("qwq-32b", stream=True), hi("qwq-plus")),
    ),
    Case(
        "thinking.incremental-output",
        hi("qwen-plus", TEXT, stream=True, enable_thinking=True, incremental_output=False),
        "parameters.incremental_output",
        'The incremental_output parameter must be "true" when enable_thinking is true',
        (
            hi("qwen-plus", TEXT, stream=True, enable_thinking=True, incremental_output=True),
            hi("qwen-plus", TEXT, stream=True, incremental_output=False),
            hi("deepseek-v4-pro", TEXT, enable_thinking=True, incremental_output=False),
            hi("qwen-plus", stream=True, enable_thinking=True, incremental_output=False),
        ),
    ),
    Case(
        "thinking.result-format",
        hi("qwen-plus", TEXT, stream=True, enable_thinking=True, result_format="text"),
        "parameters.result_format",
        'The result_format parameter must be "message" when enable_thinking is true',
        (
            hi("qwen-plus", TEXT, stream=True, enable_thinking=True, result_format="message"),
            hi("qwen-plus", TEXT, result_format="text"),
            hi("qwen3-max", TEXT, enable_thinking=True, result_format="text"),
            hi("qwen3-vl-plus", MULTIMODAL, stream=True, enable_thinking=True, result_format="text"),
        ),
    ),
    Case(
        "thinking.tool-choice",
        hi("qwen3-max", enable_thinking=True, tools=[FUNCTION], tool_choice="required"),
        "tool_choice",
        "The tool_choice parameter does not support being set to required or object in thinking mode",
        (
            hi("qwen3-max", tools=[FUNCTION], tool_choice="required"),
            hi("qwen3-max", enable_thinking=True, tools=[FUNCTION], tool_choice="auto"),
        ),
    ),
    Case(
        "thinking.tool-choice",
        hi("qwen3-max", TEXT, enable_thinking=True, tools=[FUNCTION], tool_choice=FUNCTION),
        "parameters.tool_choice",
        "The tool_choice parameter does not support being set to required or object in thinking mode",
        (hi("qwen3-max", TEXT, tools=[FUNCTION], tool_choice=FUNCTION),),
    ),
    Case(
        "messages.last-role",
        ask(PREFIX, surface=TEXT),
        "input.messages[1].role",
        'Role must be in ["user","assistant","system","function","plugin","tool"] '
        'and the role in last message must be in ["user","function","tool"]',
        (
            ask(PREFIX),
            ask(PREFIX[:1], surface=TEXT),
            ask([PREFIX[0], {**PREFIX[1], "partial": True}], surface=TEXT),
        ),
    ),
    Case(
        "ranges.max-tokens",
        hi(max_tokens=32769),
        "max_tokens",
        "Range of max_tokens should be [1, 32768]",
        (hi(max_tokens=32768), hi(max_tokens=1), hi(max_tokens=None)),
    ),
    Case(
        "ranges.max-tokens",
        hi("qwen-max", TEXT, max_tokens=0),
        "parameters.max_tokens",
        "Range of max_tokens should be [1, 8192]",
        (hi("qwen-max", TEXT, max_tokens=8192),),
    ),
    Case(
        "ranges.max-tokens",
        hi(max_completion_tokens=0),
        "max_completion_tokens",
        "Range of max_tokens should be [1, 32768]",
        (hi(max_completion_tokens=1),),
    ),
    Case(
        "thinking.budget",
        hi(thinking_budget=0),
        "thinking_budget",
        "The thinking_budget parameter must be a positive integer and not greater than 81920",
        (hi(thinking_budget=1), hi(thinking_budget=None)),
    ),
    Case(
        "thinking.budget",
        hi("qwen3-vl-plus", MULTIMODAL, thinking_budget=81921),
        "parameters.thinking_budget",
        "The thinking_budget parameter must be a positive integer and not greater than 81920",
        (hi("qwen3-vl-plus", MULTIMODAL, thinking_budget=81920),),
    ),
    Case(
        "thinking.budget",
        hi("MiniMax-M2.5", thinking_budget=-1),
        "thinking_budget",
        "The thinking_budget parameter must be a positive integer and not greater than the model's limit",
        (hi("MiniMax-M2.5", thinking_budget=1_000_000),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule} {case.path} {case.broken.model.name}")
def test_the_smallest_request_that_breaks_a_rule_breaks_it_and_a_near_miss_keeps_it(
    case: Case, errors: Errors
) -> None:
    assert judged(case, errors).status in (400, 404)


@pytest.mark.parametrize("surface", [COMPAT, TEXT])
def test_an_ordinary_conversation_breaks_no_rule(surface: Surface, errors: Errors) -> None:
    said: Messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Tea?"},
    ]
    request = ask(said, surface=surface, temperature=0.7, max_tokens=100, seed=1, tools=[FUNCTION])
    assert check(request, errors) == []


def test_an_empty_list_of_messages_is_no_matter_of_the_last_message(errors: Errors) -> None:
    request = ChatRequest(TEXT, hi().model, (), {})
    assert check(request, errors) == []


def test_both_limits_are_found_when_both_are_broken(errors: Errors) -> None:
    found = check(hi(max_tokens=0, max_completion_tokens=0), errors)
    assert [finding.path for finding in found] == ["max_tokens", "max_completion_tokens"]


def test_a_model_that_cannot_think_may_take_the_switch_all_the_same(errors: Errors) -> None:
    [found] = check(hi("qwen-max", enable_thinking=True), errors)
    assert (found.rule, found.refusal) == ("thinking.unsupported", None)
    assert found.message == "`enable_thinking` for qwen-max, which does not think: nothing comes of it."


@pytest.mark.parametrize(
    ("model", "origin", "prefix"), [("qwen3.8-max", "validator", False), ("qwen3.7-max", "service", True)]
)
def test_the_newest_models_have_their_bounds_checked_before_the_backend(
    model: str, origin: str, errors: Errors, *, prefix: bool
) -> None:
    """anomalyco/opencode#40770, 2026-08: one line, without the words that a backend puts in front."""
    [found] = check(hi(model, max_tokens=200_000), errors)
    assert found.message == "Range of max_tokens should be [1, 131072]"
    assert found.refusal is not None
    assert (found.refusal.origin, bool(found.refusal.prefix)) == (origin, prefix)


@pytest.mark.parametrize(
    ("model", "origin", "prefix"), [("qwen3.8-max", "validator", False), ("qwen3.7-plus", "service", True)]
)
def test_so_is_the_budget_of_their_thinking(model: str, origin: str, errors: Errors, *, prefix: bool) -> None:
    """liliMozi/openhanako#2402, 2026-08: without a prefix; OpenMinis/OpenMinis#35, 2026-06: with one."""
    asked = hi(model, enable_thinking=True, thinking_budget=32_768, max_completion_tokens=16_384)
    [found] = check(asked, errors)
    assert found.message == "max_completion_tokens [16384] must be greater than thinking_budget [32768]"
    assert found.refusal is not None
    assert (found.refusal.origin, bool(found.refusal.prefix)) == (origin, prefix)


def test_a_limit_of_answer_and_thinking_may_be_above_what_the_model_writes(errors: Errors) -> None:
    """mnfst/modelparams.dev#242, #300, #338: probes of 2026-08 with a hundred million."""
    assert check(hi(max_completion_tokens=100_000_000), errors) == []
