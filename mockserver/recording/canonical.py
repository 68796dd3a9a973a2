"""The key by which a request finds its recording: the conversation, without what differs from run to run.

Ids, times and the order of keys do not count. The system prompt is kept apart, because it lives: a
changed one is warned of and does not miss. Two keys come of a request: the `strict` one has all that was
asked, the `talk` one only the conversation and its model, the same on every surface. A form with files is
compared by its parts, whatever stands between them.
"""

import json
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl

from mockserver.dialects.table import dialect_of, named
from mockserver.recording import documents, forms
from mockserver.recording.interaction import Request, surface_of
from mockserver.talk.request import Message
from mockserver.talk.surface import Trait

_VOLATILE = re.compile(
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\b(?:call|chatcmpl|toolu|msg|run|thread)[-_][0-9A-Za-z-]{16,64}"
    r"|\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\b1[0-9]{12}\b",
    re.IGNORECASE | re.ASCII,
)
"""Ids and moments within texts: UUIDs, ids of calls and answers, ISO 8601, milliseconds since 1970."""

_DIGIT = re.compile(r"[0-9]")
_UPLOAD = re.compile(r"\boss://\S*/([^/\s]+)")
_BLANKS = (r"\n", r"\r", r"\t", r"\u00a0", r"\u3000")
"""Whitespace as JSON escapes it; of all else only the blank itself stands in it."""

_ESCAPED = re.compile("|".join(map(re.escape, _BLANKS)))
_ESCAPE = max(map(len, _BLANKS))

_STRETCH = 64 * 1024
"""So many characters of a long text are searched at once: other threads have their turn in between."""

_LONGEST = 128
"""No id and no moment is as long, with what must not follow it."""

_IDS = frozenset(("user", "request_id", "session_id", "trace_id", "metadata", "created", "timestamp"))
"""Fields of a body that name a run and not a wish."""

_FORMLESS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a dialect raises for a body that has not its form: what is compared was not checked before."""

_APART = frozenset(("messages", "input", "model", "stream", "parameters", "system", "instructions"))


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one request; those that end in `_loose` leave all whitespace out."""

    strict: str
    strict_loose: str
    talk: str
    talk_loose: str
    system: str


def steady(text: str) -> str:
    """A text with its ids and moments levelled."""
    if not _DIGIT.search(text):
        return text
    named = _UPLOAD.sub(r"oss://<upload>/\1", text) if "oss://" in text else text
    return _VOLATILE.sub("<volatile>", named) if len(named) <= _STRETCH else _steady_in_stretches(named)


def _steady_in_stretches(text: str) -> str:
    pieces, at = [], 0
    for begin in range(0, len(text), _STRETCH):
        end = begin + _STRETCH
        for found in _VOLATILE.finditer(text, max(begin, at), end + _LONGEST):
            if found.start() >= end:
                break
            pieces += [text[at : found.start()], "<volatile>"]
            at = found.end()
    return "".join([*pieces, text[at:]])


