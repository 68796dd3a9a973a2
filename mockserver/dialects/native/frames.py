"""What stands in events beside texts: media, usage, pieces of calls, an empty end."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.dialects.events import Event, Shown
from mockserver.talk.request import Part


def add_media(message: dict[str, Any], media: Sequence[Part]) -> None:
    """Puts media behind the text of a message."""
    said = message["content"]
    text = said if isinstance(said, list) else [{"text": said}] * bool(said)
    message["content"] = [*text, *({part.kind: part.value} for part in media)]


def add_result(message: dict[str, Any], result: Mapping[str, Any] | None) -> None:
    """Puts what was read from a picture before the text that tells of it, in the same part."""
    if result is not None:
        first, *others = message["content"] or [{"text": ""}]
        message["content"] = [{"ocr_result": dict(result), **first}, *others]


def last_said(own: Sequence[Shown], *, incremental: bool) -> list[dict[str, Any]]:
    """The last event that says something: of deltas the last text, else the last event."""
    said = [shown for _, shown in own if shown["message"]["content"]] if incremental else []
    return (said or [shown for _, shown in own])[-1:]


def show_media(own: Sequence[Shown], media: Sequence[Part], *, incremental: bool) -> None:
    """Media stand in the last event that says something."""
    for shown in last_said(own, incremental=incremental):
        add_media(shown["message"], media)


def empty_finish(events: list[Event], own: Sequence[Shown]) -> None:
    """Moves the finish of a choice to an event that says nothing, behind all that it said."""
    place = own[-1][0] if own else len(events) - 1
    event = events[place]
    empty = event.after()
    output, before = (empty.payload or {})["output"], (event.payload or {})["output"]
    if "text" in output:
        output["text"], before["finish_reason"] = "", "null"
        events.insert(place + 1, empty)
        return
    (shown,), (said,) = output["choices"], before["choices"]
    message = shown["message"]
    if not (message["content"] or message.get("tool_calls") or message.get("reasoning_content")):
        return
    said["finish_reason"] = "null"
    shown.pop("logprobs", None)
    message.pop("tool_calls", None)
    message["content"] = [] if isinstance(message["content"], list) else ""
    if "reasoning_content" in message:
        message["reasoning_content"] = ""
    events.insert(place + 1, empty)


def usage_only(payload: Mapping[str, Any]) -> dict[str, Any]:
    """An event with nothing but the usage so far; no finish stands in it."""
    text = "text" in payload["output"]
    return {**payload, "output": {"text": "", "finish_reason": "null"} if text else {"choices": []}}


def piece_behind(
    payload: Mapping[str, Any], choice: dict[str, Any], piece: Mapping[str, Any]
) -> dict[str, Any]:
    """An event with nothing but a piece of a function call, and the finish: it is the last one."""
    odd = {**choice, "message": {**choice["message"], "tool_calls": [piece]}}
    choice["finish_reason"] = "null"
    return {**payload, "output": {**payload["output"], "choices": [odd]}}
