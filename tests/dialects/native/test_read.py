"""Chat requests of the native dialect, read."""

from typing import Any

import pytest

from mockserver.catalogue.models import Models
from mockserver.dialects.native.read import read_request, wants_stream
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.talk.request import ChatRequest, Message
from tests.conftest import MakeHeaders
from tests.wire.exchanges import MESSAGES


@pytest.mark.parametrize(
    ("sent", "streams"),
    [
        ({}, False),
        ({"X-DashScope-SSE": "enable"}, True),
        ({"X-DashScope-SSE": "Enable"}, True),
        ({"X-DashScope-SSE": "disable"}, False),
        ({"X-DashScope-SSE": "disable", "Accept": "text/event-stream"}, True),
        ({"Accept": "application/json, text/event-stream"}, True),
        ({"Accept": "Text/Event-Stream"}, True),
        ({"Accept": "application/json"}, False),
    ],
)
def test_either_header_asks_for_a_stream(
    headers: MakeHeaders, sent: dict[str, str], *, streams: bool
) -> None:
    assert wants_stream(headers(sent)) is streams


def test_a_request_is_read_and_a_stream_in_its_parameters_asks_for_nothing(
    models: Models, headers: MakeHeaders
) -> None:
    body = {"model": "qwen-plus", "input": {"messages": MESSAGES}, "parameters": {"stream": True}}
    sent = headers()
    assert read_request(NATIVE_TEXT, body, models["qwen-plus"], sent) == ChatRequest(
        NATIVE_TEXT,
        models["qwen-plus"],
        (Message("user", "How long does green tea steep?"),),
        {"stream": True},
        stream=False,
        headers=sent,
    )


@pytest.mark.parametrize("parameters", [{}, {"parameters": None}, {"parameters": {}}])
def test_a_request_may_have_no_parameters(models: Models, parameters: dict[str, Any]) -> None:
    body = {"model": "qwen-plus", "input": {"prompt": "Tea?"}, **parameters}
    request = read_request(NATIVE_TEXT, body, models["qwen-plus"], {"x-dashscope-sse": "enable"})
    assert (request.parameters, request.stream) == ({}, True)
    assert request.messages == (Message("user", "Tea?"),)
