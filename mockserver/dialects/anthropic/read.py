"""Anthropic's Messages read: a body becomes the request that every dialect makes.

Parameters get the names that the other dialects give them. What the service does with a field: Model Studio
docs, Anthropic-compatible Messages, 2026-11.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.catalogue.models import Model
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.messages import Placed
from mockserver.talk.request import ChatRequest, Message, Part, ToolCall

KNOWN = frozenset(
    {
        "model",
        "messages",
        "system",
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop_sequences",
        "stream",
        "thinking",
        "output_config",
        "reasoning_effort",
        "tools",
        "tool_choice",
        "metadata",
    }
)
"""The fields of a body. `metadata`, which coding agents send, does nothing and is not refused."""

_ONLY_HERE = frozenset({"system", "stop_sequences", "output_config"})
"""Those that a body of the compatible dialect has not."""

_BLOCKS_ONLY_HERE = frozenset({"tool_use", "tool_result", "thinking", "redacted_thinking"})
"""The blocks that it has not either; a medium has a `source` here only."""

_AS_THEY_ARE = ("max_tokens", "temperature", "top_p", "top_k", "reasoning_effort")

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
"""What the others call a `tool_choice`."""

_SEARCH_TOOL = "web_search_20250305"
_SEARCH_SWITCH = "x-anthropic-billing-header: cc_entrypoint=cli;"
"""A system block that begins so, together with that tool, turns web search on; a system text does not
(QuantumNous/new-api, live calls, 2026-10)."""


def only_here(body: Mapping[str, Any]) -> bool:
    """Whether a body of unknown origin has what no body of the compatible dialect has."""
    if not _ONLY_HERE.isdisjoint(body):
        return True
    tools, messages = (_objects(body.get(name)) for name in ("tools", "messages"))
    if any("input_schema" in tool for tool in tools):
        return True
    blocks = (block for message in messages for block in _objects(message.get("content")))
    return any(block.get("type") in _BLOCKS_ONLY_HERE or "source" in block for block in blocks)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def read_request(body: Mapping[str, Any], model: Model, headers: Mapping[str, str]) -> ChatRequest:
    """The chat request of a body that its schema allows."""
    found = placed(body)
    read, unknown = parameters(body)
    if model.family.thinks_in_messages:
        read.setdefault("enable_thinking", True)
    return ChatRequest(
        ANTHROPIC,
        model,
        tuple([one.message for one in found]),
        read,
        bool(body.get("stream")),
        headers,
        unknown,
        tuple([one.place for one in found]),
        tuple([one.calls for one in found]),
    )


def placed(body: Mapping[str, Any]) -> list[Placed]:
    """The messages of a body, the system text first."""
    return [*_system(body.get("system")), *_messages(body["messages"])]


def parameters(body: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The parameters under the names of the other dialects, and the places of what is not known."""
    read = {name: body[name] for name in _AS_THEY_ARE if name in body}
    unknown = [name for name in body if name not in KNOWN]
    if "stop_sequences" in body:
        read["stop"] = body["stop_sequences"]
    thinking = body.get("thinking") or {}
    # Another kind than these two, such as `adaptive`, leaves it to the model.
    if thinking.get("type") in ("enabled", "disabled"):
        read["enable_thinking"] = thinking["type"] == "enabled"
    if thinking.get("budget_tokens") is not None and read.get("enable_thinking"):
        read["thinking_budget"] = thinking["budget_tokens"]
    config = body.get("output_config") or {}
    if config.get("effort") is not None:
        read["reasoning_effort"] = config["effort"]
    if config.get("format"):
        read["response_format"] = _format(config["format"])
    if body.get("tools"):
        functions, others = _tools(body["tools"])
        unknown += [f"tools[{index}]" for index, kind in others.items() if kind != _SEARCH_TOOL]
        if functions:
            read["tools"] = functions
        if _SEARCH_TOOL in others.values() and _search_switch(body.get("system")):
            read["enable_search"] = True
    if body.get("tool_choice") is not None:
        read["tool_choice"] = _tool_choice(body["tool_choice"])
    return read, tuple(unknown)


