# ruff: noqa: ARG002 - a client that is wrong does not look at what it is given
"""Clients that are wrong in one thing each, on a stage of paper."""

import contextlib
from dataclasses import replace
from typing import Any, ClassVar

from contract_tests.gallery.reference import BrokenOffError, CloudError, Message, Reply, Said
from mockserver.contract.protocol import Choice, Report, Result, Results, Say, Tokens
from tests.contract.paper import PaperClient


class Keeps(PaperClient):
    """Keeps the results that it is given."""

    given: tuple[Result, ...] = ()
    options: Any = None

    def results(self, results: Results) -> Report:
        type(self).given, type(self).options = results.results, results.options
        return super().results(results)


class Forgets(PaperClient):
    """Forgets the last thing that was answered."""

    def request_messages(self, prefix: str | None) -> list[Message]:
        return [message for message in super().request_messages(prefix) if message["role"] != "assistant"]


class AddsTopP(PaperClient):
    """Adds an option that nobody asked for, to each request."""

    def compat_parameters(self, parameters: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        return {**super().compat_parameters(parameters, stream=stream), "top_p": 0.8}


class Silent(PaperClient):
    """Sends nothing, and says why or not."""

    why = ""

    def attempt(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        if self.why:
            raise ValueError(self.why)
        return Reply()


class Refuses(Silent):
    """Sends nothing and says why, at length."""

    why = "no such option " * 20


class Twice(PaperClient):
    """Sends everything twice."""

    def attempt(self, body: Message, **given: Any) -> Reply:
        super().attempt(body, **given)
        return super().attempt(body, **given)


class Notes(PaperClient):
    """Notes what is said, and what was the last of it where a conversation ends."""

    order: ClassVar[list[str]] = []

    def say(self, say: Say) -> Report:
        self.order.append(say.text)
        return super().say(say)

    def end(self) -> Report:
        last = self.history[-1]["content"] if self.history else ""
        self.order.append(f"ended: {last}")
        return super().end()


class Persists(PaperClient):
    """Tries everything again, so many times."""

    times = 2

    def attempts(self) -> int:
        return self.times

    def passes(self, error: Exception) -> bool:
        return True


class GivesUp(Persists):
    """Tries nothing again."""

    times = 1


class TriesTen(Persists):
    """Tries ten times again."""

    times = 11


class TriesEleven(Persists):
    """Tries eleven times again."""

    times = 12


class AsksAgain(Persists):
    """Asks again for what breaks off, so many times."""

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        for _ in range(self.times - 1):
            with contextlib.suppress(BrokenOffError):
                return super().exchange(body, stream=stream, options=options, stop=stop)
        return super().exchange(body, stream=stream, options=options, stop=stop)


class AsksTen(AsksAgain, TriesTen):
    """Asks ten times again."""


class AsksEleven(AsksAgain, TriesEleven):
    """Asks eleven times again."""


class TakesPages(PaperClient):
    """Takes what is no JSON for the text of an answer."""

    def whole(self, status: int, body: bytes) -> Reply:
        try:
            return super().whole(status, body)
        except ValueError:
            return Reply()


class TakesAll(PaperClient):
    """Takes whatever came for the whole answer."""

    def whole(self, status: int, body: bytes) -> Reply:
        try:
            return super().whole(status, body)
        except ValueError:
            return Reply({0: Said(finish="stop")})

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        """Nothing is looked at."""

    def is_error(self, event: str, document: Message) -> bool:
        return False

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        if "code" not in document:
            super().take(reply, document, cumulative=cumulative)


class WrongWords(PaperClient):
    """Reports errors by a code and words of its own."""

    def error(self, document: Message, status: int | None) -> Any:
        error = super().error(document, status)
        error.code = error.message = "broken"
        return error


class Holds(PaperClient):
    """Lets no connection go."""

    def leave(self, seen: Any) -> None:
        """It stays."""


class RemembersAll(PaperClient):
    """Remembers of a stopped answer what it heard, as many clients do."""

    def forget(self) -> None:
        self.history.append({"role": "assistant", "content": self.heard})

    heard = "The first"


class RemembersMore(RemembersAll):
    """Remembers what was not said."""

    heard = "The last"


class SaysMore(PaperClient):
    """Reports of a stopped answer what was not on its way."""

    def say(self, say: Say) -> Report:
        report = super().say(say)
        return replace(report, choices=(Choice("Well"),)) if report.cancelled else report


class KeepsFailed(PaperClient):
    """Keeps what was said in a turn that failed."""

    def forget(self) -> None:
        """It stays."""


class InventsAnswers(KeepsFailed):
    """Answers a turn that failed by itself."""

    def forget(self) -> None:
        self.history.append({"role": "assistant", "content": "Sorry."})


class ForgetsEmpty(PaperClient):
    """Forgets an answer without a word."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        if reply.choice(0).text:
            super().remember(reply, prefix)


class SumsWrongly(PaperClient):
    """Reports one token too many in the end."""

    def end(self) -> Report:
        return Report(usage=Tokens(self.input, self.output + 1))


class SumsNothing(PaperClient):
    """Reports no sum."""

    def end(self) -> Report:
        return Report()


class SumsBlindly(SumsWrongly):
    """Reports no usage in between, and a wrong sum."""

    def report(self, reply: Reply) -> Report:
        return replace(super().report(reply), usage=None)


class Mixes(PaperClient):
    """Holds all conversations in one."""

    shared: list[Message]

    def opening(self) -> list[Message]:
        kind = type(self)
        kind.shared = kind.__dict__.get("shared", [])
        return kind.shared


class SendsAll(PaperClient):
    """Sends the whole history, whatever the cloud remembers."""

    def kept(self) -> list[Message]:
        return self.history


class ForgetsPrefix(PaperClient):
    """Remembers of an answer only what came after its prefix."""

    def joined(self, prefix: str | None, text: str) -> str:
        return text


class LosesPictures(PaperClient):
    """Sends the words of a message only."""

    def part(self, part: dict[str, Any]) -> Message:
        return super().part(part if "text" in part else {"text": ""})


class RepeatsItself(PaperClient):
    """Sends what was said last twice."""

    def request_messages(self, prefix: str | None) -> list[Message]:
        messages = super().request_messages(prefix)
        return [*messages, messages[-1]]


class Assumes(PaperClient):
    """Takes every error inside a stream for a wrong request."""

    def answer(self, *given: Any) -> Report:
        try:
            return super().answer(*given)
        except CloudError as error:
            error.status = 400
            raise
