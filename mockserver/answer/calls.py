"""Function calls of the built-in model: when it calls, which function, with which arguments."""

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.answer.asks import asks_for
from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import dumps
from mockserver.instances.instance import instance
from mockserver.instances.words import Words
from mockserver.talk.request import ChatRequest, ToolCall

Tool = Mapping[str, Any]


def _named(tools: list[Tool], name: str) -> list[Tool]:
    return [tool for tool in tools if tool["function"]["name"] == name][:1]


def wanted(request: ChatRequest) -> list[Tool]:
    """The tools to call now: the one that is forced, or those that the user's words ask for."""
    tools = [tool for tool in request.tools if tool.get("function", {}).get("name")]
    choice = request.get("tool_choice") or "auto"
    if not tools or choice == "none":
        return []
    if isinstance(choice, Mapping):
        return _named(tools, choice["function"]["name"])
    answered = request.messages[-1].role == "tool"
    asked = [] if answered else [tool for tool in tools if asks_for(tool, request.last_user)]
    if choice == "required":
        asked = asked or tools[:1]
    return asked if request.get("parallel_tool_calls") else asked[:1]


def _schema(tool: Tool) -> Any:
    """The schema of a tool's arguments, which are always an object."""
    parameters = tool["function"].get("parameters")
    return {"type": "object", **parameters} if isinstance(parameters, Mapping) else {"type": "object"}


def calls(
    request: ChatRequest, drawn: Iterator[int], *, deadline: Deadline | None = None
) -> tuple[ToolCall, ...]:
    """The calls, their arguments valid by the tool's own schema; ids are given later.

    Raises `ImpossibleSchemaError` for a tool whose arguments cannot exist, and `TakesLongError` as
    `instance` does.
    """
    words = Words.of(request.last_user)
    made = []
    for tool in wanted(request):
        arguments = instance(_schema(tool), numbers=drawn, words=words, deadline=deadline)
        made.append(ToolCall(tool["function"]["name"], _spaced(arguments)))
    return tuple(made)


def _spaced(arguments: Any) -> str:
    """Arguments as models write them: with a blank behind colons and commas where there are few."""
    if not isinstance(arguments, Mapping):
        return dumps(arguments).decode()
    pairs = (f"{dumps(str(key)).decode()}: {dumps(value).decode()}" for key, value in arguments.items())
    return "{" + ", ".join(pairs) + "}"
