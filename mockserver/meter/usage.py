"""What an answer costs, and what the whole exchange adds up to."""

from mockserver.catalogue.models import Family
from mockserver.meter.caches import CacheUse
from mockserver.meter.prompt import PromptTokens, prompt_tokens
from mockserver.meter.template import call_text, thinking_text
from mockserver.meter.tokenizer import Tokenizer
from mockserver.wire.reply import Choice, Reply, Usage
from mockserver.wire.request import ChatRequest, ToolCall

THINK_OPEN = 2
"""The tokens of ``<think>`` and its line end, counted from a stream's first event on."""

THINK_CLOSE = 3
"""The tokens of ``</think>`` and the line ends around it, counted from where the answer begins."""


def call_tokens(call: ToolCall, family: Family, tokenizer: Tokenizer) -> int:
    """The output tokens of one function call."""
    return tokenizer.count(call_text(call.name, call.arguments, family.call_style))


def choice_tokens(request: ChatRequest, choice: Choice, tokenizer: Tokenizer) -> int:
    """The output tokens of one choice: thinking with its wrapper, answer, calls, and the end token
    where the backend counts it (recordings: maruel/genai, qwen3-vl-flash; not when the answer was cut
    by its length or ended by a stop sequence).

    Thinking and answer are counted as the one text that the model writes (exact on recordings:
    vercel/ai, qwen3-max; cnblogs/dashscope-sdk, qwen-plus-latest; maruel/genai, qwen3.8-max).
    """
    family = request.model.family
    if choice.reasoning:
        tokens = tokenizer.count(thinking_text(choice.reasoning, choice.content))
        if request.media:
            tokens += family.media_thinking_tokens
    else:
        tokens = len(tokenizer.ends(choice.content)) if choice.content else 0
    for call in choice.tool_calls:
        tokens += call_tokens(call, family, tokenizer)
    if request.messages and request.messages[-1].role == "tool":
        tokens += family.after_tool_tokens
    if family.counts_eos and choice.finish_reason != "length":
        stopped = choice.finish_reason == "stop" and bool(request.stop)
        tokens += not stopped
    return tokens


def reasoning_tokens(reply: Reply, tokenizer: Tokenizer) -> int:
    """The tokens of the thinking of all choices, wrappers left out."""
    return sum(len(tokenizer.ends(choice.reasoning)) for choice in reply.choices if choice.reasoning)


def usage_of(
    request: ChatRequest,
    reply: Reply,
    tokenizer: Tokenizer,
    *,
    prompt: PromptTokens | None = None,
    cache: CacheUse | None = None,
) -> Usage:
    """The usage of one exchange; a script's own numbers are put over it by the renderer."""
    prompt = prompt or prompt_tokens(request, tokenizer)
    cache = cache or CacheUse()
    output, thought = 0, False
    for choice in reply.choices:
        output += choice_tokens(request, choice, tokenizer)
        thought = thought or bool(choice.reasoning)
    return Usage(
        input=prompt.total,
        output=output,
        reasoning=reasoning_tokens(reply, tokenizer) if thought else None,
        cached=cache.cached,
        created=cache.created,
        image=prompt.image,
        video=prompt.video,
        audio=prompt.audio,
    )
