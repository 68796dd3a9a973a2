"""Chat requests of the OpenAI-compatible dialect."""

from collections.abc import Mapping
from typing import Any

from mockserver.catalogue.models import Model
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.messages import read_messages
from mockserver.talk.request import ChatRequest


def wants_stream(body: Mapping[str, Any]) -> bool:
    """Whether the body asks for a stream."""
    return body.get("stream") is True


def read_request(body: Mapping[str, Any], model: Model, headers: Mapping[str, str]) -> ChatRequest:
    """The chat request of a body that its schema allows."""
    return ChatRequest(COMPAT, model, read_messages(body["messages"]), body, wants_stream(body), headers)
