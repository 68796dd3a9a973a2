"""Recorded responses, in the words of chat completions."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.dialects.events import Lane
from mockserver.dialects.responses.frames import PIECES

_ENDS = {"completed": "stop", "incomplete": "length"}
"""How an answer ended, by the status of its response; one that calls functions ends with them."""

_TEXTS = {"message": ("content", "content"), "reasoning": ("summary", "reasoning_content")}
"""Where an item has its texts, by its type, and what it says with them."""


def spoke(document: Mapping[str, Any]) -> bool:
    """Whether a document is a response or one of its events."""
    kind = document.get("type")
    return document.get("object") == "response" or (isinstance(kind, str) and kind.startswith("response."))


def retold(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The choice that a body or an event speaks of, as far as it can be understood.

    What an event repeats of others before it says nothing.
    """
    kind = document.get("type")
    if document.get("object") == "response":
        return [{"index": 0, "message": _message(document), "finish_reason": _reason(document)}]
    if kind in PIECES and isinstance(document.get("delta"), str):
        return [{"index": 0, "delta": {PIECES[kind]: document["delta"]}}]
    if kind == "response.output_item.done":
        item = (document.get("output_index"), document.get("item"))
        return [{"index": 0, "delta": {"tool_calls": list(_calls([item]))}}]
    response = document.get("response")
    reason = _reason(response) if isinstance(response, Mapping) else None
    return [{"index": 0, "delta": {}, "finish_reason": reason}] if reason else []


def _items(response: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The items of a response, each with its place."""
    output = response.get("output")
    return list(enumerate(output)) if isinstance(output, list) else []


def _reason(response: Mapping[str, Any]) -> str | None:
    called = any(True for _ in _calls(_items(response)))
    reason = _ENDS.get(str(response.get("status")))
    return "tool_calls" if called and reason == "stop" else reason


def _message(response: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"content": "", "reasoning_content": ""}
    for _, item in _items(response):
        kind = item.get("type") if isinstance(item, Mapping) else None
        if isinstance(kind, str) and kind in _TEXTS:
            parts, name = _TEXTS[kind]
            held = item.get(parts)
            listed = held if isinstance(held, list) else []
            texts = [part.get("text") for part in listed if isinstance(part, Mapping)]
            said[name] += "".join(text for text in texts if isinstance(text, str))
    return {**said, "tool_calls": list(_calls(_items(response)))}


def _calls(items: list[tuple[Any, Any]]) -> Iterator[dict[str, Any]]:
    """The calls of functions among items, in their order, whole."""
    for place, item in items:
        if isinstance(item, Mapping) and item.get("type") == "function_call":
            function = {"name": item.get("name"), "arguments": item.get("arguments")}
            yield {"index": place, "id": item.get("call_id"), "function": function}


def lanes(document: Mapping[str, Any]) -> Iterator[Lane]:
    """The text of a piece of an item, which goes on in the pieces of the same item."""
    if isinstance(document, dict) and isinstance(document.get("delta"), str):
        yield (document.get("item_id"), document.get("type")), document, "delta"
