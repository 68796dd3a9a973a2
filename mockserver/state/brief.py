"""An exchange in short: what a list of many shows of each, and what of a body was said last."""

from collections.abc import Mapping
from typing import Any

from mockserver.base.jsontext import loads_bounded
from mockserver.state.journal import Entry

_MOST = 64 * 1024
"""A body of more bytes is not read for a list: its exchange is shown whole when it is asked for."""

_LONGEST = 200
"""The most characters of a text that a list repeats."""


def _said(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = []
    for part in content:
        if isinstance(part, str):
            parts.append(part)
        elif isinstance(part, Mapping):
            text = part.get("text")
            kind = part.get("type") or next(iter(part), "part")
            parts.append(text if isinstance(text, str) else f"[{kind}]")
    return "".join(parts)


def messages_of(body: Any) -> list[Mapping[str, Any]]:
    """The messages of a request's body, as far as there are any."""
    if not isinstance(body, Mapping):
        return []
    source = body.get("input") if "input" in body else body
    if isinstance(source, str):
        return [{"role": "user", "content": source}]
    if isinstance(source, list):
        return [one for one in source if isinstance(one, Mapping)]
    if not isinstance(source, Mapping):
        return []
    found = source.get("messages")
    messages = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    prompt = source.get("prompt")
    return [*messages, {"role": "user", "content": prompt}] if isinstance(prompt, str) else messages


def last_message(body: Any) -> tuple[str, str]:
    """The role and the text of the last message."""
    messages = messages_of(body)
    if not messages:
        return "", ""
    return str(messages[-1].get("role") or ""), _said(messages[-1].get("content"))


_SYSTEM = ("system", "developer")
"""The roles that tell a model who it is."""


def system_of(body: Any) -> str:
    """What a request tells the model about itself, in the way of its surface; "" for nothing."""
    if not isinstance(body, Mapping):
        return ""
    given = [body.get("system"), body.get("instructions")]
    given += [message.get("content") for message in messages_of(body) if message.get("role") in _SYSTEM]
    return "\n".join(filter(None, map(_said, given)))


def spoken(body: Any) -> list[Mapping[str, Any]]:
    """The messages of a request's body, without those that tell the model who it is."""
    return [message for message in messages_of(body) if message.get("role") not in _SYSTEM]


def tools_of(body: Any) -> list[str]:
    """The names of the tools that a request offers; a tool without one is told by its type."""
    parameters = body.get("parameters") if isinstance(body, Mapping) else None
    for source in (body, parameters):
        tools = source.get("tools") if isinstance(source, Mapping) else None
        if isinstance(tools, list):
            return [str(_name(tool)) for tool in tools if isinstance(tool, Mapping)]
    return []


def _name(tool: Mapping[str, Any]) -> Any:
    function = tool.get("function")
    named = function if isinstance(function, Mapping) else tool
    return named.get("name") or tool.get("type") or "a tool without a name"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _asked(entry: Entry) -> str:
    if len(entry.body) > _MOST:
        return ""
    try:
        return last_message(loads_bounded(entry.body))[1]
    except ValueError:
        return ""


def _answered(entry: Entry) -> str:
    """What was answered: a text, the names of the functions that are called, or why not."""
    if entry.refusal is not None:
        return entry.refusal.words["compat"].message
    if entry.reply is None or not entry.reply.choices:
        return ""
    choice = entry.reply.choices[0]
    calls = ", ".join(f"{call.name}()" for call in choice.tool_calls)
    return choice.content or calls


def brief(entry: Entry) -> dict[str, Any]:
    """The entry as `GET /_mock/changes` gives it, without secrets."""
    usage = entry.usage
    # Cut first, a text could end within a secret, which nobody would know for one.
    texts = entry.covered({"asked": _asked(entry), "answered": _answered(entry)})
    finished = None if entry.finished is None else round(1000 * (entry.finished - entry.arrived), 3)
    return {
        "number": entry.number,
        "id": entry.request_id,
        "time": entry.arrived,
        "key": entry.world.name,
        "surface": entry.surface,
        "endpoint": entry.endpoint or None,
        "model": entry.model,
        "stream": entry.stream,
        "status": entry.status,
        "answered_by": entry.answered_by,
        "findings": list(dict.fromkeys(finding.rule for finding in entry.findings)),
        "fault": None if entry.fault is None else str(entry.fault),
        "input_tokens": None if usage is None else usage.input,
        "output_tokens": None if usage is None else usage.output,
        "first_byte_ms": round(1000 * (entry.started - entry.arrived), 3),
        "finished_ms": finished,
        "bytes": len(entry.body),
        **{name: _cut(text) for name, text in texts.items()},
    }
