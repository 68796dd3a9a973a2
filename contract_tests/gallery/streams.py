"""Clients that break the stream: bytes, lines, events, deltas, and its end."""

import http.client
from collections.abc import Iterator
from typing import Any, ClassVar

from contract_tests.gallery.reference import Message, Reference, Reply, Said
from contract_tests.gallery.registry import defect
from mockserver.contract import Choice, Report


@defect("report.text")
class DecodesEachChunk(Reference):
    """Each chunk is decoded alone: a character that is parted is lost (LangChain.js does)."""

    def decode(self, chunk: bytes) -> str:
        return chunk.decode("utf-8", "replace")


@defect("report.text")
class DropsPartedCharacters(Reference):
    """Bytes that are no whole character are dropped."""

    def decode(self, chunk: bytes) -> str:
        return chunk.decode("utf-8", "ignore")


@defect("report.text")
class LatinText(Reference):
    """The stream is read as Latin-1."""

    def decode(self, chunk: bytes) -> str:
        return chunk.decode("latin-1")


@defect("report.success")
class SplitsLinesAnywhere(Reference):
    """Lines end at U+2028 and U+0085 too."""

    def split(self, text: str) -> list[str]:
        return [*text.splitlines(), *([""] if text.endswith("\n") else [])]


@defect("report.success")
class OneChunkIsOneEvent(Reference):
    """A chunk is taken for whole lines."""

    def lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        for chunk in self.chunks(response):
            yield from self.decode(chunk).split("\n")


@defect("report.success")
class KeepsBufferTooShort(Reference):
    """A line of more than 4,000 characters is cut."""

    def split(self, text: str) -> list[str]:
        return [line[:4000] for line in super().split(text)]


@defect("report.success")
class SplitsAtColons(Reference):
    """The data of an event ends at its second colon."""

    def lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        for line in super().lines(response):
            yield ":".join(line.split(":")[:2])


