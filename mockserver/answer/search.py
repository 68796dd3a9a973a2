"""What a web search would have found: made-up sources, in the form of the recorded ones.

Nothing is searched. The results name themselves a mock's and lie under a reserved domain.
"""

from dataclasses import replace
from typing import Any

from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait

_RESULTS = 3
_TURBO = "turbo"


def wanted(request: ChatRequest) -> bool:
    """Whether the request lets the model search, or has it research."""
    return bool(request.get("enable_search")) or request.researches


def options(request: ChatRequest) -> dict[str, Any]:
    """The request's search options."""
    return dict(request.options("search_options"))


def search_info(request: ChatRequest) -> dict[str, Any] | None:
    """The sources of an answer; None unless the request asks to see them (`enable_source`). A research shows
    them always.

    The order of a result's keys differs by backend (recordings: cnblogs/dashscope-sdk, qwen-plus,
    2025-10, and qwen3.6-plus, 2026-04).
    """
    asked = options(request)
    if not (request.researches or (wanted(request) and asked.get("enable_source"))):
        return None
    query = " ".join(request.last_user.split())[:40]
    order = ("icon", "index", "site_name", "title", "url")
    if Trait.TEXT_FORM in request.surface.traits:
        order = ("icon", "site_name", "index", "title", "url")
    results = []
    for index in range(1, _RESULTS + 1):
        result = {
            "icon": "https://mock.invalid/icon.svg",
            "index": index,
            "site_name": "mock",
            "title": f"Mock result {index}: {query}",
            "url": f"https://mock.invalid/{index}",
        }
        results.append({key: result[key] for key in order})
    extra = (
        [{"result": "Mock result of a tool.", "tool": "mock"}] if asked.get("enable_search_extension") else []
    )
    return {"extra_tool_info": extra, "search_results": results}


def plugins(request: ChatRequest) -> dict[str, Any] | None:
    """What the usage says of the search; None when nothing was searched."""
    if not wanted(request):
        return None
    searched: dict[str, Any] = {}
    if request.get("enable_text_image_mixed"):
        searched["image_search"] = {"count": 1}
    searched["search"] = {"count": 1, "strategy": options(request).get("search_strategy") or _TURBO}
    return {key: searched[key] for key in sorted(searched)}


def with_sources(request: ChatRequest, reply: Reply) -> Reply:
    """A reply with what the search of its request adds, unless its script says so itself."""
    sources = reply.search_info if reply.search_info is not None else search_info(request)
    return replace(reply, search_info=sources, plugins=plugins(request))
