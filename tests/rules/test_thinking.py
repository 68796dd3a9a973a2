"""What the table of cases does not say of thinking: whose thinking of the past a model reads."""

from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
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
