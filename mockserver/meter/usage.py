"""What an answer costs, and what the whole exchange adds up to."""

from mockserver.catalogue.models import Family
from mockserver.meter.prompt import PromptTokens, prompt_tokens, tool_call_text
from mockserver.meter.tokenizer import Tokenizer
from mockserver.wire.reply import Choice, Reply, Usage
from mockserver.wire.request import ChatRequest, ToolCall

THINK_OPEN = 2
"""The tokens of ``<think>`` and its line end, counted from a stream's first event on."""


def call_tokens(call: ToolCall, tokenizer: Tokenizer) -> int:
    """The output tokens of one function call; its two tags are one token each."""
    inner = tool_call_text(call.name, call.arguments).removeprefix("<tool_call>").removesuffix("</tool_call>")
    return tokenizer.count(inner) + 2


def choice_tokens(choice: Choice, family: Family, tokenizer: Tokenizer) -> int:
    """The output tokens of one choice: answer, calls, thinking with its wrapper, and the end token
    where the backend counts it (recordings: maruel/genai, qwen3-vl-flash; not when cut by length).
    """
    tokens = len(tokenizer.ends(choice.content)) if choice.content else 0
    for call in choice.tool_calls:
        tokens += call_tokens(call, tokenizer)
    if choice.reasoning:
        tokens += len(tokenizer.ends(choice.reasoning)) + family.thinking_tokens
    if family.counts_eos and choice.finish_reason != "length":
        tokens += 1
    return tokens


def reasoning_tokens(reply: Reply, tokenizer: Tokenizer) -> int:
    """The tokens of the thinking of all choices, wrappers left out."""
    return sum(len(tokenizer.ends(choice.reasoning)) for choice in reply.choices if choice.reasoning)


def usage_of(
    request: ChatRequest, reply: Reply, tokenizer: Tokenizer, *, prompt: PromptTokens | None = None
) -> Usage:
    """The usage of one exchange; a script's own numbers are put over it by the renderer."""
    prompt = prompt or prompt_tokens(request, tokenizer)
    family = request.model.family
    output = 0
    for choice in reply.choices:
        output += choice_tokens(choice, family, tokenizer)
    thought = any(choice.reasoning for choice in reply.choices)
    return Usage(
        input=prompt.total,
        output=output,
        reasoning=reasoning_tokens(reply, tokenizer) if thought else None,
        image=prompt.image,
        video=prompt.video,
        audio=prompt.audio,
    )
