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
