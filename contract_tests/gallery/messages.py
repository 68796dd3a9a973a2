"""Clients that break Anthropic's Messages, as the service speaks them: blocks, inputs, signatures, errors."""

import json
from collections.abc import Iterator
from typing import Any

from contract_tests.gallery.blocks import Body, Reader, Writer
from contract_tests.gallery.reference import CloudError, Message, Reference, Reply
from contract_tests.gallery.registry import ANTHROPIC, defect


class _ReadsOtherwise(Reference):
    """A client with a reader of its own."""

    reads: type[Reader] = Reader

    def in_blocks(self) -> tuple[Writer, Reader]:
        return Writer(), self.reads()


class _WritesOtherwise(Reference):
    """A client with a writer of its own."""

    writes: type[Writer] = Writer

    def in_blocks(self) -> tuple[Writer, Reader]:
        return self.writes(), Reader()


@defect("report.success", surfaces=ANTHROPIC)
class ChecksSignatures(_ReadsOtherwise):
    """An empty signature of a thought is an error; the service signs none."""

    class reads(Reader):  # noqa: N801 - an attribute
        def content_block_start(self, event: Body) -> Body:
            if event["content_block"].get("signature") == "":
                raise ValueError(event)
            return super().content_block_start(event)

        def message(self, document: Body) -> Body:
            if any(block.get("signature") == "" for block in document["content"]):
                raise ValueError(document)
            return super().message(document)


@defect("errors.code", surfaces=ANTHROPIC)
class ExpectsNestedErrors(Reference):
    """Errors are looked for where Anthropic's own have them; here they are flat."""

    def error(self, document: Message, status: int | None) -> CloudError:
        inner = document.get("error") or {}
        return CloudError(inner.get("type"), status, inner.get("message", ""))


@defect("errors.message", surfaces=ANTHROPIC)
class ShowsUndefined(Reference):
    """The words of an error are taken from a place that is empty."""

    def error(self, document: Message, status: int | None) -> CloudError:
        return CloudError(super().error(document, status).code, status, "undefined")


@defect("report.success", surfaces=ANTHROPIC)
class ExpectsBlanks(Reference):
    """A line of a frame counts only with a blank behind its colon; here there is none."""

    def lines(self, response: Any) -> Iterator[str]:
        for line in super().lines(response):
            yield line if not line or ": " in line[:9] else ":"


@defect("report.success", surfaces=ANTHROPIC)
class KnowsNoPing(_ReadsOtherwise):
    """A ping is an event that nobody knows."""

    class reads(Reader):  # noqa: N801 - an attribute
        def ping(self, event: Body) -> Body:
            raise ValueError(event)


@defect("report.success", surfaces=ANTHROPIC)
class WantsStopSequence(_ReadsOtherwise):
    """The end of an answer has to tell its stop sequence; here that key is never there."""

    class reads(Reader):  # noqa: N801 - an attribute
        def message_delta(self, event: Body) -> Body:
            return {**super().message_delta(event), "stop": event["delta"]["stop_sequence"]}

        def message(self, document: Body) -> Body:
            return {**super().message(document), "stop": document["stop_sequence"]}


@defect("report.tool-calls", surfaces=ANTHROPIC)
class TakesInputFromTheStart(_ReadsOtherwise):
    """The input of a call is what the start of its block has: nothing yet."""

    class reads(Reader):  # noqa: N801 - an attribute
        def content_block_delta(self, event: Body) -> Body:
            pieces = event["delta"]["type"] == "input_json_delta"
            return {"choices": []} if pieces else super().content_block_delta(event)


@defect("report.tool-calls", surfaces=ANTHROPIC)
class TakesFirstPieceForAll(_ReadsOtherwise):
    """The first piece of an input, which is empty, is taken for all of it."""

    class reads(Reader):  # noqa: N801 - an attribute
        def __init__(self) -> None:
            self.known: set[int] = set()

        def content_block_delta(self, event: Body) -> Body:
            if event["delta"]["type"] == "input_json_delta":
                if event["index"] in self.known:
                    return {"choices": []}
                self.known.add(event["index"])
            return super().content_block_delta(event)


