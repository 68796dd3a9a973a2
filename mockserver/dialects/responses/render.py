"""Replies rendered as responses: a body, or a stream of events.

There is one answer only: of several choices the first is said. A stream ends with the event that has the
whole response.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.base.jsontext import dump_text, dumps
from mockserver.dialects.rendering import Envelope, Stream, number, overridden
from mockserver.dialects.responses import acts
from mockserver.dialects.responses.acts import Act
from mockserver.dialects.responses.serializer import ResponsesSerializer, serializer
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest, ToolCall
from mockserver.wire import sse
from mockserver.wire.chunking import Chunker, Run
from mockserver.wire.ids import derived

_ITEMS = {"reasoning": "reasoning", "content": "message", "tool": "function_call"}
"""The type of the item that a run of pieces makes."""

_DEFAULTS: dict[str, Any] = {
    "max_output_tokens": None,
    "parallel_tool_calls": True,
    "reasoning": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
}
"""What a response says of a field that its request has not (a live body, qwen3.8-max, 2026-08)."""

_CUT = "max_output_tokens"
"""Why a response is incomplete: an answer is cut by its length only."""


def response_id(request_id: str) -> str:
    """The id of a response (a live body, 2026-08; documents of early 2026 have the bare UUID)."""
    return f"resp_{request_id}"


def item_id(request_id: str, name: str) -> str:
    """The id of an item, whatever its type (the same live body)."""
    return f"msg_{derived(request_id, name)}"


def render_body(request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
    """A whole answer as one JSON body (`response`)."""
    table = serializer(reply.dialect)
    output = _output(table, reply, envelope)
    return _response(table, request, envelope, output=output, ended=(reply, usage))


def render_stream(
    request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
) -> Stream:
    """An answer as a stream of events."""
    table = serializer(reply.dialect)
    choice = reply.choices[0]
    writer = _Writer(table, envelope)
    begun = _response(table, request, envelope, status="queued", model="")
    writer.event("created", {"response": begun})
    writer.event("in_progress", {"response": _response(table, request, envelope, status="in_progress")})
    runs = chunker.runs(choice, request.model.family, chunks=reply.chunks)
    thoughts = [run for run in runs if run.kind == "reasoning"]
    for run in thoughts:
        writer.run(run, choice)
    for at, act in enumerate(acts.acts_of(reply)):
        writer.act(act, at)
    for run in runs[len(thoughts) :]:
        writer.run(run, choice)
    output = _output(table, reply, envelope)
    whole = _response(table, request, envelope, output=output, ended=(reply, usage))
    writer.event("incomplete" if choice.finish_reason == "length" else "completed", {"response": whole})
    return writer.stream


def failed(request_id: str, created: int, code: str | None, message: str) -> bytes:
    """A response that failed, whose request is not known or not worth repeating."""
    table = serializer()
    values = {name: dumps(value) for name, value in _DEFAULTS.items()}
    error = table.error.fill({"code": dumps(code), "message": dump_text(message)})
    values |= {"error": error, "id": dump_text(response_id(request_id)), "created": number(created)}
    return table.response.fill({**values, "status": b'"failed"', "model": b'""', "output": b"[]"})


def failed_event(request_id: str, number_: int, created: int, code: str | None, message: str) -> bytes:
    """The frame of a response that failed, the `number_`-th of its stream."""
    response = failed(request_id, created, code, message)
    data = serializer().events["failed"].fill({"number": number(number_ - 1), "response": response})
    return sse.native_frame(number_, data, event=b"response.failed")


def _response(
    table: ResponsesSerializer,
    request: ChatRequest,
    envelope: Envelope,
    *,
    status: str = "",
    model: str | None = None,
    output: bytes = b"[]",
    ended: tuple[Reply, Usage] | None = None,
) -> bytes:
    """The response as far as it is: with its usage when it has `ended`."""
    values = {name: dumps(value) for name, value in {**_DEFAULTS, **request.echo}.items()}
    values["id"] = dump_text(response_id(envelope.request_id))
    values["created"] = number(envelope.created)
    values["model"] = dump_text(request.model.name if model is None else model)
    values["output"] = output
    if ended is not None:
        reply, usage = ended
        cut = reply.choices[0].finish_reason == "length"
        status = "incomplete" if cut else "completed"
        values["completed"] = values["created"]
        values["usage"] = _usage(table, reply, usage)
        if cut:
            values["reason"] = dump_text(_CUT)
    values["status"] = dump_text(status)
    return table.response.fill(values)


def _usage(table: ResponsesSerializer, reply: Reply, usage: Usage) -> bytes:
    """The usage; the script's own numbers, where there are any, over it."""
    values = {
        "total": number(usage.total),
        "input": number(usage.input),
        "output": number(usage.output),
        "cached": number(usage.cached),
        "reasoning": number(usage.reasoning or 0),
    }
    if usage.reasoning is not None:
        values["thought"] = number(usage.reasoning)
    if usage.image is not None:
        values["image"] = number(usage.image)
        values["input_text"] = number(usage.input_text)
        values["output_text"] = number(usage.output - (usage.reasoning or 0))
    if usage.created is not None:
        values |= {"created": number(usage.created), "cache_type": b'"ephemeral"'}
    counted = acts.counts(acts.acts_of(reply))
    if counted:
        values["x_tools"] = values["plugins"] = dumps(counted)
    rendered = table.usage.fill(values)
    return overridden(rendered, reply.usage) if reply.usage else rendered


