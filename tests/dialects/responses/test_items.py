"""Items read as messages, and kept as items: nothing that is said is lost."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.responses.items import placed, stored
from mockserver.talk.request import Message, Part, ToolCall

CALL: dict[str, Any] = {
    "type": "function_call",
    "call_id": "call_1",
    "name": "brew_tea",
    "arguments": '{"leaf": "sencha"}',
}
CALLED = ToolCall("brew_tea", '{"leaf": "sencha"}', "call_1")
THOUGHT: dict[str, Any] = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Green."}]}


def said(*items: dict[str, Any]) -> list[Message]:
    return [one.message for one in placed(items)]


def ids() -> Iterator[str]:
    return (f"msg_{number}" for number in count(1))


def test_a_text_is_the_users() -> None:
    ((message, place, calls),) = placed("Tea?")
    assert (message, place, calls) == (Message("user", "Tea?"), "input", ())


@pytest.mark.parametrize("typed", [{}, {"type": "message"}])
def test_roles_and_contents(typed: dict[str, str]) -> None:
    parts = [
        {"type": "input_text", "text": "See "},
        {"type": "input_image", "image_url": "https://tea.invalid/1.png"},
        {"type": "image_url", "image_url": {"url": "https://tea.invalid/2.png"}},
        {"type": "text", "text": "these."},
        {"type": "input_file", "file_url": "https://tea.invalid/3.pdf"},
    ]
    assert said(
        {**typed, "role": "developer", "content": "Brew."},
        {**typed, "role": "system", "content": "Well."},
        {**typed, "role": "user", "content": parts},
        {**typed, "role": "assistant", "content": [{"type": "output_text", "text": "Tea."}]},
    ) == [
        Message("system", "Brew."),
        Message("system", "Well."),
        Message(
            "user",
            "See these.",
            (
                Part("image", "https://tea.invalid/1.png"),
                Part("image", "https://tea.invalid/2.png"),
                Part("file", "https://tea.invalid/3.pdf"),
            ),
        ),
        Message("assistant", "Tea."),
    ]


def test_what_an_assistant_says_in_one_turn_is_one_message() -> None:
    second = {**CALL, "call_id": "call_2"}
    items: list[dict[str, Any]] = [
        {"role": "user", "content": "Tea!"},
        THOUGHT,
        {"type": "message", "role": "assistant", "content": "At once."},
        CALL,
        second,
        {"type": "function_call_output", "call_id": "call_1", "output": "A cup."},
        {
            "type": "function_call_output",
            "call_id": "call_2",
            "output": [{"type": "input_text", "text": "Two."}],
        },
    ]
    messages = [one.message for one in placed(items)]
    both = (CALLED, ToolCall(CALLED.name, CALLED.arguments, "call_2"))
    assert messages == [
        Message("user", "Tea!"),
        Message("assistant", "At once.", (), both, reasoning="Green."),
        Message("tool", "A cup.", tool_call_id="call_1"),
        Message("tool", "Two.", tool_call_id="call_2"),
    ]
    assert [one.place for one in placed(items)] == ["input[0]", "input[2]", "input[5]", "input[6]"]
    assert placed(items)[1].calls == ("input[3]", "input[4]")


def test_a_second_thought_or_message_begins_another_turn() -> None:
    answer = {"role": "assistant", "content": "Tea."}
    assert said(THOUGHT, answer, THOUGHT, answer) == [Message("assistant", "Tea.", reasoning="Green.")] * 2
    assert said(answer, answer) == [Message("assistant", "Tea.")] * 2
    assert said(THOUGHT, THOUGHT, CALL) == [
        Message("assistant", "", (), (CALLED,), reasoning="Green.Green."),
    ]
    assert said(THOUGHT) == [Message("assistant", "", reasoning="Green.")]


def test_a_thought_may_stand_in_its_content() -> None:
    thought = {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "Black."}]}
    assert said(thought, CALL)[0].reasoning == "Black."


def test_what_tools_of_the_service_did_says_nothing() -> None:
    act = {"type": "web_search_call", "id": "msg_1", "action": {}}
    assert said(THOUGHT, act, {"role": "assistant", "content": "Tea."}) == [
        Message("assistant", "Tea.", reasoning="Green.")
    ]


def test_items_are_kept_with_an_id_and_their_content_in_parts() -> None:
    assert stored("Tea?", ids()) == [
        {
            "content": [{"text": "Tea?", "type": "input_text"}],
            "id": "msg_1",
            "role": "user",
            "status": "completed",
            "type": "message",
        }
    ]
    kept = stored([{"role": "assistant", "content": "Tea."}, {**CALL, "id": "own"}, CALL], ids())
    assert kept[0]["content"] == [{"text": "Tea.", "type": "output_text"}]
    assert [item["id"] for item in kept] == ["msg_1", "own", "msg_2"]
    assert kept[1] == {**CALL, "id": "own"}


TEXTS = st.text(max_size=6)
ITEMS = st.one_of(
    st.builds(
        lambda role, content: {"role": role, "content": content},
        st.sampled_from(["user", "assistant", "system", "developer"]),
        TEXTS | st.lists(TEXTS.map(lambda text: {"type": "input_text", "text": text}), max_size=3),
    ),
    st.builds(lambda text: {**THOUGHT, "summary": [{"type": "summary_text", "text": text}]}, TEXTS),
    st.builds(lambda name: {**CALL, "name": name}, TEXTS),
    st.builds(lambda text: {"type": "function_call_output", "call_id": "c", "output": text}, TEXTS),
)


@given(st.lists(ITEMS, max_size=8))
def test_what_is_kept_reads_as_what_was_sent(items: list[dict[str, Any]]) -> None:
    messages = [one.message for one in placed(items)]
    assert [one.message for one in placed(stored(items, ids()))] == messages
    whole = "".join(message.text + message.reasoning for message in messages)
    for item in items:
        content = item.get("content", item.get("output", ""))
        text = content if isinstance(content, str) else "".join(part["text"] for part in content)
        assert text in whole
    calls = [call for message in messages for call in message.tool_calls]
    assert len(calls) == sum(item.get("type") == "function_call" for item in items)
