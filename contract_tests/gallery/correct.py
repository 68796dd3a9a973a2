"""Clients that are odd and do nothing wrong: what the documents allow, and the reference does otherwise."""

import json
import random
from collections.abc import Iterator
from typing import Any

from contract_tests.gallery import items
from contract_tests.gallery.reference import CloudError, Message, Reference, Reply, Said
from mockserver.contract import Begin, Report
from mockserver.contract.cases import SURFACES
from mockserver.contract.protocol import KNOWN_FEATURES

COMPLETIONS = ("compat", "native-text", "native-multimodal")


class Lists(Reference):
    """Every content is a list of parts, where a surface takes one."""

    def wire(self, message: Message) -> Message:
        content = message.get("content")
        if self.begin.surface != "compat" or not isinstance(content, str) or message.get("partial"):
            return super().wire(message)
        return {**message, "content": [{"type": "text", "text": content}]}


class Jitter(Reference):
    """How often it tries again is drawn anew each time."""

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.dice = random.Random(begin.key)

    def attempts(self) -> int:
        return self.dice.randint(2, 6)


class Nulls(Reference):
    """Where there are calls and no words, the content of the message is null."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        last = self.history[-1]
        if self.begin.surface == "compat" and last.get("tool_calls") and not last["content"]:
            last["content"] = None


class KeepsHalves(Reference):
    """What came before the user stopped it stays in the history, with the user's words."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        said = list(self.history)
        report = super().answer(stream, options, prefix, stop)
        if report.cancelled and self.begin.thread is None and self.begin.session is None:
            half = {"role": "assistant", "content": self.joined(prefix, report.choices[0].text)}
            self.history[:] = [*said, half] if half["content"] else said
        return report


class KeepsWords(Reference):
    """The user's words stay, whatever became of their turn."""

    def forget(self) -> None:
        del self.history[self.start + 1 :]
        self.known, self.thread = self.before


class KeepsRounds(Reference):
    """All of a turn stays, whatever became of it: the words, the calls and the results."""

    def forget(self) -> None:
        if self.begin.thread is not None:
            super().forget()


class NeverStreams(Reference):
    """It has no streams, and says so."""


class Patient(Reference):
    """An error inside a stream passes like one before it, and is tried again."""

    def passes(self, error: CloudError) -> bool:
        error.late = False
        return super().passes(error)


class Explicit(Reference):
    """It says what is so anyway: n is 1, and that a stream is none."""

    def compat_parameters(self, parameters: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        own = {"n": 1} if "n" not in parameters else {}
        return {"stream": False, **own, **super().compat_parameters(parameters, stream=stream)}


class Wordy(Reference):
    """The words of the cloud stand among its own."""

    def error(self, document: Message, status: int | None) -> CloudError:
        error = super().error(document, status)
        error.message = f"Error code: {status} - {error.message}"
        return error


class DropsOpenCalls(Reference):
    """Calls that the user speaks over are dropped, with all of their message."""

    def interrupted(self) -> list[Message]:
        if self.begin.thread is None and super().interrupted():
            del self.history[-1]
        return super().interrupted()


class KeepsWordsOfOpenCalls(Reference):
    """Calls that the user speaks over are dropped; what was said beside them stays."""

    def interrupted(self) -> list[Message]:
        if self.begin.thread is None and super().interrupted():
            self.history[-1].pop("tool_calls")
            if not self.history[-1]["content"]:
                del self.history[-1]
        return super().interrupted()


class KeepsWholeCalls(KeepsHalves):
    """Of an answer that the user stopped the calls that came whole stay, and get results when he speaks."""

    heard: Reply

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        super().take(reply, document, cumulative=cumulative)
        self.heard = reply

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        report, calls = (
            super().answer(stream, options, prefix, stop),
            sorted(self.heard.choice(0).calls.items()),
        )
        if report.cancelled and calls[:-1] and self.begin.thread is None and self.begin.session is None:
            if self.history[-1]["role"] != "assistant":
                self.history.append({"role": "assistant", "content": ""})
            self.history[-1]["tool_calls"] = [self.call_json(index, call) for index, call in calls[:-1]]
        return report


class TextPiecesOnly(Reference):
    """The pieces of calls are not counted among those after which it stops."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        before = reply.pieces
        super().piece(reply, said, delta, cumulative=cumulative)
        words = self.text(delta.get("content")) or self.thinking(delta)
        reply.pieces = before + bool(words)


class ListsStops(Reference):
    """One text at which to stop is said as a list of one."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        stop = options.get("stop")
        listed = {**options, "stop": [stop]} if isinstance(stop, str) else options
        return super().body(messages, listed, stream=stream)


class _ByItem(items.Writer):
    """Writes what was said in several messages as these; `apart` has them by the whole text."""

    def __init__(self, apart: dict[str, list[str]]) -> None:
        self.apart = apart

    def items(self, message: Message) -> Iterator[Message]:
        for item in super().items(message):
            said = item.get("type") == "message" and item["role"] == "assistant"
            texts = self.apart.get(message["content"], []) if said else []
            yield from [self.message({**message, "content": text}) for text in texts] or [item]


class SendsItemsBack(Reference):
    """What came in several messages of a response is sent back in these."""

    def in_items(self) -> tuple[items.Writer, items.Reader]:
        self.apart: dict[str, list[str]] = {}
        return _ByItem(self.apart), items.Reader()

    def received(self, data: str | bytes) -> Message:
        document = json.loads(data)
        output = document.get("response", document).get("output") or ()
        if isinstance(self.reader, items.Reader):
            texts = [self.reader.said(item) for item in output if item["type"] == "message"]
            self.apart["".join(texts)] = texts
        return super().received(data)


def surfaces_of(client: type[Reference]) -> tuple[str, ...]:
    """Where a client is odd."""
    return COMPLETIONS if client in (Lists, Nulls, Explicit) else SURFACES


def features_of(client: type[Reference]) -> tuple[str, ...]:
    """What a client can do."""
    return tuple(
        name for name in KNOWN_FEATURES if client is not NeverStreams or name not in ("stream", "cancel")
    )


CORRECT = (
    Lists,
    Jitter,
    Nulls,
    KeepsHalves,
    KeepsWords,
    KeepsRounds,
    NeverStreams,
    Patient,
    Explicit,
    Wordy,
    DropsOpenCalls,
    KeepsWordsOfOpenCalls,
    KeepsWholeCalls,
    TextPiecesOnly,
    ListsStops,
    SendsItemsBack,
)
"""Clients that no requirement blames."""
