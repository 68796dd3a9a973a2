"""How many tokens a request costs: the ChatML template that the models are prompted with.

Each message costs its content and five tokens of frame, the whole prompt three more; the rest are
the differences between backends that the recordings show (`fixtures/families.json`).
"""

from collections.abc import Callable, Iterator
from dataclasses import field, replace
from functools import partial
from operator import itemgetter

from mockserver.base.values import value
from mockserver.meter.media import media_tokens
from mockserver.meter.template import (
    CallStyle,
    answer_text,
    call_text,
    response_text,
    texts,
    thinking_text,
    tools_block,
)
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.request import ChatRequest, Message
from mockserver.talk.surface import Trait

_content, _tokens = itemgetter(1), itemgetter(2)
"""The text of a turn, and the tokens of a part."""

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

    def cut(self, most: int) -> "PromptTokens":
        """The same with so many tokens at most: what is cut away is text."""
        over = self.total - most
        return self if over <= 0 else replace(self, text=max(0, self.text - over))


def _told(message: Message, text: str, style: CallStyle, *, thought: bool) -> str:
    """A message that is not the user's as the model is shown it, with its thinking where it is `thought`."""
    if message.role == "tool":
        return response_text(text, style)
    if message.tool_calls:
        calls = [call_text(call.name, call.arguments, style) for call in message.tool_calls]
        text = answer_text(text, calls, style)
    return thinking_text(message.reasoning.strip(), text) if thought else text


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
    The older function calling tells results within the assistant's turn (Qwen-Agent, `fncall_prompts`).
    Where thinking is read, an answer without any has an empty thought (the templates published with the
    models; recordings: maruel/genai, qwen3.5 to 3.7 and qwen3-max).
    Text models up to Qwen3 are given the parts of a text on lines of their own, those that see side by side
    (recordings: maruel/genai, qwen3-max and qwen3-235b-a22b against all others).
    """
    merged: list[tuple[str, str]] = []
    block = _tools_block(request)
    if block and (not request.messages or request.messages[0].role != "system"):
        merged.append(("system", block))
        block = ""
    last, read_from = len(request.messages) - 1, request.thinking_read_from
    family = request.model.family
    style, on_lines, within = family.call_style, family.parts_on_lines, family.call_style == "fncall"
    bare = family.drops_bare_calls and request.get("tool_choice") == "none"
    before = merged[-1][0] if merged else None
    for index, message in enumerate(request.messages):
        role, text = message.role, message.text
        if on_lines and message.pieces:
            text = "\n".join(message.pieces)
        if role == "user":
            text = text.lstrip()
        elif bare and message.tool_calls and not text:
            continue
        else:
            if index == last and role == "assistant" and not message.partial:
                role = "user"
            thought = index >= read_from and role == "assistant" and not message.partial
            text = _told(message, text.strip(), style, thought=thought)
        if block and index == 0:
            text = f"{text}\n\n{block}"
        if role == "tool" and within:
            role = "assistant"
        if role == before:
            merged[-1] = (role, f"{merged[-1][1]}\n{text}")
        else:
            merged.append((role, text))
            before = role
    return merged


def _media(request: ChatRequest) -> Iterator[tuple[str, int]]:
    """The media that a model sees; one of texts is not shown them (recordings: maruel/genai, qwen3-max)."""
    if not request.model.media:
        return
    high = bool(request.get("vl_high_resolution_images"))
    for message in request.messages:
        for part in message.media:
            yield part.kind, media_tokens(part, request.model, high_resolution=high)


def _opening(request: ChatRequest, *, system: bool, media: bool) -> int:
    """The tokens that open the answer, and of the hidden prompt of a model that thinks.

    The hidden prompt stands first in the system turn, one of its own where a request has none; there is
    none beside media (recordings: maruel/genai, qwen3.8-max; the template published with Qwen3.8).
    """
    family = request.model.family
    if not request.thinking:
        unthinking = request.partial is None and request.model.thinking != "none"
        return family.thinkless_tokens if unthinking else 0
    hidden = 0 if media else family.thinking_prompt_tokens
    if hidden:
        hidden += 1 if system else texts()["message_tokens"]
    return family.think_line_tokens + hidden


_COUNTED = frozenset({"response_format", "reasoning_effort", "translation_options", "tools"})
"""The options that may add to a prompt."""


def _options(request: ChatRequest) -> int:
    """What the options of a request add to its prompt, as the recordings of its backend show it."""
    if _COUNTED.isdisjoint(request.parameters):
        return 0
    family, extra, asked = request.model.family, 0, request.parameters.get
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
        if choice == "required":
            extra += family.required_tool_tokens + family.required_call_tokens
    return extra


def prompt_tokens(request: ChatRequest, tokenizer: Tokenizer) -> PromptTokens:
    """The input tokens of a request."""
    template = texts()
    frame: int = template["message_tokens"]
    text: int = template["generation_tokens"]
    count: Callable[[str], int] = tokenizer.count
    said = turns(request)
    if sum(map(len, map(_content, said))) > _LONG:
        # What no model holds need not be counted to its end.
        count = partial(tokenizer.count_to, most=request.model.context)
    parts = tuple([(role, content, frame + count(content)) for role, content in said])
    text += sum(map(_tokens, parts))
    if request.partial is not None or (parts and parts[-1][0] == "assistant"):
        text -= frame
    media: dict[str, int] = {}
    if Trait.SYSTEM_PROMPT in request.surface.traits:
        text += template["system_prompt"]["tokens"]
    if request.media:
        for kind, tokens in _media(request):
            media[kind] = media.get(kind, 0) + tokens
    system = bool(parts) and parts[0][0] == "system"
    text += _opening(request, system=system, media=bool(media)) + _options(request)
    return PromptTokens(text, media.get("image"), media.get("video"), media.get("audio"), parts)