@defect("report.success")
class DoneInTheText(Reference):
    """The end mark is found inside a text too."""

    def events(self, response: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
        for event, data in super().events(response):
            yield event, "[DONE]" if "[DONE]" in data else data


@defect("report.text", museum="dashscope-sdk-python#4")
class AppendsCumulativeTexts(Reference):
    """Texts that are repeated with each event are appended."""

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        super().take(reply, document, cumulative=False)


@defect("report.text")
class LastDeltaOnly(Reference):
    """Each delta replaces the text."""

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        super().take(reply, document, cumulative=True)


@defect("report.text")
class TrimsDeltas(Reference):
    """Each delta loses the blanks at its ends."""

    def text(self, content: Any) -> str:
        return super().text(content).strip()


@defect("report.text")
class TrimsAnswers(Reference):
    """The answer loses the blanks at its ends."""

    def told(self, said: Said) -> Choice:
        told = super().told(said)
        return Choice(told.text.strip(), told.thinking, told.tool_calls, told.finish_reason)


@defect("report.text")
class DropsMarks(Reference):
    """Invisible characters are dropped."""

    def text(self, content: Any) -> str:
        return super().text(content).replace("\ufeff", "").replace("\u200d", "")


@defect("report.text")
class SkipsSameDeltas(Reference):
    """A delta that is like the one before is taken for a repetition."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        text = self.text(delta.get("content"))
        if text and said.text.endswith(text) and not cumulative:
            delta = {**delta, "content": ""}
        super().piece(reply, said, delta, cumulative=cumulative)


@defect("report.text")
class LosesFirstEvent(Reference):
    """The first event of a stream is taken for an empty opener."""

    def events(self, response: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
        events = super().events(response)
        first = next(events, None)
        if first is not None and first[0] == "error":
            yield first
        yield from events


@defect("report.text")
class ShowsPartsAsText(Reference):
    """A content of parts is shown as it is."""

    def text(self, content: Any) -> str:
        return str(content) if isinstance(content, list) and content else super().text(content)


@defect("report.text")
class ThinksAloud(Reference):
    """Thinking is a part of the text."""

    def text(self, content: Any) -> str:
        return super().text(content)

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        text = self.thinking(delta) + self.text(delta.get("content"))
        super().piece(reply, said, {**delta, "content": text}, cumulative=cumulative)


@defect("report.thinking")
class DropsThinking(Reference):
    """Thinking is not reported."""

    def thinking(self, delta: Message) -> str:
        return ""


@defect("report.thinking")
class LastThoughtOnly(Reference):
    """Each piece of thinking replaces the one before."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        if self.thinking(delta):
            said.thinking = ""
        super().piece(reply, said, delta, cumulative=cumulative)


@defect("thinking.not-sent-back")
class SendsThinkingBack(Reference):
    """The thinking of earlier answers is sent back."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        if reply.choice(0).thinking:
            self.history[-1]["reasoning_content"] = reply.choice(0).thinking


@defect("history.text")
class ThinkingInHistory(Reference):
    """The thinking of earlier answers is in the history as text."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        if reply.choice(0).thinking:
            self.history[-1]["content"] = (
                f"<think>{reply.choice(0).thinking}</think>" + self.history[-1]["content"]
            )


@defect("report.choices")
class FirstChoiceOnly(Reference):
    """Of several choices the first is reported."""

    def report(self, reply: Reply) -> Report:
        report = super().report(reply)
        return Report(report.choices[:1], report.usage)


@defect("report.choices")
class MixesChoices(Reference):
    """The index of a choice is not read."""

    def index(self, choice: Message) -> int:
        return 0

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        super().check(reply, {})


@defect("report.choices")
class EndsWithFirstChoice(Reference):
    """A stream is taken for done when its first choice is."""

    def streamed(
        self, response: http.client.HTTPResponse, options: dict[str, Any], stop: int | None
    ) -> Reply:
        reply = super().streamed(response, options, stop)
        reply.choices = {0: reply.choice(0)}
        return reply

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        super().check(reply, {})


@defect("stream.cut")
class TakesCutsForTheEnd(Reference):
    """A stream that is cut off is reported as a whole answer."""

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        """Nothing is checked."""


@defect("stream.cut")
class FillsFinishReason(Reference):
    """A missing finish reason becomes stop."""

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        for said in reply.choices.values():
            said.finish = said.finish or "stop"
        reply.choice(0).finish = reply.choice(0).finish or "stop"


@defect("stream.cut")
class ForgivesCutCalls(Reference):
    """An answer that is cut off inside a call is taken for whole."""

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        if not reply.choice(0).calls:
            super().check(reply, options)


@defect("stream.error", museum="NousResearch/hermes-agent#86496")
class IgnoresErrorsInside(Reference):
    """An error inside a stream is skipped; what came before is the answer."""

    def is_error(self, event: str, document: Message) -> bool:
        return False

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        if "choices" in document or "output" in document:
            super().take(reply, document, cumulative=cumulative)

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        """Nothing is checked."""


@defect("errors.not-text", museum="apache/rocketmq-dashboard#2178")
class ErrorsInsideAsText(Reference):
    """An error inside a stream is shown as text."""

    def is_error(self, event: str, document: Message) -> bool:
        return False

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        if "choices" in document or "output" in document:
            super().take(reply, document, cumulative=cumulative)
            return
        error = self.error(document, None)
        reply.choice(0).text += error.message
        reply.choice(0).finish, reply.done = "stop", True


@defect("errors.code", museum="holon-run/holon#2424")
class LosesErrorsInside(Reference):
    """An error inside a stream is taken for a broken connection."""

    def streamed(
        self, response: http.client.HTTPResponse, options: dict[str, Any], stop: int | None
    ) -> Reply:
        try:
            return super().streamed(response, options, stop)
        except Exception as error:  # noqa: BLE001 - that is the defect
            message = f"the stream broke: {error}"
            raise ConnectionError(message) from None


@defect("stream.stall")
class WaitsForever(Reference):
    """A silent stream is listened to without limit."""

    def timeout(self) -> float:
        return 3600.0


@defect("answer.stall")
class WaitsForWholeAnswers(Reference):
    """A timeout is set for streams, and none for whole answers."""

    streams = False

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        self.streams = stream
        return super().exchange(body, stream=stream, options=options, stop=stop)

    def timeout(self) -> float:
        return self.begin.timeout if self.streams else 3600.0


@defect("stream.stall")
class TakesSilenceForTheEnd(Reference):
    """A stream that falls silent is reported as a whole answer."""

    def chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        try:
            yield from super().chunks(response)
        except TimeoutError:
            return

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        if options or self.begin.timeout > 1:
            super().check(reply, options)


@defect("stream.cancel")
class HoldsConnections(Reference):
    """A stream that nobody listens to is left open."""

    held: ClassVar[list[http.client.HTTPConnection]] = []
    responses: ClassVar[list[http.client.HTTPResponse]] = []

    def streamed(
        self, response: http.client.HTTPResponse, options: dict[str, Any], stop: int | None
    ) -> Reply:
        reply = super().streamed(response, options, stop)
        if reply.cancelled:
            self.responses.append(response)
        return reply

    def close(self, connection: http.client.HTTPConnection) -> None:
        self.held.append(connection)

    def end(self) -> Report:
        for connection in self.held:
            connection.close()
        for response in self.responses:
            response.close()
        self.held.clear()
        self.responses.clear()
        return super().end()


@defect("stream.cancel-text")
class RoundsOffStoppedAnswers(Reference):
    """A stopped answer gets an ellipsis."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        report = super().answer(stream, options, prefix, stop)
        if not report.cancelled:
            return report
        return Report((Choice(report.choices[0].text + "…"),), cancelled=True)


@defect("report.finish-reason")
class FirstFinishReason(Reference):
    """The word null of a running native stream is taken for its finish reason."""

    def finish(self, reason: str | None, before: str | None) -> str | None:
        return before or reason
