"""The rules of tools: calls and their results in the history, and what is offered."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.base.jsontext import loads_bounded
from mockserver.rules.marks import Mark
from mockserver.rules.pairing import Kind, pairs
from mockserver.rules.registry import ACCEPTED, Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest, ToolCall
from mockserver.talk.surface import Trait

_CALLING = "Model Studio docs, function calling, 2026"
_CODES = "Model Studio docs, error codes (zh), 2025-12"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FRAGMENTS = "JetBrains/koog#1309, experientiallabs/experiential#742, spring-ai-extensions#83"
_RESULTS: dict[str, Any] = {"marks": (Mark.TOOLS,)}


def _results(request: ChatRequest, kind: Kind) -> Iterator[Broken]:
    for found, index in pairs(request.messages, named=Trait.CALL_IDS in request.surface.traits):
        if found is kind:
            yield Broken(request.part_place(index, "tool_call_id"))


@rule(
    "messages.tool-without-call",
    severity=Severity.REFUSED,
    source=_CODES,
    fix="Put the assistant message with its `tool_calls` right before the tool messages that answer it.",
    museum="sigoden/aichat#993, camel-ai/camel#2075, songquanpeng/one-api#1887, labring/FastGPT#4184, "
    "sdcb/Sdcb.DashScope#2, langchain-ai/langgraph-supervisor-py#203, datawhalechina/handy-multi-agent#3",
    refusals=("tool.no-call",),
    **_RESULTS,
)
def _without_call(request: ChatRequest) -> Iterator[Broken]:
    return _results(request, Kind.WITHOUT_CALL)


@rule(
    "messages.tool-unknown-id",
    severity=Severity.REFUSED,
    source=_CODES,
    fix="Give each tool message the id of the call that it answers, as the answer sent it.",
    museum="sigoden/aichat#993",
    refusals=("tool.no-call",),
    **_RESULTS,
)
def _unknown_id(request: ChatRequest) -> Iterator[Broken]:
    return _results(request, Kind.UNKNOWN_ID)


@rule(
    "messages.tool-duplicate-id",
    severity=Severity.HARMFUL,
    source=f"{_CALLING}: one tool message for each call",
    fix="Send the result of each call once.",
    teaches="A second result for the same call: the model reads both.",
    **_RESULTS,
)
def _duplicate_id(request: ChatRequest) -> Iterator[Broken]:
    return _results(request, Kind.DUPLICATE_ID)


@rule(
    "messages.tool-out-of-order",
    severity=Severity.HARMFUL,
    source=f"{_CALLING}: results follow in the order of the calls",
    fix="Send the results in the order of the calls, in whatever order they came in.",
    teaches="Results in another order than their calls: the same turn costs the prefix cache, and templates "
    "without ids give the model the wrong result.",
    **_RESULTS,
)
def _out_of_order(request: ChatRequest) -> Iterator[Broken]:
    return _results(request, Kind.OUT_OF_ORDER)


@rule(
    "messages.call-without-tool",
    severity=Severity.REFUSED,
    source="Model Studio users, at least two reports of 2026 (qwen3.5-plus)",
    fix="Answer every call with a tool message right behind it, one that says so when it failed or was cut.",
    museum="RightNow-AI/openfang#771",
    refusals=("tool.no-response",),
    **_RESULTS,
)
def _call_without_tool(request: ChatRequest) -> Iterator[Broken]:
    for found, index in pairs(request.messages, named=Trait.CALL_IDS in request.surface.traits):
        if found is Kind.WITHOUT_RESULT:
            yield Broken(request.part_place(index, "tool_calls"), {"index": index})


def _calls(request: ChatRequest) -> Iterator[tuple[int, int, ToolCall]]:
    """Every call of the history: the index of its message, its own number, and itself."""
    for index, message in enumerate(request.messages):
        for number, call in enumerate(message.tool_calls):
            yield index, number, call


@rule(
    "tools.call-id",
    severity=Severity.HARMFUL,
    source=f"{_CALLING}: later deltas of a streamed call carry an empty id; the first one has it",
    fix="Keep the id of a call's first delta; an empty one later changes nothing. Each call has its own.",
    museum=_FRAGMENTS,
    teaches="A call in the history {fault}: its result cannot be told from another's.",
    **_RESULTS,
)
def _call_id(request: ChatRequest) -> Iterator[Broken]:
    for index, message in enumerate(request.messages):
        seen: set[str] = set()
        for number, call in enumerate(message.tool_calls):
            if call.id and call.id not in seen:
                seen.add(call.id)
                continue
            place = request.call_place(index, number, "id")
            yield Broken(place, {"fault": "with the id of another" if call.id else "without an id"})


@rule(
    "tools.call-name",
    severity=Severity.HARMFUL,
    source=f"{_CALLING}: later deltas of a streamed call carry no name; the first one has it",
    fix="Keep the name of a call's first delta; a null one later changes nothing.",
    museum=_FRAGMENTS,
    teaches="A call in the history without the name of a function.",
    **_RESULTS,
)
def _call_name(request: ChatRequest) -> Iterator[Broken]:
    for index, number, call in _calls(request):
        if not call.name:
            yield Broken(request.call_place(index, number, "function.name"))


def _json(text: str) -> bool:
    try:
        loads_bounded(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return False
    return True


@rule(
    "tools.arguments-not-json",
    severity=Severity.REFUSED,
    source=_CODES,
    fix="Send back the `arguments` of a call as they came, all deltas joined; `{}` when there are none.",
    museum=_FRAGMENTS,
    refusals=("tool.arguments-not-json",),
    **_RESULTS,
)
def _arguments(request: ChatRequest) -> Iterator[Broken]:
    for index, number, call in _calls(request):
        if not _json(call.arguments):
            yield Broken(request.call_place(index, number, "function.arguments"))


@rule(
    "tools.unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_CODES}; which models: Model Studio docs, function calling, 2026",
    fix="Offer tools to a model that calls them.",
    refusals=("tools.unsupported",),
    teaches="{model} is not documented to call tools.",
    needs=("tools",),
)
def _unsupported(request: ChatRequest) -> Iterator[Broken]:
    # Which models refuse and which ignore the tools is not recorded, so none is refused by default.
    if request.tools and not request.model.tools:
        yield Broken(request.place("tools"), {"model": request.model.name}, ACCEPTED)


def _functions(request: ChatRequest) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, tool in enumerate(request.tools):
        yield f"{request.place('tools')}[{index}].function", tool["function"]


def _object_schema(parameters: Any) -> bool:
    """Whether it can be the JSON Schema of an object."""
    if not isinstance(parameters, Mapping):
        # The list of an older form is let through (recordings: alibaba/loongsuite-python-agent,
        # qwen-agent, 2026).
        return True
    if parameters.get("type", "object") != "object":
        return False
    properties, required = parameters.get("properties") or {}, parameters.get("required") or []
    named = isinstance(required, list) and all(isinstance(name, str) for name in required)
    return named and isinstance(properties, Mapping)


@rule(
    "tools.parameters-schema",
    severity=Severity.REFUSED,
    source=_CODES,
    fix='Describe the parameters as `{"type": "object", "properties": {...}, "required": [...]}`.',
    refusals=("tools.parameters-schema",),
    needs=("tools",),
)
def _parameters_schema(request: ChatRequest) -> Iterator[Broken]:
    for place, function in _functions(request):
        if not _object_schema(function.get("parameters")):
            yield Broken(f"{place}.parameters")


@rule(
    "tools.name",
    severity=Severity.HARMFUL,
    source="Model Studio docs, OpenAI-compatible chat, 2026: at most 64 letters, digits, _ and -",
    fix="Name functions with at most 64 of A-Z, a-z, 0-9, _ and -, each name once.",
    teaches="The function name {name!r} {fault}.",
    needs=("tools",),
)
def _name(request: ChatRequest) -> Iterator[Broken]:
    seen: set[str] = set()
    for place, function in _functions(request):
        name = function["name"]
        if not _NAME.fullmatch(name):
            yield Broken(f"{place}.name", {"name": name[:80], "fault": "is not of the documented form"})
        elif name in seen:
            yield Broken(f"{place}.name", {"name": name, "fault": "is offered twice"})
        seen.add(name)


@rule(
    "tools.name-search",
    severity=Severity.REFUSED_BY_SOME,
    source=f"{_CODES}; accepted by qwen-plus (recording: alibaba/loongsuite-python-agent, 2026-02)",
    fix="Give the function another name than `search`.",
    refusals=("tools.name-search",),
    teaches="A function named search: some models refuse it.",
    needs=("tools",),
)
def _name_search(request: ChatRequest) -> Iterator[Broken]:
    for place, function in _functions(request):
        if function["name"] == "search":
            yield Broken(f"{place}.name", entry=ACCEPTED)


@rule(
    "tools.choice-unknown",
    severity=Severity.HARMFUL,
    source=f"{_CALLING}: `tool_choice` names one of the tools",
    fix="Name a function that `tools` offers.",
    teaches="`tool_choice` asks for {name!r}, which is not offered.",
    needs=("tool_choice",),
)
def _choice_unknown(request: ChatRequest) -> Iterator[Broken]:
    choice = request.get("tool_choice")
    if isinstance(choice, Mapping):
        name = choice["function"]["name"]
        if all(function["name"] != name for _, function in _functions(request)):
            yield Broken(request.place("tool_choice"), {"name": name[:80]})


@rule(
    "tools.several-choices",
    severity=Severity.REFUSED,
    source="Model Studio docs, OpenAI-compatible chat, 2026: `n` must be 1 with `tools`",
    fix="Ask for one choice when tools are offered.",
    refusals=("parameter.n-with-tools",),
    needs=("n",),
)
def _several_choices(request: ChatRequest) -> Iterator[Broken]:
    if request.tools and request.n > 1:
        yield Broken(request.place("n"))


@rule(
    "tools.result-format",
    severity=Severity.HARMFUL,
    source="Model Studio docs, DashScope API reference, 2026: tools need result_format message",
    fix="Set `result_format` to message when tools are offered.",
    teaches="`result_format` text together with tools: `output.text` has no room for calls.",
    needs=("result_format",),
    traits=(Trait.TEXT_FORM,),
)
def _result_format(request: ChatRequest) -> Iterator[Broken]:
    if request.tools and request.get("result_format") == "text":
        yield Broken(request.place("result_format"))
