"""Clients that are broken as real ones were: by repetitions, values, hollow answers and what others do."""

import codecs
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from contract_tests.gallery import items
from contract_tests.gallery.blocks import Reader
from contract_tests.gallery.reference import BrokenOffError, Message, Reference, Reply, Said
from contract_tests.gallery.registry import ANTHROPIC, COMPLETIONS, RESPONSES, defect
from mockserver.contract import Begin, Choice, Report, Result, Say, Tokens

# What repeats.


@defect("report.text", museum="posit-dev/chatlas#435", surfaces=COMPLETIONS)
class TakesDeltasForSums(Reference):
    """A delta that begins as all of the text so far is taken for all of the text."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        text = self.text(delta.get("content"))
        if said.text and text.startswith(said.text) and not cumulative:
            delta = {**delta, "content": text.removeprefix(said.text)}
        super().piece(reply, said, delta, cumulative=cumulative)


@defect("report.tool-calls", museum="bytedance/deer-flow#4085", surfaces=COMPLETIONS)
class DropsSameArguments(Reference):
    """A piece of arguments that the arguments end with already is taken for a replay."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        function, index = piece.get("function") or {}, int(piece.get("index") or 0)
        known = said.calls.get(index)
        given = function.get("arguments")
        if known is not None and given and known.arguments.endswith(given) and not cumulative:
            piece = {**piece, "function": {**function, "arguments": ""}}
        super().call(said, piece, cumulative=cumulative)


@defect("report.choices", surfaces=("compat", "native-text"))
class OneOfAlike(Reference):
    """Choices that say the same are reported once."""

    def report(self, reply: Reply) -> Report:
        report = super().report(reply)
        return replace(report, choices=tuple(dict.fromkeys(report.choices)))


# Pieces in another order, or together.


@defect("form.woven-calls", museum="QwenLM/Qwen-Agent#943", surfaces=COMPLETIONS)
class LastCallGetsAll(Reference):
    """A piece without an id belongs to the call that began last."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        if said.calls and not piece.get("id") and not cumulative:
            piece = {**piece, "index": list(said.calls)[-1]}
        super().call(said, piece, cumulative=cumulative)


@defect("form.late-thoughts", museum="NousResearch/hermes-agent#40895", surfaces=COMPLETIONS)
class ThoughtsEndWithWords(Reference):
    """With the first word of an answer its thinking is over."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        heard = {**delta, "reasoning_content": ""} if said.text and not cumulative else delta
        super().piece(reply, said, heard, cumulative=cumulative)


@defect("form.shared-chunks", museum="BerriAI/litellm#27492", surfaces=COMPLETIONS)
class ThoughtsOrWords(Reference):
    """In a chunk with thinking no words are read."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        heard = {**delta, "content": ""} if self.thinking(delta) and not cumulative else delta
        super().piece(reply, said, heard, cumulative=cumulative)


@defect("form.shared-chunks", surfaces=COMPLETIONS)
class CallsOrWords(Reference):
    """In a chunk of a stream with a call no words are read."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        heard = {**delta, "content": ""} if delta.get("tool_calls") and reply.pieces else delta
        super().piece(reply, said, delta if cumulative else heard, cumulative=cumulative)


@defect("form.usage-in-finish", museum="odysseus-dev/odysseus#1703", surfaces=("compat",))
class UsageStandsAlone(Reference):
    """In a stream usage is read only where there is no choice."""

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        chunk = any("delta" in choice for choice in document.get("choices") or ())
        super().take(reply, {**document, "usage": None} if chunk else document, cumulative=cumulative)


class _FirstBlock(Reader):
    def message(self, document: Message) -> Message:
        thoughts = [block for block in document["content"] if block["type"] == "thinking"]
        kept = [block for block in document["content"] if block not in thoughts[1:]]
        return super().message({**document, "content": kept})


class _FirstPart(items.Reader):
    def thought(self, item: Message) -> str:
        return super().thought({**item, "summary": item["summary"][:1]})


@defect("form.several-thoughts", museum="vercel/ai#14842", surfaces=(*ANTHROPIC, *RESPONSES))
class FirstThought(Reference):
    """Of the thoughts of a whole answer the first one is read."""

    def in_blocks(self) -> tuple[Any, Any]:
        return super().in_blocks()[0], _FirstBlock()

    def in_items(self) -> tuple[Any, Any]:
        return super().in_items()[0], _FirstPart()


@defect("form.null-content", surfaces=("compat",))
class WritesNone(Reference):
    """Null for a content is a word."""

    def whole(self, status: int, body: bytes) -> Reply:
        reply = super().whole(status, body)
        for choice in json.loads(body)["choices"]:
            if choice["message"].get("content", "") is None:
                reply.choice(self.index(choice)).text = str(None)
        return reply


