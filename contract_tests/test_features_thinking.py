"""Thinking, as the SDKs tell it: who thinks, who refuses to, what it costs and what cuts it."""

from typing import Any

import pytest

from contract_tests.clients.jobs import Message, RefusedError
from contract_tests.matrix import both_ways
from contract_tests.sdks import Sdk, every_sdk, sdks, text_sdks

WHY = "Why is the sky blue?"
WRAPPER = range(2, 6)
"""The tokens of the think tags and the line ends around them, some of which merge with the texts."""


@every_sdk
def test_thinking_comes_first_and_apart(sdk: Sdk) -> None:
    answer = sdk.ask(WHY, stream=True, enable_thinking=True)

    plain = sdk.ask(WHY)
    assert answer.reasoning
    assert answer.content == plain.content
    assert answer.finish_reason == "stop"
    assert plain.reasoning == ""
    assert answer.usage.output - answer.usage.reasoning - plain.usage.output in WRAPPER
    assert answer.usage.input + answer.usage.output == answer.usage.total


@every_sdk
@pytest.mark.parametrize("budget", [1, 7, 20])
def test_budget_is_kept_exactly(sdk: Sdk, budget: int) -> None:
    whole = sdk.ask(WHY, stream=True, enable_thinking=True)
    answer = sdk.ask(WHY, stream=True, enable_thinking=True, thinking_budget=budget)

    assert whole.usage.reasoning > budget
    assert answer.usage.reasoning == budget
    assert whole.reasoning.startswith(answer.reasoning)
    assert answer.content == whole.content


@every_sdk
def test_budget_has_the_models_limit(sdk: Sdk) -> None:
    with pytest.raises(RefusedError, match="must be a positive integer and not greater than 81920"):
        sdk.ask(WHY, stream=True, enable_thinking=True, thinking_budget=81921)


@text_sdks
@pytest.mark.parametrize("model", ["qwq-plus", "qwen3-235b-a22b-thinking-2507"])
def test_some_models_only_think(sdk: Sdk, model: str) -> None:
    assert sdk.ask(WHY, model=model, stream=True).reasoning

    with pytest.raises(RefusedError, match="value of the enable_thinking parameter is restricted to True"):
        sdk.ask(WHY, model=model, stream=True, enable_thinking=False)


@text_sdks
def test_open_hybrids_think_unless_told_not_to(sdk: Sdk) -> None:
    assert sdk.ask(WHY, model="qwen3-32b", stream=True).reasoning
    assert not sdk.ask(WHY, model="qwen3-32b", stream=True, enable_thinking=False).reasoning


@text_sdks
def test_commercial_hybrids_do_not_think_unless_told_to(sdk: Sdk) -> None:
    assert not sdk.ask(WHY, model="qwen-plus", stream=True).reasoning


@text_sdks
@both_ways
def test_model_without_thinking_refuses_it(sdk: Sdk, *, stream: bool) -> None:
    with pytest.raises(RefusedError, match="The model qwen-long does not support enable_thinking"):
        sdk.ask(WHY, model="qwen-long", stream=stream, enable_thinking=True)


@text_sdks
@pytest.mark.parametrize(
    ("model", "parameters"),
    [("qwen-plus", {"enable_thinking": True}), ("qwen-turbo", {"enable_thinking": True}), ("qwen3-32b", {})],
)
def test_older_hybrids_think_in_streams_only(sdk: Sdk, model: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="enable_thinking must be set to false for non-streaming calls"):
        sdk.ask(WHY, model=model, **parameters)


@text_sdks
def test_newer_hybrids_think_without_a_stream(sdk: Sdk) -> None:
    answer = sdk.ask(WHY, model="qwen3-max", enable_thinking=True)

    assert answer.reasoning
    assert answer.usage.reasoning


@sdks("openai", "multimodal")
def test_newest_hybrids_think_without_being_told(sdk: Sdk) -> None:
    answer = sdk.ask(WHY, model="qwen3.5-plus")

    assert answer.reasoning
    assert not sdk.ask(WHY, model="qwen3.5-plus", enable_thinking=False).reasoning


