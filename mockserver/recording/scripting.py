"""Recordings as a scenario: what was answered, sent again by scripts as it stands.

A scenario keeps the bytes of a chat: its status, its headers, its body or the frames of its stream. What it
has no place for is told of each recording.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.jsontext import dumps, loads_bounded
from mockserver.recording import canonical, documents
from mockserver.recording.importers.assembling import frames
from mockserver.recording.interaction import Interaction, Response
from mockserver.recording.redaction import MARK
from mockserver.scenario.export import as_yaml
from mockserver.talk.raw import BadRawError, read_raw

_SERVERS = frozenset(
    (
        *("connection", "content-encoding", "content-length", "content-range", "date", "keep-alive"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    )
)
"""The headers that the server sets by itself."""


@dataclass(slots=True)
class _Made:
    """What became of one recording: how it is answered, if it is, and what is not kept or why."""

    reply: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)


def _texts(response: Response, body: bytes) -> list[str]:
    """The frames of a stream as texts: as they came where each is one. Raises `UnicodeDecodeError`."""
    chunks = [chunk.data for chunk in response.chunks]
    try:
        return [data.decode("utf-8") for data in (chunks if b"".join(chunks) == body else frames(body))]
    except UnicodeDecodeError:
        return [frame.decode("utf-8") for frame in frames(body)]


def _headers(response: Response, notes: list[str]) -> dict[str, Any]:
    grouped: dict[str, list[str]] = {}
    for name, value in response.headers:
        lower = name.lower()
        if lower == "content-encoding" and value.strip().lower() != "identity":
            notes.append(f"its packing ({value})")
        elif lower not in _SERVERS:
            grouped.setdefault(lower, []).append(value)
    written: dict[str, Any] = {}
    for name, values in grouped.items():
        one: Any = values if len(values) > 1 else values[0]
        try:
            read_raw({"headers": {name: one}})
        except BadRawError:
            notes.append(f"the header {name}, which a script cannot send")
        else:
            written[name] = one
    return {"content-type": None, **written}


def _why_not(interaction: Interaction) -> str:
    """Why a recording cannot be scripted; "" when it can."""
    if interaction.response.kept == "missing":
        return f"it holds no answer: {interaction.response.lost}"
    if interaction.surface == "other":
        return "a script answers no path but those of chats"
    if not isinstance(interaction.asked, dict):
        return "its request is no JSON object"
    try:
        loads_bounded(interaction.request.body)
    except ValueError as error:
        return f"a server reads no such request: {error}"
    return ""


def _made(interaction: Interaction) -> _Made:
    """How a script answers as a recording does."""
    made = _Made()
    why = _why_not(interaction)
    if why:
        made.notes.append(why)
        return made
    response, body = interaction.response, interaction.response.body
    spec: dict[str, Any] = {"status": response.status, "headers": _headers(response, made.notes)}
    try:
        if documents.is_sse(body):
            spec["frames"] = _texts(response, body)
        elif body:
            spec["body"] = body.decode("utf-8")
    except UnicodeDecodeError:
        made.notes = ["its body is no text"]
        return made
    try:
        read_raw(spec)
    except BadRawError as error:
        made.notes = [str(error)]
        return made
    if response.standing == "cut":
        made.notes.append("that it broke off: a fault can say so")
    elif response.standing == "rebuilt":
        made.notes.append(f"that it was made anew: {response.lost or 'nobody told why'}")
    if MARK.encode() in interaction.request.body:
        made.notes.append("what was secret in its request: ask it with [redacted] in that place")
    made.reply = spec
    return made


def scenario(recordings: Iterable[tuple[str, Interaction]]) -> tuple[str, list[str]]:
    """The text of a scenario that answers as the recordings do, and for each what it has no place for."""
    replies: dict[bytes, dict[str, Any]] = {}
    notes = []
    for name, interaction in recordings:
        made = _made(interaction)
        if made.reply is None:
            notes.append(f"{name}: left out: {made.notes[0]}")
            continue
        notes += [f"{name}: not kept: {note}" for note in made.notes]
        surface, streams = canonical.shape_of(interaction.request)
        match = {"surface": surface, "stream": streams, "request": interaction.asked}
        replies.setdefault(dumps(match), {"match": match, "reply": []})["reply"].append(made.reply)
    for one in replies.values():
        if len(one["reply"]) == 1:
            (one["reply"],) = one["reply"]
    document = {"name": "From recordings", "templates": False, "replies": list(replies.values())}
    return as_yaml(document), notes
