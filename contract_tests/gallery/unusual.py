"""Clients that go well until there is more of something than usual, or something rarer."""

import json
import re
import textwrap
from dataclasses import replace
from typing import Any

from contract_tests.gallery.reference import BrokenOffError, CloudError, Message, Reference, Reply, Said
from contract_tests.gallery.registry import COMPLETIONS, defect
from mockserver.contract import Begin, Call, Choice, Report, Result, Say

_MOST = 32_768
_KNOWN = ("type", "properties", "items", "required", "description", "enum")
_THOUGHT = re.compile(r"<think>.*?</think>\s*", re.DOTALL)


def _simplified(schema: Any) -> Any:
    """A schema with a few keywords; the names of properties are none."""
    if isinstance(schema, list):
        return [_simplified(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: value for name, value in schema.items() if name in _KNOWN}
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: _simplified(one) for name, one in kept["properties"].items()}
    return {**kept, "items": _simplified(kept["items"])} if "items" in kept else kept


@defect("tools.offered", surfaces=COMPLETIONS)
class SimplifiesSchemas(Reference):
    """Of the schemas of tools only a few keywords are kept."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        begin = self.begin
        tools = json.loads(json.dumps(begin.tools))
        for tool in tools:
            tool["function"]["parameters"] = _simplified(tool["function"]["parameters"])
        self.begin = replace(begin, tools=tuple(tools))
        try:
            return super().body(messages, options, stream=stream)
        finally:
            self.begin = begin


@defect("tools.offered", surfaces=COMPLETIONS)
class OffersSixteenTools(Reference):
    """More than sixteen tools are not offered."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        begin, self.begin = self.begin, replace(self.begin, tools=self.begin.tools[:16])
        try:
            return super().body(messages, options, stream=stream)
        finally:
            self.begin = begin


@defect("report.tool-calls", surfaces=COMPLETIONS)
class SortsCallsAsText(Reference):
    """The indexes of calls are sorted as texts: the tenth comes before the second."""

    def told(self, said: Said) -> Choice:
        calls = tuple(call for _, call in sorted(said.calls.items(), key=lambda one: str(one[0])))
        return Choice(said.text, said.thinking, calls, said.finish)


@defect("report.tool-calls", surfaces=COMPLETIONS)
class SameCallsOnce(Reference):
    """Calls of one function with the same arguments are taken for one."""

    def told(self, said: Said) -> Choice:
        calls = {(call.name, call.arguments): call for _, call in sorted(said.calls.items(), reverse=True)}
        return Choice(said.text, said.thinking, tuple(calls.values())[::-1], said.finish)


@defect("report.tool-calls", surfaces=COMPLETIONS)
class KnownFunctionsOnly(Reference):
    """A call of a function that was not offered is dropped, and nobody learns of it."""

    def told(self, said: Said) -> Choice:
        choice, names = super().told(said), {tool["function"]["name"] for tool in self.begin.tools}
        return replace(choice, tool_calls=tuple(call for call in choice.tool_calls if call.name in names))


@defect("report.tool-calls", surfaces=COMPLETIONS)
class BreaksLoops(Reference):
    """A call like one of the answer before is taken for a loop, and dropped."""

    last: frozenset[tuple[str, str]] = frozenset()

    def told(self, said: Said) -> Choice:
        choice = super().told(said)
        new = tuple(call for call in choice.tool_calls if (call.name, call.arguments) not in self.last)
        self.last = frozenset((call.name, call.arguments) for call in choice.tool_calls)
        return replace(choice, tool_calls=new)


@defect("tools.results", museum="open-webui/open-webui#28570", surfaces=COMPLETIONS)
class OneResultForEachId(Reference):
    """A result is kept by the id of its call: one that has the id of an earlier call gets what that had."""

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.given: dict[str, str] = {}

    def tool_message(self, result: Result) -> Message:
        return super().tool_message(replace(result, content=self.given.setdefault(result.id, result.content)))


@defect("report.success", surfaces=COMPLETIONS)
class ErrorsByTheirWords(Reference):
    """An answer that speaks of a limit or a fault is taken for an error."""

    def count(self, reply: Reply) -> None:
        super().count(reply)
        if re.search(r"rate limit|quota|Internal server error", reply.choice(0).text):
            raise ValueError(reply.choice(0).text)


