"""What every driver in Python shares: commands of the contract kit come in by lines, answers go out.

A driver is a subclass of `Conversation` that asks its client library, and `serve` at the end of the file. It
runs in the environment of its client, so this module needs nothing but the standard library. The protocol is
described by `schemas/driver.schema.json`; the loops in other languages are this one over again.
"""

import asyncio
import json
import os
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any

Document = dict[str, Any]
"""A JSON object: a command, an answer, a message of the history."""

_LOOP = asyncio.new_event_loop()
"""The event loop of a driver whose client is asynchronous: it runs all the time, as an application's does."""


class ToldError(Exception):
    """The error of a client that returns errors instead of raising them."""

    def __init__(self, kind: str, code: str | None, status: int | None, message: str) -> None:
        super().__init__(message)
        self.kind, self.code, self.status = kind, code or None, status


class Answer:
    """One answer as the client told it, put together from a whole response or from the pieces of a stream."""

    def __init__(self) -> None:
        self.choices: dict[int, Document] = {}
        self.usage: Document | None = None
        self.cancelled = False
        self._outputs: dict[int, int] = {}
        self.messages: dict[int, Any] = {}
        """The client's own message of a choice, for the history, where the client gives whole messages."""

    def in_calls(self) -> bool:
        """Whether the user stopped it where it calls."""
        return self.cancelled and any(choice["tool_calls"] for choice in self.choices.values())

    def add(
        self,
        *,
        index: int | None = 0,
        text: str | None = None,
        thinking: str | None = None,
        finish: Any = None,
    ) -> None:
        """Adds to the texts of a choice; the native running mark, the text "null", is no reason to end."""
        choice = self.choices.setdefault(
            index or 0, {"text": "", "thinking": "", "tool_calls": [], "finish_reason": None}
        )
        choice["text"] += text or ""
        choice["thinking"] += thinking or ""
        if finish not in (None, "", "null"):
            choice["finish_reason"] = str(finish)

    def call(
        self,
        *,
        index: int | None,
        id: str | None,  # noqa: A002 - the field's name on the wire
        name: str | None,
        arguments: str | None,
        choice: int | None = 0,
    ) -> None:
        """Adds to a call of a function: the first id and name count, arguments are joined."""
        self.add(index=choice)
        calls: list[Document] = self.choices[choice or 0]["tool_calls"]
        at = len(calls) if index is None else index
        while at >= len(calls):
            calls.append({"id": "", "name": "", "arguments": ""})
        calls[at]["id"] = calls[at]["id"] or id or ""
        calls[at]["name"] = calls[at]["name"] or name or ""
        calls[at]["arguments"] += arguments or ""

    def tokens(self, usage: Any, *, choice: int | None = None) -> None:
        """Notes the usage by the names of either dialect; the last one counts.

        `choice` says that it is of one choice alone, as in native streams: those of all choices are added up.
        """
        read = usage.get if isinstance(usage, Mapping) else lambda name: getattr(usage, name, None)
        numbers = [
            first if (first := read(f"{native}_tokens")) is not None else read(f"{compat}_tokens")
            for native, compat in (("input", "prompt"), ("output", "completion"))
        ]
        if usage is None or None in numbers:
            return
        if choice is not None:
            self._outputs[choice] = numbers[1]
            numbers[1] = sum(self._outputs.values())
        self.usage = {"input": numbers[0], "output": numbers[1]}

    def report(self) -> Document:
        """The report of this answer."""
        choices = [self.choices[index] for index in sorted(self.choices)]
        return {"type": "report", "choices": choices, "usage": self.usage, "cancelled": self.cancelled}


