"""Recorded answers of Anthropic's dialect, told in the words of chat completions."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.anthropic.render import tool_input
from mockserver.dialects.anthropic.retell import arguments_of, counted, lanes, retold, spoke
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.table import dialect_of, speaker
from mockserver.talk.reply import Usage
from tests.wire.strategies import json_values, texts

CALL = {"id": "toolu_7", "input": {"leaf": "龙井"}, "name": "brew_tea", "type": "tool_use"}


def block_delta(**delta: Any) -> dict[str, Any]:
    """A piece of the block at index 1."""
    return {"type": "content_block_delta", "index": 1, "delta": delta}


def test_a_body_is_a_message_with_all_that_its_blocks_say() -> None:
    body = {
        "type": "message",
        "content": [
            {"type": "thinking", "thinking": "Tea.", "signature": ""},
            {"type": "text", "text": "Hm. "},
            {"type": "text", "text": "Well."},
            CALL,
            {"type": "redacted_thinking", "data": "x"},
        ],
        "stop_reason": "tool_use",
    }
    (choice,) = retold(body)
    assert (choice["index"], choice["finish_reason"]) == (0, "tool_calls")
    assert choice["message"] == {
        "content": "Hm. Well.",
        "reasoning_content": "Tea.",
        "tool_calls": [
            {"index": 3, "id": "toolu_7", "function": {"name": "brew_tea", "arguments": '{"leaf":"龙井"}'}}
        ],
    }


@pytest.mark.parametrize(
    ("event", "delta"),
    [
        (block_delta(type="text_delta", text="Hi"), {"content": "Hi"}),
        (block_delta(type="thinking_delta", thinking="Hm"), {"reasoning_content": "Hm"}),
        (
            block_delta(type="input_json_delta", partial_json="{"),
            {"tool_calls": [{"index": 1, "function": {"arguments": "{"}}]},
        ),
        (
            {"type": "content_block_start", "index": 1, "content_block": {**CALL, "input": {}}},
            {
                "tool_calls": [
                    {"index": 1, "id": "toolu_7", "function": {"name": "brew_tea", "arguments": ""}}
                ]
            },
        ),
        (
            {"type": "content_block_start", "index": 1, "content_block": CALL},
            {
                "tool_calls": [
                    {
                        "index": 1,
                        "id": "toolu_7",
                        "function": {"name": "brew_tea", "arguments": '{"leaf":"龙井"}'},
                    }
                ]
            },
        ),
        (
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Hi"}},
            {"content": "Hi", "reasoning_content": None},
        ),
    ],
)
def test_an_event_is_a_delta(event: dict[str, Any], delta: dict[str, Any]) -> None:
    assert retold(event) == [{"index": 0, "delta": delta}]


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause_turn"),
        (None, None),
        (7, None),
    ],
)
def test_how_it_ended_is_told_as_others_would(stop: Any, reason: str | None) -> None:
    (choice,) = retold({"type": "message_delta", "delta": {"stop_reason": stop}})
    assert choice == {"index": 0, "delta": {}, "finish_reason": reason}


@pytest.mark.parametrize(
    "event",
    [
        {"type": "ping"},
        {"type": "message_start", "message": {}},
        {"type": "message_stop"},
        {"type": "content_block_stop", "index": 0},
        block_delta(type="signature_delta", signature=""),
    ],
)
def test_what_says_nothing_has_no_choice(event: dict[str, Any]) -> None:
    assert retold(event) == []


def test_a_piece_may_be_changed_where_it_stands() -> None:
    event = block_delta(type="text_delta", text="secret")
    ((lane, holder, name),) = lanes(event)
    holder[name] = "[redacted]"
    assert lane == (1, "text_delta")
    assert event == block_delta(type="text_delta", text="[redacted]")


def test_the_speaker_is_known_by_the_type() -> None:
    assert speaker({"type": "ping"}) is dialect_of(ANTHROPIC)
    others: list[dict[str, Any]] = [{}, {"type": "function"}, {"type": ["ping"]}, {"choices": []}]
    for other in others:
        assert speaker(other) is None
        assert not spoke(other)


@given(arguments=st.one_of(texts, json_values.map(json.dumps)))
def test_arguments_come_back_as_they_were_meant(arguments: str) -> None:
    assert tool_input(arguments_of(tool_input(arguments))) == tool_input(arguments)


def test_arguments_that_were_no_object_come_back_as_the_text() -> None:
    assert arguments_of(tool_input('{"leaf": "sen')) == '{"leaf": "sen'
    assert arguments_of(None) == arguments_of([1]) == "{}"
    assert arguments_of({"raw_arguments": 1}) == '{"raw_arguments":1}'


def test_a_usage_is_split_by_the_caches() -> None:
    assert counted(Usage(20, 5, 2, 8, 4)) == {
        "input_tokens": 8,
        "output_tokens": 5,
        "cache_read_input_tokens": 8,
        "cache_creation_input_tokens": 4,
    }
    assert sum(counted(Usage(20, 5)).values()) == 25


@given(value=json_values, part=json_values)
def test_no_document_is_too_odd(value: Any, part: Any) -> None:
    parts: list[dict[str, Any]] = [
        {"type": "message", "content": value, "stop_reason": part},
        {"type": "message", "content": [value, {"type": "text", "text": part}, {"type": "tool_use"}]},
        {"type": "message_delta", "delta": value},
        {"type": "content_block_start", "content_block": value, "index": part},
        {"type": "content_block_start", "content_block": {**CALL, "input": value}, "index": part},
        {"type": "content_block_delta", "delta": value, "index": part},
        block_delta(type="text_delta", text=value),
        block_delta(type=value, text=part),
    ]
    for document in parts:
        before = deepcopy(document)
        retold(document)
        list(lanes(document))
        assert document == before
