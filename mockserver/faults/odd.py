"""Frames put between others: legal, seen in the field, and fatal to clients that never met them."""

import re
from dataclasses import replace

from mockserver.faults.planned import Frame, Planned

_ID = re.compile(rb"\Aid:[0-9]+")
HEARTBEAT = b": heartbeat\n\n"
"""A comment, by the WHATWG rules of SSE; every reader skips it."""
OTHER_FIELDS = b"retry: 3000\nx-node: 7\n"
LARGE_BYTES = 1 << 20
"""What a large event has more than others, in bytes."""


def numbered(planned: Planned, frames: list[Frame]) -> tuple[Frame, ...]:
    """The frames, numbered from 1 again where they have numbers."""
    if not planned.dialect.grammar.numbered:
        return tuple(frames)
    return tuple(
        replace(frame, data=_ID.sub(b"id:%d" % at, frame.data)) for at, frame in enumerate(frames, 1)
    )


def with_heartbeats(planned: Planned) -> tuple[Frame, ...]:
    """A comment before each frame."""
    beats = [(Frame(HEARTBEAT, 0, frame.due), frame) for frame in planned.frames]
    return tuple(frame for pair in beats for frame in pair)


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
    """The first frame is longer than any buffer: blanks in its JSON, which mean nothing."""
    first, *frames = planned.frames
    return (replace(first, data=first.data.replace(b"{", b"{" + b" " * LARGE_BYTES, 1)), *frames)


def with_usage_only(planned: Planned) -> tuple[Frame, ...]:
    """A chunk with the usage so far and without choices, behind the first one; no finish stands before it."""
    first, *rest = planned.frames
    payload = planned.dialect.usage_only(first.payload or {}, planned.prompt_tokens)
    only = replace(first, data=first.saying(payload), tokens=0)
    return numbered(planned, [first, only, *rest] if rest else [only, first])


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
            frames[at : at + 1] = [
                replace(frame, data=frame.saying(payload)),
                Frame(frame.saying(behind), 0, frame.due),
            ]
            return numbered(planned, frames)
    return planned.frames
