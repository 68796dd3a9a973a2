"""The serializers of the cloud as tables: which keys, in which order, in which event.

The same model answers in different forms on different backends; the forms lie in
`fixtures/serializers.json` as JSON that looks like the wire. There is one renderer for each dialect.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, get_args

from mockserver.base import resources
from mockserver.base.values import value
from mockserver.wire.template import Template

DIALECTS = ("classic", "alphabetical", "model-first")
"""The names by which a script chooses a serializer of the compatible surface."""

Mode = Literal["plain", "thinking", "thinking_media"]
"""How a model answers: with or without a thought, and of a thought whether it was shown pictures."""

MODES: tuple[Mode, ...] = get_args(Mode)

_ENDS_IN_TEXT = re.compile(r'"[\]}\s]*\Z')


@value
class CompatSerializer:
    """One serializer of the compatible surface.

    `events` are whole chunks with a hole for the delta; `deltas` are the deltas by mode and name;
    `other_choice` are the events that differ for choices behind the first; `tools_opener` names the event
    that opens an answer which begins with a function call. `joined`: when the last text comes with the finish
    reason, by mode: always, or when the answer was cut by its length or a stop sequence. `tail_behind`
    "text": a function call has a tail only when its arguments end in a text. `cache_alone`: prompt
    tokens are told by medium, or a cache is told of, never both.
    """

    name: str
    dialect: str
    body: Template
    choice: Template
    tool_call: Template
    usage: Template
    usage_stream: Template
    events: Mapping[str, Template]
    other_choice: Mapping[str, Template]
    deltas: Mapping[Mode, Mapping[str, Template]]
    cache_alone: bool
    tail_carries_last_piece: bool
    tools_opener: str
    joined: Mapping[Mode, Literal["always", "cut"]]
    tail_behind: Mapping[Mode, Literal["text"]]

    def event(self, name: str, *, index: int = 0) -> Template:
        """The chunk of that name; one without an entry of its own is a middle chunk."""
        if index and name in self.other_choice:
            return self.other_choice[name]
        return self.events.get(name) or self.events["middle"]

    def has(self, name: str) -> bool:
        """Whether there is an event of that name."""
        return name in self.events

    def delta(self, mode: Mode, name: str) -> Template | None:
        """The delta of that name; None when the serializer has none."""
        return self.deltas[mode].get(name)

    @property
    def restates(self) -> bool:
        """Whether the second piece of a function call gives its id once more."""
        return "tool_second" in self.deltas["plain"]

    def joins(self, mode: Mode, *, cut: bool) -> bool:
        """Whether the last text comes with the finish reason; `cut`: it was not the model that ended it."""
        when = self.joined.get(mode)
        return when == "always" or (when == "cut" and cut)

    def has_tail(self, mode: Mode, arguments: str) -> bool:
        """Whether a last, bare piece ends a function call with these arguments.

        The parser behind it holds back the quote that ends a text, so the rest comes late (recordings:
        maruel/genai, qwen3-max, 2026-02, 4 of 4).
        """
        if self.delta(mode, "tool_tail") is None:
            return False
        return mode not in self.tail_behind or _ENDS_IN_TEXT.search(arguments) is not None


@value
class NativeSerializer:
    """One serializer of the native surface.

    `parts`: contents are arrays of parts. `empty_finish`: a stream ends with an event without text.
    `joined_switch`: the event with the last of the thinking carries the first of the answer too.
    """

    name: str
    parts: bool
    body: Template
    choice: Template
    tool_call: Template
    text_body: Template
    usage: Template
    text_usage: Template
    event: Mapping[str, Any]
    text_event: Mapping[str, Any]
    usage_stream: Any
    usage_stream_thinking: Any
    tool_open: Template
    tool_piece: Template
    blank_reasoning: bool
    reasoning_in_answer: bool
    empty_finish: bool
    joined_switch: bool

    def stream_event(self, *, text_format: bool, thinking: bool) -> Template:
        """The event of a stream, with the usage's holes in it."""
        return _event(self.name, text_format=text_format, thinking=thinking)


