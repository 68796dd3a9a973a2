"""Messages read from the bodies of both dialects."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import loads
from mockserver.dialects.messages import read_message, read_messages, read_prompt
from mockserver.talk.request import Message, Part, ToolCall
from tests.wire.strategies import json_values, texts


@given(st.sampled_from(["system", "user", "assistant"]), texts)
def test_a_plain_message_is_its_role_and_text(role: str, text: str) -> None:
    assert read_message({"role": role, "content": text}) == Message(role, text)


@given(texts, texts)
def test_text_parts_of_either_surface_are_joined_without_a_blank(one: str, two: str) -> None:
    compat = [{"type": "text", "text": one}, {"type": "text", "text": two}]
    native = [{"text": one}, two]
    for parts in (compat, native):
        read = read_message({"role": "user", "content": parts})
        assert read == Message("user", one + two)
        assert read.pieces == (one, two)


@pytest.mark.parametrize("content", [None, []])
def test_a_message_without_content_has_an_empty_text(content: Any) -> None:
    assert read_message({"role": "assistant", "content": content}) == Message("assistant", "")
    assert read_message({"role": "assistant"}) == Message("assistant", "")


@pytest.mark.parametrize(
    ("part", "medium"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            Part("image", {"url": "data:image/png;base64,AA=="}),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
            Part("audio", {"data": "AA==", "format": "wav"}),
        ),
        ({"type": "video", "video": ["a.jpg", "b.jpg"]}, Part("video", ["a.jpg", "b.jpg"])),
        ({"type": "video_url", "video_url": {"url": "a.mp4"}}, Part("video", {"url": "a.mp4"})),
        ({"type": "file", "file": {"file_id": "f"}}, Part("file", {"file_id": "f"})),
        ({"image": "file:///cup.png"}, Part("image", "file:///cup.png")),
        (
            {"image": "cup.png", "min_pixels": 3136, "max_pixels": 12_845_056},
            Part("image", "cup.png", 3136, 12_845_056),
        ),
        ({"image": "cup.png", "min_pixels": 0, "max_pixels": "many"}, Part("image", "cup.png")),
        ({"audio": "pour.wav"}, Part("audio", "pour.wav")),
        ({"video": "brew.mp4"}, Part("video", "brew.mp4")),
    ],
)
def test_a_medium_is_kept_as_it_was_sent_beside_the_text(part: dict[str, Any], medium: Part) -> None:
    message = read_message({"role": "user", "content": [part, {"type": "text", "text": "What is this?"}]})
    assert message == Message("user", "What is this?", (medium,))


def test_a_part_of_an_unknown_kind_is_no_medium() -> None:
    assert read_message({"role": "user", "content": [{"type": "smell"}]}) == Message("user", "")


def test_calls_keep_the_text_of_their_arguments() -> None:
    message = read_message(
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "brew", "arguments": '{ "leaf": "龙井" }'},
                },
                {"type": "function", "function": {"name": "pour", "arguments": None}},
                {"id": "call_3", "function": None},
            ],
        }
    )
    assert message.tool_calls == (
        ToolCall("brew", '{ "leaf": "龙井" }', "call_1"),
        ToolCall("pour", "{}", ""),
        ToolCall("", "{}", "call_3"),
    )


@given(st.dictionaries(texts, json_values, min_size=1, max_size=3))
def test_arguments_sent_as_an_object_become_json_text(arguments: dict[str, Any]) -> None:
    call = {"id": "call_1", "function": {"name": "brew", "arguments": arguments}}
    (read,) = read_message({"role": "assistant", "tool_calls": [call]}).tool_calls
    assert loads(read.arguments) == arguments


def test_a_tool_result_names_its_call() -> None:
    message = read_message({"role": "tool", "content": "82 degrees", "tool_call_id": "call_1"})
    assert message == Message("tool", "82 degrees", tool_call_id="call_1")


def test_thinking_and_the_partial_mark_are_read() -> None:
    message = read_message(
        {"role": "assistant", "content": "Steam", "reasoning_content": "A poem.", "partial": True}
    )
    assert message == Message("assistant", "Steam", reasoning="A poem.", partial=True)
    plain = read_message(
        {"role": "assistant", "content": "Steam", "reasoning_content": None, "partial": None}
    )
    assert plain == Message("assistant", "Steam")


def test_all_messages_are_read_in_order() -> None:
    said = [{"role": "system", "content": "Brew."}, {"role": "user", "content": "Tea?"}]
    assert read_messages(said) == (Message("system", "Brew."), Message("user", "Tea?"))


def test_a_native_prompt_is_the_last_user_message_behind_its_history() -> None:
    source = {"history": [{"user": "Tea?", "bot": "Which?"}, {"user": "Green."}], "prompt": "And hot."}
    assert read_prompt(source) == (
        Message("user", "Tea?"),
        Message("assistant", "Which?"),
        Message("user", "Green."),
        Message("assistant", ""),
        Message("user", "And hot."),
    )


def test_native_messages_stand_between_history_and_prompt() -> None:
    source = {
        "prompt": "Now?",
        "messages": [{"role": "assistant", "content": "Soon."}],
        "history": [{"bot": "Welcome."}],
    }
    assert [message.text for message in read_prompt(source)] == ["", "Welcome.", "Soon.", "Now?"]


@pytest.mark.parametrize("source", [{}, {"messages": None, "history": None, "prompt": None}, {"prompt": ""}])
def test_an_empty_native_input_has_no_messages(source: dict[str, Any]) -> None:
    assert read_prompt(source) == ()
