"""What the kit and a driver say to each other: one JSON object a line, commands in, answers out.

Every command has exactly one answer. `schemas/driver.schema.json` describes both; docs/contract.md
tells it in words. The client library behind the driver keeps the history itself, for that is what is judged.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from mockserver.rules.schemas import validator, violations

VERSION = 1
"""The version of the protocol; a driver that speaks another one is refused."""

LINE = 64 * 1024 * 1024
"""The longest line that a driver may answer, in bytes."""

FEATURES = (
    "stream",
    "system",
    "tools",
    "thinking",
    "partial",
    "choices",
    "parts",
    "options",
    "usage",
    "cancel",
    "session",
    "threads",
    "keep",
    "parallel",
    "timeout",
)
"""What a driver may say that its client can do. What it cannot do is a failure of what needs it."""

OPTIONAL = ("interrupt",)
"""What is asked only of a client whose driver says that it can do it."""

KNOWN_FEATURES = (*FEATURES, *OPTIONAL)
"""Every feature that a driver may name."""


class ProtocolError(Exception):
    """A driver answered what no driver may answer: the fault is the driver's, not its client's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """Begins a conversation.

    `tools` are functions in the wire's form; `options` hold for every turn. `session` names a session with
    memory; `thread` is what a request names in the place of the history, where the service keeps that:
    `previous`, the response before it, or `conversation`, one that the client begins; `keep` is the most
    messages that a request may hold beside the system message, the running turn always being whole; `timeout`
    is in seconds, for a connection that falls silent.
    """

    conversation: str
    surface: str
    openai_url: str
    native_url: str
    anthropic_url: str
    key: str
    model: str
    system: str | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    session: str | None = None
    thread: str | None = None
    keep: int | None = None
    timeout: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Says something: `text`, or `parts` such as ``{"text": "…"}`` and ``{"image": "data:…"}``.

    `partial` is how the answer begins. `cancel_after` is the number of pieces after which to stop listening.
    """

    conversation: str
    text: str = ""
    parts: tuple[Mapping[str, Any], ...] = ()
    stream: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    partial: str | None = None
    cancel_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a function gave, by the id of its call."""

    id: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Hands over the results of the calls that were reported, in their order, and goes on."""

    conversation: str
    results: tuple[Result, ...]
    stream: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Ends a conversation."""

    conversation: str


Command = Begin | Say | Results | End
_TYPES: dict[type, str] = {Begin: "begin", Say: "say", Results: "results", End: "end"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Who the driver is, and what its client can do."""

    client: str
    surfaces: tuple[str, ...]
    features: tuple[str, ...] = FEATURES


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, as the client reports it. `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer, as the client reports it."""

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[Call, ...] = ()
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Tokens:
    """The usage, as the client reports it."""

    input: int
    output: int


@dataclass(frozen=True, slots=True)
class Error:
    """An error, as the client reports it: the class in its own language, the code of the wire."""

    kind: str
    code: str | None = None
    status: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of something said. `ended` is the answer to `End`: `usage` then is that of all turns."""

    choices: tuple[Choice, ...] = ()
    usage: Tokens | None = None
    error: Error | None = None
    cancelled: bool = False


def command_json(command: Command) -> dict[str, Any]:
    """A command as its line holds it; fields that say nothing are left out."""
    fields = {name: value for name, value in asdict(command).items() if value not in (None, (), {})}
    return {"type": _TYPES[type(command)], **fields}


def encoded(document: Mapping[str, Any]) -> bytes:
    """A line, in ASCII: no reader can break it at U+2028."""
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def hello_line() -> bytes:
    """The first line that a driver gets."""
    return encoded({"type": "hello", "version": VERSION})


def answer(line: bytes | str) -> dict[str, Any]:
    """The answer on a line. Raises `ProtocolError` for what the schema does not allow."""
    try:
        document = json.loads(line)
    except ValueError as error:
        msg = f"the driver's line is no JSON ({error}): {line[:200]!r}"
        raise ProtocolError(msg) from None
    return checked(document)


def checked(document: Any) -> dict[str, Any]:
    """An answer that the schema allows. Raises `ProtocolError`."""
    if not validator("driver").is_valid(document):
        first = violations("driver", document)[0]
        msg = f"the driver's answer breaks schemas/driver.schema.json at {first.path or 'its root'}: "
        raise ProtocolError(msg + first.message[:300])
    answered: dict[str, Any] = document
    return answered


def read_hello(document: Mapping[str, Any]) -> Hello:
    """A driver's introduction. Raises `ProtocolError`."""
    if document["type"] != "hello" or document["version"] != VERSION:
        spoken = document.get("version", document["type"])
        msg = f"the driver answered hello with {spoken!r}; this kit speaks version {VERSION} of the protocol"
        raise ProtocolError(msg)
    features = document.get("features")
    return Hello(
        client=document["client"],
        surfaces=tuple(document["surfaces"]),
        features=FEATURES if features is None else tuple(features),
    )


def read_report(document: Mapping[str, Any]) -> Report:
    """A report. Raises `ProtocolError` for another answer, such as the driver's own trouble."""
    if document["type"] == "trouble":
        msg = f"the driver is in trouble: {document['message']}"
        raise ProtocolError(msg)
    if document["type"] != "report":
        msg = f"the driver answered {document['type']!r} where a report was due"
        raise ProtocolError(msg)
    usage, error = document.get("usage"), document.get("error")
    return Report(
        choices=tuple(_choice(choice) for choice in document.get("choices") or ()),
        usage=Tokens(usage["input"], usage["output"]) if usage else None,
        error=_error(error) if error else None,
        cancelled=bool(document.get("cancelled")),
    )


def _choice(choice: Mapping[str, Any]) -> Choice:
    calls: Sequence[Mapping[str, Any]] = choice.get("tool_calls") or ()
    return Choice(
        text=choice.get("text") or "",
        thinking=choice.get("thinking") or "",
        tool_calls=tuple(Call(call["id"], call["name"], call["arguments"]) for call in calls),
        finish_reason=choice.get("finish_reason"),
    )


def _error(error: Mapping[str, Any]) -> Error:
    return Error(error["kind"], error.get("code"), error.get("status"), error.get("message") or "")


def read_command(document: Mapping[str, Any]) -> Command:
    """A command of a line, for drivers in Python. Raises `ProtocolError`."""
    kinds = {name: kind for kind, name in _TYPES.items()}
    kind = kinds.get(document.get("type", ""))
    if kind is None:
        msg = f"there is no command {document.get('type')!r}; known are {', '.join(kinds)}"
        raise ProtocolError(msg)
    fields = {name: value for name, value in document.items() if name != "type"}
    try:
        for name in ("tools", "parts", "results"):
            if name in fields:
                fields[name] = tuple(Result(**item) if name == "results" else item for item in fields[name])
        command: Command = kind(**fields)
    except TypeError as error:
        msg = f"the command {document['type']!r} cannot be read: {error}"
        raise ProtocolError(msg) from None
    return command


def report_json(report: Report) -> dict[str, Any]:
    """A report as its line holds it."""
    return {"type": "report", **asdict(report)}
