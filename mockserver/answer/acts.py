"""What the service's own tools are made to do: each that is offered is used once, and finds a mock's results.

A search has sources of its own (`search.py`). What a tool does lies in `fixtures/built_in_tools.json`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.dialects.responses.acts import Act, tools
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest

_QUERY = 40
"""How many characters of a question a tool is asked with."""


def with_acts(request: ChatRequest, reply: Reply) -> Reply:
    """A reply with what the tools of its request did, unless its script says so itself.

    Behind a function's result nothing is done anew.
    """
    offered = request.get("built_in_tools")
    if not offered or reply.acts or request.messages[-1].role != "user":
        return reply
    return replace(reply, acts=tuple(_acts(request, offered)))


def _acts(request: ChatRequest, offered: list[Mapping[str, Any]]) -> Iterator[Act]:
    query = " ".join(request.last_user.split())[:_QUERY]
    for tool in offered:
        row = tools()[tool["type"]]
        if row["act"] is not None:
            values = {"$query": query, "$label": tool.get("server_label") or "mock"}
            yield {"type": row["item"], **_filled(row["act"], values)}


def _filled(shape: Any, values: Mapping[str, str]) -> Any:
    """A shape of the table with its holes filled."""
    if isinstance(shape, dict):
        return {name: _filled(inner, values) for name, inner in shape.items()}
    if isinstance(shape, list):
        return [_filled(inner, values) for inner in shape]
    return values.get(shape, shape) if isinstance(shape, str) else shape