def _format(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "output", "schema": asked["schema"]}}


def _tools(tools: Iterable[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """The functions, and the types of those tools that are none by their index."""
    functions: list[dict[str, Any]] = []
    others: dict[int, str] = {}
    for index, tool in enumerate(tools):
        kind = tool.get("type") or "custom"
        if kind != "custom":
            others[index] = kind
            continue
        function = {"name": tool["name"], "parameters": tool.get("input_schema")}
        if tool.get("description") is not None:
            function["description"] = tool["description"]
        functions.append({"type": "function", "function": function})
    return functions, others


def _tool_choice(choice: str | Mapping[str, Any]) -> Any:
    if isinstance(choice, str):
        return _CHOICES[choice]
    if choice["type"] == "tool":
        return {"type": "function", "function": {"name": choice["name"]}}
    return _CHOICES[choice["type"]]


def _search_switch(system: Any) -> bool:
    return isinstance(system, list) and any(block["text"].startswith(_SEARCH_SWITCH) for block in system)


def _system(system: str | list[dict[str, Any]] | None) -> list[Placed]:
    """The system message; none where nothing is said."""
    if not system:
        return []
    if isinstance(system, str):
        return [Placed(Message("system", system), "system")]
    said = _Said()
    for block in system:
        said.add(block)
    return [Placed(said.message("system"), "system")]


def _messages(messages: Iterable[Mapping[str, Any]]) -> Iterable[Placed]:
    """The messages; a result of a tool is one of its own, before what its turn says beside."""
    for index, data in enumerate(messages):
        place, role, content = f"messages[{index}]", data["role"], data["content"]
        if isinstance(content, str):
            yield Placed(Message(role, content), place)
            continue
        said, calls = _Said(), list[str]()
        results = 0
        for at, block in enumerate(content):
            if block["type"] == "tool_result":
                results += 1
                yield Placed(_result(block), f"{place}.content[{at}]")
                continue
            said.add(block)
            if block["type"] == "tool_use":
                calls.append(f"{place}.content[{at}]")
        if not results or results < len(content):
            yield Placed(said.message(role), place, tuple(calls))


def _result(block: Mapping[str, Any]) -> Message:
    """What a tool returned, as a message of its own."""
    said = _Said()
    content = block.get("content")
    for inner in [{"type": "text", "text": content}] if isinstance(content, str) else content or ():
        said.add(inner)
    said.cached = said.cached or bool(block.get("cache_control"))
    return said.message("tool", block["tool_use_id"])


class _Said:
    """What the blocks of one message say."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.thoughts: list[str] = []
        self.media: list[Part] = []
        self.calls: list[ToolCall] = []
        self.cached = False

    def add(self, block: Mapping[str, Any]) -> None:
        """Takes a block in. A redacted thought says nothing to a model of this service."""
        kind = block["type"]
        self.cached = self.cached or bool(block.get("cache_control"))
        if kind == "text":
            self.texts.append(block["text"])
        elif kind == "thinking":
            self.thoughts.append(block["thinking"])
        elif kind == "tool_use":
            self.calls.append(ToolCall(block["name"], dumps(block["input"]).decode(), block["id"]))
        elif kind in ("image", "video"):
            self.media.append(Part(kind, _address(block["source"])))

    def message(self, role: str, tool_call_id: str | None = None) -> Message:
        """The message. A text of several blocks is joined without a blank, as on the other surfaces."""
        return Message(
            role,
            "".join(self.texts),
            tuple(self.media),
            tuple(self.calls),
            tool_call_id,
            "".join(self.thoughts),
            False,
            self.cached,
            tuple(self.texts) if len(self.texts) > 1 else (),
        )


def _address(source: Mapping[str, Any]) -> str:
    """Where a medium lies: its URL, or a data URI of what was sent along."""
    if source["type"] == "url":
        return str(source["url"])
    return f"data:{source['media_type']};base64,{source['data']}"