def _merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, said in over.items():
        known = merged.get(key)
        merged[key] = {**known, **said} if key in MODES and isinstance(known, dict) else said
    return merged


def _resolve(name: str, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    entry = entries[name]
    base = _resolve(entry["like"], entries) if "like" in entry else {}
    return _merge(base, entry)


def _templates(shapes: Mapping[str, Any] | None) -> dict[str, Template]:
    return {name: Template(shape) for name, shape in (shapes or {}).items() if shape is not None}


_EVENTS = ("opener", "first", "middle", "later", "tail", "finish", "later_finish", "usage_chunk")


def _compat(name: str, entries: Mapping[str, Mapping[str, Any]]) -> CompatSerializer:
    entry = _resolve(name, entries)
    plain = _templates(entry["plain"])
    thinking = plain | _templates(entry["thinking"])
    seeing = thinking | _templates(entry.get("thinking_media"))
    return CompatSerializer(
        name=name,
        dialect=entry["dialect"],
        body=Template(entry["body"]),
        choice=Template(entry["choice"]),
        tool_call=Template(entry["tool_call"]),
        usage=Template(entry["usage"]),
        usage_stream=Template(entry.get("usage_stream") or entry["usage"]),
        events=_templates({key: entry.get(key) for key in _EVENTS}),
        other_choice=_templates(entry.get("other_choice")),
        deltas={"plain": plain, "thinking": thinking, "thinking_media": seeing},
        cache_alone=entry.get("cache_alone", False),
        tail_carries_last_piece=entry.get("tail_carries_last_piece", False),
        tools_opener=entry.get("tools_opener", "opener"),
        joined=entry.get("joined", {}),
        tail_behind=entry.get("tail_behind", {}),
    )


def _native(name: str, entries: Mapping[str, Mapping[str, Any]]) -> NativeSerializer:
    entry = _resolve(name, entries)
    return NativeSerializer(
        name=name,
        parts=entry["parts"],
        body=Template(entry["body"]),
        choice=Template(entry["choice"]),
        tool_call=Template(entry["tool_call"]),
        text_body=Template(entry["text_body"]),
        usage=Template(entry["usage"]),
        text_usage=Template(entry.get("text_usage") or entry["usage"]),
        event=entry["event"],
        text_event=entry["text_event"],
        usage_stream=entry["usage_stream"],
        usage_stream_thinking=entry["usage_stream_thinking"],
        tool_open=Template(entry["tool_open"]),
        tool_piece=Template(entry["tool_piece"]),
        blank_reasoning=entry.get("blank_reasoning", False),
        reasoning_in_answer=entry["reasoning_in_answer"],
        empty_finish=entry["empty_finish"],
        joined_switch=entry.get("joined_switch", False),
    )


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = resources.fixture("serializers")
    return data


@cache
def compat(name: str) -> CompatSerializer:
    """A serializer of the compatible surface by its name in the fixtures."""
    return _compat(name, _data()["compat"])


@cache
def native(name: str) -> NativeSerializer:
    """A serializer of the native surface by its name in the fixtures."""
    return _native(name, _data()["native"])


@cache
def _event(name: str, *, text_format: bool, thinking: bool) -> Template:
    serializer = native(name)
    shape = dict(serializer.text_event if text_format else serializer.event)
    shape["usage"] = serializer.usage_stream_thinking if thinking else serializer.usage_stream
    return Template(shape)


def for_dialect(own: str, dialect: str | None) -> CompatSerializer:
    """A model's own serializer, or the plain one of the dialect that a script asks for, if there is one."""
    serializer = compat(own)
    if dialect is None or dialect == serializer.dialect or dialect not in _data()["compat"]:
        return serializer
    return compat(dialect)
