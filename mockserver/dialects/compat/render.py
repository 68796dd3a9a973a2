"""Replies in the OpenAI-compatible dialect: bodies and streams."""

from collections.abc import Mapping

from mockserver.base.jsontext import dump_text, dumps
from mockserver.dialects import serializers
from mockserver.dialects.rendering import (
    Envelope,
    Stream,
    interleave,
    logprobs_json,
    number,
    render_usage,
    tool_call_json,
    usage_values,
)
from mockserver.dialects.serializers import CompatSerializer, Mode
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest, ToolCall
from mockserver.wire import sse
from mockserver.wire.chunking import Chunker, Run
from mockserver.wire.template import Template


def render_body(request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
    """A whole answer as one JSON body (`chat.completion`)."""
    serializer = _serializer(request, reply)
    choices = b",".join(
        [_choice(serializer, request, index, choice) for index, choice in enumerate(reply.choices)]
    )
    values = _envelope_values(request, envelope)
    values["choices"] = b"[" + choices + b"]"
    values["usage"] = _usage(serializer, serializer.usage, request, reply, usage)
    return serializer.body.fill(values)


def render_stream(
    request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
) -> Stream:
    """An answer as a stream of `chat.completion.chunk` frames, ``data: [DONE]`` included."""
    serializer = _serializer(request, reply)
    values = _envelope_values(request, envelope)
    family = request.model.family
    rendered = []
    for index, choice in enumerate(reply.choices):
        runs = chunker.runs(
            choice, family, chunks=None if index else reply.chunks, batched=serializer.restates
        )
        lane = _ChoiceStream(serializer, request, index, choice, values)
        rendered.append(lane.render(runs))
    stream = rendered[0] if len(rendered) == 1 else interleave(rendered)
    if request.include_usage:
        values["usage"] = _usage(serializer, serializer.usage_stream, request, reply, usage)
        stream.frames.append(sse.compat_frame(serializer.event("usage_chunk").fill(values)))
        stream.tokens.append(0)
    stream.frames.append(sse.DONE)
    stream.tokens.append(0)
    return stream


def _serializer(request: ChatRequest, reply: Reply) -> CompatSerializer:
    return serializers.for_dialect(request.model.family.compat, reply.dialect)


def _seen(request: ChatRequest) -> bool:
    """Whether the model looks at media of the request: one of texts does not."""
    return bool(request.media) and request.model.media


def _usage(
    serializer: CompatSerializer, template: Template, request: ChatRequest, reply: Reply, usage: Usage
) -> bytes:
    """The usage as this backend counts: cached tokens where it has a cache, text apart where it sees.

    The text's tokens hold the thought too unless there were media (recordings: maruel/genai, qwen3.5 and
    qwen3.8-max, 2026, 85 of 85).
    """
    values = usage_values(usage)
    model = request.model
    if not model.family.reports_cache or (serializer.cache_alone and _seen(request)):
        del values["cached"]
    elif serializer.cache_alone:
        del values["input_text"]
    if not model.media:
        del values["output_text"]
        values.pop("input_text", None)
    else:
        if not _seen(request):
            values["output_text"] = number(usage.output - (usage.speech or 0))
        if usage.reasoning is not None:
            values["thinking_output"] = values["output_text"]
    return render_usage(template, values, usage, reply)


def _envelope_values(request: ChatRequest, envelope: Envelope) -> dict[str, bytes]:
    return {
        "model": dump_text(request.model.name),
        "id": b'"chatcmpl-%b"' % envelope.request_id.encode(),
        "created": number(envelope.created),
    }


def _choice(serializer: CompatSerializer, request: ChatRequest, index: int, choice: Choice) -> bytes:
    values = {
        "content": dump_text(choice.content),
        "index": number(index),
        "finish": dump_text(choice.finish_reason),
    }
    if choice.logprobs is not None:
        values["logprobs"] = logprobs_json(choice.logprobs)
    elif "logprobs" in serializer.choice.required:
        values["logprobs"] = b"null"
    if choice.reasoning or request.model.family.blank_reasoning:
        values["reasoning"] = dump_text(choice.reasoning)
    if choice.tool_calls:
        calls = [
            tool_call_json(serializer.tool_call, at, call, call.arguments)
            for at, call in enumerate(choice.tool_calls)
        ]
        values["tool_calls"] = b"[" + b",".join(calls) + b"]"
    return serializer.choice.fill(values)


class _ChoiceStream:
    """Renders the stream of one choice: opener, pieces, finish."""

    def __init__(
        self,
        serializer: CompatSerializer,
        request: ChatRequest,
        index: int,
        choice: Choice,
        envelope: Mapping[str, bytes],
    ) -> None:
        self._serializer = serializer
        self._index = index
        self._choice = choice
        self._values = {
            **envelope,
            "index": number(index),
            "finish": dump_text(choice.finish_reason),
            "logprobs": b"null",
        }
        self._seen = _seen(request)
        self._mode: Mode = "plain"
        if choice.reasoning:
            self._mode = "thinking_media" if self._seen else "thinking"
        self._tools = bool(request.tools)
        self._cut = choice.finish_reason == "length" or bool(request.stop)
        self._spent = 0
        self._frames: list[bytes] = []
        self._tokens: list[int] = []

    def render(self, runs: list[Run]) -> Stream:
        """The frames of the choice."""
        piece, delta, later = "first", self._opening(runs), False
        if delta:
            piece = "middle"
        elif not (runs and runs[0].kind == "tool" and self._delta("tool_opener")):
            self._one("opener", "opener", {})
        joined = (
            bool(runs) and runs[-1].kind == "content" and self._serializer.joins(self._mode, cut=self._cut)
        )
        for run in runs:
            if run.kind == "tool":
                self._tool(run, last=run is runs[-1])
            else:
                end = len(run.texts) - (joined and run is runs[-1])
                self._many(piece, delta or run.kind, run.texts[: min(1, end)], run.sizes[: min(1, end)])
                later = run.kind == "content" and end > 1 and self._seen and self._serializer.has("later")
                self._many("later" if later else "middle", run.kind, run.texts[1:end], run.sizes[1:end])
            piece, delta = "middle", ""
        finish = "later_finish" if later else "finish"
        if joined:
            self._many(finish, "content", runs[-1].texts[-1:], runs[-1].sizes[-1:])
        elif self._called():
            self._one("finish", "tool_finish", {})
        else:
            self._one(finish, "finish", {})
        return Stream(self._frames, self._tokens)

    def _opening(self, runs: list[Run]) -> str:
        """The delta of a first text that opens the stream itself, as some do when tools were sent; or ""."""
        if not self._tools or not runs or runs[0].kind == "tool":
            return ""
        name = f"{runs[0].kind}_opener"
        return name if self._delta(name) else ""

    def _called(self) -> bool:
        """Whether the end of the answer is that of function calls, which one without its tail is not."""
        if self._choice.finish_reason != "tool_calls" or not self._delta("tool_finish"):
            return False
        calls = self._choice.tool_calls
        return not calls or self._delta("tool_tail") is None or self._has_tail(calls[-1])

    def _has_tail(self, call: ToolCall) -> bool:
        return self._serializer.has_tail(self._mode, call.arguments)

    def _delta(self, name: str) -> Template | None:
        return self._serializer.delta(self._mode, name)

    def _around(self, event: str, delta: str, values: Mapping[str, bytes]) -> tuple[bytes, bytes]:
        """What stands before and behind the text of such an event; all of it when it has no text."""
        template = self._serializer.event(event, index=self._index)
        shape = self._delta(delta)
        frame = template.compiled().bind(self._values, before=b"data: ", after=b"\n\n")
        if shape is None or not frame.holes:
            return b"".join(frame.literals), b""
        inner = shape.compiled().bind(values) if values else shape.compiled()
        before, behind = frame.literals[0] + inner.literals[0], inner.literals[-1] + frame.literals[1]
        return (
            (before, behind)
            if inner.holes
            else (frame.literals[0] + inner.literals[0] + frame.literals[1], b"")
        )

    def _one(self, event: str, delta: str, values: Mapping[str, bytes], tokens: int = 0) -> None:
        before, behind = self._around(event, delta, values)
        self._frames.append(before + behind)
        self._tokens.append(tokens)

    def _many(
        self,
        event: str,
        delta: str,
        texts: tuple[str, ...],
        sizes: tuple[int, ...],
        values: Mapping[str, bytes] | None = None,
    ) -> None:
        if self._choice.logprobs is not None and delta in ("content", "content_opener"):
            self._with_logprobs(event, delta, texts, sizes)
        elif texts:
            before, behind = self._around(event, delta, values or {})
            self._frames += [before + dumps(text) + behind for text in texts]
            self._tokens += sizes

    def _with_logprobs(self, event: str, delta: str, texts: tuple[str, ...], sizes: tuple[int, ...]) -> None:
        """Pieces of the content, each with the log probabilities of its tokens."""
        template = self._serializer.event(event, index=self._index)
        shape = self._delta(delta)
        assert shape is not None
        for text, size in zip(texts, sizes, strict=True):
            entries = (self._choice.logprobs or ())[self._spent : self._spent + size]
            self._spent += size
            values = {
                **self._values,
                "delta": shape.fill({"text": dumps(text)}),
                "logprobs": logprobs_json(entries),
            }
            self._frames.append(sse.compat_frame(template.fill(values)))
            self._tokens.append(size)

    def _tool(self, run: Run, *, last: bool) -> None:
        call = self._choice.tool_calls[run.tool]
        values = {"tool": number(run.tool), "id": dump_text(call.id), "name": dump_text(call.name)}
        if self._frames:
            self._one("middle", "tool_open", values)
        else:
            self._one(self._serializer.tools_opener, "tool_opener", values)
        texts, sizes = run.texts, run.sizes
        if self._delta("tool_second"):
            self._many("middle", "tool_second", texts[:1], sizes[:1], values)
            texts, sizes = texts[1:], sizes[1:]
        if not (last and self._has_tail(call)):
            self._many("middle", "tool_piece", texts, sizes, values)
        elif self._serializer.tail_carries_last_piece and texts:
            self._many("middle", "tool_piece", texts[:-1], sizes[:-1], values)
            self._many("tail", "tool_tail", texts[-1:], sizes[-1:], values)
        else:
            self._many("middle", "tool_piece", texts, sizes, values)
            self._one("tail", "tool_tail", {**values, "text": b'""'})
