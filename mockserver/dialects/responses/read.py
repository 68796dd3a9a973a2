"""Requests of the Responses API read: a body becomes the request that every dialect makes.

Parameters get the names that the other dialects give them. What the service does with a field: Model Studio
docs, Responses API, 2026; live probes, 2026-09 and 2026-10.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from mockserver.catalogue.models import Model
from mockserver.dialects.messages import Placed
from mockserver.dialects.responses import items
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.talk.request import ChatRequest, Message

IGNORED = frozenset({"metadata", "background", "user", "truncation"})
"""Fields that OpenAI's own API has: here they do nothing and are not refused."""

KNOWN = IGNORED | {
    "model",
    "input",
    "instructions",
    "stream",
    "store",
    "previous_response_id",
    "conversation",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "temperature",
    "top_p",
    "max_output_tokens",
    "reasoning",
    "enable_thinking",
    "text",
    "ocr_options",
}
"""The fields of a body."""

BUILT_IN = frozenset(
    {
        "web_search",
        "web_extractor",
        "code_interpreter",
        "file_search",
        "mcp",
        "web_search_image",
        "image_search",
    }
)
"""The tools that the service runs itself."""

SESSION_CACHE = "x-dashscope-session-cache"
"""The header that lets the service cache what was said so far: enable or disable."""

_AS_THEY_ARE = ("temperature", "top_p", "parallel_tool_calls")

_ECHOED = (
    "instructions",
    "conversation",
    "previous_response_id",
    "max_output_tokens",
    "parallel_tool_calls",
    "reasoning",
    "store",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
)

_WHOLE_ANSWER = "3.8"
"""The generation from which on the limit of an answer counts its thinking."""


def read_request(body: Mapping[str, Any], model: Model, headers: Mapping[str, str]) -> ChatRequest:
    """The chat request of a body that its schema allows."""
    found = placed(body)
    if headers.get(SESSION_CACHE, "").lower() == "enable" and found:
        # The session is cached up to here: what a marker on the last message does elsewhere.
        found[-1] = found[-1]._replace(message=replace(found[-1].message, cached=True))
    read, unknown = parameters(body, model)
    return ChatRequest(
        RESPONSES,
        model,
        tuple([one.message for one in found]),
        read,
        bool(body.get("stream")),
        headers,
        unknown,
        tuple([one.place for one in found]),
        tuple([one.calls for one in found]),
        _echo(body),
    )


def placed(body: Mapping[str, Any], before: Iterable[Mapping[str, Any]] = ()) -> list[Placed]:
    """The messages of a body, the instructions first, then what was said before."""
    instructions = body.get("instructions")
    lead = [Placed(Message("system", instructions), "instructions")] if instructions else []
    place = "conversation" if body.get("conversation") is not None else "previous_response_id"
    said = [one._replace(place=place, calls=(place,) * len(one.calls)) for one in items.placed(before)]
    return [*lead, *said, *items.placed(body["input"])]


def continued(request: ChatRequest, before: Iterable[Mapping[str, Any]], place: str) -> ChatRequest:
    """A request with what was said before it, behind its instructions; `place` is where that is named."""
    history = items.placed(before)
    own = int(request.places[:1] == ("instructions",))
    said = tuple([one.message for one in history])
    return replace(
        request,
        messages=(*request.messages[:own], *said, *request.messages[own:]),
        places=(*request.places[:own], *[place] * len(said), *request.places[own:]),
        calls_at=(
            *request.calls_at[:own],
            *[(place,) * len(one.calls) for one in history],
            *request.calls_at[own:],
        ),
    )


def parameters(body: Mapping[str, Any], model: Model | None = None) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The parameters under the names of the other dialects, and the places of what is not known.

    `text.format` is no parameter: the service repeats it and does not heed it (live probes, 2026-09).
    """
    read = {name: body[name] for name in _AS_THEY_ARE if body.get(name) is not None}
    # What is empty asks for nothing: openai-agents sends `include: []`.
    unknown = [name for name, value in body.items() if name not in KNOWN and value not in (None, [], {})]
    if body.get("max_output_tokens") is not None:
        whole = model is not None and model.generation == _WHOLE_ANSWER
        read["max_completion_tokens" if whole else "max_tokens"] = body["max_output_tokens"]
    read |= _thinking(body, model)
    functions, built_in = [], []
    for index, tool in enumerate(body.get("tools") or ()):
        if tool["type"] == "function":
            functions.append(_function(tool))
        elif tool["type"] in BUILT_IN:
            built_in.append(tool)
        else:
            unknown.append(f"tools[{index}]")
    if functions:
        read["tools"] = functions
    if built_in and body.get("tool_choice") != "none":
        read["built_in_tools"] = built_in
        if any(tool["type"] == "web_search" for tool in built_in):
            read |= {"enable_search": True, "search_options": {"enable_source": True}}
    if body.get("tool_choice") is not None:
        read |= _tool_choice(body["tool_choice"], functions)
    return read, tuple(unknown)


def _thinking(body: Mapping[str, Any], model: Model | None) -> dict[str, Any]:
    """How much is thought. The effort beats the older switch, which only some models have."""
    effort = (body.get("reasoning") or {}).get("effort")
    if effort is None:
        asked = body.get("enable_thinking")
        if asked is None and model is not None and model.family.rests_in_responses:
            return {"enable_thinking": False}
        return {} if asked is None else {"enable_thinking": asked}
    read = {"reasoning_effort": effort}
    if model is not None and model.thinking in ("on", "off"):
        return {**read, "enable_thinking": effort != "none"}
    return read


def _function(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": tool["name"], "parameters": tool.get("parameters")}
    if tool.get("description") is not None:
        function["description"] = tool["description"]
    return {"type": "function", "function": function}


def _tool_choice(choice: str | Mapping[str, Any], functions: list[dict[str, Any]]) -> dict[str, Any]:
    """The choice of tools; some of them may be all that is allowed."""
    if isinstance(choice, str):
        return {"tool_choice": choice}
    if choice["type"] == "function":
        return {"tool_choice": _forced(choice["name"])}
    allowed = [tool["name"] for tool in choice["tools"] if "name" in tool]
    kept = [function for function in functions if function["function"]["name"] in allowed]
    one = choice["mode"] == "required" and len(allowed) == 1
    return {
        "tool_choice": _forced(allowed[0]) if one else choice["mode"],
        **({"tools": kept} if kept else {}),
    }


def _forced(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def _echo(body: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says again of its request."""
    echo = {name: body[name] for name in _ECHOED if body.get(name) is not None}
    format_ = (body.get("text") or {}).get("format")
    if format_:
        # The schema comes back under a name of its own (live probes, 2026-09).
        shown = {"schema_" if name == "schema" else name: value for name, value in format_.items()}
        echo["text"] = {"format": shown}
    if "conversation" in echo:
        echo["conversation"] = {"id": conversation_of(body)}
    return echo


def conversation_of(body: Mapping[str, Any]) -> str | None:
    """The id of the conversation that a body names; OpenAI's SDK may send it in an object."""
    named = body.get("conversation")
    return named.get("id") if isinstance(named, Mapping) else named
