"""How many tokens a request costs: the ChatML template that the models are prompted with.

Each message costs its content and five tokens of frame, the whole prompt three more; the rest are
the differences between backends that the recordings show (`fixtures/families.json`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from mockserver import resources
from mockserver.meter.tokenizer import Tokenizer
from mockserver.wire.request import ChatRequest, Message


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """The input tokens of a request by medium; a medium that the request does not hold is None."""

    text: int
    image: int | None = None
    video: int | None = None
    audio: int | None = None

    @property
    def total(self) -> int:
        """All of them together."""
        return self.text + (self.image or 0) + (self.video or 0) + (self.audio or 0)


@cache
def _template() -> dict[str, Any]:
    template: dict[str, Any] = resources.fixture("prompt")
    return template


def tool_call_text(name: str, arguments: str) -> str:
    """A function call as the model writes it."""
    return str(_template()["tool_call"].format(name=name, arguments=arguments))


def _text(message: Message) -> str:
    text = message.text.strip()
    if not message.tool_calls and message.role != "tool":
        return text
    if message.role == "tool":
        return str(_template()["tool_response"].format(content=text))
    calls = [tool_call_text(call.name, call.arguments) for call in message.tool_calls]
    return "\n".join([text, *calls] if text else calls)


def _tools_block(request: ChatRequest) -> str:
    if not request.tools or request.get("tool_choice") == "none":
        return ""
    template = _template()
    signatures = "".join("\n" + json.dumps(tool, ensure_ascii=False) for tool in request.tools)
    return f"{template['tools_head']}{signatures}{template['tools_foot']}"


def turns(request: ChatRequest) -> list[tuple[str, str]]:
    """The prompt's messages as (role, text): stripped, equal neighbours merged, tools in the system's.

    A last assistant message that is no prefix counts as the user's (recordings:
    alibaba/loongsuite-python-agent, qwen-turbo, 2026).
    """
    merged: list[tuple[str, str]] = []
    block = _tools_block(request)
    if block and (not request.messages or request.messages[0].role != "system"):
        merged.append(("system", block))
        block = ""
    last = len(request.messages) - 1
    for index, message in enumerate(request.messages):
        role, text = message.role, _text(message)
        if block and index == 0:
            text = f"{text}\n\n{block}"
        if index == last and role == "assistant" and not message.partial:
            role = "user"
        if merged and merged[-1][0] == role:
            merged[-1] = (role, f"{merged[-1][1]}\n{text}")
        else:
            merged.append((role, text))
    return merged


def _media(request: ChatRequest) -> Iterator[tuple[str, int]]:
    for message in request.messages:
        for part in message.media:
            yield part.kind, request.model.family.image_tokens


def prompt_tokens(request: ChatRequest, tokenizer: Tokenizer) -> PromptTokens:
    """The input tokens of a request."""
    template, family = _template(), request.model.family
    frame: int = template["message_tokens"]
    text: int = template["generation_tokens"]
    count = tokenizer.count
    for _, content in turns(request):
        text += frame + count(content)
    if request.partial is not None:
        text -= frame
    elif not request.thinking:
        text += family.thinkless_tokens
    if request.thinking:
        text += family.thinking_prompt_tokens
    if (request.get("response_format") or {}).get("type") == "json_object":
        text += family.json_tokens
    media: dict[str, int] = {}
    for kind, tokens in _media(request):
        media[kind] = media.get(kind, 0) + tokens
    return PromptTokens(text, media.get("image"), media.get("video"), media.get("audio"))
