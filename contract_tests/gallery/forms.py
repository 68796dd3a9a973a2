"""Clients that break on odd but legal streams, and on what they tell of a stopped one."""

import http.client
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contract_tests.gallery.reference import Message, Reference, Reply, Said
from contract_tests.gallery.registry import COMPLETIONS, defect
from mockserver.contract import Report, Say, Tokens


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


@defect("form.ids-alone", surfaces=COMPLETIONS)
class IdsAreEvents(Reference):
    """A block with an id is an event, even without data (httpx-sse makes an empty one)."""

    def events(self, response: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
        seen = [line.removesuffix("\r") for line in self.lines(response)]
        for block in "\n".join(seen).split("\n\n"):
            data = [
                line.partition(":")[2].removeprefix(" ") for line in block.split("\n") if line[:5] == "data:"
            ]
            if data or block.startswith("id: "):
                yield "error" if "event:error" in block else "", "\n".join(data)


@defect("form.running-usage", surfaces=("compat",))
class AddsUsageUp(Reference):
    """The usage of each chunk is added to that before (openai-go does)."""

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        before = reply.usage
        super().take(reply, document, cumulative=cumulative)
        if before is not None and reply.usage is not None and reply.usage is not before:
            reply.usage = Tokens(before.input + reply.usage.input, before.output + reply.usage.output)


@defect("form.unknown-finish", surfaces=COMPLETIONS)
class KnownReasons(Reference):
    """A finish reason that it does not know is `stop` (litellm says so)."""

    def finish(self, reason: str | None, before: str | None) -> str | None:
        known = (None, "null", "", "stop", "length", "tool_calls")
        return super().finish(reason if reason in known else "stop", before)


@defect("form.late-texts", museum="tashfeenahmed/freellmapi#846", surfaces=COMPLETIONS)
class NoWordsBehindCalls(Reference):
    """Where the first call begins the words of an answer are over."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        heard = {**delta, "content": ""} if said.calls and not cumulative else delta
        super().piece(reply, said, heard, cumulative=cumulative)


@defect("form.restated-ids", surfaces=COMPLETIONS)
class AppendsIds(Reference):
    """The id of a call is put together of all its pieces, unless each is all of it so far."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        known = said.calls.get(int(piece.get("index") or 0))
        if known is not None and known.id and piece.get("id") and not cumulative:
            piece = {**piece, "id": known.id + piece["id"]}
        super().call(said, piece, cumulative=cumulative)


@defect("form.restated-names", museum="NousResearch/hermes-agent#8259", surfaces=COMPLETIONS)
class AppendsNames(Reference):
    """The name of a function is put together of all its pieces, unless each is all of it so far."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        known, function = said.calls.get(int(piece.get("index") or 0)), piece.get("function") or {}
        if known is not None and function.get("name") and not cumulative:
            piece = {**piece, "function": {**function, "name": known.name + function["name"]}}
        super().call(said, piece, cumulative=cumulative)


@defect("form.restated-names", surfaces=COMPLETIONS)
class NamesBeginCalls(Reference):
    """A piece with a name begins a new call, whatever its index."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        if not cumulative:
            begins = bool((piece.get("function") or {}).get("name"))
            piece = {**piece, "index": len(said.calls) if begins else max(len(said.calls) - 1, 0)}
        super().call(said, piece, cumulative=cumulative)


@defect("form.late-ids", surfaces=COMPLETIONS)
class FirstIdOnly(Reference):
    """The id of a call is that of its first piece."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        known = said.calls.get(int(piece.get("index") or 0))
        super().call(said, piece if known is None else {**piece, "id": known.id}, cumulative=cumulative)
        if known is not None and not known.id:
            at = int(piece.get("index") or 0)
            said.calls[at] = replace(said.calls[at], id="")


@defect("form.null-opening", surfaces=COMPLETIONS)
class BeginsWithNull(Reference):
    """Null arguments of the first piece are the beginning of the arguments."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        function = piece.get("function") or {}
        if function.get("name") and "arguments" in function and function["arguments"] is None:
            piece = {**piece, "function": {**function, "arguments": "null"}}
        super().call(said, piece, cumulative=cumulative)


@defect("stream.unfinished", surfaces=COMPLETIONS)
class EveryEndIsAFinish(Reference):
    """Where the bytes end in good order, the answer is finished."""

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        for said in reply.choices.values():
            said.finish = said.finish or "stop"
