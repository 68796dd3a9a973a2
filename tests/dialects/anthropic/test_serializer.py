"""The serializers of Anthropic's dialect: every form that a renderer asks for is there."""

import pytest

from mockserver.base.resources import fixture
from mockserver.dialects.anthropic.serializer import serializer, serializer_for

KINDS = {"thinking", "text", "tool_use"}


@pytest.mark.parametrize("name", fixture("serializers")["anthropic"])
def test_each_has_every_block_and_event(name: str) -> None:
    table = serializer(name)
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


@pytest.mark.parametrize(
    ("model", "host", "asked", "name"),
    [
        ("qwen3.7-plus", "", None, "recorded"),
        ("glm-4.7", "dashscope.aliyuncs.com", None, "unsigned"),
        ("glm-4.7", "token-plan.cn-beijing.maas.aliyuncs.com", None, "type-first"),
        ("glm-4.7", "", "type-first", "type-first"),
        ("glm-4.7", "", "recorded", "recorded"),
        ("glm-4.7", "", "guessing", "guessing"),
        ("qwen3.7-plus", "", "classic", "recorded"),
    ],
)
def test_who_speaks_is_what_a_script_asks_for_else_the_host_else_the_model(
    model: str, host: str, asked: str | None, name: str
) -> None:
    assert serializer_for(model, host=host, asked=asked) is serializer(name)
