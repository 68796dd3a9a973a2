"""An answer's bytes put together to what was said, for all dialects, however odd the answer is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.dialects.dialect import Dialect
from mockserver.dialects.events import message_of
from mockserver.dialects.table import speaker
from mockserver.recording import documents
from mockserver.recording.lanes import grows
from mockserver.talk.reply import Choice
from mockserver.talk.request import ToolCall
from mockserver.wire import sse


@dataclass(frozen=True, slots=True)
class Failure:
    """A refusal as it was answered."""

    status: int
    code: str | None
    message: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """What an answer says. `usage` is the last that was sent; `error` the refusal, if it is one."""

    choices: tuple[Choice, ...] = ()
    usage: Mapping[str, Any] | None = None
    error: Failure | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)

    def shown(self) -> dict[str, Any] | None:
        """The reply as a cassette shows it, in the words of the control API; None when nothing is said."""
        if self.error is not None:
            words = {"status": self.error.status, "code": self.error.code, "message": self.error.message}
            return {"error": words if self.error.type is None else {**words, "type": self.error.type}}
        if not self.choices:
            return None
        shown: dict[str, Any] = {"choices": [_shown(choice) for choice in self.choices]}
        if self.usage is not None:
            shown["usage"] = dict(self.usage)
        return {**shown, **self.extras}

    def sayable(self) -> "Folded":
        """The same in texts that can be written: a recorded one may hold half of a surrogate pair."""
        said, error = documents.sayable, self.error
        if error is not None:
            error = Failure(error.status, said(error.code), said(error.message), said(error.type))
        return Folded(tuple(map(_sayable, self.choices)), said(self.usage), error, said(self.extras))


def _sayable(choice: Choice) -> Choice:
    said = documents.sayable
    calls = (
        replace(call, id=said(call.id), name=said(call.name), arguments=said(call.arguments))
        for call in choice.tool_calls
    )
    return replace(
        choice,
        content=said(choice.content),
        reasoning=said(choice.reasoning),
        tool_calls=tuple(calls),
        finish_reason=said(choice.finish_reason),
    )


def _shown(choice: Choice) -> dict[str, Any]:
    shown: dict[str, Any] = {"content": choice.content}
    if choice.reasoning:
        shown["reasoning_content"] = choice.reasoning
    if choice.tool_calls:
        shown["tool_calls"] = [
            {"id": call.id, "name": call.name, "arguments": call.arguments} for call in choice.tool_calls
        ]
    return {**shown, "finish_reason": choice.finish_reason or None}


def text_of(content: Any) -> str:
    """The text of a content: a string, null, or an array of parts."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def payloads(body: bytes) -> list[tuple[sse.Frame | None, Any]]:
    """The JSON documents of an answer, each with its frame; None for a body that is no stream."""
    if not documents.is_sse(body):
        return [(None, documents.parse(body))]
    frames = [frame for frame in sse.read(body) if frame.data is not None]
    return [(frame, documents.parse(frame.data or "")) for frame in frames if frame.data != "[DONE]"]


@dataclass(slots=True)
class _Said:
    """One choice on the way; each text as the pieces that came."""

    content: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: dict[Any, tuple[list[str], list[str], list[str]]] = field(default_factory=dict)
    finish: str = ""

    def add(self, said: Mapping[str, Any]) -> None:
        if said.get("content") is not None:
            self.content.append(text_of(said["content"]))
        if said.get("reasoning_content") is not None:
            self.reasoning.append(text_of(said["reasoning_content"]))
        calls = said.get("tool_calls")
        for at, call in enumerate(calls if isinstance(calls, list) else ()):
            if not isinstance(call, dict):
                continue
            index = call.get("index")
            key = index if isinstance(index, int) else at
            ids, names, arguments = self.calls.setdefault(key, ([], [], []))
            function = call.get("function") if isinstance(call.get("function"), dict) else {}
            assert isinstance(function, dict)
            for pieces, piece in ((ids, call.get("id")), (names, function.get("name"))):
                if isinstance(piece, str) and piece and piece not in pieces[-1:]:
                    pieces.append(piece)
            given = function.get("arguments")
            arguments.append(given if isinstance(given, str) else "")

    def choice(self, *, growing: bool) -> Choice:
        def whole(pieces: list[str]) -> str:
            return max(pieces, key=len, default="") if growing else "".join(pieces)

        calls = tuple(
            ToolCall("".join(names[:1]), whole(arguments), "".join(ids[:1]))
            for _, (ids, names, arguments) in sorted(self.calls.items())
        )
        return Choice(whole(self.content), whole(self.reasoning), calls, self.finish)


