"""Conversations written as transcripts: each answer becomes a script that matches all before it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.scripts.conversation import Lead
from mockserver.scripts.template import is_template

Line = tuple[str, Any]
"""One line of a transcript: who speaks, and what."""


def line(entry: Mapping[str, Any]) -> Line:
    """The one pair of an entry such as `{"user": "Hello"}`."""
    return next(iter(entry.items()))


def _reply(said: Any) -> Any:
    return {"content": said} if isinstance(said, str) else said


def _told(said: Any, *, templates: bool) -> Any:
    """What the client repeats of an answer: its text; None, any text, when nobody can know it."""
    if isinstance(said, list):
        # A sequence ends with what was said when it went well.
        said = said[-1]
    content = said if isinstance(said, str) else "".join(said.get("chunks") or [said.get("content") or ""])
    return None if templates and is_template(content) else content


def scripts_of(conversation: Mapping[str, Any], *, templates: bool) -> Iterator[tuple[int, dict[str, Any]]]:
    """The scripts of a conversation, each with the index of the line that it says.

    A reply that is an error, or ends with one, is not repeated by a client: what comes after it would
    never be reached, so the steps before it stay as they were.
    """
    lead: Lead | None = None
    for at, entry in enumerate(conversation["messages"]):
        who, said = line(entry)
        if who != "assistant":
            lead = Lead(lead, {who: said})
            continue
        match = {**(conversation.get("match") or {}), "conversation": () if lead is None else lead}
        spec: dict[str, Any] = {
            "match": match,
            "reply": [_reply(reply) for reply in said] if isinstance(said, list) else _reply(said),
        }
        if "times" in conversation:
            spec["times"] = conversation["times"]
        yield at, spec
        last = said[-1] if isinstance(said, list) else said
        if not (isinstance(last, Mapping) and "error" in last):
            if lead is not None and "prefix" in lead.step:
                # The client joins its prefix and the answer, so only it knows the whole.
                lead = Lead(lead.before, {"assistant": None})
            else:
                lead = Lead(lead, {"assistant": _told(said, templates=templates)})


def fault(messages: Sequence[Mapping[str, Any]]) -> tuple[int, str] | None:
    """The first line that stands where none of its kind can, and why; None when all is well."""
    before = "system"
    for at, entry in enumerate(messages):
        who, _ = line(entry)
        if who == "system" and before != "system":
            return at, "a system line stands at the beginning only"
        if who == "assistant" and before in ("system", "assistant"):
            return (
                at,
                "an assistant line answers a user, tool or prefix line, so one of them must come before it",
            )
        before = who
    if before != "assistant":
        return len(messages) - 1, "the last line is never answered: end with an assistant line"
    return None