@defect("form.large-events", museum="r3labs/sse", surfaces=COMPLETIONS)
class SkipsLongLines(Reference):
    """A line of more than 64 kB is skipped, and nobody is told."""

    def events(self, response: Any) -> Any:
        return ((event, data) for event, data in super().events(response) if len(data) <= 1 << 16)


@defect("form.escapes", surfaces=COMPLETIONS)
class HalvesAreCharacters(Reference):
    """Each half of a pair of escapes is taken for a character, and is none."""

    def received(self, data: str | bytes) -> Message:
        text = data if isinstance(data, str) else data.decode()
        return super().received(re.sub(r"\\ud[89a-f]..", r"\\ufffd", text))


# Answers that are none.


@defect("answer.whole", museum="ChatGPTNextWeb/NextChat", surfaces=COMPLETIONS)
class HollowIsEmpty(Reference):
    """What has no choices, blocks or items is an answer without a word."""

    def whole(self, status: int, body: bytes) -> Reply:
        try:
            return super().whole(status, body)
        except (AttributeError, BrokenOffError, KeyError, TypeError):
            reply = Reply(usage=Tokens(0, 0))
            reply.choice(0).finish = "stop"
            return reply


@defect("retry.bounded", museum="eventsource-stream")
class AsksForEver(Reference):
    """A stream that broke off is asked for again, thirty times."""

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        for left in range(30, -1, -1):
            try:
                return super().exchange(body, stream=stream, options=options, stop=stop)
            except BrokenOffError:
                if not left:
                    raise
        raise AssertionError


@defect("report.success", surfaces=COMPLETIONS)
class KeepsHalfACharacter(Reference):
    """Of a stream that broke off within a character its bytes are left for the next stream."""

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.halves = codecs.getincrementaldecoder("utf-8")()

    def decode(self, chunk: bytes) -> str:
        return self.halves.decode(chunk)


# Values and texts.


@defect("history.text", surfaces=COMPLETIONS)
class TakesFencesOff(Reference):
    """The fence around an answer is no part of it in the history."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        last = self.history[-1]
        last["content"] = re.sub(r"(?s)\A```\w*\n(.*?)\n?```\n?\Z", r"\1", last["content"])


@defect("history.complete", surfaces=COMPLETIONS)
class DropsBlankAnswers(Reference):
    """An answer of blanks is no message."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        if self.history[-1]["content"].isspace() and "tool_calls" not in self.history[-1]:
            del self.history[-1]


@defect("tools.offered", surfaces=COMPLETIONS)
class MostTools(Reference):
    """No more than 128 tools are offered (OpenAI's limit)."""

    def __init__(self, begin: Begin) -> None:
        super().__init__(replace(begin, tools=begin.tools[:128]))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


@defect("tools.results", surfaces=COMPLETIONS)
class DropsNulls(Reference):
    """What is null in a result is left out."""

    def tool_message(self, result: Result) -> Message:
        try:
            given = json.loads(result.content)
        except ValueError:
            return super().tool_message(result)
        kept = _without_nulls(given)
        content = result.content if kept == given else json.dumps(kept)
        return super().tool_message(replace(result, content=content))


@defect("report.tool-calls", surfaces=COMPLETIONS)
class ReadsDates(Reference):
    """Dates in arguments are read, and written in another form (Json.NET)."""

    def told(self, said: Said) -> Choice:
        choice = super().told(said)
        calls = tuple(
            replace(call, arguments=re.sub(r"(T\d\d:\d\d:\d\d)(\.\d+)?Z", r"\1+00:00", call.arguments))
            for call in choice.tool_calls
        )
        return replace(choice, tool_calls=calls)


# What others do, and what was before.


@defect("history.complete", museum="paramsgit/autochat-bot#6")
class EndsForAll(Reference):
    """Where one conversation ends all of them forget what was said."""

    there: ClassVar[list[Reference]] = []

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.there.append(self)

    def end(self) -> Report:
        for one in self.there:
            one.history[:] = one.opening()
        self.there.clear()
        return super().end()


@defect("partial.sent", surfaces=COMPLETIONS)
class KeepsPrefixForLater(Reference):
    """A prefix whose answer failed is used for what is said next."""

    left: str | None = None

    def say(self, say: Say) -> Report:
        if say.partial is None and self.left is not None:
            say = replace(say, partial=self.left)
        self.left = say.partial
        report = super().say(say)
        self.left = None
        return report
