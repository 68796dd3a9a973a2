"""Chat requests of the native dialect, text and multimodal."""

from collections.abc import Mapping
from typing import Any

from mockserver.catalogue.models import Model
from mockserver.dialects.messages import read_messages, read_prompt
from mockserver.talk.request import ChatRequest, Message
from mockserver.talk.surface import Surface

_BODY = frozenset({"model", "input", "parameters"})
_INPUT = frozenset({"messages", "prompt", "history"})
_MADE_BY = frozenset(
    {"size", "n", "seed", "negative_prompt", "prompt_extend", "watermark", "voice", "language_type"}
)
"""What a picture or a sound is made by, wherever it stands; nothing else of a request is read."""


def wants_stream(headers: Mapping[str, str]) -> bool:
    """Whether the headers ask for SSE: either one suffices (recording: cnblogs/dashscope-sdk, 2024-11).

    A `stream` inside the parameters asks for nothing.
    """
    return (
        headers.get("x-dashscope-sse", "").lower() == "enable"
        or "text/event-stream" in headers.get("accept", "").lower()
    )


def read_request(
    surface: Surface, body: Mapping[str, Any], model: Model, headers: Mapping[str, str]
) -> ChatRequest:
    """The chat request of a body that its schema allows."""
    parameters = body.get("parameters") or {}
    source = body["input"]
    if model.makes:
        return _making(surface, source, parameters, model, headers)
    known = _BODY.issuperset(body) and _INPUT.issuperset(source)
    return ChatRequest(
        surface,
        model,
        read_prompt(source),
        parameters,
        wants_stream(headers),
        headers,
        () if known else _stray(body, source),
    )


def _making(
    surface: Surface,
    source: Mapping[str, Any],
    parameters: Mapping[str, Any],
    model: Model,
    headers: Mapping[str, str],
) -> ChatRequest:
    """The request for a picture, or for speech, whose text and voice stand side by side; none is streamed."""
    said = source.get("text")
    messages = (Message("user", said),) if said else read_messages(source.get("messages") or ())
    options = {name: value for name, value in {**source, **parameters}.items() if name in _MADE_BY}
    return ChatRequest(surface, model, messages, options, stream=False, headers=headers)


def _stray(body: Mapping[str, Any], source: Mapping[str, Any]) -> tuple[str, ...]:
    """The places outside `parameters` where something stands that is not known there."""
    beside = [name for name in body if name not in _BODY]
    inside = [f"input.{name}" for name in source if name not in _INPUT]
    return (*beside, *inside)
