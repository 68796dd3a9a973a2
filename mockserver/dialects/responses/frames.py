"""What responses and events say, and odd events: a usage in the middle, a piece of arguments."""

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.dialects.rendering import explicit_cache
from mockserver.talk.reply import Usage

PIECES = {
    "response.output_text.delta": "content",
    "response.reasoning_text.delta": "reasoning_content",
    "response.reasoning_summary_text.delta": "reasoning_content",
}
"""The events that say something, and what it would be called in a dialect that has choices."""

_PARTS = {"message": ("content", "content"), "reasoning": ("summary", "reasoning_content")}
"""Where an item has its texts, by its type, and the same."""


def choices(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a response or an event says, as the one choice that it would be elsewhere.

    An event that repeats what was said says nothing.
    """
    kind = PIECES.get(payload.get("type", ""))
    said = {kind: payload["delta"]} if kind else _said(payload.get("output") or ())
    return [{"index": 0, "message": said}] if said else []


def _said(output: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    said: dict[str, str] = {}
    for item in output:
        parts, kind = _PARTS.get(item.get("type", ""), ("", ""))
        if kind:
            said[kind] = said.get(kind, "") + "".join(part["text"] for part in item[parts])
    return said


def opening(payload: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]] | None:
    """The choice and the piece of a call that an event would be which begins the item of one."""
    if payload.get("type") == "response.output_item.added" and payload["item"]["type"] == "function_call":
        return {}, {"index": payload["output_index"]}
    return None


def usage_only(payload: Mapping[str, Any], prompt_tokens: int) -> dict[str, Any]:
    """One more event of the beginning, with nothing but the usage so far."""
    usage = {"input_tokens": prompt_tokens, "output_tokens": 0, "total_tokens": prompt_tokens}
    response = {**(payload.get("response") or {}), "status": "in_progress", "usage": usage}
    number = payload.get("sequence_number", 0)
    return {"sequence_number": number, "type": "response.in_progress", "response": response}


def cached(usage: Mapping[str, Any], counts: Usage) -> dict[str, Any]:
    """A usage of which a part was in a cache, or went into one: the details tell both."""
    details = [{**row, "prompt_tokens_details": explicit_cache(counts)} for row in usage["x_details"]]
    read = {**usage["input_tokens_details"], "cached_tokens": counts.cached}
    return {**usage, "input_tokens_details": read, "x_details": details}


def piece_behind(payload: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    """An event with a further piece of a call's arguments."""
    return {
        "sequence_number": payload["sequence_number"],
        "type": "response.function_call_arguments.delta",
        "delta": piece["function"]["arguments"],
        "item_id": (payload.get("item") or {}).get("id"),
        "output_index": payload.get("output_index", 0),
    }