@text_sdks
def test_switch_in_the_prompt(sdk: Sdk) -> None:
    """The newest switch counts; the commercial models have none."""
    off = sdk.ask(f"{WHY} /no_think", model="qwen3-32b", stream=True)
    on = sdk.ask(
        [
            {"role": "user", "content": f"{WHY} /no_think"},
            {"role": "assistant", "content": off.content},
            {"role": "user", "content": "And red at night? /think"},
        ],
        model="qwen3-32b",
        stream=True,
    )
    commercial = sdk.ask(f"{WHY} /no_think", stream=True, enable_thinking=True)

    assert (off.reasoning, off.usage.reasoning) == ("", 0)
    assert on.reasoning
    assert commercial.reasoning


@every_sdk
def test_max_tokens_spares_the_thinking(sdk: Sdk) -> None:
    whole = sdk.ask(WHY, stream=True, enable_thinking=True)
    answer = sdk.ask(WHY, stream=True, enable_thinking=True, max_tokens=4)

    assert answer.reasoning == whole.reasoning
    assert answer.finish_reason == "length"
    assert answer.usage.reasoning > 4
    assert whole.content.startswith(answer.content)
    assert answer.usage.output - answer.usage.reasoning - 4 in WRAPPER


@sdks("openai", "multimodal")
def test_max_completion_tokens_cuts_the_thinking(sdk: Sdk) -> None:
    answer = sdk.ask(WHY, model="qwen3.5-plus", stream=True, max_completion_tokens=10)

    assert answer.usage.reasoning == 10
    assert (answer.content, answer.finish_reason) == ("", "length")


@sdks("openai", "multimodal")
def test_effort(sdk: Sdk) -> None:
    """The newest family takes an effort, of which none is the way not to think."""
    little = sdk.ask(WHY, model="qwen3.8-max", stream=True, reasoning_effort="low")
    none = sdk.ask(WHY, model="qwen3.8-max", stream=True, reasoning_effort="none")

    assert little.reasoning
    assert none.reasoning == ""


def thought_about(thought: str) -> list[Message]:
    """Write a history in which the assistant's thinking was sent back, too."""
    return [
        {"role": "user", "content": WHY},
        {"role": "assistant", "content": "It scatters.", "reasoning_content": thought},
        {"role": "user", "content": "And red at night?"},
    ]


@sdks("openai", "generation")
def test_thinking_sent_back_costs_nothing(sdk: Sdk) -> None:
    without, with_it = (
        sdk.ask(thought_about(thought), stream=True, enable_thinking=True)
        for thought in ("", "Rayleigh, " * 50)
    )

    assert with_it.usage.input == without.usage.input
    assert with_it.content == without.content


@sdks("openai")
def test_thinking_sent_back_is_read_when_it_is_preserved(sdk: Sdk) -> None:
    model = "qwen3.6-plus"
    forgotten = sdk.ask(thought_about("Rayleigh, " * 50), model=model, stream=True)
    preserved = sdk.ask(thought_about("Rayleigh, " * 50), model=model, stream=True, preserve_thinking=True)

    assert preserved.usage.input > forgotten.usage.input + 100


@sdks("openai")
@pytest.mark.parametrize("model", ["qwen3.5-plus", "qwen3.5-35b-a3b", "qwen-plus"])
def test_preserving_is_nothing_to_a_model_without_it(sdk: Sdk, model: str) -> None:
    asked, not_asked = (
        sdk.ask(thought_about("Rayleigh, " * 50), model=model, stream=True, preserve_thinking=preserve)
        for preserve in (True, False)
    )

    assert asked.usage.input == not_asked.usage.input


def looking_up(thought: str) -> list[Message]:
    """Write a history that ends in a running loop of tools."""
    call = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
    return [
        {"role": "user", "content": WHY},
        {"role": "assistant", "content": "", "reasoning_content": thought, "tool_calls": [call]},
        {"role": "tool", "content": "Rayleigh.", "tool_call_id": "call_1"},
    ]


@sdks("openai")
@pytest.mark.parametrize(
    ("model", "read"), [("qwen3.5-plus", True), ("qwen3.7-max", True), ("qwen-plus", False)]
)
def test_thinking_within_a_running_loop_of_tools_is_read_by_the_newer_models(
    sdk: Sdk, model: str, *, read: bool
) -> None:
    thought = "Rayleigh, " * 50
    tools = [{"type": "function", "function": {"name": "look_up", "description": "Look it up."}}]
    without, running, past = (
        sdk.ask(said, model=model, stream=True, tools=tools).usage.input
        for said in (
            looking_up(""),
            looking_up(thought),
            [*looking_up(thought), {"role": "assistant", "content": "So."}, {"role": "user", "content": "?"}],
        )
    )

    assert (running > without + 100) == read
    assert past < without + 50
