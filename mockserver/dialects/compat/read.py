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
    read = parameters(body, model)
    return ChatRequest(COMPAT, model, read_messages(body["messages"]), read, wants_stream(body), headers)


def parameters(body: Mapping[str, Any], model: Model) -> Mapping[str, Any]:
    """The parameters of a body: those of `thinking` under the names that the vendor documents.

    Its `type` switches thinking as `enable_thinking` does, which goes before it (Joycai/simple-ai-writer,
    probes of six models, 2026-09). A model that cannot think does not look at it.
    """
    switch = body.get("thinking")
    kind = switch.get("type") if isinstance(switch, Mapping) else None
    if (
        model.thinking == "none"
        or kind not in ("enabled", "disabled")
        or body.get("enable_thinking") is not None
    ):
        return body
    return {**body, "enable_thinking": kind == "enabled"}