@defect("options.sent", surfaces=("compat", "native-text"))
class NarrowSeeds(Reference):
    """A seed has 31 bits; the service takes 63."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        seed = {"seed": options["seed"] & 0x7FFF_FFFF} if "seed" in options else {}
        return super().body(messages, {**options, **seed}, stream=stream)


@defect("tools.results", surfaces=COMPLETIONS)
class CutsLargeResults(Reference):
    """A result is cut at 32,768 characters."""

    def tool_message(self, result: Result) -> Message:
        return super().tool_message(replace(result, content=result.content[:_MOST]))


@defect("history.text", surfaces=COMPLETIONS)
class StripsThoughtsFromTexts(Reference):
    """What looks like a thought is taken out of the texts in the history."""

    def wire(self, message: Message) -> Message:
        content = message.get("content")
        if isinstance(content, str):
            message = {**message, "content": _THOUGHT.sub("", content)}
        return super().wire(message)


@defect("errors.code", surfaces=COMPLETIONS)
class FirstRefusalCounts(Reference):
    """Of several refusals in a row the first is told."""

    def attempt(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        first: CloudError | None = None
        for left in range(self.attempts() - 1, -1, -1):
            try:
                return self.exchange(body, stream=stream, options=options, stop=stop)
            except CloudError as error:
                first = first or error
                if not (left and self.passes(error)):
                    raise first from None
        raise AssertionError


@defect("retry.transient", surfaces=COMPLETIONS)
class SparesRetries(Reference):
    """A conversation has six retries, and none behind them."""

    tried = 0

    def passes(self, error: CloudError) -> bool:
        again = super().passes(error)
        self.tried += again
        return again and self.tried <= 6


@defect("options.sent", surfaces=COMPLETIONS)
class NarrowsOptions(Reference):
    """Numbers are moved into the ranges that another service has."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        narrow = {"temperature": (0, 1.5), "presence_penalty": (-1, 1), "top_p": (0.05, 1)}
        moved = {
            name: min(max(value, narrow[name][0]), narrow[name][1]) if name in narrow else value
            for name, value in options.items()
        }
        return super().body(messages, moved, stream=stream)


@defect("history.truncation", surfaces=COMPLETIONS)
class CountsTheSystemMessage(Reference):
    """The system message is counted among those that a request may hold."""

    def newest(self, rest: list[Message], most: int) -> list[Message]:
        return super().newest(rest, most - 1)


@defect("tools.ids", surfaces=COMPLETIONS)
class ShortensIds(Reference):
    """Ids of more than forty characters are cut: another service takes no longer ones."""

    def call_json(self, index: int, call: Call) -> Message:
        return super().call_json(index, replace(call, id=call.id[:40]))

    def tool_message(self, result: Result) -> Message:
        return super().tool_message(replace(result, id=result.id[:40]))


@defect("tools.ids", surfaces=COMPLETIONS)
class CleansIds(Reference):
    """What is no letter, digit or line in the id of a call becomes a line."""

    def call_json(self, index: int, call: Call) -> Message:
        return super().call_json(index, replace(call, id=re.sub(r"[^\w-]", "_", call.id)))

    def tool_message(self, result: Result) -> Message:
        return super().tool_message(replace(result, id=re.sub(r"[^\w-]", "_", result.id)))


@defect("tools.results", surfaces=COMPLETIONS)
class ReadsResults(Reference):
    """A result that is a text in JSON is sent as the text, and null as nothing."""

    def tool_message(self, result: Result) -> Message:
        try:
            value = json.loads(result.content)
        except ValueError:
            return super().tool_message(result)
        told = value if isinstance(value, str) else "" if value is None else result.content
        return super().tool_message(replace(result, content=told))


@defect("media.sent", surfaces=("compat", "native-multimodal"))
class TenPicturesAtMost(Reference):
    """Of the pictures of a message ten are sent."""

    def user(self, say: Say) -> Message:
        pictures = [part for part in say.parts if "text" not in part][:10]
        parts = tuple(part for part in say.parts if "text" in part or part in pictures)
        return super().user(replace(say, parts=parts))


