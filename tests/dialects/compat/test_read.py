"""Chat requests of the OpenAI-compatible dialect, read."""

from typing import Any

import pytest

from mockserver.catalogue.models import Models
from mockserver.dialects.compat.read import read_request
from mockserver.dialects.compat.surface import COMPAT
from mockserver.talk.request import ChatRequest, Message
from tests.wire.exchanges import MESSAGES


def test_a_request_is_read(models: Models) -> None:
    body = {"model": "qwen-plus", "messages": MESSAGES, "stream": True, "top_p": 0.8}
    headers = {"authorization": "Bearer sk-test"}
    assert read_request(body, models["qwen-plus"], headers) == ChatRequest(
        COMPAT,
        models["qwen-plus"],
        (Message("user", "How long does green tea steep?"),),
        body,
        stream=True,
        headers=headers,
    )


@pytest.mark.parametrize("stream", [{}, {"stream": False}, {"stream": None}, {"stream": 1}])
def test_a_request_that_does_not_ask_for_a_stream_gets_none(models: Models, stream: dict[str, Any]) -> None:
    body = {"model": "qwen-plus", "messages": MESSAGES, **stream}
    assert read_request(body, models["qwen-plus"], {}).stream is False


@pytest.mark.parametrize(
    ("model", "body", "thinks"),
    [
        ("glm-5.1", {}, True),
        ("glm-5.1", {"thinking": {"type": "disabled"}}, False),
        ("glm-5.1", {"thinking": {"type": "disabled"}, "enable_thinking": True}, True),
        ("glm-5.1", {"thinking": {"type": "adaptive"}}, True),
        ("glm-5.1", {"thinking": {"clear_thinking": False}}, True),
        ("kimi-k2.6", {"thinking": {"type": "enabled"}}, True),
        ("kimi-k2.6", {"thinking": {"type": "adaptive"}}, False),
        ("kimi-k2.6", {"thinking": "enabled"}, False),
        ("qwen3.7-plus", {"thinking": {"type": "disabled"}}, False),
        ("qwen-max", {"thinking": {"type": "enabled"}}, False),
        ("MiniMax-M2.1", {"thinking": {"type": "disabled"}}, True),
    ],
)
def test_the_type_of_thinking_is_a_switch(
    models: Models, model: str, body: dict[str, Any], *, thinks: bool
) -> None:
    sent = {"model": model, "messages": MESSAGES, "stream": True, **body}
    request = read_request(sent, models[model], {})
    assert request.thinking is thinks
    assert "enable_thinking" not in sent or request.get("enable_thinking") is True
