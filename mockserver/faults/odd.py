"""Frames put between others: legal, seen in the field, and fatal to clients that never met them."""

import re
from dataclasses import replace
from typing import Any

from mockserver.faults.planned import Frame, Planned, choices

_ID = re.compile(rb"\Aid:[0-9]+")
HEARTBEAT = b": heartbeat\n\n"
"""A comment, by the WHATWG rules of SSE; every reader skips it."""


def numbered(planned: Planned, frames: list[Frame]) -> tuple[Frame, ...]:
    """The frames, native ones numbered from 1 again."""
    if not planned.native:
        return tuple(frames)
    return tuple(
        replace(frame, data=_ID.sub(b"id:%d" % at, frame.data)) for at, frame in enumerate(frames, 1)
    )


def with_heartbeats(planned: Planned) -> tuple[Frame, ...]:
    """A comment before each frame."""
    beats = [(Frame(HEARTBEAT, 0, frame.due), frame) for frame in planned.frames]
    return tuple(frame for pair in beats for frame in pair)


def with_usage_only(planned: Planned) -> tuple[Frame, ...]:
    """A chunk with the usage so far and without choices, behind the first one; no finish stands before it."""
    first, *rest = planned.frames
    payload = first.payload or {}
    if planned.native:
        output: dict[str, Any] = {"choices": []}
        if "text" in payload["output"]:
            output = {"text": "", "finish_reason": "null"}
        payload = {**payload, "output": output}
    else:
        usage = {"prompt_tokens": planned.prompt_tokens, "completion_tokens": 0}
        payload = {**payload, "choices": [], "usage": {**usage, "total_tokens": planned.prompt_tokens}}
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
        for choice in choices(payload):
            called = (choice.get("delta") or choice.get("message") or {}).get("tool_calls")
            if called and not planned.cumulative:
                delta = {"index": called[0]["index"], "id": "", "type": "function"}
                delta["function"] = {"arguments": arguments}
                odd = _odd_choice(planned, choice, delta)
                frames[at : at + 1] = [
                    replace(frame, data=frame.saying(payload)),
                    Frame(frame.saying(_with_choice(planned, payload, odd)), 0, frame.due),
                ]
                return numbered(planned, frames)
    return planned.frames


def _odd_choice(planned: Planned, choice: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    """The choice with nothing but a delta; a native finish moves to it, as nothing comes behind one."""
    if not planned.native:
        return {"delta": {"tool_calls": [delta]}, "index": choice["index"]}
    message = {**choice["message"], "tool_calls": [delta]}
    odd = {**choice, "message": message}
    choice["finish_reason"] = "null"
    return odd


def _with_choice(planned: Planned, payload: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    if planned.native:
        return {**payload, "output": {**payload["output"], "choices": [choice]}}
    return {**payload, "choices": [choice]}