class Conversation(ABC):
    """One conversation: the history, and how the client is asked.

    A subclass gives `ask`, plain or as a coroutine; where its client has messages of its own, it overrides
    how they are made. A turn that failed leaves nothing in the history.
    """

    def __init__(self, begin: Document) -> None:
        self.begin = begin
        self.spent: Document | None = None
        self.start = 0  # where the running turn begins in the history
        system = begin.get("system")
        self.history: list[Any] = [] if system is None else [self.system(system)]

    @abstractmethod
    def ask(self, messages: list[Any], command: Document) -> Answer | Coroutine[Any, Any, Answer]:
        """Sends the messages and gives what came of it. Raises whatever the client raises."""

    def options(self, command: Document) -> Document:
        """The options of a turn, by their names on the wire."""
        return {**self.begin.get("options", {}), **command.get("options", {})}

    def headers(self) -> dict[str, str]:
        """The headers that the conversation needs: the session of a character with memory."""
        session = self.begin.get("session")
        return {"x-dashscope-aca-session": session} if session else {}

    def content(self, text: str) -> Any:
        """A text as a message of the surface holds it: the multimodal one wants parts."""
        return [{"text": text}] if self.begin["surface"] == "native-multimodal" else text

    def system(self, text: str) -> Any:
        """The system message."""
        return {"role": "system", "content": self.content(text)}

    def user(self, text: str, parts: Sequence[Document]) -> Any:
        """What the user says: a text, or parts, which OpenAI wraps in a form of its own."""
        if not parts:
            return {"role": "user", "content": self.content(text)}
        if self.begin["surface"] != "compat":
            return {"role": "user", "content": list(parts)}
        content = [
            {"type": "text", "text": value}
            if kind == "text"
            else {"type": f"{kind}_url", f"{kind}_url": {"url": value}}
            for part in parts
            for kind, value in part.items()
        ]
        return {"role": "user", "content": content}

    def assistant(self, answer: Answer, prefix: str) -> Any:
        """The answer as the history keeps it: the client's own message, or else one made of its pieces."""
        own = answer.messages.get(0)
        if own is not None and not prefix:
            return own
        said = answer.choices.get(0, {"text": "", "tool_calls": []})
        message: Document = {"role": "assistant", "content": self.content(prefix + said["text"])}
        if said["tool_calls"]:
            message["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for call in said["tool_calls"]
            ]
        return message

    def begun(self, prefix: str) -> Any:
        """The beginning of an answer that the model is to go on with."""
        return {"role": "assistant", "content": self.content(prefix), "partial": True}

    def result(self, result: Document) -> Any:
        """What a function gave."""
        return {"role": "tool", "tool_call_id": result["id"], "content": self.content(result["content"])}

    def say(self, command: Document) -> Document:
        """Does the command `say`."""
        self.start = len(self.history)
        return self._turn([self.user(command.get("text", ""), command.get("parts", ()))], command)

    def results(self, command: Document) -> Document:
        """Does the command `results`."""
        return self._turn([self.result(result) for result in command["results"]], command)

    def end(self, _command: Document) -> Document:
        """Does the command `end`: tells the usage of all turns."""
        return {"type": "report", "usage": self.spent}

    def _turn(self, new: list[Any], command: Document) -> Document:
        prefix = command.get("partial", "")
        begun = [self.begun(prefix)] if prefix else []
        try:
            asked = self.ask([*self.history, *new, *begun], command)
            answer = asked if isinstance(asked, Answer) else awaited(asked)
        except Exception:
            del self.history[self.start :]
            raise
        if answer.in_calls():  # half of a call cannot be answered
            del self.history[self.start :]
        elif "session" not in self.begin:  # what the cloud remembers is not sent again
            self.history += [*new, self.assistant(answer, prefix)]
        if answer.usage:
            before = self.spent or {"input": 0, "output": 0}
            self.spent = {name: before[name] + answer.usage[name] for name in before}
        return answer.report()


def awaited(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What a coroutine gives, awaited in the event loop of the driver."""
    if not _LOOP.is_running():
        threading.Thread(target=_LOOP.run_forever, daemon=True).start()
    return asyncio.run_coroutine_threadsafe(work, _LOOP).result()


def heard(stream: Any, answer: Answer, command: Document) -> Iterator[Any]:
    """The pieces of a stream, until it ends or the user stops listening; then it is closed, if it can be."""
    try:
        for number, piece in enumerate(stream, start=1):
            yield piece
            if number == command.get("cancel_after"):
                answer.cancelled = True
                return
    finally:
        getattr(stream, "close", lambda: None)()


async def heard_async(stream: Any, answer: Answer, command: Document) -> AsyncIterator[Any]:
    """The same for an asynchronous stream."""
    number = 0
    try:
        async for piece in stream:
            yield piece
            number += 1
            if number == command.get("cancel_after"):
                answer.cancelled = True
                return
    finally:
        close = getattr(stream, "aclose", None) or stream.close
        await close()


def error_of(error: BaseException) -> Document:
    """An exception by the attributes that the SDKs for Python agree on."""
    status = getattr(error, "status_code", getattr(error, "status", None))
    code = getattr(error, "code", None)
    return {
        "kind": getattr(error, "kind", None) or type(error).__name__,
        "code": code if isinstance(code, str) else None,
        "status": status if isinstance(status, int) else None,
        "message": str(getattr(error, "message", None) or error),
    }


FEATURES = (
    *("stream", "system", "tools", "thinking", "partial", "choices", "parts", "options"),
    *("usage", "cancel", "session", "parallel", "timeout"),
)
"""What most clients can do: all but cut their history to a number of messages."""

Make = Callable[[Document], Conversation]


def serve(make: Make, *, client: str, surfaces: Sequence[str], features: Sequence[str] = FEATURES) -> None:
    """Answers the commands on stdin until it ends. What a client prints goes to stderr."""
    held: dict[str, Conversation] = {}
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # some print past sys.stdout: a console that was made when they were imported
    sys.stdout = sys.stderr

    def answered(command: Document) -> Document:
        kind = command["type"]
        if kind == "hello":
            hello = {"client": client, "surfaces": list(surfaces), "features": list(features)}
            return {"type": "hello", "version": 1, **hello}
        if kind == "begin":
            held[command["conversation"]] = make(command)
            return {"type": "ok"}
        conversation = held[command["conversation"]]
        try:
            return getattr(conversation, kind)(command)  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001 - whatever a client raises is what it reports
            return {"type": "report", "error": error_of(error)}
        finally:
            if kind == "end":
                del held[command["conversation"]]

    for line in sys.stdin:
        try:
            document = answered(json.loads(line))
        except Exception as error:  # noqa: BLE001 - outside a client's call it is the driver's own trouble
            document = {"type": "trouble", "message": f"{type(error).__name__}: {error}"}
        print(json.dumps(document), file=out, flush=True)