@defect("report.tool-calls", surfaces=ANTHROPIC)
class StringifiesInputs(_ReadsOtherwise):
    """The input of a whole answer is turned into JSON twice."""

    class reads(Reader):  # noqa: N801 - an attribute
        def call(self, index: int, call_id: str, name: str, arguments: str) -> Body:
            return super().call(index, call_id, name, json.dumps(arguments) if arguments else "")


@defect("report.text", surfaces=ANTHROPIC)
class ShowsThoughts(_ReadsOtherwise):
    """What is thought is shown as if it were said."""

    class reads(Reader):  # noqa: N801 - an attribute
        def content_block_delta(self, event: Body) -> Body:
            if event["delta"]["type"] == "thinking_delta":
                return self.chunk({"content": event["delta"]["thinking"]})
            return super().content_block_delta(event)


@defect("report.thinking", surfaces=ANTHROPIC)
class ThrowsThoughtsAway(_ReadsOtherwise):
    """Without a signature a thought is not kept."""

    class reads(Reader):  # noqa: N801 - an attribute
        def thought(self, block: Body) -> str:
            return super().thought(block) if block.get("signature") else ""


@defect("report.finish-reason", surfaces=ANTHROPIC)
class KeepsItsStops(_ReadsOtherwise):
    """How an answer ended is told in words that its user does not know."""

    class reads(Reader):  # noqa: N801 - an attribute
        def reason(self, stop: str) -> str:
            return stop


@defect("usage.exact", surfaces=ANTHROPIC)
class ForgetsCachedInput(_ReadsOtherwise):
    """What was read from a cache is not counted as input."""

    class reads(Reader):  # noqa: N801 - an attribute
        def usage(self, usage: Body) -> Body:
            return {"prompt_tokens": usage["input_tokens"], "completion_tokens": usage["output_tokens"]}


@defect("usage.exact", surfaces=ANTHROPIC)
class CountsCachedInputTwice(_ReadsOtherwise):
    """What was read from a cache is counted twice."""

    class reads(Reader):  # noqa: N801 - an attribute
        def usage(self, usage: Body) -> Body:
            counted = super().usage(usage)
            return {**counted, "prompt_tokens": counted["prompt_tokens"] + usage["cache_read_input_tokens"]}


@defect("request.valid", surfaces=ANTHROPIC)
class ForgetsMostTokens(_WritesOtherwise):
    """How long an answer may be is not said; it has to be."""

    class writes(Writer):  # noqa: N801 - an attribute
        def body(self, body: Body) -> Body:
            return {name: value for name, value in super().body(body).items() if name != "max_tokens"}


@defect("options.sent", surfaces=ANTHROPIC)
class CapsAnswers(_WritesOtherwise):
    """An answer may be as long as the client likes, whatever was asked for."""

    class writes(Writer):  # noqa: N801 - an attribute
        def body(self, body: Body) -> Body:
            return {**super().body(body), "max_tokens": 64}


@defect("options.sent", surfaces=ANTHROPIC)
class ForgetsBudgets(_WritesOtherwise):
    """For how long to think is not sent."""

    class writes(Writer):  # noqa: N801 - an attribute
        def option(self, name: str, value: Any) -> Body:
            return {} if name == "thinking_budget" else super().option(name, value)


@defect("request.valid", surfaces=ANTHROPIC)
class SystemAmongMessages(_WritesOtherwise):
    """The system text is sent as a message, which has only two roles here."""

    class writes(Writer):  # noqa: N801 - an attribute
        def body(self, body: Body) -> Body:
            written = super().body(body)
            system = written.pop("system", None)
            said = [{"role": "system", "content": system}] if system else []
            return {**written, "messages": [*said, *written["messages"]]}


@defect("request.valid", surfaces=ANTHROPIC)
class InputsAsText(_WritesOtherwise):
    """The input of a call is sent back as a text."""

    class writes(Writer):  # noqa: N801 - an attribute
        def input(self, arguments: Any) -> Any:
            return arguments


@defect("tools.offered", surfaces=ANTHROPIC)
class OffersParameters(_WritesOtherwise):
    """What a tool takes is sent under the name that chat completions have for it."""

    class writes(Writer):  # noqa: N801 - an attribute
        def tool(self, function: Body) -> Body:
            return {**super().tool(function), "parameters": function.get("parameters"), "input_schema": {}}


