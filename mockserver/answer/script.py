"""Scripted replies: read from the control API's JSON, kept in order, used up as they answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from mockserver.answer.match import Match
from mockserver.catalogue.errors import Errors, Refusal, UnknownErrorCodeError, Words, fill
from mockserver.faults.fault import BadFaultError, Faults, read_faults
from mockserver.wire.jsontext import dumps
from mockserver.wire.reply import Choice, Pace, Reply
from mockserver.wire.request import ChatRequest, ToolCall

Answer = Reply | Refusal

_SAYING = ("content", "reasoning_content", "tool_calls", "finish_reason", "choices", "chunks")
"""What a reply says; one with none of these and a fault leaves the words to the built-in model."""


class ScriptError(ValueError):
    """A scripted reply that cannot be understood; the message says what and how to mend it."""


def _call(spec: Mapping[str, Any]) -> ToolCall:
    arguments = spec["arguments"]
    text = arguments if isinstance(arguments, str) else dumps(arguments).decode()
    return ToolCall(spec["name"], text, spec.get("id") or "")


def _choice(spec: Mapping[str, Any], chunks: list[str] | None = None) -> Choice:
    calls = tuple(_call(call) for call in spec.get("tool_calls") or ())
    return Choice(
        content="".join(chunks) if chunks else spec.get("content") or "",
        reasoning=spec.get("reasoning_content") or "",
        tool_calls=calls,
        finish_reason=spec.get("finish_reason") or ("tool_calls" if calls else "stop"),
    )


def _refusal(spec: Mapping[str, Any], errors: Errors) -> Refusal:
    code = spec["code"]
    status, message = spec.get("status"), spec.get("message")
    try:
        known = fill(errors.by_code(code), {}) if code is not None else None
    except UnknownErrorCodeError:
        known = None
        if status is None or message is None:
            near = get_close_matches(code, errors.codes(), n=1)
            hint = f"; the nearest known one is {near[0]!r}" if near else ""
            msg = f"reply.error.code {code!r} is not in the catalogue{hint}; or give status and message too"
            raise ScriptError(msg) from None
    if known is None:
        compat = Words(code, message or "", spec.get("type", code))
        return Refusal(status or 400, Words(code or "InvalidParameter", message or ""), compat, "gateway")
    if message is not None:
        native = replace(known.native, message=message)
        compat = replace(known.compat, message=message)
        known = replace(known, native=native, compat=compat, prefix="")
    if "type" in spec:
        known = replace(known, compat=replace(known.compat, type=spec["type"]))
    return replace(known, status=status or known.status)


def _faults(spec: Any, errors: Errors) -> Faults:
    try:
        return read_faults(spec, errors)
    except BadFaultError as error:
        msg = f"reply.fault: {error}"
        raise ScriptError(msg) from None


def read_answer(spec: Mapping[str, Any], errors: Errors) -> Answer:
    """One reply of a script, as its schema allows it. Raises `ScriptError`."""
    if "error" in spec:
        if "fault" in spec:
            msg = "reply.fault: an error has no fault; write the error as one: error=CODE;after=5"
            raise ScriptError(msg)
        return _refusal(spec["error"], errors)
    fault = _faults(spec["fault"], errors) if "fault" in spec else None
    chunks = spec.get("chunks")
    choices = spec.get("choices") or [spec]
    pace = spec.get("pace")
    silent = fault is not None and not any(name in spec for name in _SAYING)
    return Reply(
        choices=()
        if silent
        else tuple(_choice(choice, None if at else chunks) for at, choice in enumerate(choices)),
        dialect=spec.get("dialect"),
        usage=spec.get("usage"),
        search_info=spec.get("search_info"),
        tool_info=spec.get("tool_info"),
        chunks=tuple(chunks) if chunks else None,
        pace=Pace(**pace) if pace else None,
        fault=fault,
    )


@dataclass(slots=True)
class Script:
    """One entry of the control API: when it answers, what it says, how often it did."""

    id: str
    match: Match
    answers: tuple[Answer, ...]
    times: int | None
    spec: Mapping[str, Any] = field(repr=False)
    used: int = 0

    @classmethod
    def read(cls, spec: Mapping[str, Any], script_id: str, errors: Errors) -> "Script":
        """A script from the control API's JSON. Raises `ScriptError` or `MatchError`."""
        said = spec["reply"]
        replies = said if isinstance(said, list) else [said]
        answers = tuple(read_answer(reply, errors) for reply in replies)
        return cls(script_id, Match.read(spec.get("match")), answers, spec.get("times"), spec)

    @property
    def spent(self) -> bool:
        """Whether it may answer no more."""
        return self.times is not None and self.used >= self.times

    def take(self) -> Answer:
        """The next answer of the sequence; the last one repeats."""
        answer = self.answers[min(self.used, len(self.answers) - 1)]
        self.used += 1
        return answer


class Scripts:
    """All scripts of a server, in the order of their arrival."""

    def __init__(self) -> None:
        self._scripts: dict[str, Script] = {}
        self._count = 0

    def __iter__(self) -> Iterator[Script]:
        return iter(self._scripts.values())

    def add(self, spec: Mapping[str, Any], errors: Errors) -> Script:
        """Enters a script and gives it an id. Raises `ScriptError` or `MatchError`."""
        self._count += 1
        script = Script.read(spec, f"reply-{self._count}", errors)
        self._scripts[script.id] = script
        return script

    def remove(self, script_id: str) -> bool:
        """Takes a script out; False when there is none of that id."""
        return self._scripts.pop(script_id, None) is not None

    def clear(self, key: str | None = None) -> None:
        """Forgets all scripts, or those of one API key's world."""
        if key is None:
            self._scripts.clear()
            return
        self._scripts = {name: script for name, script in self._scripts.items() if script.match.key != key}

    def find(self, key: str, request: ChatRequest) -> Script | None:
        """The first script that matches and has uses left."""
        for script in self._scripts.values():
            if not script.spent and script.match.holds(key, request):
                return script
        return None
