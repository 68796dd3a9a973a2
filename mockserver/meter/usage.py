"""What an answer costs, and what the whole exchange adds up to."""

from mockserver.catalogue.models import Family
from mockserver.catalogue.thinking import THINK_CLOSE, THINK_OPEN
from mockserver.meter.caches import CacheUse
from mockserver.meter.media import heard_seconds, speech_tokens
from mockserver.meter.prompt import PromptTokens, prompt_tokens
from mockserver.meter.template import call_text, thinking_text
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest, ToolCall

BRIEF = 2
"""The most tokens of an answer that a stream brings in one piece with its end."""


def call_tokens(call: ToolCall, family: Family, tokenizer: Tokenizer) -> int:
    """The output tokens of one function call."""
    return tokenizer.count(call_text(call.name, call.arguments, family.call_style))


def _written(request: ChatRequest, choice: Choice, tokenizer: Tokenizer) -> int:
    """The tokens of thinking and answer, which are counted as the one text that the model writes (exact on
    recordings: vercel/ai, qwen3-max; cnblogs/dashscope-sdk, qwen-plus-latest; maruel/genai, qwen3.8-max).

    JSON mode holds the model to JSON from the end of its thought on: no blank line stands between
    (recordings: maruel/genai, qwen3.5, qwen3.7-max and qwen3-235b-a22b).
    """
    if not choice.reasoning:
        # A stream asks where its tokens end: then that is found once for both.
        return len(tokenizer.ends(choice.content)) if request.stream else tokenizer.size(choice.content)
    family = request.model.family
    forced = request.options("response_format").get("type") == "json_object"
    tokens = tokenizer.count(thinking_text(choice.reasoning, choice.content, blank="" if forced else "\n\n"))
    if request.seen:
        return tokens + family.media_thinking_tokens
    whole = choice.tool_calls or request.stop or not request.stream
    if not whole and len(tokenizer.ends(choice.content)) <= BRIEF:
        tokens += family.brief_stream_tokens
    return tokens


def _called(request: ChatRequest, choice: Choice, tokenizer: Tokenizer) -> int:
    """The tokens of the function calls, one a line.

    The mark before a call that is required may belong to the prompt (recording:
    alibaba/loongsuite-python-agent, qwen-plus).
    """
    if not choice.tool_calls:
        return 0
    family = request.model.family
    calls = sum(call_tokens(call, family, tokenizer) for call in choice.tool_calls)
    breaks = len(choice.tool_calls) - 1 if family.call_style != "fncall" else 0
    forced = family.required_call_tokens if request.get("tool_choice") == "required" else 0
    return calls + breaks - forced


def choice_tokens(request: ChatRequest, choice: Choice, tokenizer: Tokenizer) -> int:
    """The output tokens of one choice: thinking with its wrapper, answer, calls, the end token where the
    backend counts it (recordings: maruel/genai, qwen3-vl-flash; not when the answer was cut by its length
    or ended by a stop sequence), and what was written before a stop sequence was noticed.
    """
    family = request.model.family
    tokens = _written(request, choice, tokenizer) + _called(request, choice, tokenizer)
    if request.messages and request.messages[-1].role == "tool":
        tokens += family.after_tool_tokens
    stopped = choice.finish_reason == "stop" and bool(request.stop)
    if stopped:
        tokens += family.stop_tokens
    elif family.counts_eos and choice.finish_reason != "length":
        tokens += 1
    return tokens


def reasoning_tokens(request: ChatRequest, reply: Reply, tokenizer: Tokenizer) -> int:
    """The tokens of the thinking of all choices: with its wrapper, less the five that this has alone.

    A line end that became one with the last word is none of them (recordings: maruel/genai and vercel/ai);
    a thought that its budget cut has just so many (recording: cnblogs/dashscope-sdk, qwen-plus-latest).
    """
    total = 0
    for choice in reply.choices:
        if choice.reasoning:
            tokens = len(tokenizer.ends(choice.reasoning))
            if tokens != request.thinking_budget:
                tokens = tokenizer.count(thinking_text(choice.reasoning, "")) - THINK_OPEN - THINK_CLOSE
            total += tokens
    return total


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
    model = request.model
    speech = speech_tokens(reply.choices) if model.family.speaks else 0
    return Usage(
        input=prompt.total,
        output=output + speech,
        reasoning=reasoning_tokens(request, reply, tokenizer) if thought else None,
        cached=cache.cached,
        created=cache.created,
        image=prompt.image,
        video=prompt.video,
        audio=prompt.audio,
        speech=speech or None,
        seconds=heard_seconds(prompt.audio) if model.task == "asr" and model.family.annotates_sound else None,
    )
