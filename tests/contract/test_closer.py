"""The closer look: requests whose history is right, and how they say it."""

from typing import Any

import pytest

from mockserver.contract.closer import closer_look
from mockserver.contract.told import Told
from mockserver.dialects.anthropic.read import placed
from mockserver.talk.request import ToolCall

CALL = ToolCall("time", "{}", "call_1")
USED = {"type": "tool_use", "id": "call_1", "name": "time", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "call_1", "content": "noon"}
HISTORY = [
    Told(role="user", text="Time?"),
    Told(role="assistant", calls=(CALL,), thinking="The clock."),
    Told(role="tool", text="noon", call_id="call_1"),
]


def found(
    answered: list[dict[str, Any]], *turn: dict[str, Any], read_from: int = 0, **said: Any
) -> list[tuple[str, str]]:
    """The requirements that a request breaks, and where; `said` is what the user said behind the result."""
    history = [*HISTORY, *([Told(role="user", **said)] if said else [])]
    messages = [
        {"role": "user", "content": "Time?"},
        {"role": "assistant", "content": answered},
        {"role": "user", "content": list(turn)},
    ]
    body = {"messages": messages}
    read = placed(body)
    sent, places = [one.message for one in read], [one.place for one in read]
    failures = closer_look(body, history, sent, places, number=1, read_from=read_from)
    return [(failure.requirement, failure.place) for failure in failures]


@pytest.mark.parametrize(("thought", "own"), [("The clock.", True), ("The cl", False), ("The door.", False)])
def test_a_thought_that_goes_back_is_that_of_its_answer(thought: str, *, own: bool) -> None:
    block = {"type": "thinking", "thinking": thought, "signature": ""}
    assert found([block, USED], RESULT) == ([] if own else [("thinking.own", "messages[1]")])


@pytest.mark.parametrize(("read_from", "read"), [(1, True), (2, False)])
def test_a_thought_that_the_model_does_not_read_may_be_any(read_from: int, *, read: bool) -> None:
    block = {"type": "thinking", "thinking": "The door.", "signature": ""}
    broken = found([block, USED], RESULT, read_from=read_from)
    assert broken == ([("thinking.own", "messages[1]")] if read else [])


def test_a_thought_need_not_go_back() -> None:
    assert found([USED], RESULT) == []


@pytest.mark.parametrize(
    ("mark", "fails"), [({}, False), ({"is_error": False}, False), ({"is_error": True}, True)]
)
def test_only_a_tool_that_failed_has_a_result_that_says_so(mark: dict[str, bool], *, fails: bool) -> None:
    assert found([USED], {**RESULT, **mark}) == (
        [("tools.failed", "messages[2].content[0]")] if fails else []
    )


def test_in_a_turn_results_come_first() -> None:
    words = {"type": "text", "text": "Well?"}
    assert found([USED], RESULT, words, text="Well?") == []
    assert found([USED], words, RESULT, text="Well?") == [("tools.order", "messages[2].content[1]")]