def _output(table: ResponsesSerializer, reply: Reply, envelope: Envelope) -> bytes:
    """The items of an answer: a thought, what tools did, a message, calls."""
    choice, ids = reply.choices[0], _Ids(envelope)
    items = []
    if choice.reasoning:
        items.append(
            table.items["reasoning"].fill({**ids.of("reasoning"), "text": dump_text(choice.reasoning)})
        )
    items += [dumps(acts.done(act, ids.name("act", at))) for at, act in enumerate(acts.acts_of(reply))]
    if choice.content:
        items.append(table.items["message"].fill({**ids.of("content"), **_spoken(table, choice)}))
    for at, call in enumerate(choice.tool_calls):
        values = {**ids.of("tool", at), **_called(call), "text": dump_text(call.arguments)}
        items.append(table.items["function_call"].fill({**values, "status": b'"completed"'}))
    return b"[" + b",".join(items) + b"]"


def _spoken(table: ResponsesSerializer, choice: Choice) -> dict[str, bytes]:
    """What is filled into a message; one that was cut is not complete."""
    part = table.part.fill({"text": dump_text(choice.content)})
    status = b'"incomplete"' if choice.finish_reason == "length" else b'"completed"'
    return {"content": b"[" + part + b"]", "status": status}


def _called(call: ToolCall) -> dict[str, bytes]:
    return {"call_id": dump_text(call.id), "name": dump_text(call.name)}


class _Ids:
    """The ids of the items of an answer: in its body and in its stream the same."""

    def __init__(self, envelope: Envelope) -> None:
        self._request_id = envelope.request_id

    def name(self, kind: str, at: int = 0) -> str:
        """The id of the item of that kind and number."""
        return item_id(self._request_id, f"{kind} {at}")

    def of(self, kind: str, at: int = 0) -> dict[str, bytes]:
        """The same, to be filled in."""
        return {"id": dump_text(self.name(kind, at))}


class _Writer:
    """Writes the frames of a stream."""

    def __init__(self, table: ResponsesSerializer, envelope: Envelope) -> None:
        self._table = table
        self._ids = _Ids(envelope)
        self._index = 0
        self.stream = Stream([], [])

    def _add(self, template: Any, values: Mapping[str, bytes], tokens: int = 0) -> None:
        at = len(self.stream.frames)
        data = template.fill({**values, "number": number(at), "index": number(self._index)})
        self.stream.frames.append(sse.native_frame(at + 1, data, event=_named(data)))
        self.stream.tokens.append(tokens)

    def event(self, name: str, values: Mapping[str, bytes], tokens: int = 0) -> None:
        """One event."""
        self._add(self._table.events[name], values, tokens)

    def run(self, run: Run, choice: Choice) -> None:
        """An item: its beginning, its pieces, its end."""
        table, kind = self._table, _ITEMS[run.kind]
        call = choice.tool_calls[run.tool] if run.kind == "tool" else None
        text = "".join(run.texts) if call is None else call.arguments
        values = {**self._ids.of(run.kind, run.tool), **({} if call is None else _called(call))}
        self.event("added", {"item": table.opened[kind].fill(values)})
        if run.kind == "content":
            self.event("part_added", {**values, "part": table.part.fill({"text": b'""'})})
        whole = {**values, "text": dump_text(text), "status": b'"completed"'}
        left = self._pieces(run, kind, values, whole)
        if run.kind == "content":
            whole |= _spoken(table, choice)
            self.event("part_done", {**values, "part": table.part.fill({"text": dump_text(text)})})
        self.event("done", {"item": table.items[kind].fill(whole)}, left)
        self._index += 1

    def _pieces(self, run: Run, kind: str, values: Mapping[str, bytes], whole: Mapping[str, bytes]) -> int:
        """The pieces of an item; gives the tokens of one that comes whole with its item."""
        pieces = self._table.pieces.get(kind)
        if pieces is None:
            return sum(run.sizes)
        for text, size in zip(run.texts, run.sizes, strict=True):
            self._add(pieces.delta, {**values, "text": dump_text(text)}, size)
        self._add(pieces.done, whole)
        return 0

    def act(self, act: Act, at: int) -> None:
        """What a tool of the service did. The arguments for a user's server come before its item."""
        values = self._ids.of("act", at)
        if act["type"] == acts.MCP:
            arguments = {**values, "text": dump_text(act.get("arguments", ""))}
            self.event("mcp_delta", arguments)
            self.event("mcp_done", arguments)
        name = self._ids.name("act", at)
        self.event("added", {"item": dumps(acts.opened(act, name))})
        for event in acts.events_of(act):
            self.event("act", {**values, "event": dump_text(event)})
        self.event("done", {"item": dumps(acts.done(act, name))})
        self._index += 1


def _named(data: bytes) -> bytes:
    """The type of an event, which its frame is named by."""
    return data.partition(b'"type":"')[2].partition(b'"')[0]
