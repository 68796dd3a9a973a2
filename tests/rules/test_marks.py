"""Marks: found in exactly the requests that have what they say."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import models as model_catalogue
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.rules.marks import ERROR_STARTS, Mark, marks_of
from mockserver.talk.request import ChatRequest, Message, Part, ToolCall
from mockserver.talk.surface import Surface
from tests.wire.strategies import texts

MODELS = model_catalogue.load()
PLAIN = "qwen-plus"
SORTS = sorted(
    {
        (model.single_turn, model.stream_only, model.thinking, model.thinking_plain): model.name
        for model in MODELS
    }.values()
)
"""A model of each sort that there is."""


def request(*messages: Message, model: str = PLAIN, stream: bool = True) -> ChatRequest:
    """A request of these messages."""
    return ChatRequest(COMPAT, MODELS[model], messages, {}, stream=stream)


def user(text: str = "Tea?") -> Message:
    """What a user said."""
    return Message("user", text)


def assistant(text: str = "Oolong.", **more: object) -> Message:
    """What the model said."""
    return Message("assistant", text, **more)  # type: ignore[arg-type]


CALL = ToolCall("brew", "{}", "c")
IMAGE = Part("image", "https://example.com/a.png")


@pytest.mark.parametrize(
    ("messages", "marks"),
    [
        ([user()], set()),
        ([Message("system", "s"), Message("system", "t"), user(), assistant(), user()], set()),
        ([user(), assistant(tool_calls=(CALL,))], {Mark.TOOLS}),
        ([user(), Message("tool", "hot", tool_call_id="c")], {Mark.TOOLS}),
        ([user(), Message("function", "hot")], {Mark.TOOLS}),
        ([user(), assistant(partial=True)], {Mark.PARTIAL}),
        ([Message("user", "Tea?", (IMAGE,))], {Mark.MEDIA}),
        ([Message("user", "", (IMAGE,))], {Mark.MEDIA}),
        ([user(), assistant(reasoning="Hm.")], {Mark.REASONING}),
        ([user("")], {Mark.EMPTY}),
        ([user(), assistant("", tool_calls=(CALL,))], {Mark.EMPTY, Mark.TOOLS}),
        ([user(" ")], set()),
        ([user(), Message("system", "s")], {Mark.LATE_SYSTEM}),
        ([assistant(), Message("system", "s")], {Mark.LATE_SYSTEM, Mark.NO_USER}),
        ([Message("tool", "hot"), Message("system", "s")], {Mark.LATE_SYSTEM, Mark.TOOLS, Mark.NO_USER}),
        ([Message("system", "s")], {Mark.NO_USER}),
        ([], {Mark.NO_USER}),
        ([user(), assistant('{"error":1}')], {Mark.ERROR_TEXT}),
        ([user("data: x")], set()),
        ([user(), assistant(" data: x")], set()),
        ([user(), assistant("The id: 5")], set()),
    ],
)
def test_a_history_has_the_marks_of_what_is_in_it(messages: list[Message], marks: set[Mark]) -> None:
    assert set(marks_of(request(*messages))) == marks


@pytest.mark.parametrize("start", ERROR_STARTS)
def test_an_answer_that_begins_like_an_error_is_marked(start: str) -> None:
    assert marks_of(request(user(), assistant(start))) == [Mark.ERROR_TEXT]


@pytest.mark.parametrize(
    ("model", "stream", "marks"),
    [
        ("qwen-plus", True, []),
        ("qwen-plus", False, [Mark.THINKS_AT_ONCE]),
        ("qwen3-max", False, []),
        ("qwen-mt-plus", False, [Mark.NARROW_MODEL]),
        ("qwen3-omni-flash", True, [Mark.NARROW_MODEL]),
    ],
)
def test_a_model_and_the_way_it_is_asked_have_marks_too(
    model: str, marks: list[Mark], *, stream: bool
) -> None:
    assert marks_of(request(user(), model=model, stream=stream)) == marks


@pytest.mark.parametrize(
    ("surface", "header", "marks"),
    [(NATIVE_TEXT, "enable", [Mark.ASYNCHRONOUS]), (NATIVE_TEXT, "disable", []), (COMPAT, "enable", [])],
)
def test_a_task_is_asked_for_by_a_header_where_there_are_tasks(
    surface: Surface, header: str, marks: list[Mark]
) -> None:
    headers = {"x-dashscope-async": header}
    assert marks_of(replace(request(user()), surface=surface, headers=headers)) == marks


ROLES = ["system", "user", "assistant", "tool"]
MESSAGES = st.builds(
    Message,
    role=st.sampled_from(ROLES),
    text=st.sampled_from(["", "Tea?", *ERROR_STARTS]) | texts,
    media=st.sampled_from([(), (IMAGE,)]),
    tool_calls=st.sampled_from([(), (CALL,)]),
    reasoning=st.sampled_from(["", "Hm."]),
    partial=st.booleans(),
)


def _any(holds: Callable[[Message], bool]) -> Callable[[ChatRequest], bool]:
    return lambda asked: any(map(holds, asked.messages))


def _late(asked: ChatRequest) -> bool:
    roles = [message.role for message in asked.messages]
    first = next((at for at, role in enumerate(roles) if role != "system"), len(roles))
    return "system" in roles[first:]


MEANT: dict[Mark, Callable[[ChatRequest], bool]] = {
    Mark.TOOLS: _any(lambda message: message.role == "tool" or bool(message.tool_calls)),
    Mark.PARTIAL: _any(lambda message: message.partial),
    Mark.MEDIA: _any(lambda message: bool(message.media)),
    Mark.REASONING: _any(lambda message: bool(message.reasoning)),
    Mark.EMPTY: _any(lambda message: not message.text and not message.media),
    Mark.LATE_SYSTEM: _late,
    Mark.NO_USER: lambda asked: "user" not in [message.role for message in asked.messages],
    Mark.ERROR_TEXT: _any(
        lambda message: message.role == "assistant" and message.text.startswith(ERROR_STARTS)
    ),
    Mark.NARROW_MODEL: lambda asked: asked.model.single_turn or asked.model.stream_only,
    Mark.THINKS_AT_ONCE: lambda asked: (
        not asked.stream and asked.model.thinking != "none" and not asked.model.thinking_plain
    ),
    Mark.ASYNCHRONOUS: lambda asked: (
        asked.surface.dialect == "native" and asked.headers.get("x-dashscope-async") == "enable"
    ),
}
"""What each mark says, one at a time."""


def test_every_mark_is_held_against_what_it_says() -> None:
    assert MEANT.keys() == set(Mark)


@given(messages=st.lists(MESSAGES, max_size=5), model=st.sampled_from(SORTS), stream=st.booleans())
def test_marks_are_found_exactly_for_what_they_say(
    messages: list[Message], model: str, *, stream: bool
) -> None:
    asked = request(*messages, model=model, stream=stream)
    assert set(marks_of(asked)) == {mark for mark, holds in MEANT.items() if holds(asked)}