def is_error(document: Mapping[str, Any]) -> bool:
    """Whether a document is a refusal, of either dialect."""
    if isinstance(document.get("error"), dict):
        return True
    return "output" not in document and {"code", "message"} <= document.keys()


def _error(document: Mapping[str, Any], status: int) -> Failure | None:
    if not is_error(document):
        return None
    inner = document.get("error")
    held = inner if isinstance(inner, dict) else document
    code, kind = held.get("code"), held.get("type")
    message = held.get("message")
    return Failure(
        status,
        None if code is None else str(code),
        message if isinstance(message, str) else "",
        kind if isinstance(kind, str) else None,
    )


def _pieces(
    document: Mapping[str, Any], dialect: Dialect | None
) -> Iterable[tuple[int, Mapping[str, Any], Any]]:
    if dialect is not None:
        for choice in dialect.retold(document):
            yield choice["index"], message_of(choice), choice.get("finish_reason")
        return
    output = document.get("output")
    if isinstance(output, dict) and not isinstance(output.get("choices"), list) and "text" in output:
        yield 0, {"content": output["text"]}, output.get("finish_reason")
        return
    for at, choice in enumerate(documents.choices_of(document)):
        said = choice.get("message") if isinstance(choice.get("message"), dict) else choice.get("delta")
        index = choice.get("index")
        place = index if isinstance(index, int) else at
        yield place, said if isinstance(said, dict) else {}, choice.get("finish_reason")


def fold(body: bytes, *, status: int, pieces: bool = False) -> Folded:
    """What an answer says. Never raises: what cannot be understood says nothing.

    `pieces`: it is known to be no stream that repeats its text so far; else the texts tell.
    """
    found: dict[int, _Said] = {}
    usage: Mapping[str, Any] | None = None
    error: Failure | None = None
    extras: dict[str, Any] = {}
    native = False
    for frame, document in payloads(body):
        if not isinstance(document, dict):
            continue
        sent = frame.status if frame is not None else None
        dialect = speaker(document)
        held = document if dialect is None else dialect.holder(document)
        error = _error(held, sent or status) or error
        if isinstance(held.get("usage"), dict) and (held["usage"] or usage is None):
            usage = held["usage"]
        output = document.get("output")
        native = native or isinstance(output, dict)
        for name in ("search_info", "tool_info"):
            if isinstance(output, dict) and output.get(name):
                extras[name] = output[name]
        for index, said, finish in _pieces(document, dialect):
            choice = found.setdefault(index, _Said())
            choice.add(said)
            if isinstance(finish, str) and finish not in ("", "null"):
                choice.finish = finish
    growing = native and not pieces and all(_grows(said) for said in found.values())
    choices = tuple(said.choice(growing=growing) for _, said in sorted(found.items()))
    return Folded(choices, usage, error, extras)


def _grows(said: _Said) -> bool:
    """Whether a choice of a native stream repeats its text so far in every event."""
    lanes = [said.content, said.reasoning, *(call[2] for call in said.calls.values())]
    texts = [lane for lane in lanes if len(lane) > 1 and any(lane)]
    return bool(texts) and all(grows(lane) for lane in texts)