@defect("tools.results", surfaces=ANTHROPIC)
class ResultsInBlocksOfTwo(_WritesOtherwise):
    """Of neighbouring results only the first is put into the turn of the user."""

    class writes(Writer):  # noqa: N801 - an attribute
        def messages(self, messages: list[Body]) -> Iterator[Body]:
            for turn in super().messages(messages):
                content = turn["content"]
                results = isinstance(content, list) and content and content[0].get("type") == "tool_result"
                yield {**turn, "content": content[:1]} if results else turn


@defect("media.sent", surfaces=ANTHROPIC)
class PicturesAsText(_WritesOtherwise):
    """A picture is sent as the text of its address."""

    class writes(Writer):  # noqa: N801 - an attribute
        def part(self, part: Body) -> Body:
            return part if part["type"] == "text" else {"type": "text", "text": part["image_url"]["url"]}


@defect("request.sent", surfaces=ANTHROPIC)
class KeyInAnotherHeader(Reference):
    """The key goes in a header that the service does not read."""

    def headers(self, *, stream: bool) -> dict[str, str]:
        headers = super().headers(stream=stream)
        key = headers.pop("Authorization").removeprefix("Bearer ")
        return {**headers, "api-key": key}


@defect("form.guessed-input", museum="maximhq/bifrost#5355", surfaces=ANTHROPIC)
class CountsWhereItBegins(_ReadsOtherwise):
    """The input is what the beginning of a stream says of it."""

    class reads(Reader):  # noqa: N801 - an attribute
        guess = 0

        def message_start(self, event: Body) -> Body:
            self.guess = event["message"]["usage"]["input_tokens"]
            return {"choices": []}

        def message_delta(self, event: Body) -> Body:
            read = super().message_delta(event)
            return {**read, "usage": {**read["usage"], "prompt_tokens": self.guess}}


@defect("form.several-texts", museum="tombii/better-ccflare#233", surfaces=ANTHROPIC)
class FirstTextBlock(_ReadsOtherwise):
    """Of a stream the first block of text is heard."""

    class reads(Reader):  # noqa: N801 - an attribute
        index: int | None = None

        def message_start(self, _: Body) -> Body:
            self.index = None
            return {"choices": []}

        def content_block_delta(self, event: Body) -> Body:
            if event["delta"]["type"] != "text_delta":
                return super().content_block_delta(event)
            self.index = event["index"] if self.index is None else self.index
            return super().content_block_delta(event) if event["index"] == self.index else {"choices": []}


# What goes back.


@defect("tools.failed", surfaces=ANTHROPIC)
class ResultsAreErrors(_WritesOtherwise):
    """Every result is marked as that of a tool that failed."""

    class writes(Writer):  # noqa: N801 - an attribute
        def result(self, message: Body) -> Body:
            return {**super().result(message), "is_error": True}


@defect("tools.order", surfaces=ANTHROPIC)
class WordsBeforeResults(Reference):
    """Results and the words behind them are one turn of the user, the words first."""

    def sent(self, body: Message) -> Message:
        written = super().sent(body)
        merged: list[Body] = []
        for turn in written["messages"]:
            before = merged[-1]["content"] if merged else ""
            if turn["role"] == "user" and isinstance(before, list) and before[0]["type"] == "tool_result":
                said = turn["content"]
                blocks = [{"type": "text", "text": said}] if isinstance(said, str) else said
                merged[-1] = {**turn, "content": [*blocks, *before]}
            else:
                merged.append(turn)
        return {**written, "messages": merged}


@defect("thinking.own", surfaces=ANTHROPIC)
class ThoughtsOfTheAnswerBefore(Reference):
    """With an answer the thought of the one before it is sent back."""

    thought = ""

    def in_blocks(self) -> tuple[Writer, Reader]:
        return _Thoughtful(), Reader()

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        self.history[-1]["thought"], self.thought = self.thought, reply.choice(0).thinking


class _Thoughtful(Writer):
    """Writes thoughts, each before what was said behind it."""

    def turn(self, message: Body) -> Body:
        turn = super().turn(message)
        if not message.get("thought"):
            return turn
        said = turn["content"]
        blocks = [{"type": "text", "text": said}] if isinstance(said, str) else said
        thought = {"type": "thinking", "thinking": message["thought"], "signature": ""}
        return {**turn, "content": [thought, *blocks]}
