"""An answer before its fault: payloads read and replaced, and which frame is struck."""

from dataclasses import replace
from typing import Any

import pytest

from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.events import message_of
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.faults import Frame, Planned
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ToolCall
from tests.faults.careful import planned
from tests.wire.exchanges import compat_exchange, native_exchange


def of_tokens(*tokens: int) -> Planned:
    """A stream whose frames carry so many tokens."""
    frames = tuple(Frame(b"data: {}\n\n", count) for count in tokens)
    return Planned(status=200, headers=[], frames=frames, streamed=True, surface=COMPAT, request_id="1")


@pytest.mark.parametrize(
    ("data", "payload", "other"),
    [
        (b'data: {"a":1}\n\n', {"a": 1}, b'data: {"b":2}\n\n'),
        (b'id:1\nevent:result\ndata:{"a":1}\n\n', {"a": 1}, b'id:1\nevent:result\ndata:{"b":2}\n\n'),
        (b'{"a":"data: {}"}', {"a": "data: {}"}, b'{"b":2}'),
        (b"data: [DONE]\n\n", None, b'data: {"b":2}\n\n'),
        (b"data: [1]\n\n", None, b'data: {"b":2}\n\n'),
    ],
)
def test_a_payload_is_read_and_replaced(data: bytes, payload: dict[str, Any] | None, other: bytes) -> None:
    assert Frame(data).payload == payload
    assert Frame(data, 3, 0.5).saying({"b": 2}) == Frame(other, 3, 0.5)
    assert Frame(data, 3, 0.5).beside({"b": 2}) == Frame(other, 0, 0.5)


@pytest.mark.parametrize(
    ("tokens", "after", "struck"),
    [
        ((0, 1, 1, 4, 4, 0, 0), None, 3),
        ((0, 1, 1, 4, 4, 0, 0), 0, 1),
        ((0, 1, 1, 4, 4, 0, 0), 1, 2),
        ((0, 1, 1, 4, 4, 0, 0), 5, 3),
        ((0, 1, 1, 4, 4, 0, 0), 6, 4),
        ((0, 1, 1, 4, 4, 0, 0), 10, 5),
        ((0, 1, 1, 4, 4, 0, 0), 999, 5),
        ((0, 4), 999, 1),
        ((0, 0, 0), None, 2),
        ((0,), 3, 0),
    ],
)
def test_the_struck_frame_carries_the_token_behind_so_many(
    tokens: tuple[int, ...], after: int | None, struck: int
) -> None:
    assert of_tokens(*tokens).struck(after) == struck


def test_a_delta_is_a_frame_that_says_something() -> None:
    stream = of_tokens(0, 1, 1, 0, 0)
    assert [stream.delta(after) for after in (0, 1, 2, 99, None)] == [1, 2, 2, 2, 2]
    assert of_tokens(0, 0).delta(None) == 1


def test_the_answer_begins_behind_the_thinking(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("Tea.", "They want tea, they said."),))
    for exchange in (
        compat_exchange("qwen3-max", reply, tokenizer),
        native_exchange("qwen-plus-latest", reply, tokenizer, enable_thinking=True, incremental_output=True),
    ):
        answer = planned(exchange)
        at = answer.answer_begins()
        before, message = (message_of(answer.choices(answer.frames[place])[0]) for place in (at - 1, at))
        assert message["content"]
        assert before["reasoning_content"]
        assert not before["content"]


def test_without_thinking_it_begins_half_way(tokenizer: Tokenizer) -> None:
    answer = planned(
        compat_exchange("qwen-plus", Reply((Choice("One two three four five six."),)), tokenizer)
    )
    assert answer.answer_begins() == answer.struck(None)


def test_a_call_ends_the_thinking_too(tokenizer: Tokenizer) -> None:
    call = ToolCall("brew", "{}", "call_1")
    reply = Reply((Choice("", "Tea it is.", (call,), "tool_calls"),))
    answer = planned(compat_exchange("qwen3-max", reply, tokenizer))
    (choice,) = answer.choices(answer.frames[answer.answer_begins()])
    assert message_of(choice)["tool_calls"]


def test_choices_are_read_in_the_dialect_of_the_answer() -> None:
    compat, native = of_tokens(), replace(of_tokens(), surface=NATIVE_TEXT)
    assert compat.choices(Frame(b'{"choices":[{"index":0}]}')) == [{"index": 0}]
    assert native.choices(Frame(b'{"output":{"choices":[{"index":0}]}}')) == [{"index": 0}]
    assert native.choices(Frame(b'{"output":{"text":"Tea."}}')) == ()
    assert compat.choices(Frame(b"data: [DONE]\n\n")) == ()
