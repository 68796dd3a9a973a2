"""Pieces in another order, or together: nothing is lost, and what belongs together still does."""

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.dialects.events import message_of, text_of
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.faults import order
from mockserver.faults.planned import Frame, Planned
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ToolCall
from tests.faults.careful import planned
from tests.wire.exchanges import TOOLS, anthropic_exchange, compat_exchange, native_exchange

WORDS = "A moment: I look it up for you."
THOUGHT = "Which leaf? Both of them."
ARGUMENTS = ('{"leaf": "sencha, the green one"}', '{"leaf": "keemun, the black one"}')
BOTH = tuple(ToolCall("brew", given, f"call_{at}") for at, given in enumerate(ARGUMENTS))
ALL = Reply((Choice(WORDS, THOUGHT, BOTH, "tool_calls"),))
SAID = Reply((Choice(WORDS, THOUGHT),))
NATIVE: dict[str, Any] = {"result_format": "message", "incremental_output": True}
CHANGES = [
    order.with_late_texts,
    order.with_late_thoughts,
    order.with_woven_calls,
    order.with_shared_chunks,
]

Change = Callable[[Planned], tuple[Frame, ...]]


def answers(reply: Reply, tokenizer: Tokenizer) -> list[Planned]:
    """A reply in each dialect whose events have choices."""
    seen = {"surface": NATIVE_MULTIMODAL, **NATIVE}
    return [
        planned(compat_exchange("qwen-plus", reply, tokenizer, tools=TOOLS)),
        planned(native_exchange("qwen-plus", reply, tokenizer, tools=TOOLS, **NATIVE)),
        planned(native_exchange("qwen3-vl-plus", reply, tokenizer, tools=TOOLS, **seen)),
    ]


def told(frames: tuple[Frame, ...]) -> list[dict[str, Any]]:
    """What each event says."""
    payloads = [frame.payload or {} for frame in frames]
    return [message_of(choice) for payload in payloads for choice in order.choices_of(payload)]


def read(frames: tuple[Frame, ...]) -> tuple[str, str, dict[int, str], list[str]]:
    """An answer, put together as a right client does: words, thinking, arguments and what ended it."""
    calls: dict[int, str] = {}
    for message in told(frames):
        for piece in message.get("tool_calls") or ():
            at = piece["index"]
            calls[at] = calls.get(at, "") + (piece["function"].get("arguments") or "")
    words = "".join(text_of(message.get("content")) for message in told(frames))
    thinking = "".join(message.get("reasoning_content") or "" for message in told(frames))
    ends = [one["finish_reason"] for frame in frames for one in order.finished(frame.payload or {})]
    return words, thinking, calls, ends


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("reply", [ALL, SAID])
def test_nothing_is_lost(change: Change, reply: Reply, tokenizer: Tokenizer) -> None:
    for answer in answers(reply, tokenizer):
        changed = change(answer)
        assert read(changed) == read(answer.frames)
        assert sum(frame.tokens for frame in changed) == sum(frame.tokens for frame in answer.frames)
        assert [frame.due for frame in changed] == sorted(frame.due for frame in changed)


def test_words_come_behind_the_calls(tokenizer: Tokenizer) -> None:
    for answer in answers(ALL, tokenizer):
        messages = told(order.with_late_texts(answer))
        kinds = [
            "words" if text_of(one.get("content")) else "call" for one in messages if _calls_or_words(one)
        ]
        assert kinds[0] == "call"
        assert kinds[-1] == ("call" if answer.dialect.grammar.numbered else "words")


def _calls_or_words(message: dict[str, Any]) -> bool:
    return bool(text_of(message.get("content")) or message.get("tool_calls"))


def test_thinking_goes_on_behind_the_first_words(tokenizer: Tokenizer) -> None:
    for answer in answers(SAID, tokenizer):
        messages = told(order.with_late_thoughts(answer))
        kinds = ["words" if text_of(one.get("content")) else "thought" for one in messages if _says(one)]
        first = kinds.index("words")
        assert kinds[0] == "thought"
        assert "thought" in kinds[first:]
        assert kinds[-1] == "words"


def _says(message: dict[str, Any]) -> bool:
    return bool(text_of(message.get("content")) or message.get("reasoning_content"))


def test_the_pieces_of_calls_take_turns(tokenizer: Tokenizer) -> None:
    for answer in answers(ALL, tokenizer):
        messages = told(order.with_woven_calls(answer))
        places = [piece["index"] for one in messages for piece in one.get("tool_calls") or ()]
        assert places[:4] == [0, 1, 0, 1]


def test_one_call_has_nobody_to_take_turns_with(tokenizer: Tokenizer) -> None:
    for answer in answers(Reply((Choice(tool_calls=BOTH[:1], finish_reason="tool_calls"),)), tokenizer):
        assert order.with_woven_calls(answer) == answer.frames


def test_what_changes_over_does_so_within_an_event(tokenizer: Tokenizer) -> None:
    for answer in answers(ALL, tokenizer):
        messages = told(order.with_shared_chunks(answer))
        assert any(one.get("reasoning_content") and one.get("content") for one in messages)
        assert any(one.get("tool_calls") and one.get("content") for one in messages)


def test_the_finish_comes_with_what_was_said_last(tokenizer: Tokenizer) -> None:
    for reply in (ALL, SAID):
        answer = planned(compat_exchange("qwen-plus", reply, tokenizer, tools=TOOLS))
        choices = [
            one for frame in order.with_shared_chunks(answer) for one in order.finished(frame.payload or {})
        ]
        assert [bool(one["delta"].get("content") or one["delta"].get("tool_calls")) for one in choices] == [
            True
        ]


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_one_of_several_or_repeated_or_of_another_dialect_stays(
    change: Change, tokenizer: Tokenizer
) -> None:
    repeated = {**NATIVE, "incremental_output": False, "tools": TOOLS}
    for answer in (
        *answers(Reply(ALL.choices * 2), tokenizer),
        planned(native_exchange("qwen-plus", ALL, tokenizer, **repeated)),
        planned(anthropic_exchange("qwen-plus", ALL, tokenizer)),
        planned(compat_exchange("qwen-plus", ALL, tokenizer, tools=TOOLS), stream=False),
    ):
        assert change(answer) == answer.frames


@pytest.mark.parametrize("change", [order.with_late_texts, order.with_late_thoughts, order.with_woven_calls])
def test_words_alone_have_no_other_order(change: Change, tokenizer: Tokenizer) -> None:
    for answer in answers(Reply((Choice(WORDS),)), tokenizer):
        assert change(answer) == answer.frames
