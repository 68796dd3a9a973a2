"""What events say, and odd ones: more usage, more pieces of an input."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.dialects.anthropic.retell import counted
from mockserver.talk.reply import Usage


def choices(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the texts of a message or an event would be in a dialect that has choices: there is one."""
    said: dict[str, Any] = {}
    for block in payload.get("content") or [payload.get("delta") or {}]:
        if "text" in block:
            said["content"] = block["text"]
        elif "thinking" in block:
            said["reasoning_content"] = block["thinking"]
    return [{"index": 0, "message": said}] if said else []


def opening(payload: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]] | None:
    """The event that opens a block with a call, as its own choice, and the call's place."""
    if (payload.get("content_block") or {}).get("type") != "tool_use":
        return None
    return {}, {"index": payload["index"]}


def usage_only(prompt_tokens: int) -> dict[str, Any]:
    """An event with nothing but the usage so far: it ends nothing."""
    usage = {"input_tokens": prompt_tokens, "output_tokens": 0}
    return {"delta": {}, "type": "message_delta", "usage": usage}


def cached(usage: Mapping[str, Any], counts: Usage) -> dict[str, Any]:
    """A usage whose input is told in three numbers; how long is kept what was written stands beside them."""
    told = counted(replace(counts, output=usage["output_tokens"]))
    return {**usage, **told, "cache_creation": {"ephemeral_5m_input_tokens": counts.created}}


def piece_behind(payload: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    """An event with a further piece of the input; there is no place for an id."""
    partial = piece["function"]["arguments"]
    delta = {"partial_json": partial, "type": "input_json_delta"}
    return {"delta": delta, "type": "content_block_delta", "index": payload["index"]}
