"""The serializers of Anthropic's dialect: every form that a renderer asks for is there."""

import pytest

from mockserver.dialects.anthropic.serializer import serializer

KINDS = {"thinking", "text", "tool_use"}


def test_the_recorded_one_has_every_block_and_event() -> None:
    table = serializer()
    assert set(table.blocks) == set(table.starts) == KINDS
    assert set(table.deltas) == KINDS | {"signature"}
    assert set(table.events) == {
        "message_start",
        "ping",
        "content_block_stop",
        "message_delta",
        "message_stop",
    }


def test_it_is_made_once_and_another_there_is_not() -> None:
    assert serializer() is serializer()
    with pytest.raises(KeyError):
        serializer("tea")