def _hashes(value: Any) -> tuple[str, str]:
    """The hash of a JSON value, and that of what is left of it without whitespace."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return _digest(text.encode()), _digest(_bare(text).encode())


def _bare(text: str) -> str:
    """A JSON text without whitespace, in stretches that cut no escape in two."""
    pieces, begin = [], 0
    while begin < len(text):
        end = begin + _STRETCH
        near = _ESCAPED.finditer(text, max(begin, end - _ESCAPE), end + _ESCAPE)
        end = max([end, *(found.end() for found in near if found.start() < end)])
        piece = text[begin:end]
        for blank in _BLANKS:
            piece = piece.replace(blank, " ")  # and not nothing: what stood around it must not become another
        pieces.append(piece.replace(" ", ""))
        begin = end
    return "".join(pieces)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _levelled(value: Any) -> Any:
    """A JSON value without nulls and ids, its texts steady."""
    if isinstance(value, str):
        return steady(value)
    if isinstance(value, list):
        return [_levelled(item) for item in value]
    if isinstance(value, dict):
        return {
            steady(name): _levelled(inner)
            for name, inner in value.items()
            if inner is not None and name not in _IDS
        }
    return value


def _arguments(text: str) -> Any:
    value = documents.parse(text)
    return steady(text) if value is documents.UNREADABLE else _levelled(value)


def _message(message: Message, names: dict[str, int]) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "text": steady(message.text)}
    if message.media:
        said["media"] = [[part.kind, _medium(part.value)] for part in message.media]
    if message.tool_calls:
        said["calls"] = [
            [call.name, _arguments(call.arguments), names.setdefault(call.id, len(names))]
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        said["answers"] = names.setdefault(message.tool_call_id, len(names))
    if message.partial:
        said["partial"] = True
    return said


def _medium(value: Any) -> Any:
    """A medium: its URL, whether a dialect puts that into an object or not."""
    return _levelled(value["url"] if isinstance(value, dict) and list(value) == ["url"] else value)


def _tool_names(asked: dict[str, Any], surface: str) -> list[str]:
    try:
        tools = dialect_of(named(surface)).options(asked).get("tools")
    except _FORMLESS:
        return []
    tools = tools if isinstance(tools, list) else []
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)]
    return sorted(str(function.get("name")) for function in functions if isinstance(function, dict))


def _conversation(asked: dict[str, Any], surface: str) -> list[dict[str, Any]]:
    """The messages of a body of a surface; none when it has not the form of its dialect."""
    names: dict[str, int] = {}
    try:
        return [_message(message, names) for message in dialect_of(named(surface)).messages(asked)]
    except _FORMLESS:
        return []


def _body(body: bytes) -> Any:
    """A body that is no JSON: the parts of a form under their names, else its text or its bytes."""
    parts = forms.parts_of(body)
    if parts is None:
        return _text_or_bytes(body)
    named_parts: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        named_parts.setdefault(part.name, []).append(_part(part))
    return {"form": named_parts}


def _part(part: forms.Part) -> dict[str, Any]:
    """A part of a form, with what it was sent with."""
    told = {"filename": part.file, "type": part.type}
    shown: dict[str, Any] = {name: steady(value) for name, value in told.items() if value is not None}
    content = _text_or_bytes(part.content)
    return {**shown, **(content if isinstance(content, dict) else {"text": content})}


def _text_or_bytes(data: bytes) -> str | dict[str, Any]:
    """A text as it is compared; of what is none a digest stands for its bytes."""
    try:
        return steady(data.decode("utf-8"))
    except UnicodeDecodeError:
        return {"bytes": len(data), "blake2b": _digest(data)}


def document_of(request: Request, surface: str) -> dict[str, Any]:
    """The canonical form of a request: what is compared, and shown when nothing matches."""
    asked = documents.parse(request.body) if request.body else None
    if not isinstance(asked, dict):
        body = _body(request.body) if asked is documents.UNREADABLE else _levelled(asked)
        return {"endpoint": _endpoint(request, surface), "body": body}
    conversation = _conversation(asked, surface) if surface != "other" else []
    document: dict[str, Any] = {
        "endpoint": _endpoint(request, surface),
        "model": asked.get("model"),
        "system": [said for said in conversation if said["role"] == "system"],
        "messages": [said for said in conversation if said["role"] != "system"],
        "stream": _streams(request, asked, surface),
    }
    if not conversation:
        return {**document, "body": _levelled(asked)}
    apart = Trait.APART in named(surface).traits
    parameters = asked.get("parameters") if apart else asked
    held = parameters if isinstance(parameters, dict) else {}
    document["parameters"] = _levelled(
        {name: value for name, value in held.items() if apart or name not in _APART}
    )
    return document


def _endpoint(request: Request, surface: str) -> str:
    if surface != "other":
        return surface
    query = sorted((name, steady(value)) for name, value in parse_qsl(request.query, keep_blank_values=True))
    shown = "&".join(f"{name}={value}" for name, value in query)
    return f"{request.method} {steady(request.path)}" + (f"?{shown}" if shown else "")


def _streams(request: Request, asked: dict[str, Any], surface: str) -> bool:
    if surface == "other":
        return False
    headers = {name.lower(): value for name, value in request.headers}
    return dialect_of(named(surface)).streams(headers, asked)


def keys_of(request: Request) -> Keys:
    """The keys of a request, which must be redacted already."""
    surface = surface_of(request.path)
    document = document_of(request, surface)
    strict = {name: value for name, value in document.items() if name != "system"}
    system = document.get("system") or []
    hashes = talk = _hashes(strict)
    if document.get("messages"):
        asked = documents.parse(request.body)
        talk = _hashes([document["model"], document["messages"], _tool_names(asked, surface)])
    return Keys(*hashes, *talk, _hashes(system)[0])


def shape_of(request: Request) -> tuple[str, bool]:
    """The surface of a request, and whether it asks for a stream."""
    surface = surface_of(request.path)
    asked = documents.parse(request.body) if request.body else None
    return surface, isinstance(asked, dict) and _streams(request, asked, surface)
