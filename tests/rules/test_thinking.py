"""What the table of cases does not say of thinking: whose of the past a model reads, and how it is switched.

The models are relatives of those whose refusals were read when the rules were written, or are asked without
what is recorded of them.
"""

from typing import Any

import pytest

from mockserver.catalogue import models
from mockserver.catalogue.errors import Errors
from mockserver.dialects.responses.read import read_request
from mockserver.rules import check
from tests.asking import Messages, ask

ASKED = {"role": "user", "content": "List the files."}
CALLED = {
    "role": "assistant",
    "content": "",
    "reasoning_content": "I should look.",
    "tool_calls": [{"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
}
SHOWN = {"role": "tool", "content": "a.txt", "tool_call_id": "a"}
ANSWERED = {"role": "assistant", "content": "a.txt", "reasoning_content": "One file."}
LOOK = {"type": "function", "function": {"name": "look"}}

RUNNING: Messages = [ASKED, CALLED, SHOWN]
PAST: Messages = [ASKED, CALLED, SHOWN, ANSWERED, ASKED]


def blamed(said: Messages, errors: Errors, *, model: str, **options: Any) -> list[str]:
    """Where thinking is found that the model does not read."""
    request = ask(said, model=model, stream=True, tools=[LOOK], **options)
    return [finding.path for finding in check(request, errors) if finding.rule == "thinking.sent-back"]


@pytest.mark.parametrize(
    "model", ["qwen3.5-plus", "qwen3.5-35b-a3b", "qwen3.6-flash", "qwen3.7-max", "qwen3.8-max", "qwen3-max"]
)
def test_the_thinking_of_a_running_tool_loop_belongs_to_it(model: str, errors: Errors) -> None:
    assert blamed(RUNNING, errors, model=model) == []
    assert blamed([*PAST, CALLED, SHOWN], errors, model=model, preserve_thinking=False) == [
        "messages[1].reasoning_content",
        "messages[3].reasoning_content",
    ]


@pytest.mark.parametrize("model", ["qwen-plus", "qwen3-32b", "qwen-turbo", "deepseek-v3.2"])
def test_an_older_model_reads_none_of_it(model: str, errors: Errors) -> None:
    assert blamed(RUNNING, errors, model=model) == ["messages[1].reasoning_content"]


@pytest.mark.parametrize(
    ("model", "read"),
    [
        ("qwen3.5-plus", False),
        ("qwen3.5-397b-a17b", False),
        ("qwen3-max", False),
        ("qwen-plus", False),
        ("qwen3.6-plus", True),
        ("qwen3.7-max", True),
        ("qwen3.7-plus", True),
        ("qwen3.8-flash", True),
        ("kimi-k2.5", True),
    ],
)
def test_preserve_thinking_is_for_the_models_that_have_it(model: str, errors: Errors, *, read: bool) -> None:
    paths = ["messages[1].reasoning_content", "messages[3].reasoning_content"]
    assert blamed(PAST, errors, model=model, preserve_thinking=True) == ([] if read else paths)
    assert blamed(PAST, errors, model=model, preserve_thinking=False) == paths


def told(errors: Errors, model: str, *, stream: bool = True, **options: Any) -> list[str]:
    """The refusals of a question, in words."""
    request = ask([ASKED], model=model, stream=stream, **options)
    return [finding.message for finding in check(request, errors) if finding.refusal is not None]


SEVEN = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'"


@pytest.mark.parametrize(
    ("model", "named"),
    [
        ("qwen3.8-max", SEVEN),
        ("qwen3.8-2.4t-a95b", SEVEN),
        ("qwen3.7-plus", SEVEN.removesuffix(", 'max'")),
        ("deepseek-v4-flash", "'low', 'medium', 'high', 'xhigh', 'max'"),
        ("glm-5.2", SEVEN),
        ("kimi-k2.7-code", SEVEN.removesuffix(", 'max'")),
    ],
)
def test_a_model_names_the_efforts_of_its_generation(errors: Errors, model: str, named: str) -> None:
    message = f"'reasoning_effort' must be one of: {named}"
    assert told(errors, model, reasoning_effort="enormous") == [message]
    for effort in [word.strip("' ") for word in named.split(",")]:
        assert told(errors, model, reasoning_effort=effort) == []


@pytest.mark.parametrize("model", ["qwen3-max", "qwen3.5-plus", "kimi-k2.6"])
def test_others_take_an_effort_that_they_do_not_know(errors: Errors, model: str) -> None:
    assert told(errors, model, reasoning_effort="enormous") == []


@pytest.mark.parametrize(("model", "thinks"), [("qwen3.5-flash", True), ("qwen3.6-flash", False)])
def test_the_effort_none_is_not_heeded_in_chat_by_one_generation(model: str, *, thinks: bool) -> None:
    assert ask([ASKED], model=model, reasoning_effort="none").thinking is thinks
    assert ask([ASKED], model=model, reasoning_effort="none", enable_thinking=False).thinking is False


@pytest.mark.parametrize("model", ["qwen3-30b-a3b-thinking-2507", "qwen3-next-80b-a3b-thinking"])
def test_who_thinks_always_may_do_so_without_a_stream(errors: Errors, model: str) -> None:
    assert told(errors, model, stream=False) == []


def test_an_older_open_model_thinks_without_a_stream_in_one_region(errors: Errors) -> None:
    message = "parameter.enable_thinking must be set to false for non-streaming calls"
    assert told(errors, "qwen3-30b-a3b", stream=False) == [message]
    assert models.load("us")["qwen3-30b-a3b"].thinking_plain
    assert not models.load("intl")["qwen3-30b-a3b"].thinking_plain


def test_an_effort_is_for_a_model_that_is_to_think(errors: Errors) -> None:
    message = "'reasoning_effort' must be 'none' when 'enable_thinking' is false"
    for model in ("qwen3.8-27b", "qwen3.8-max-0902"):
        assert told(errors, model, enable_thinking=False, reasoning_effort="low") == [message]
        assert told(errors, model, enable_thinking=False, reasoning_effort="none") == []
    assert told(errors, "qwen3.7-plus", enable_thinking=False, reasoning_effort="low") == []


def test_who_thinks_always_says_so(errors: Errors) -> None:
    message = "The value of the enable_thinking parameter is restricted to True."
    for switch in ({"enable_thinking": False}, {"reasoning_effort": "none"}):
        assert told(errors, "MiniMax-M2.1", **switch) == [message]
    assert told(errors, "kimi-k2.7-code", enable_thinking=False) == [message]
    assert told(errors, "kimi-k2-thinking", enable_thinking=False) == []
    assert told(errors, "deepseek-r1", reasoning_effort="none") == []


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("qwen3.7-plus", True),
        ("qwen3.6-plus", True),
        ("qwen3.8-27b", True),
        ("MiniMax-M2.1", True),
        ("qwen3.7-flash-2026-07-15", False),
        ("deepseek-v4-flash", False),
        ("kimi-k2.7-code", False),
        ("glm-5.1", False),
    ],
)
def test_who_is_forced_to_call_while_it_thinks(errors: Errors, model: str, *, refused: bool) -> None:
    message = "The tool_choice parameter does not support being set to required or object in thinking mode"
    found = told(errors, model, enable_thinking=True, tools=[LOOK], tool_choice="required")
    assert found == ([message] if refused else [])


