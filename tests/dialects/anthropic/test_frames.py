"""What events of Anthropic's dialect say, and odd ones."""

import json
from typing import Any

import pytest

from mockserver.dialects.anthropic.frames import choices, piece_behind, usage_only
from mockserver.rules import schemas


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"delta": {"type": "text_delta", "text": "Hi"}}, {"content": "Hi"}),
        ({"delta": {"type": "thinking_delta", "thinking": "Hm"}}, {"reasoning_content": "Hm"}),
        ({"delta": {"partial_json": "{", "type": "input_json_delta"}}, None),
        ({"delta": {"stop_reason": "end_turn"}}, None),
        ({"type": "ping"}, None),
        (
            {"content": [{"thinking": "Hm", "type": "thinking"}, {"text": "Hi", "type": "text"}]},
            {"content": "Hi", "reasoning_content": "Hm"},
        ),
    ],
)
def test_what_is_said_is_told_as_a_choice(payload: dict[str, Any], told: dict[str, str] | None) -> None:
    assert choices(payload) == ([] if told is None else [{"index": 0, "message": told}])


def test_more_usage_ends_nothing() -> None:
    assert usage_only(7) == {
        "delta": {},
        "type": "message_delta",
        "usage": {"input_tokens": 7, "output_tokens": 0},
    }


def test_a_further_piece_is_an_event_of_its_block() -> None:
    piece = {"index": 0, "id": "", "function": {"arguments": "}"}}
    event = piece_behind({"type": "content_block_start", "index": 3}, piece)
    assert schemas.violations("anthropic.event", event) == []
    assert json.dumps(event["delta"]) == '{"partial_json": "}", "type": "input_json_delta"}'
    assert event["index"] == 3
