"""Clients that break on odd but legal streams, and on what they tell of a stopped one."""

import http.client
from collections.abc import Iterator

from contract_tests.gallery.reference import Message, Reference, Reply, Said
from contract_tests.gallery.registry import COMPLETIONS, defect
from mockserver.contract import Report, Say


@defect("form.comments", surfaces=COMPLETIONS)
class TakesCommentsForData(Reference):
    """Each line that is not empty is taken for data."""

    def lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        for line in super().lines(response):
            yield f"data{line}" if line.startswith(":") else line


@defect("form.line-ends", surfaces=COMPLETIONS)
class KeepsReturns(Reference):
    """A line ends with LF only: what ends with CR LF is never empty."""

    def lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        for line in super().lines(response):
            yield f"{line}\r" if line.endswith("\r") else line


@defect("form.data-lines", surfaces=COMPLETIONS)
class LastDataLine(Reference):
    """Of several lines of data the last one is read."""

    def data(self, before: str, line: str) -> str:
        return line


@defect("form.fields", surfaces=COMPLETIONS)
class KnowsFourFields(Reference):
    """A field that it does not know is an error."""

    def lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        for line in super().lines(response):
            if line.partition(":")[0] not in ("", "id", "event", "data"):
                message = f"no field of an event: {line}"
                raise ValueError(message)
            yield line


@defect("form.last-blank", surfaces=COMPLETIONS)
class DropsLastEvent(Reference):
    """An event without a blank line behind it is dropped (okhttp-sse does)."""

    def is_whole(self, data: str) -> bool:
        return False


@defect("form.large-events", surfaces=COMPLETIONS)
class ShortLines(Reference):
    """A line of more than 512 kB is an error (aiohttp's reader says so)."""

    def lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        for line in super().lines(response):
            if len(line) > 1 << 19:
                message = "the line is too long"
                raise ValueError(message)
            yield line


@defect("form.usage-chunks", surfaces=COMPLETIONS)
class FirstChoiceOfNone(Reference):
    """Each chunk is asked for its first choice."""

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        choices = document.get("output", document).get("choices")
        if choices is not None and not choices and not reply.choice(0).finish:
            message = "list index out of range"
            raise IndexError(message)
        super().take(reply, document, cumulative=cumulative)


@defect("form.empty-ids", surfaces=COMPLETIONS)
class EmptyIdIsNew(Reference):
    """A piece of a call with an id, even an empty one, begins a new call."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        if piece.get("id") == "" and said.calls and not (piece.get("function") or {}).get("arguments"):
            piece = {**piece, "index": max(said.calls) + 9}
        super().call(said, piece, cumulative=cumulative)


@defect("form.null-arguments", surfaces=COMPLETIONS)
class AppendsNull(Reference):
    """Null arguments are appended as a word."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        function = piece.get("function") or {}
        if "arguments" in function and function["arguments"] is None:
            piece = {**piece, "function": {**function, "arguments": "None"}}
        super().call(said, piece, cumulative=cumulative)


@defect("report.stopped", surfaces=COMPLETIONS)
class NeverStopped(Reference):
    """A stopped turn is reported as a whole one."""

    def say(self, say: Say) -> Report:
        report = super().say(say)
        return Report(report.choices, report.usage, report.error)


@defect("answer.whole", surfaces=COMPLETIONS)
class PagesAreAnswers(Reference):
    """What is no JSON is the text of an answer."""

    def whole(self, status: int, body: bytes) -> Reply:
        try:
            return super().whole(status, body)
        except ValueError:
            reply = Reply()
            reply.choice(0).text = body.decode(errors="replace")
            return reply
