"""Replies in the native dialect: bodies and streams."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import sub

from mockserver.base.jsontext import dump_text, dumps
from mockserver.catalogue.thinking import THINK_CLOSE, THINK_OPEN
from mockserver.dialects import serializers
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.dialects.rendering import (
    Envelope,
    Stream,
    explicit_cache,
    interleave,
    logprobs_json,
    number,
    overridden,
    render_usage,
    tool_call_json,
    usage_values,
)
from mockserver.dialects.serializers import NativeSerializer
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest
from mockserver.wire import sse
from mockserver.wire.chunking import Chunker, Run
from mockserver.wire.template import Column, Template

_RUNNING = b'"null"'
"""The finish reason of an event that is not the last: four letters, not JSON's null."""


def _serializer(request: ChatRequest) -> NativeSerializer:
    family = request.model.family
    if request.surface is NATIVE_MULTIMODAL:
        return serializers.native(family.native_multimodal)
    if request.stream:
        return serializers.native(family.native_text)
    if request.get("enable_search"):
        return serializers.native(family.native_search or family.native_text)
    plain = None if request.tools else family.native_plain
    return serializers.native(plain or family.native_text)


def _shows_index(request: ChatRequest, reply: Reply) -> bool:
    """Choices carry their index exactly when tools were sent or there are several.

    (recordings: alibaba/loongsuite-python-agent, 25 of 25 with tools, 0 of 47 without, 2025-11 on.)
    """
    return bool(request.tools) or len(reply.choices) > 1 or request.model.character


