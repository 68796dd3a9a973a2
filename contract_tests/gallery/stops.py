"""Clients that keep of a stopped answer, or of open calls, what no request may have."""

import json
from typing import Any

from contract_tests.gallery.reference import Message, Reference, Reply, Said
from contract_tests.gallery.registry import COMPLETIONS, EVERYWHERE, defect
from mockserver.contract import Report


class _KeepsHalves(Reference):
    """A client that keeps what came before the user stopped it, with the user's words."""

    heard: Reply

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        super().take(reply, document, cumulative=cumulative)
        self.heard = reply

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        before = list(self.history)
        report = super().answer(stream, options, prefix, stop)
        if report.cancelled and self.begin.thread is None and self.begin.session is None:
            self.history[:] = [*before, self.half(self.heard.choice(0), prefix)]
        return report

    def half(self, said: Said, prefix: str | None) -> Message:
        """What it keeps."""
        return {"role": "assistant", "content": self.joined(prefix, said.text)}

    def calls(self, said: Said) -> list[Message]:
        return [self.call_json(index, call) for index, call in sorted(said.calls.items())]


@defect("history.failed-turn", museum="QwenLM/qwen-code#4176", surfaces=(*COMPLETIONS, "anthropic"))
class KeepsHalfCalls(_KeepsHalves):
    """A call that the user stopped half-way stays in the history."""

    def half(self, said: Said, prefix: str | None) -> Message:
        calls = self.calls(said)
        return {**super().half(said, prefix), **({"tool_calls": calls} if calls else {})}


@defect("history.failed-turn", surfaces=(*COMPLETIONS, "anthropic"))
class ClosesHalfCalls(_KeepsHalves):
    """A call that the user stopped half-way stays in the history, with no arguments."""

    def half(self, said: Said, prefix: str | None) -> Message:
        calls = self.calls(said)
        for call in calls:
            try:
                json.loads(call["function"]["arguments"])
            except ValueError:
                call["function"]["arguments"] = "{}"
        return {**super().half(said, prefix), **({"tool_calls": calls} if calls else {})}


@defect("history.text", surfaces=(*COMPLETIONS, "anthropic"))
class SaysHalfCalls(_KeepsHalves):
    """A call that the user stopped half-way stays in the history as words."""

    def half(self, said: Said, prefix: str | None) -> Message:
        words = "".join(f"{call.name}({call.arguments}" for call in said.calls.values())
        half = super().half(said, prefix)
        return {**half, "content": half["content"] + words}


@defect("history.text", surfaces=EVERYWHERE)
class KeepsHalfThoughts(_KeepsHalves):
    """Where the user stopped before a word came, the thought is kept as words."""

    def half(self, said: Said, prefix: str | None) -> Message:
        half = super().half(said, prefix)
        return {**half, "content": half["content"] or said.thinking}


@defect("history.text", surfaces=EVERYWHERE)
class MarksStops(_KeepsHalves):
    """Half an answer is kept with a mark that the user stopped it."""

    def half(self, said: Said, prefix: str | None) -> Message:
        half = super().half(said, prefix)
        return {**half, "content": half["content"] + " [interrupted]"}


@defect("partial.joined", surfaces=COMPLETIONS)
class HalvesWithoutPrefix(_KeepsHalves):
    """Half an answer is kept without the prefix that it goes on from."""

    def half(self, said: Said, prefix: str | None) -> Message:
        return super().half(said, None)


@defect("tools.open", museum="charmbracelet/crush#862", surfaces=COMPLETIONS)
class LeavesCallsOpen(Reference):
    """Calls stay without results when the user speaks: this request is refused, and each one behind it."""

    def interrupted(self) -> list[Message]:
        return []


@defect("tools.open", museum="OpenMinis/OpenMinis#293", surfaces=COMPLETIONS)
class AnswersCallsThatAreGone(Reference):
    """Behind an interruption there are results, and the calls are gone."""

    def interrupted(self) -> list[Message]:
        results = super().interrupted()
        if results:
            self.history[-1].pop("tool_calls")
        return results


@defect("tools.open", surfaces=COMPLETIONS)
class ClosesFirstCallOnly(Reference):
    """Of several open calls the first gets a result when the user speaks."""

    def interrupted(self) -> list[Message]:
        return super().interrupted()[:1]


@defect("history.order", surfaces=COMPLETIONS)
class ClosesCallsTooLate(Reference):
    """The results of open calls stand behind the words of the user who spoke over them."""

    def request_messages(self, prefix: str | None) -> list[Message]:
        messages = super().request_messages(prefix)
        told = "The user spoke before this was done."
        for at, message in enumerate(messages[:-1]):
            closing = message["role"] == "tool" and told in str(message["content"])
            if closing and messages[at + 1]["role"] == "user":
                messages[at : at + 2] = messages[at + 1], message
        return messages


@defect("history.complete", surfaces=COMPLETIONS)
class ForgetsInterruptedTurns(Reference):
    """With calls that the user speaks over the whole turn is forgotten, the user's words too."""

    def interrupted(self) -> list[Message]:
        if super().interrupted():
            del self.history[self.start :]
        return []
