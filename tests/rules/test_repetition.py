"""A tool loop that turns on the spot."""

from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.rules import check
from mockserver.rules.repetition import ROUNDS
from mockserver.talk.finding import Finding
from tests.asking import ask
from tests.rules.table import ASKED, CALLED, DONE, call, calls, said, user

ROUND = [CALLED, DONE]


def found(errors: Errors, messages: list[dict[str, Any]], model: str = "qwen3.8-max") -> list[Finding]:
    """What the rule finds in a conversation."""
    asked = ask(messages, model=model, stream=True)
    return [one for one in check(asked, errors) if one.rule == "tools.repetitive"]


@pytest.mark.parametrize(
    ("model", "refused"),
    [("qwen3.8-max", True), ("qwen3.7-max", True), ("qwen3-coder-plus", True), ("qwen-plus", False)],
)
def test_some_models_refuse_it_and_all_are_told(errors: Errors, model: str, *, refused: bool) -> None:
    (one,) = found(errors, [ASKED, *ROUND * (ROUNDS + 2)], model)
    assert one.path == f"messages[{2 * ROUNDS - 1}].tool_calls"
    assert (one.refusal is not None) is refused
    told = "Repetitive tool calls" if refused else "The same call with the same arguments 5 rounds in a row: "
    assert one.message.startswith(told)


@pytest.mark.parametrize(
    "messages",
    [
        [ASKED, *ROUND * (ROUNDS - 1)],
        [ASKED, *ROUND * (ROUNDS - 1), user("And again?"), *ROUND * (ROUNDS - 1)],
        [ASKED, *ROUND * (ROUNDS - 1), calls(call(name="hum")), DONE, *ROUND * (ROUNDS - 1)],
        [ASKED, *ROUND * (ROUNDS - 1), calls(call(arguments='{"song": 1}')), DONE],
        [ASKED, *[said("La."), ASKED] * ROUNDS],
    ],
)
def test_what_gets_on_is_no_loop(errors: Errors, messages: list[dict[str, Any]]) -> None:
    assert found(errors, messages) == []


def test_several_calls_are_the_same_when_all_are(errors: Errors) -> None:
    two = [calls(call("c1"), call("c2", name="hum")), DONE, {**DONE, "tool_call_id": "c2"}]
    assert len(found(errors, [ASKED, *two * ROUNDS])) == 1


def test_the_native_surface_says_it_too(errors: Errors) -> None:
    asked = ask([ASKED, *ROUND * ROUNDS], model="qwen3.7-max", surface=NATIVE_TEXT, stream=True)
    (one,) = [one for one in check(asked, errors) if one.rule == "tools.repetitive"]
    assert one.path == f"input.messages[{2 * ROUNDS - 1}].tool_calls"