def render_body(request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
    """A whole answer as one JSON body."""
    serializer = _serializer(request)
    values = {
        "id": dump_text(envelope.request_id),
        "model": dump_text(request.model.name),
        "finish": dump_text(reply.choices[0].finish_reason),
        "usage": render_usage(
            serializer.text_usage if request.text_format else serializer.usage,
            usage_values(usage),
            usage,
            reply,
        ),
    }
    for name, extra in (("search_info", reply.search_info), ("tool_info", reply.tool_info)):
        if extra is not None:
            values[name] = dumps(extra)
    if request.text_format:
        values["content"] = dump_text(reply.choices[0].content)
        return serializer.text_body.fill(values)
    index = _shows_index(request, reply)
    choices = [_choice(serializer, at, choice, index=index) for at, choice in enumerate(reply.choices)]
    values["choices"] = b"[" + b",".join(choices) + b"]"
    return serializer.body.fill(values)


def _content(serializer: NativeSerializer, text: str) -> bytes:
    shown = dump_text(text)
    return _in_parts([shown])[0] if serializer.parts else shown


def _in_parts(shown: list[bytes]) -> list[bytes]:
    """Texts as lists of parts; nothing is no part."""
    return [b"[]" if text == b'""' else b'[{"text":%b}]' % text for text in shown]


def _choice(serializer: NativeSerializer, at: int, choice: Choice, *, index: bool) -> bytes:
    values = {"content": _content(serializer, choice.content), "finish": dump_text(choice.finish_reason)}
    if index:
        values["index"] = number(at)
    if choice.logprobs is not None:
        values["logprobs"] = logprobs_json(choice.logprobs)
    if choice.reasoning or serializer.blank_reasoning:
        values["reasoning"] = dump_text(choice.reasoning)
    if choice.tool_calls:
        calls = [
            tool_call_json(serializer.tool_call, position, call, call.arguments)
            for position, call in enumerate(choice.tool_calls)
        ]
        values["tool_calls"] = b"[" + b",".join(calls) + b"]"
    return serializer.choice.fill(values)


def render_stream(
    request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, chunker: Chunker
) -> Stream:
    """An answer as a stream of native frames, which simply ends."""
    family = request.model.family
    rendered = []
    # The text format has no place for an index, so it has room for one choice, as in a body.
    choices = reply.choices[:1] if request.text_format else reply.choices
    for index, choice in enumerate(choices):
        runs = chunker.runs(
            choice,
            family,
            chunks=None if index else reply.chunks,
            cumulative=request.cumulative,
        )
        rendered.append(_ChoiceStream(request, reply, usage, envelope, index).render(runs))
    stream = rendered[0] if len(rendered) == 1 else interleave(rendered)
    if reply.search_info is not None or reply.tool_info is not None:
        stream.frames.insert(0, _sources(request, reply, envelope))
        stream.tokens.insert(0, 0)
    head = sse.native_prefix()
    frames = [b"id:%d%b%b\n\n" % (at, head, data) for at, data in enumerate(stream.frames, 1)]
    return Stream(frames, stream.tokens)


def _sources(request: ChatRequest, reply: Reply, envelope: Envelope) -> bytes:
    """The first event of a stream that searched: the sources, no text and an empty usage.

    (recording: cnblogs/dashscope-sdk, web search, streamed.)
    """
    serializer = _serializer(request)
    event = serializer.text_event if request.text_format else serializer.event
    output = {**event["output"], "search_info": "$search_info?", "tool_info": "$tool_info?"}
    values = {
        "id": dump_text(envelope.request_id),
        "content": dump_text("") if request.text_format else _content(serializer, ""),
        "finish": _RUNNING,
    }
    for name, extra in (("search_info", reply.search_info), ("tool_info", reply.tool_info)):
        if extra is not None:
            values[name] = dumps(extra)
    if _shows_index(request, reply):
        values["index"] = number(0)
    return Template({**event, "output": output, "usage": {}}).fill(values)


class _ChoiceStream:
    """Renders the events of one choice: deltas, or the whole text so far each time."""

    def __init__(
        self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope, index: int
    ) -> None:
        self._serializer = _serializer(request)
        self._reply = reply
        self._choice = reply.choices[index]
        self._incremental = request.incremental
        self._text_format = request.text_format
        self._thinking = bool(self._choice.reasoning)
        self._usage = usage_values(usage)
        self._input = usage.input
        explicit = usage.created is not None
        self._cache = {"prompt_tokens_details": explicit_cache(usage)} if explicit else {}
        self._values = {"id": dump_text(envelope.request_id), "cached": number(usage.cached)}
        if _shows_index(request, reply):
            self._values["index"] = number(index)
        # Multimodal backends count the thinking's opening not before the answer begins (recordings:
        # cnblogs/dashscope-sdk, qwen3.6-plus, 2026-04; Joycai, qwen3.8-flash, 2026-09).
        self._open = THINK_OPEN if self._thinking and not self._serializer.parts else 0
        self._output = self._open
        self._reasoning = 0
        alone = len(reply.choices) == 1
        self._final = usage.output if alone else None
        # The count steps back where the answer begins, when the thought ends in a line end that became one
        # with its last word (recording: Joycai, qwen3.8-flash, 2026-09).
        self._thought = usage.reasoning if alone else None
        # A cache that was made, and log probabilities, are put into each event by itself.
        self._singly = explicit or self._choice.logprobs is not None
        self._said = ("", "")
        self._spent = 0
        self._stream = Stream([], [])

    def render(self, runs: list[Run]) -> Stream:
        """The data of the events of the choice, without frames."""
        reasoning = content = ""
        calls: list[bytes] = []
        for run in runs:
            if run.kind == "tool":
                self._tool(run, content, reasoning, calls, last=run is runs[-1])
                continue
            joined = 0
            if run.kind == "content" and self._thinking:
                self._output += self._closing(runs)
                if self._thought is not None:
                    self._reasoning = self._thought
                joined = self._joined_switch()
            apart = len(run.texts) if self._singly else bool(joined)
            for text, size in zip(run.texts[:apart], run.sizes[:apart], strict=True):
                self._output += size
                if run.kind == "reasoning":
                    self._reasoning += size
                    reasoning = text if self._incremental else reasoning + text
                    self._event("", reasoning, tokens=size)
                else:
                    content = text if self._incremental else content + text
                    self._say_logprobs(size)
                    thought = reasoning if joined or not self._incremental else ""
                    self._event(content, thought, tokens=size + joined)
                    joined = 0
            content, reasoning = self._many(run, apart, content, reasoning)
        self._finish(runs)
        return self._stream

    def _many(self, run: Run, start: int, content: str, reasoning: str) -> tuple[str, str]:
        """The events of the pieces of a run from one on: what changes between them fills one pattern.

        Gives back what is said behind the last of them.
        """
        sizes, thinks = run.sizes[start:], run.kind == "reasoning"
        if not sizes:
            return content, reasoning
        texts: Sequence[str] = run.texts[start:]
        if not self._incremental:
            texts = list(accumulate(texts, initial=reasoning if thinks else content))[1:]
        shown = list(map(dump_text, texts))
        if not thinks and self._serializer.parts and not self._text_format:
            shown = _in_parts(shown)
        columns: dict[str, Column] = {
            "reasoning" if thinks else "content": shown,
            **self._counts(sizes, thinks=thinks),
        }
        values = {**self._values, **dict(self._numbers(finish=False)), "finish": _RUNNING}
        if thinks:
            values["content"] = self._shown("")
            content, reasoning = "", texts[-1]
        else:
            content = texts[-1]
            thought = "" if self._incremental else reasoning
            if self._thinking and (thought or self._serializer.reasoning_in_answer):
                values["reasoning"] = dump_text(thought)
        self._said = (content, reasoning if thinks or not self._incremental else "")
        event = self._serializer.stream_event(text_format=self._text_format, thinking=self._thinking)
        compiled = event.compiled(frozenset([*values, *columns]))
        bound = compiled.bind({name: filled for name, filled in values.items() if name not in columns})
        self._stream.frames.extend(bound.rows(columns))
        self._stream.tokens.extend(sizes)
        return content, reasoning

    def _counts(self, sizes: Sequence[int], *, thinks: bool) -> dict[str, list[int]]:
        """The columns of the usage while pieces of these sizes are said, of a thought or of an answer."""
        outputs = list(accumulate(sizes, initial=self._output))[1:]
        thoughts = [self._reasoning] * len(sizes)
        if thinks:
            thoughts = list(accumulate(sizes, initial=self._reasoning))[1:]
        self._output, self._reasoning = outputs[-1], thoughts[-1]
        columns = {
            "output": outputs,
            "total": [self._input + output for output in outputs],
            "output_text": list(map(sub, outputs, thoughts)),
        }
        if self._thinking:
            columns["reasoning_tokens"] = thoughts
        return columns

    def _shown(self, text: str) -> bytes:
        """A text as the content of an event."""
        return dump_text(text) if self._text_format else _content(self._serializer, text)

    def _say_logprobs(self, size: int) -> None:
        """The next event carries the log probabilities of its tokens: the new ones, or all so far."""
        if self._choice.logprobs is not None:
            start = self._spent if self._incremental else 0
            self._spent += size
            self._values["logprobs"] = logprobs_json(self._choice.logprobs[start : self._spent])

    def _joined_switch(self) -> int:
        """Takes back the last thinking event where the first of the answer says it again; its tokens."""
        if not (self._serializer.joined_switch and self._incremental and self._stream.frames):
            return 0
        self._stream.frames.pop()
        return self._stream.tokens.pop()

    def _closing(self, runs: list[Run]) -> int:
        """The tokens that end the thinking: what the whole costs beyond its pieces."""
        if self._final is None or self._choice.tool_calls:
            return THINK_OPEN - self._open + THINK_CLOSE
        return max(0, self._final - self._open - sum(sum(run.sizes) for run in runs))

    def _finish(self, runs: list[Run]) -> None:
        """The last event: an empty one behind deltas, else the last one said again as finished."""
        if runs and runs[-1].kind == "tool":
            return
        if self._incremental and (self._serializer.empty_finish or not runs):
            self._values.pop("logprobs", None)
            self._event("", "", finish=True, tokens=0)
            return
        tokens = 0
        if self._stream.frames:
            self._stream.frames.pop()
            tokens = self._stream.tokens.pop()
        self._event(*self._said, finish=True, tokens=tokens)

    def _tool(self, run: Run, content: str, reasoning: str, calls: list[bytes], *, last: bool) -> None:
        call = self._choice.tool_calls[run.tool]
        said, texts = "", run.texts or ("",)
        sizes = run.sizes or (0,)
        for at, (text, size) in enumerate(zip(texts, sizes, strict=True)):
            said += text
            self._output += size
            finish = last and at == len(texts) - 1
            serializer = self._serializer
            if self._incremental:
                template = serializer.tool_piece if at else serializer.tool_open
                delta = [tool_call_json(template, run.tool, call, text)]
                # What was said before belongs to earlier events; a call has no log probabilities.
                self._values.pop("logprobs", None)
                self._event("", "", calls=delta, finish=finish, tokens=size)
            else:
                so_far = [*calls, tool_call_json(serializer.tool_open, run.tool, call, said)]
                self._event(content, reasoning, calls=so_far, finish=finish, tokens=size)
        calls.append(tool_call_json(self._serializer.tool_open, run.tool, call, said))

    def _numbers(self, *, finish: bool) -> Iterator[tuple[str, bytes]]:
        output = self._final if finish and self._final is not None else self._output
        yield from self._usage.items()
        yield "output", number(output)
        yield "total", number(self._input + output)
        yield "output_text", number(output - self._reasoning)
        if self._reply.plugins is not None:
            yield "plugins", dumps(self._reply.plugins)
        if self._thinking:
            yield "reasoning_tokens", number(self._reasoning)

    def _event(
        self,
        content: str,
        reasoning: str,
        *,
        tokens: int,
        calls: list[bytes] | None = None,
        finish: bool = False,
    ) -> None:
        self._said = (content, reasoning)
        values = {**self._values, **dict(self._numbers(finish=finish))}
        values["content"] = self._shown(content)
        values["finish"] = dump_text(self._choice.finish_reason) if finish else _RUNNING
        answering = bool(content) or finish
        if self._thinking and (reasoning or not answering or self._serializer.reasoning_in_answer):
            values["reasoning"] = dump_text(reasoning)
        if calls:
            values["tool_calls"] = b"[" + b",".join(calls) + b"]"
        event = self._serializer.stream_event(text_format=self._text_format, thinking=self._thinking)
        data = event.fill(values)
        for over in (self._cache, self._reply.usage if finish else None):
            data = overridden(data, {"usage": over}) if over else data
        self._stream.frames.append(data)
        self._stream.tokens.append(tokens)