@pytest.mark.parametrize(
    ("model", "most"), [("glm-5.2", 131072), ("qwen3.6-flash-2026-04-16", 131072), ("qwen3.6-plus", None)]
)
def test_some_efforts_are_more_than_a_model_thinks_in_the_responses_api(
    errors: Errors, model: str, most: int | None
) -> None:
    def said(effort: str) -> list[str]:
        body = {"model": model, "input": "Hi", "reasoning": {"effort": effort}}
        request = read_request(body, models.load()[model], {})
        return [finding.message for finding in check(request, errors) if finding.refusal is not None]

    assert said("medium") == []
    message = f"The thinking_budget parameter must be a positive integer and not greater than {most}"
    assert said("high") == ([message] if most else [])
    assert told(errors, model, reasoning_effort="high") == []


def test_who_has_no_budget_of_thinking(errors: Errors) -> None:
    message = "Parameter thinking_budget is not supported"
    assert told(errors, "kimi-k3", thinking_budget=1024) == [message]
    assert told(errors, "kimi-k2.6", thinking_budget=1024) == []


@pytest.mark.parametrize(("model", "refused"), [("deepseek-v4-flash", True), ("glm-5.1", False)])
def test_whose_thinking_needs_a_type(errors: Errors, model: str, *, refused: bool) -> None:
    found = told(errors, model, thinking={"clear_thinking": False})
    assert found == (["'type' must be in thinking"] if refused else [])


@pytest.mark.parametrize(
    ("model", "refused"),
    [
        ("qwen3.7-max", True),
        ("qwen3.5-flash", True),
        ("qwen3.5-35b-a3b", False),
        ("qwen3.6-flash", False),
        ("qwen3.8-flash", False),
    ],
)
def test_who_searches_and_thinks_without_a_stream(errors: Errors, model: str, *, refused: bool) -> None:
    message = "Non-streaming mode does not support Web Search in thinking mode"
    assert told(errors, model, stream=False, enable_search=True) == ([message] if refused else [])
    for options in ({"enable_search": False}, {"enable_search": True, "enable_thinking": False}):
        assert told(errors, model, stream=False, **options) == []


def test_the_refusal_to_search_is_one_of_beijing() -> None:
    assert models.load("intl")["qwen3.7-max"].family.searches_plainly is None
    assert models.load("cn")["qwen3.7-max"].family.searches_plainly is False


@pytest.mark.parametrize(
    ("left_out", "fact", "value"),
    [
        ("qwen3.8-27b", "effort_words", tuple(word.strip("' ") for word in SEVEN.split(","))),
        ("qwen3.8-max", "effort_needs_thought", True),
        ("qwen3.7-plus", "searches_plainly", False),
        ("qwen3.8-max", "searches_as_agent", False),
    ],
)
def test_what_one_model_shows_its_relatives_have_told_before(left_out: str, fact: str, value: Any) -> None:
    assert getattr(models.load(without=left_out)[left_out].family, fact) == value
