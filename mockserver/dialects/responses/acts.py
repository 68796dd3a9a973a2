"""What the service's own tools did in an answer: items beside what is said, and the events that show them.

The table is `fixtures/built_in_tools.json`. An act is an item without its id and status.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from mockserver.base import resources
from mockserver.talk.reply import Reply

SEARCH, MCP = "web_search_call", "mcp_call"
"""The items of a search, and of a tool on a server of the user's."""

Act = Mapping[str, Any]


@cache
def tools() -> Mapping[str, Mapping[str, Any]]:
    """The tools that the service runs itself, by the type by which they are offered."""
    known: Mapping[str, Mapping[str, Any]] = resources.fixture("built_in_tools")["tools"]
    return known


@cache
def _by_item() -> Mapping[str, tuple[str, Mapping[str, Any]]]:
    return {row["item"]: (tool, row) for tool, row in tools().items()}


def kinds() -> tuple[str, ...]:
    """The types of all such items."""
    return tuple(_by_item())


def acts_of(reply: Reply) -> tuple[Act, ...]:
    """What was done for a reply; the sources that it shows come from a search."""
    found = reply.search_info
    if found and all(act["type"] != SEARCH for act in reply.acts):
        sources = [{"type": "url", "url": result["url"]} for result in found.get("search_results") or ()]
        action = {"type": "search", "query": "Web search", "sources": sources}
        return ({"type": SEARCH, "action": action}, *reply.acts)
    return reply.acts


def events_of(act: Act) -> tuple[str, ...]:
    """The names of the events between the beginning of an act and its end."""
    kind = act["type"]
    return tuple(f"response.{kind}.{step}" for step in _by_item()[kind][1]["events"])


def opened(act: Act, item_id: str) -> dict[str, Any]:
    """The item as it begins in a stream."""
    begun = _by_item()[act["type"]][1].get("opened", {})
    return {"id": item_id, "type": act["type"], **begun, "status": "in_progress"}


def done(act: Act, item_id: str) -> dict[str, Any]:
    """The item as it ends."""
    return {"id": item_id, "status": "completed", **act}


def counts(acts: Iterable[Act]) -> dict[str, dict[str, int]]:
    """How often each tool was used, as the usage has it: the charge for tools is taken from there."""
    counted = Counter(_by_item()[act["type"]][0] for act in acts)
    return {tool: {"count": count} for tool, count in counted.items()}
