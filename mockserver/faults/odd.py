"""Frames put between others: legal, seen in the field, and fatal to clients that never met them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import accumulate, takewhile
from typing import Any

from mockserver.catalogue.models import newest_snapshot
from mockserver.dialects.events import message_of
from mockserver.faults.order import (
    finished,
    pieces_of,
    with_late_texts,
    with_late_thoughts,
    with_shared_chunks,
    with_woven_calls,
)
from mockserver.faults.planned import Frame, Planned
from mockserver.faults.several import with_several_messages, with_several_texts, with_several_thoughts
from mockserver.talk.reply import Usage

HEARTBEAT = b": heartbeat\n\n"
"""A comment, by the WHATWG rules of SSE; every reader skips it."""
OTHER_FIELDS = b"retry: 3000\nx-node: 7\n"
ID_ALONE = b"id: 7\n: heartbeat\n\n"
"""An id without data: by the same rules it is no event."""
UNKNOWN_FINISH = "pause"
"""A finish reason that nobody documents."""
GUESSED_INPUT = 6
"""How many tokens are said to have gone in before they are counted."""
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
LARGE_BYTES = 1 << 20
"""What a large event has more than others, in bytes."""


def with_heartbeats(planned: Planned) -> tuple[Frame, ...]:
    """A comment before each frame."""
    beats = [(Frame(HEARTBEAT, 0, frame.due), frame) for frame in planned.frames]
    return tuple(frame for pair in beats for frame in pair)


def with_ids_alone(planned: Planned) -> tuple[Frame, ...]:
    """An id and a comment, without data, before each frame."""
    return tuple(each for frame in planned.frames for each in (Frame(ID_ALONE, 0, frame.due), frame))


def with_data_lines(planned: Planned) -> tuple[Frame, ...]:
    """The JSON of each frame on two lines of data, which the reader joins by a line feed."""
    return tuple(
        replace(frame, data=frame.data.replace(b"{", b"{\ndata: ", 1)) if frame.payload else frame
        for frame in planned.frames
    )


def with_other_fields(planned: Planned) -> tuple[Frame, ...]:
    """A time to reconnect after, and a field that nobody knows, in each frame."""
    return tuple(replace(frame, data=OTHER_FIELDS + frame.data) for frame in planned.frames)


def without_last_blank(planned: Planned) -> tuple[Frame, ...]:
    """No blank line behind the last frame."""
    *frames, last = planned.frames
    return (*frames, replace(last, data=last.data.rstrip(b"\n") + b"\n"))


def with_large_event(planned: Planned) -> tuple[Frame, ...]:
    """The first frame that says something is longer than any buffer, by blanks in its JSON."""
    frames = list(planned.frames)
    first = planned.struck(0)
    data = frames[first].data.replace(b"{", b"{" + b" " * LARGE_BYTES, 1)
    frames[first] = replace(frames[first], data=data)
    return tuple(frames)


def with_escapes(planned: Planned) -> tuple[Frame, ...]:
    """Every character beyond ASCII as an escape of JSON: one, or a pair of surrogates."""
    return tuple(
        replace(frame, data=_BEYOND_ASCII.sub(_escaped, frame.data.decode()).encode())
        if frame.payload
        else frame
        for frame in planned.frames
    )


def _escaped(character: re.Match[str]) -> str:
    return json.dumps(character[0])[1:-1]


def with_usage_only(planned: Planned) -> tuple[Frame, ...]:
    """A chunk with the usage so far and without choices, behind the first one; no finish stands before it."""
    first, *rest = planned.frames
    payload = planned.dialect.usage_only(first.payload or {}, planned.prompt_tokens)
    only = first.beside(payload)
    return planned.numbered([first, only, *rest] if rest else [only, first])


def with_running_usage(planned: Planned) -> tuple[Frame, ...]:
    """The usage so far in each compatible chunk, as a total; the last usage stays the whole one.

    Native events have theirs anyway.
    """
    spoken = accumulate(frame.tokens for frame in planned.frames)

    def counted(payload: dict[str, Any]) -> bool:
        said = next(spoken)
        if payload.get("usage") or "choices" not in payload:
            return False
        usage = {"prompt_tokens": planned.prompt_tokens, "completion_tokens": said}
        payload["usage"] = {**usage, "total_tokens": planned.prompt_tokens + said}
        return True

    return planned.changed(counted)


def with_usage_in_finish(planned: Planned) -> tuple[Frame, ...]:
    """The usage of a compatible stream in the chunk with the finish, and no chunk of its own for it."""
    frames = list(planned.frames)
    ends = [at for at, frame in enumerate(frames) if finished(frame.payload or {})]
    alone = [at for at, frame in enumerate(frames) if (frame.payload or {}).get("choices") == []]
    if not ends or not alone or alone[-1] < ends[-1]:
        return planned.frames
    usage = (frames.pop(alone[-1]).payload or {})["usage"]
    frames[ends[-1]] = frames[ends[-1]].saying({**(frames[ends[-1]].payload or {}), "usage": usage})
    return tuple(frames)


def with_unknown_finish(planned: Planned) -> tuple[Frame, ...]:
    """A finish reason that nobody documents in the place of each that ends an answer."""

    def ended(payload: dict[str, Any]) -> bool:
        ends = finished(payload)
        for one in ends:
            one["finish_reason"] = UNKNOWN_FINISH
        return bool(ends)

    return planned.changed(ended)


def with_restated_ids(planned: Planned) -> tuple[Frame, ...]:
    """Each later piece of a call has its id again."""
    known: dict[Any, Any] = {}

    def restated(payload: dict[str, Any]) -> bool:
        pieces = pieces_of(payload)
        for place, piece in pieces:
            piece["id"] = known.setdefault(place, piece.get("id"))
        return bool(pieces)

    return planned.changed(restated)


def with_restated_names(planned: Planned) -> tuple[Frame, ...]:
    """Each later piece of a call has the name of its function again."""
    known: dict[Any, Any] = {}

    def restated(payload: dict[str, Any]) -> bool:
        pieces = pieces_of(payload)
        for place, piece in pieces:
            function = piece["function"]
            function["name"] = known.setdefault(place, function.get("name"))
        return bool(pieces)

    return planned.changed(restated)


def with_late_ids(planned: Planned) -> tuple[Frame, ...]:
    """The first piece of each call has an empty id; the next one has it."""
    return _parted(planned, "id", "")


def with_null_opening(planned: Planned) -> tuple[Frame, ...]:
    """The first piece of each call has null for its arguments; they come with the next one."""
    return _parted(planned, "arguments", None)


def _parted(planned: Planned, field: str, left: str | None) -> tuple[Frame, ...]:
    """Each first piece of a call in two: a field of it comes with the second, and `left` stands for it."""
    known: set[Any] = set()
    frames: list[Frame] = []
    for frame in planned.frames:
        payload = frame.payload or {}
        new = [(place, piece) for place, piece in pieces_of(payload) if place not in known]
        opened = None if planned.cumulative or not new else planned.dialect.opening(payload)
        if opened is None:
            frames.append(frame)
            continue
        known |= {place for place, _ in new}
        choice, called = opened
        first: dict[str, Any] = dict(called)
        first["function"] = dict(called["function"])
        delta: dict[str, Any] = {"index": first["index"], "id": "", "type": "function"}
        delta["function"] = {"arguments": ""}
        holder, behind = (first, delta) if field == "id" else (first["function"], delta["function"])
        behind[field], holder[field] = holder.get(field) or "", left
        message_of(choice)["tool_calls"][0] = first
        later = planned.dialect.piece_behind(payload, choice, delta)
        frames += [frame.saying(payload), frame.beside(later)]
    return planned.numbered(frames)


def with_guessed_input(planned: Planned) -> tuple[Frame, ...]:
    """Another number of tokens that went in where Anthropic's stream begins: its end says the right one."""

    def guessed(payload: dict[str, Any]) -> bool:
        begins = payload.get("type") == "message_start"
        if begins:
            payload["message"]["usage"]["input_tokens"] = GUESSED_INPUT
        return begins

    return planned.changed(guessed)


