"""How many tokens a request costs: the ChatML template that the models are prompted with.

Each message costs its content and five tokens of frame, the whole prompt three more; the rest are
the differences between backends that the recordings show (`fixtures/families.json`).
"""

from collections.abc import Callable, Iterator
from dataclasses import field
from functools import partial

from mockserver.meter.media import media_tokens
from mockserver.meter.template import CallStyle, call_text, response_text, texts, thinking_text, tools_block
from mockserver.meter.tokenizer import Tokenizer
from mockserver.values import value
from mockserver.wire.request import ChatRequest, Message

_LONG = 200_000
"""From so many characters on a prompt is counted no further than its model can hold."""


@value
class PromptTokens:
    """The input tokens of a request by medium; a medium that the request does not hold is None.

    `parts` are the messages as the model is shown them: role, text and tokens.
    """

    text: int
    image: int | None = None
    video: int | None = None
    audio: int | None = None
    parts: tuple[tuple[str, str, int], ...] = field(default=(), compare=False, repr=False)

    @property
    def total(self) -> int:
        """All of them together."""
        return self.text + (self.image or 0) + (self.video or 0) + (self.audio or 0)


def _preserves(request: ChatRequest) -> bool:
    asked = request.get("preserve_thinking")
    return request.model.preserve_thinking if asked is None else bool(asked)


def _text(message: Message, style: CallStyle, *, preserve: bool) -> str:
    """The text of a message that is not the user's."""
    text = message.text.strip()
    if message.role == "tool":
        return response_text(text, style)
    if message.tool_calls:
        calls = [call_text(call.name, call.arguments, style) for call in message.tool_calls]
        text = "\n".join([text, *calls] if text else calls)
    if preserve and message.reasoning:
        text = thinking_text(message.reasoning, text)
    return text


def _tools_block(request: ChatRequest) -> str:
    if not request.tools or request.get("tool_choice") == "none":
        return ""
    return tools_block(request.tools, request.model.family.call_style)


def turns(request: ChatRequest) -> list[tuple[str, str]]:
    """The prompt's messages as (role, text): stripped, equal neighbours merged, tools in the system's.

    Blanks behind a user's words are counted (recording: mem0, qwen-plus, 2025-11), those before them are not
    (recordings: crewAI, qwen-turbo).
    A last assistant message that is no prefix counts as the user's (recordings:
    alibaba/loongsuite-python-agent, qwen-turbo, 2026).
    """
    merged: list[tuple[str, str]] = []
    block = _tools_block(request)
    if block and (not request.messages or request.messages[0].role != "system"):
        merged.append(("system", block))
        block = ""
    last = len(request.messages) - 1
    style, preserve = request.model.family.call_style, _preserves(request)
    for index, message in enumerate(request.messages):
        role = message.role
        text = message.text.lstrip() if role == "user" else _text(message, style, preserve=preserve)
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
    high = bool(request.get("vl_high_resolution_images"))
    for message in request.messages:
        for part in message.media:
            yield part.kind, media_tokens(part, request.model, high_resolution=high)


def _extra(request: ChatRequest, *, media: bool) -> int:
    """What this backend adds to the template, as the recordings show it."""
    family, extra, asked = request.model.family, 0, request.parameters.get
    if request.thinking:
        extra += family.thinking_media_tokens if media else family.thinking_prompt_tokens
    elif request.partial is None:
        extra += family.thinkless_tokens
    if (asked("response_format") or {}).get("type") == "json_object":
        extra += family.json_tokens
    if asked("reasoning_effort"):
        extra += family.effort_tokens
    if asked("translation_options"):
        extra += family.translation_tokens
    if request.tools:
        choice = asked("tool_choice")
        if choice != "none":
            extra += family.tools_tokens
        extra += family.required_tool_tokens if choice == "required" else 0
    return extra


def prompt_tokens(request: ChatRequest, tokenizer: Tokenizer) -> PromptTokens:
    """The input tokens of a request."""
    template = texts()
    frame: int = template["message_tokens"]
    text: int = template["generation_tokens"]
    count: Callable[[str], int] = tokenizer.count
    said = turns(request)
    if sum([len(content) for _, content in said]) > _LONG:
        # What no model holds need not be counted to its end.
        count = partial(tokenizer.count_to, most=request.model.context)
    parts = tuple([(role, content, frame + count(content)) for role, content in said])
    for _, _, tokens in parts:
        text += tokens
    if request.partial is not None:
        text -= frame
    media: dict[str, int] = {}
    if request.media:
        for kind, tokens in _media(request):
            media[kind] = media.get(kind, 0) + tokens
    text += _extra(request, media=bool(media))
    return PromptTokens(text, media.get("image"), media.get("video"), media.get("audio"), parts)
