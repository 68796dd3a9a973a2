"""What the renderers of both dialects share."""

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

from mockserver.base.jsontext import dump_text, dumps, loads
from mockserver.base.values import value
from mockserver.talk.reply import Reply, Usage
from mockserver.talk.request import ToolCall
from mockserver.wire.template import Template


@value
class Envelope:
    """What stands around an answer: its request id and the second in which it was created."""

    request_id: str
    created: int


@value
class Stream:
    """A rendered stream: whole frames, and how many tokens each carries (for the pace)."""

    frames: list[bytes]
    tokens: list[int]


def number(value: int) -> bytes:
    """A whole number as JSON."""
    return b"%d" % value


def usage_values(usage: Usage) -> dict[str, bytes]:
    """The values for a usage template; counts that do not apply are absent."""
    values = {
        "input": b"%d" % usage.input,
        "output": b"%d" % usage.output,
        "total": b"%d" % usage.total,
        "cached": b"%d" % usage.cached,
        "input_text": b"%d" % usage.input_text,
        "output_text": b"%d" % (usage.output - (usage.reasoning or 0) - (usage.speech or 0)),
    }
    if usage.reasoning is not None:
        values["reasoning_tokens"] = number(usage.reasoning)
    if usage.image is not None:
        values["image"] = number(usage.image)
    if usage.video is not None:
        values["video"] = number(usage.video)
    if usage.audio is not None:
        values["audio"] = number(usage.audio)
    if usage.speech is not None:
        values["speech"] = number(usage.speech)
    if usage.seconds is not None:
        values["seconds"] = number(usage.seconds)
    return values


def explicit_cache(usage: Usage) -> dict[str, Any]:
    """What the usage says of an explicit cache (Model Studio docs, context cache, 2026)."""
    return {
        "cached_tokens": usage.cached,
        "cache_type": "ephemeral",
        "cache_creation_input_tokens": usage.created,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.created},
    }


def _laid_over(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, Mapping):
        return {**base, **{key: _laid_over(base.get(key), value) for key, value in over.items()}}
    return over


def render_usage(template: Template, values: dict[str, bytes], usage: Usage, reply: Reply) -> bytes:
    """A usage object of these values; the script's own numbers, where there are any, over them."""
    if reply.plugins is not None:
        values["plugins"] = dumps(reply.plugins)
    rendered = template.fill(values)
    if usage.created is not None:
        rendered = overridden(rendered, {"prompt_tokens_details": explicit_cache(usage)})
    return overridden(rendered, reply.usage) if reply.usage else rendered


def overridden(rendered: bytes, over: Mapping[str, Any]) -> bytes:
    """A rendered object with other values laid over some of its fields."""
    return dumps(_laid_over(loads(rendered), over))


def tool_call_json(template: Template, index: int, call: ToolCall, arguments: str) -> bytes:
    """A function call with these arguments: all of them, or a piece."""
    return template.fill(
        {
            "arguments": dump_text(arguments),
            "name": dump_text(call.name),
            "id": dump_text(call.id),
            "index": number(index),
        }
    )


def logprobs_json(entries: Iterable[bytes]) -> bytes:
    """The log probabilities of some tokens as they stand in a choice."""
    return b'{"content":[' + b",".join(entries) + b"]}"


def interleave(streams: Iterable[Stream]) -> Stream:
    """The streams of several choices as one: a frame of each in turn, each starting one turn later."""
    rows = [[None] * delay + list(zip(s.frames, s.tokens, strict=True)) for delay, s in enumerate(streams)]
    merged = [pair for turn in zip_longest(*rows) for pair in turn if pair is not None]
    return Stream([frame for frame, _ in merged], [tokens for _, tokens in merged])
