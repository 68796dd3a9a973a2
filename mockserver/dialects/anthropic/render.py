"""Replies rendered as Anthropic's Messages: a body, or a stream of named events.

There is one answer only: of several choices the first is said.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.base.jsontext import dump_text, dumps, loads
from mockserver.dialects.anthropic.serializer import AnthropicSerializer, serializer_for
from mockserver.dialects.rendering import Envelope, Stream, number, overridden
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest, ToolCall
from mockserver.wire import sse
from mockserver.wire.chunking import Chunker, Run
from mockserver.wire.template import Template

STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}
"""How an answer ends, in this dialect's words. A stop sequence ends a turn like any other (Model Studio docs,
Anthropic-compatible Messages, 2026-11)."""

RAW = "raw_arguments"
"""Where arguments stand that are no object."""

_BLOCKS = {"reasoning": "thinking", "content": "text", "tool": "tool_use"}
"""The type of the block that a run of pieces makes."""


def render_body(request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
    """A whole answer as one JSON body (`message`)."""
    table = serializer_of(request, reply)
    choice = reply.choices[0]
    values = _envelope_values(request, choice, envelope)
    values["content"] = b"[" + b",".join(_blocks(table.blocks, choice)) + b"]"
    values["usage"] = _usage(table.usage, reply, usage)
    return table.body.fill(values)


def render_stream(
    request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
) -> Stream:
    """An answer as a stream of events, which ends with `message_stop`."""
    table = serializer_of(request, reply)
    choice = reply.choices[0]
    values = _envelope_values(request, choice, envelope)
    values["usage"] = _usage(table.usage_stream, reply, usage)
    whole = _whole(loads(values["usage"])) if reply.usage else usage.input
    values["input"] = number(int(whole * table.guess))
    writer = _Writer(table, values)
    writer.event("message_start")
    writer.event("ping")
    for index, run in enumerate(chunker.runs(choice, request.model.family, chunks=reply.chunks)):
        writer.block(index, run, choice)
    writer.event("message_delta")
    writer.event("message_stop")
    return writer.stream


def serializer_of(request: ChatRequest, reply: Reply) -> AnthropicSerializer:
    """The serializer of an answer."""
    return serializer_for(request.model.name, host=request.headers.get("host", ""), asked=reply.dialect)


def _envelope_values(request: ChatRequest, choice: Choice, envelope: Envelope) -> dict[str, bytes]:
    return {
        "id": b'"msg_%b"' % envelope.request_id.encode(),
        "model": dump_text(request.model.name),
        "stop": dump_text(STOPS.get(choice.finish_reason, STOPS["stop"])),
    }


def _usage(template: Template, reply: Reply, usage: Usage) -> bytes:
    """The usage; the script's own numbers, where there are any, over it.

    Input tokens are those that no cache had, nor was given.
    """
    created = usage.created or 0
    values = {
        "input": number(usage.input - usage.cached - created),
        "cached": number(usage.cached),
        "created": number(created),
        "output": number(usage.output),
    }
    if usage.created is not None:
        values["written"] = number(created)
    rendered = template.fill(values)
    return overridden(rendered, reply.usage) if reply.usage else rendered


def _whole(usage: Mapping[str, Any]) -> int:
    """The whole prompt of a usage, as the start of a stream names it.

    What of it was read from a cache comes at the end only (recording of the token plan's host, qwen3.7-plus,
    2026-08).
    """
    parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(part for name in parts if isinstance(part := usage.get(name), int))


def _blocks(templates: Mapping[str, Template], choice: Choice) -> list[bytes]:
    """The blocks of a whole answer: a thought, a text, calls; none for nothing."""
    blocks = []
    if choice.reasoning:
        blocks.append(templates["thinking"].fill({"text": dump_text(choice.reasoning)}))
    if choice.content:
        blocks.append(templates["text"].fill({"text": dump_text(choice.content)}))
    for call in choice.tool_calls:
        values = {**_call_values(call), "input": dumps(tool_input(call.arguments))}
        blocks.append(templates["tool_use"].fill(values))
    return blocks


def _call_values(call: ToolCall) -> dict[str, bytes]:
    return {"id": dump_text(call.id), "name": dump_text(call.name)}


def tool_input(arguments: str) -> dict[str, Any]:
    """The `input` of a call: its arguments as an object.

    Those that are no object, as a cut answer leaves them, stand in it as a text (users of a gateway in front
    of the service, 2026-08).
    """
    try:
        read = loads(arguments) if arguments else {}
        dumps(read)
    except (ValueError, TypeError):
        read = None
    return read if isinstance(read, dict) else {RAW: loads(dump_text(arguments))}


class _Writer:
    """Writes the frames of a stream."""

    def __init__(self, table: AnthropicSerializer, values: Mapping[str, bytes]) -> None:
        self._table = table
        self._values = values
        self.stream = Stream([], [])

    def _add(self, name: str, data: bytes, tokens: int = 0) -> None:
        self.stream.frames.append(sse.named_frame(name.encode(), data, blank=self._table.blank))
        self.stream.tokens.append(tokens)

    def event(self, name: str, values: Mapping[str, bytes] | None = None) -> None:
        """One event that says nothing of the answer."""
        self._add(name, self._table.events[name].fill({**self._values, **(values or {})}))

    def block(self, index: int, run: Run, choice: Choice) -> None:
        """A block: its start, its pieces, its stop.

        A call begins with an empty piece, a thought ends with an empty signature (recordings: foggy-projects,
        glm-4.7, 2026-03; kimi-k2.5, 2026).
        """
        kind = _BLOCKS[run.kind]
        place = {"index": number(index)}
        called = _call_values(choice.tool_calls[run.tool]) if run.kind == "tool" else {}
        self._add("content_block_start", self._table.starts[kind].fill({**place, **called}))
        delta = self._table.deltas[kind].compiled().bind(place)
        if run.kind == "tool":
            self._add("content_block_delta", delta.fill({"text": b'""'}))
        for text, size in zip(run.texts, run.sizes, strict=True):
            self._add("content_block_delta", delta.fill({"text": dump_text(text)}), size)
        if run.kind == "reasoning":
            self._add("content_block_delta", self._table.deltas["signature"].fill(place))
        self.event("content_block_stop", place)
