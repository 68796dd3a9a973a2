"""Clients that break at moments that are seldom played: results with other options, turns that failed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from contract_tests.gallery.reference import CloudError, Message, Reference, Reply
from contract_tests.gallery.registry import COMPLETIONS, RESPONSES, defect
from mockserver.contract import Begin, Call, Error, Report, Results, Say, Tokens


@defect("options.unasked")
class RepeatsOptionsWithResults(Reference):
    """What the turn alone was told, such as a function to be called, is said again with the results."""

    asked: Mapping[str, Any]

    def say(self, say: Say) -> Report:
        self.asked = say.options
        return super().say(say)

    def results(self, results: Results) -> Report:
        return super().results(replace(results, options={**self.asked, **results.options}))


@defect("options.unasked")
class KeepsOptionsOfFailedTurns(Reference):
    """The options of a turn are forgotten where it ends well, and hold on where it does not."""

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.left: dict[str, Any] = {}

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        self.left |= options
        report = super().answer(stream, dict(self.left), prefix, stop)
        self.left = {}
        return report


@defect("partial.joined", surfaces=COMPLETIONS)
class LosesPrefixOfCutAnswers(Reference):
    """An answer that ran into its limit is remembered without the prefix that it goes on from."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, None if reply.choice(0).finish == "length" else prefix)


@defect("partial.joined", surfaces=COMPLETIONS)
class LosesPrefixOfCalls(Reference):
    """An answer with calls is remembered without the prefix that it goes on from."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, None if reply.choice(0).calls else prefix)


@defect("report.tool-calls", museum="shiaho777/web-to-app#748", surfaces=COMPLETIONS)
class KeepsCallsOfTheFirstTry(Reference):
    """It asks again behind an error in a stream, and takes up the calls of the answer that broke off."""

    heard: Reply | None = None

    def passes(self, error: CloudError) -> bool:
        error.late = False
        return super().passes(error)

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        self.heard = None
        return super().answer(stream, options, prefix, stop)

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        kept: dict[int, Call] = self.heard.choice(0).calls if self.heard is not None else {}
        super().take(reply, document, cumulative=cumulative)
        if self.heard is not reply:
            for index, call in kept.items():
                reply.choice(0).calls.setdefault(index, call)
        self.heard = reply


@defect("usage.exact")
class TellsUsageOfTheTurnBefore(Reference):
    """What a refused turn cost is what the turn before it cost."""

    spent: Tokens | None = None

    def report(self, reply: Reply) -> Report:
        self.spent = reply.usage
        return super().report(reply)

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        try:
            return super().answer(stream, options, prefix, stop)
        except CloudError as error:
            told = Error(type(error).__name__, error.code, error.status, error.message)
            return Report(usage=self.spent, error=told)


@defect("history.complete", surfaces=RESPONSES)
class GoesOnFromWholeResponses(Reference):
    """A response that ran into its limit is not what the next one goes on from."""

    def answered(self, reply: Reply) -> str:
        return self.thread if reply.choice(0).finish == "length" else reply.id


@defect("history.system", surfaces=RESPONSES)
class InstructsTurnsOnly(Reference):
    """Results that go on from a response come without the instructions, which no response keeps."""

    def new(self, system: list[Message]) -> list[Message]:
        return super().new([] if self.history[-1]["role"] == "tool" else system)
