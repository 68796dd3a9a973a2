"""Writes a scenario from a journal: the same requests get the same answers from it."""

import re
from collections.abc import Iterable
from typing import Any

import yaml

from mockserver.base.jsontext import dumps, loads_bounded
from mockserver.base.logs import without
from mockserver.catalogue.errors import Errors, Refusal
from mockserver.scripts.script import ScriptError, read_answer
from mockserver.state.journal import Entry
from mockserver.talk.raw import spec_of
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ToolCall

_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")
"""What PyYAML writes into a quoted text and reads back as another line break, or not at all."""


_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""The dumper in C, four times as fast, where there is one."""


class _Dumper(_DUMPER):  # type: ignore[misc]  # which of the two, is known when it runs
    """Writes every text so that it is read back the same; several lines as they are."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - each reply stands by itself
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"' if _BREAKS.search(text) else "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def dump(document: Any) -> str:
    """A document as YAML text."""
    text: str = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text


def _choice(choice: Choice) -> dict[str, Any]:
    spec: dict[str, Any] = {"content": choice.content, "finish_reason": choice.finish_reason}
    if choice.media:
        parts = [{"text": choice.content}] * bool(choice.content)
        spec["content"] = [*parts, *({part.kind: part.value} for part in choice.media)]
    if choice.reasoning:
        spec["reasoning_content"] = choice.reasoning
    if choice.tool_calls:
        spec["tool_calls"] = [_call(call) for call in choice.tool_calls]
    return spec


def _call(call: ToolCall) -> dict[str, Any]:
    spec: dict[str, Any] = {"id": call.id, "name": call.name, "arguments": call.arguments}
    if call.chunks:
        spec["chunks"] = list(call.chunks)
    return spec | ({"ids": call.ids} if call.ids else {})


def reply_spec(reply: Reply) -> dict[str, Any]:
    """A reply as a script says it. Its pace stays behind: a server has its own."""
    if reply.raw is not None:
        return spec_of(reply.raw)
    choices = [_choice(choice) for choice in reply.choices]
    spec: dict[str, Any] = choices[0] if len(choices) == 1 else {"choices": choices}
    if reply.chunks:
        spec["chunks"] = list(reply.chunks)
    carried = {
        "dialect": reply.dialect,
        "usage": reply.usage,
        "search_info": reply.search_info,
        "tool_info": reply.tool_info,
        "empty_finish": reply.empty_finish or None,
        "acts": list(reply.acts) or None,
    }
    return spec | {name: value for name, value in carried.items() if value is not None}


def error_spec(refusal: Refusal, errors: Errors) -> dict[str, Any]:
    """A refusal as a script says it: by its code where the catalogue has its words."""
    code = refusal.code
    for spec in ({"code": code}, {"code": code, "status": refusal.status}):
        try:
            if read_answer({"error": spec}, errors) == refusal:
                return {"error": spec}
        except ScriptError:
            break
    words = refusal.words["compat"]
    full = {"code": code, "status": refusal.status, "message": words.message, "type": words.type}
    return {"error": full}


def _answer(entry: Entry, errors: Errors) -> dict[str, Any] | None:
    if entry.reply is not None:
        spec: dict[str, Any] = without(reply_spec(entry.reply), entry.world.key)
        return spec
    scripted = entry.answered_by not in ("mock", "miss", "built-in")
    return error_spec(entry.refusal, errors) if scripted and entry.refusal is not None else None


def scenario_of(entries: Iterable[Entry], errors: Errors) -> dict[str, Any]:
    """The scenario of these exchanges. What the cloud refuses by itself is left to it."""
    replies: dict[bytes, dict[str, Any]] = {}
    for entry in entries:
        answer = _answer(entry, errors)
        if answer is None:
            continue
        try:
            request = loads_bounded(entry.body)
        except ValueError:
            continue  # a recording answers what no script is asked
        match = {"surface": entry.surface, "stream": entry.stream, "request": request}
        spec = replies.setdefault(dumps(match), {"match": match, "reply": []})
        spec["reply"].append(answer)
    for spec in replies.values():
        if all(reply == spec["reply"][0] for reply in spec["reply"]):
            spec["reply"] = spec["reply"][0]
    return {"name": "From a journal", "templates": False, "replies": list(replies.values())}


def as_yaml(scenario: dict[str, Any]) -> str:
    """A scenario as the text of a file."""
    return f"# yaml-language-server: $schema=scenario.schema.json\n{dump(scenario)}"
