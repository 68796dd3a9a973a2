"""What responses and events say, and odd events."""

from typing import Any

import pytest

from mockserver.dialects.responses import frames


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"type": "response.output_text.delta", "delta": "Tea."}, {"content": "Tea."}),
        ({"type": "response.reasoning_text.delta", "delta": "Hm."}, {"reasoning_content": "Hm."}),
        ({"type": "response.reasoning_summary_text.delta", "delta": "Hm."}, {"reasoning_content": "Hm."}),
        ({"type": "response.output_text.done", "text": "Tea."}, None),
        ({"type": "response.completed", "response": {"output": []}}, None),
        (
            {
                "object": "response",
                "output": [
                    {"type": "reasoning", "summary": [{"text": "Hm."}]},
                    {"type": "function_call", "name": "brew"},
                    {"type": "message", "content": [{"text": "Te"}, {"text": "a."}]},
                ],
            },
            {"reasoning_content": "Hm.", "content": "Tea."},
        ),
        ({}, None),
    ],
)
def test_what_is_said(payload: dict[str, Any], said: dict[str, str] | None) -> None:
    assert frames.choices(payload) == ([] if said is None else [{"index": 0, "message": said}])


def test_a_usage_in_the_middle_is_one_more_beginning() -> None:
    begun = {
        "sequence_number": 0,
        "type": "response.created",
        "response": {"id": "resp_1", "status": "queued"},
    }
    assert frames.usage_only(begun, 7) == {
        "sequence_number": 0,
        "type": "response.in_progress",
        "response": {
            "id": "resp_1",
            "status": "in_progress",
            "usage": {"input_tokens": 7, "output_tokens": 0, "total_tokens": 7},
        },
    }


def test_a_piece_of_arguments() -> None:
    payload = {"sequence_number": 4, "item": {"id": "msg_1"}, "output_index": 1}
    piece = {"index": 0, "function": {"arguments": "{"}}
    assert frames.piece_behind(payload, piece) == {
        "sequence_number": 4,
        "type": "response.function_call_arguments.delta",
        "delta": "{",
        "item_id": "msg_1",
        "output_index": 1,
    }


@pytest.mark.parametrize(
    ("payload", "opens"),
    [
        (
            {"type": "response.output_item.added", "item": {"type": "function_call"}, "output_index": 1},
            True,
        ),
        ({"type": "response.output_item.added", "item": {"type": "message"}, "output_index": 1}, False),
        ({"type": "response.created"}, False),
    ],
)
def test_the_item_of_a_call_opens_it(payload: dict[str, Any], *, opens: bool) -> None:
    assert frames.opening(payload) == (({}, {"index": 1}) if opens else None)
