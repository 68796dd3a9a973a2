"""The rules of what the service does itself before it answers: running code, searching as an agent."""

from collections.abc import Iterator

from mockserver.rules.registry import Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait

_PROBES = "Joycai/simple-ai-writer, probes of some twenty models, 2026-09"

_STRATEGIES = ("agent", "agent_max")
"""The strategies of a search that are an agent's (Model Studio docs, web search, 2026)."""


def _runs_code(request: ChatRequest) -> bool:
    return bool(request.get("enable_code_interpreter")) and request.model.family.interpreter == "all"


def _searches_as_agent(request: ChatRequest) -> bool:
    strategy = request.options("search_options").get("search_strategy")
    return bool(request.get("enable_search")) and strategy in _STRATEGIES


@rule(
    "agent.interpreter-unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source=f"Model Studio docs, error codes (zh), 2025-12; {_PROBES}: qwen3.8 refuses in chat, qwen-max "
    "and others do not heed it",
    fix="Ask qwen3.8 to run code through the Responses API.",
    refusals=("tools.code-interpreter",),
    needs=("enable_code_interpreter",),
)
def _interpreter_unsupported(request: ChatRequest) -> Iterator[Broken]:
    if request.get("enable_code_interpreter") and request.model.family.interpreter == "responses":
        yield Broken(request.place("enable_code_interpreter"))


@rule(
    "agent.interpreter-plain",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_PROBES}; a second user, 2026-09, qwen3.7-flash and qwen3.5-plus",
    fix="Stream when the service is to run code.",
    refusals=("tools.code-interpreter-plain",),
    needs=("enable_code_interpreter",),
)
def _interpreter_plain(request: ChatRequest) -> Iterator[Broken]:
    if _runs_code(request) and not request.stream:
        yield Broken(request.place("enable_code_interpreter"))


@rule(
    "agent.search-unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_PROBES}: qwen3.8-flash; a second user, 2026-09, qwen3.8-max",
    fix="Leave `search_strategy` out, or ask the Responses API to search.",
    refusals=("search.agent",),
    needs=("search_options",),
)
def _search_unsupported(request: ChatRequest) -> Iterator[Broken]:
    if _searches_as_agent(request) and not request.model.family.searches_as_agent:
        yield Broken(f"{request.place('search_options')}.search_strategy")


@rule(
    "agent.with-tools",
    severity=Severity.REFUSED,
    source=f"{_PROBES}; two other users, 2026-09",
    fix="Offer no functions beside the code interpreter or an agent's search, or search without a strategy.",
    refusals=("tools.with-agent",),
    needs=("tools",),
)
def _with_tools(request: ChatRequest) -> Iterator[Broken]:
    if request.tools and (_runs_code(request) or _searches_as_agent(request)):
        yield Broken(request.place("tools"))


@rule(
    "agent.extractor-alone",
    severity=Severity.REFUSED,
    source=f"{_PROBES}, Responses API",
    fix="Offer `web_search` beside `web_extractor`.",
    refusals=("tools.extractor-alone",),
    needs=("built_in_tools",),
    traits=(Trait.THREADS,),
)
def _extractor_alone(request: ChatRequest) -> Iterator[Broken]:
    offered = [tool["type"] for tool in request.get("built_in_tools") or ()]
    if "web_extractor" in offered and "web_search" not in offered:
        yield Broken("tools")


@rule(
    "agent.interpreter-thoughtless",
    severity=Severity.REFUSED,
    source=f"{_PROBES}, Responses API: where thinking is off no code is run, and by some never",
    fix="Let the model think when it is to run code, and ask one that runs code.",
    refusals=("tools.interpreter-thoughtless", "tools.code-interpreter"),
    needs=("built_in_tools",),
    traits=(Trait.THREADS,),
)
def _interpreter_thoughtless(request: ChatRequest) -> Iterator[Broken]:
    offered = [tool["type"] for tool in request.get("built_in_tools") or ()]
    if "code_interpreter" not in offered:
        return
    if request.model.family.interpreter == "none":
        yield Broken("tools", entry="tools.code-interpreter")
    elif request.model.thinking != "none" and not request.thinking:
        yield Broken("tools")