def with_null_content(planned: Planned) -> tuple[Frame, ...]:
    """Null for the content of a whole compatible answer that only calls."""

    def silenced(payload: dict[str, Any]) -> bool:
        messages = [choice.get("message") or {} for choice in payload.get("choices") or ()]
        calling = [one for one in messages if one.get("tool_calls") and not one.get("content")]
        for message in calling:
            message["content"] = None
        return bool(calling)

    return planned.changed(silenced)


def with_cached_input(planned: Planned) -> tuple[Frame, ...]:
    """Two thirds of the input told as read from a cache and as written to one, as of a prompt with markers.

    What went in stays the same. The guess that a stream of Anthropic's begins with says nothing of caches.
    """
    third = planned.prompt_tokens // 3
    counts = Usage(planned.prompt_tokens, 0, cached=third, created=third)

    def told(payload: dict[str, Any]) -> bool:
        holder = planned.dialect.holder(payload)
        usage = holder.get("usage")
        if usage:
            holder["usage"] = planned.dialect.cached(usage, counts)
        return bool(usage)

    return planned.changed(told)


def with_named_snapshot(planned: Planned) -> tuple[Frame, ...]:
    """The newest dated snapshot of the model where an answer names the model, if it has one."""

    def named(payload: dict[str, Any]) -> bool:
        holders = [payload, payload.get("message") or {}, payload.get("response") or {}]
        naming = [holder for holder in holders if holder.get("model")]
        for holder in naming:
            holder["model"] = newest_snapshot(holder["model"])
        return bool(naming)

    return planned.changed(named)


