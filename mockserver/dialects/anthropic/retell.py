"""Recorded answers of Anthropic's Messages, in the words of chat completions."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.dialects.anthropic.render import RAW, STOPS
from mockserver.dialects.events import Lane
from mockserver.talk.reply import Usage

_TYPES = frozenset(
    {
        "message",
        "message_start",
        "message_delta",
        "message_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "ping",
    }
)

_REASONS = {stop: reason for reason, stop in STOPS.items()} | {"stop_sequence": "stop"}
"""How an answer ended, in the words of chat completions."""

_DELTAS = {
    "text_delta": ("text", "content"),
    "thinking_delta": ("thinking", "reasoning_content"),
    "input_json_delta": ("partial_json", "arguments"),
}
"""The text of each kind of delta, and what it goes on with."""


def spoke(document: Mapping[str, Any]) -> bool:
    """Whether a document names one of the types of this dialect."""
    kind = document.get("type")
    return isinstance(kind, str) and kind in _TYPES


def retold(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The choice that a body or an event speaks of, as far as it can be understood."""
    if document["type"] == "message":
        return [{"index": 0, "message": _message(document), "finish_reason": _reason(document)}]
    if document["type"] == "message_delta":
        held = document.get("delta")
        reason = _reason(held) if isinstance(held, Mapping) else None
        return [{"index": 0, "delta": {}, "finish_reason": reason}]
    if document["type"] == "content_block_start":
        return [{"index": 0, "delta": _opened(document)}]
    return [{"index": 0, "delta": _piece(document, name, text)} for name, text in _said(document)]


def _reason(held: Mapping[str, Any]) -> Any:
    """How it ended; a reason that this dialect does not know stays as it is."""
    stop = held.get("stop_reason")
    return _REASONS.get(stop, stop) if isinstance(stop, str) else None


def _blocks(document: Mapping[str, Any]) -> Iterable[tuple[int, Mapping[str, Any]]]:
    content = document.get("content")
    blocks = enumerate(content if isinstance(content, list) else ())
    return ((at, block) for at, block in blocks if isinstance(block, Mapping))


def _message(document: Mapping[str, Any]) -> dict[str, Any]:
    texts: dict[str, list[str]] = {"text": [], "thinking": []}
    calls = []
    for at, block in _blocks(document):
        kind = block.get("type")
        if kind in texts and isinstance(block.get(kind), str):
            texts[kind].append(block[kind])
        elif kind == "tool_use":
            calls.append(_call(at, block, arguments_of(block.get("input"))))
    content, reasoning = ("".join(texts[kind]) for kind in ("text", "thinking"))
    return {"content": content, "reasoning_content": reasoning, "tool_calls": calls}


def _call(index: Any, block: Mapping[str, Any], arguments: str) -> dict[str, Any]:
    function = {"name": block.get("name"), "arguments": arguments}
    return {"index": index, "id": block.get("id"), "function": function}


def arguments_of(given: Any) -> str:
    """The arguments of a call by its input: what `render.tool_input` made an object of."""
    if isinstance(given, Mapping) and list(given) == [RAW] and isinstance(given[RAW], str):
        return str(given[RAW])
    return dumps(given if isinstance(given, Mapping) else {}).decode()


def _opened(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the start of a block says: that of a call its id and its name."""
    block = document.get("content_block")
    if not isinstance(block, Mapping):
        return {}
    if block.get("type") == "tool_use":
        given = block.get("input")
        return {"tool_calls": [_call(document.get("index"), block, arguments_of(given) if given else "")]}
    return {"content": block.get("text"), "reasoning_content": block.get("thinking")}


def _said(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a piece goes on with, and its text; nothing for an event that says nothing."""
    for _, holder, name in lanes(document):
        yield _DELTAS[str(holder["type"])][1], holder[name]


def _piece(document: Mapping[str, Any], name: str, text: str) -> dict[str, Any]:
    if name != "arguments":
        return {name: text}
    return {"tool_calls": [{"index": document.get("index"), "function": {"arguments": text}}]}


def lanes(document: Mapping[str, Any]) -> Iterator[Lane]:
    """The text of a piece of a block, which goes on in the pieces of the same block."""
    held = document.get("delta")
    kind = held.get("type") if isinstance(held, dict) else None
    if isinstance(held, dict) and isinstance(kind, str) and kind in _DELTAS:
        name = _DELTAS[kind][0]
        if isinstance(held.get(name), str):
            yield (document.get("index"), kind), held, name


def counted(usage: Usage) -> dict[str, Any]:
    """The numbers of a usage in this dialect, which has no total."""
    created = usage.created or 0
    return {
        "input_tokens": usage.input - usage.cached - created,
        "output_tokens": usage.output,
        "cache_read_input_tokens": usage.cached,
        "cache_creation_input_tokens": created,
    }