@defect("report.success", surfaces=COMPLETIONS)
class WantsWordsBehindThoughts(Reference):
    """An answer of which only the thinking came is taken for broken off."""

    def report(self, reply: Reply) -> Report:
        for said in reply.choices.values():
            if said.thinking and not (said.text or said.calls):
                raise BrokenOffError(said.thinking)
        return super().report(reply)


@defect("report.stopped", surfaces=COMPLETIONS)
class StoppedBeforehand(Reference):
    """An answer that might have been stopped is told as stopped, though it came to its end."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        report = super().answer(stream, options, prefix, stop)
        return replace(report, cancelled=True) if stop else report


@defect("history.text", surfaces=COMPLETIONS)
class TidiesTexts(Reference):
    """Empty lines in a row become one, and a margin that all lines have is taken off."""

    def wire(self, message: Message) -> Message:
        content = message.get("content")
        if isinstance(content, str) and message["role"] != "tool":
            message = {**message, "content": re.sub(r"\n{3,}", "\n\n", textwrap.dedent(content))}
        return super().wire(message)


@defect("tools.results", surfaces=COMPLETIONS)
class TypesetsResults(Reference):
    """Three dots, two lines and the like in a result become the characters that printers use."""

    def tool_message(self, result: Result) -> Message:
        content = result.content.replace("...", "…").replace("--", "—")
        return super().tool_message(replace(result, content=content))


@defect("request.model", surfaces=("compat", "native-text", "native-multimodal"))
class ForgetsDates(Reference):
    """The date at the end of a model's name is left out."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        model = re.sub(r"-\d{4}-\d\d-\d\d$", "", self.begin.model)
        return {**super().body(messages, options, stream=stream), "model": model}


@defect("request.model", surfaces=("compat",))
class ForgetsVendors(Reference):
    """Of a model's name only what stands behind the line is sent."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        model = self.begin.model.rpartition("/")[2]
        return {**super().body(messages, options, stream=stream), "model": model}


@defect("report.tool-calls", surfaces=COMPLETIONS)
class ClosesHalfArguments(Reference):
    """Arguments that ran into the limit of the answer are closed, as if they had come whole."""

    def told(self, said: Said) -> Choice:
        choice = super().told(said)
        if said.finish != "length":
            return choice
        calls = tuple(replace(call, arguments=self.closed(call.arguments)) for call in choice.tool_calls)
        return replace(choice, tool_calls=calls)

    def closed(self, arguments: str) -> str:
        for end in ("", '"}', "}", "]}"):
            try:
                json.loads(arguments + end)
            except ValueError:
                continue
            return arguments + end
        return arguments


@defect("media.sent", surfaces=("compat", "native-multimodal"))
class PicturesOfAddresses(Reference):
    """The address of a picture in what the user says becomes a picture."""

    def user(self, say: Say) -> Message:
        found = re.search(r"https?://\S+\.(?:png|jpg|gif|webp)", say.text)
        if found is not None:
            say = replace(say, parts=({"image": found[0]}, {"text": say.text}))
        return super().user(say)


@defect("history.text", surfaces=("compat", "native-multimodal"))
class AsksAboutPictures(Reference):
    """A picture without a word gets words of the client's own."""

    def user(self, say: Say) -> Message:
        if say.parts and not any("text" in part for part in say.parts):
            say = replace(say, parts=(*say.parts, {"text": "Describe the picture."}))
        return super().user(say)


@defect("history.text", surfaces=("compat", "native-multimodal"))
class JoinsTextsByLines(Reference):
    """Texts in a row of one message are joined by the end of a line."""

    def user(self, say: Say) -> Message:
        parts: list[Message] = []
        for part in map(dict, say.parts):
            if parts and "text" in part and "text" in parts[-1]:
                parts[-1]["text"] += "\n" + part["text"]
            else:
                parts.append(part)
        return super().user(replace(say, parts=tuple(parts)))


@defect("history.text", surfaces=COMPLETIONS)
class HidesKeys(Reference):
    """What looks like a key is hidden from the model."""

    def wire(self, message: Message) -> Message:
        content = message.get("content")
        if isinstance(content, str):
            message = {**message, "content": re.sub(r"sk-\w{16,}", "[hidden]", content)}
        return super().wire(message)