def without_end(planned: Planned) -> tuple[Frame, ...]:
    """The first half of a stream, and then an end in good order, without a finish; of a body nothing."""
    half = planned.frames[: planned.struck(None)]
    return tuple(takewhile(lambda frame: not finished(frame.payload or {}), half))


def with_tool_delta(planned: Planned, arguments: str | None) -> tuple[Frame, ...]:
    """A further delta behind the one that opens a tool call: no id, no name, these arguments.

    Its form is that of qwen3-max (recording: maruel/genai, 2026). Events that repeat all that was said
    have no deltas; they stay as they are.
    """
    frames = list(planned.frames)
    for at, frame in enumerate(planned.frames):
        payload = frame.payload or {}
        opened = None if planned.cumulative else planned.dialect.opening(payload)
        if opened is not None:
            choice, called = opened
            delta = {"index": called["index"], "id": "", "type": "function"}
            delta["function"] = {"arguments": arguments}
            behind = planned.dialect.piece_behind(payload, choice, delta)
            frames[at : at + 1] = [frame.saying(payload), frame.beside(behind)]
            return planned.numbered(frames)
    return planned.frames


ODD: Mapping[str, Callable[[Planned], tuple[Frame, ...]]] = {
    "heartbeat": with_heartbeats,
    "id-alone": with_ids_alone,
    "running-usage": with_running_usage,
    "unknown-finish": with_unknown_finish,
    "restated-ids": with_restated_ids,
    "restated-names": with_restated_names,
    "late-ids": with_late_ids,
    "null-opening": with_null_opening,
    "late-texts": with_late_texts,
    "late-thoughts": with_late_thoughts,
    "woven-calls": with_woven_calls,
    "shared-chunks": with_shared_chunks,
    "usage-in-finish": with_usage_in_finish,
    "guessed-input": with_guessed_input,
    "several-texts": with_several_texts,
    "several-messages": with_several_messages,
    "several-thoughts": with_several_thoughts,
    "cached-input": with_cached_input,
    "named-snapshot": with_named_snapshot,
    "early-end": without_end,
    "data-lines": with_data_lines,
    "other-fields": with_other_fields,
    "no-last-blank": without_last_blank,
    "large-event": with_large_event,
    "escapes": with_escapes,
    "null-content": with_null_content,
    "empty-tool-id": partial(with_tool_delta, arguments=""),
    "null-arguments": partial(with_tool_delta, arguments=None),
    "usage-only-chunk": with_usage_only,
}
"""The frames that each kind of odd answer has, by the name of the fault."""
