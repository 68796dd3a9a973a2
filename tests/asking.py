"""Chat requests for tests, read from bodies as clients send them."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.catalogue import models as model_catalogue
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.read import read_request as read_compat
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.read import read_request as read_native
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.responses.read import read_request as read_responses
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.rules import schemas
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface

Messages = Sequence[Mapping[str, Any]]

COMPLETIONS = (COMPAT, NATIVE_TEXT, NATIVE_MULTIMODAL)
"""The surfaces whose requests have parameters under the same names, and whose answers have choices."""


def body_of(
    said: str | Messages,
    *,
    model: str,
    surface: Surface = COMPAT,
    stream: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The body of a request: `said` are its messages, or the text of its only one."""
    text: Any = [{"text": said}] if surface is NATIVE_MULTIMODAL else said
    messages = [{"role": "user", "content": text}] if isinstance(said, str) else list(said)
    if surface is COMPAT:
        return {"model": model, "messages": messages, "stream": stream, **(parameters or {})}
    if surface is ANTHROPIC:
        whole = {"model": model, "max_tokens": 4096, "messages": messages, "stream": stream}
        given = dict(parameters or {})
        if given.get("tools"):
            functions = [tool["function"] for tool in given["tools"]]
            given["tools"] = [
                {"name": function["name"], "input_schema": function["parameters"]} for function in functions
            ]
        return {**whole, **given}
    if surface is RESPONSES:
        given = dict(parameters or {})
        if given.get("tools"):
            given["tools"] = [{"type": "function", **tool["function"]} for tool in given["tools"]]
        return {"model": model, "input": messages, "stream": stream, **given}
    return {"model": model, "input": {"messages": messages}, "parameters": dict(parameters or {})}


def ask(
    said: str | Messages,
    *,
    model: str = "qwen-plus",
    surface: Surface = COMPAT,
    stream: bool = False,
    headers: Mapping[str, str] | None = None,
    **parameters: Any,
) -> ChatRequest:
    """A request that its schema allows, read."""
    body = body_of(said, model=model, surface=surface, stream=stream, parameters=parameters)
    assert schemas.violations(f"{surface.name}.request", body) == []
    known = model_catalogue.load()[model]
    given = dict(headers or {})
    if surface is COMPAT:
        return read_compat(body, known, given)
    if surface is RESPONSES:
        return read_responses(body, known, given)
    if stream:
        given["x-dashscope-sse"] = "enable"
    return read_native(surface, body, known, given)
