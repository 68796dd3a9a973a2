"""Fixtures of aimock: what was said to which message. They hold no bytes, so that they become a scenario."""

from typing import Any

from mockserver.recording.importers import pieces
from mockserver.recording.importers.told import Scripted, Skipped

_SAID = {"content": "content", "reasoning": "reasoning_content"}


def _calls(held: Any, where: str) -> list[dict[str, Any]]:
    calls = []
    for call in held if isinstance(held, list) else []:
        if not isinstance(call, dict) or not isinstance(call.get("name"), str):
            raise pieces.fault(where, "one of its tool calls has no name")
        arguments = call.get("arguments", "{}")
        text = arguments if isinstance(arguments, str) else pieces.json_of(arguments, where).decode("utf-8")
        calls.append(
            {"name": call["name"], "arguments": text, **({"id": call["id"]} if call.get("id") else {})}
        )
    return calls


def _reply(response: dict[str, Any], where: str) -> dict[str, Any]:
    error = response.get("error")
    if isinstance(error, dict):
        status = pieces.status_of(response.get("status", 500), where)
        code = error.get("code") or error.get("type") or "Unknown"
        return {"error": {"status": status, "code": str(code), "message": str(error.get("message", ""))}}
    said = {ours: response[theirs] for theirs, ours in _SAID.items() if isinstance(response.get(theirs), str)}
    calls = _calls(response.get("toolCalls"), where)
    return {**said, **({"tool_calls": calls} if calls else {})}


def scripted(fixture: Any, where: str) -> Scripted | Skipped:
    """The script of a fixture. Raises `ImportFaultError`."""
    match = fixture.get("match") if isinstance(fixture, dict) else None
    response = fixture.get("response") if isinstance(fixture, dict) else None
    if not isinstance(match, dict) or not isinstance(response, dict):
        raise pieces.fault(where, "it has no match or no response")
    if not isinstance(match.get("userMessage"), str):
        return Skipped(where, "it matches no text of a user; write a reply for it (docs/scenarios.md)")
    reply = _reply(response, where)
    if not reply:
        return Skipped(where, "it is no chat: it says no content, no tool calls and no error")
    model = {"model": match["model"]} if isinstance(match.get("model"), str) else {}
    return Scripted(where, {"match": {**model, "last_user": match["userMessage"]}, "reply": reply})
