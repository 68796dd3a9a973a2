"""Clients that write the items of an input wrongly, or name wrongly what a request goes on from."""

import json
from collections.abc import Iterator
from typing import Any

from contract_tests.gallery.items import Body, Reader, Writer
from contract_tests.gallery.reference import Message, Reference, Reply
from contract_tests.gallery.registry import RESPONSES, defect
from mockserver.contract import Begin, Report, Results, Say


class _WritesOtherwise(Reference):
    """A client with a writer of its own."""

    writes: type[Writer] = Writer

    def in_items(self) -> tuple[Writer, Reader]:
        return self.writes(), Reader()


# What is asked for.


@defect("request.valid", surfaces=RESPONSES)
class OffersNestedFunctions(_WritesOtherwise):
    """Functions are offered as chat completions have them, in an object of their own."""

    class writes(Writer):  # noqa: N801 - an attribute
        def tool(self, function: Body) -> Body:
            return {"type": "function", "function": function}


@defect("options.sent", surfaces=RESPONSES)
class LimitsByNameOfChat(_WritesOtherwise):
    """How long an answer may be is sent under the name that chat completions have for it."""

    class writes(Writer):  # noqa: N801 - an attribute
        def option(self, name: str, value: Any) -> Body:
            return {name: value} if name == "max_tokens" else super().option(name, value)


@defect("options.sent", surfaces=RESPONSES)
class EffortByNameOfChat(_WritesOtherwise):
    """How much is to be thought is sent under the name that chat completions have for it."""

    class writes(Writer):  # noqa: N801 - an attribute
        def option(self, name: str, value: Any) -> Body:
            return {name: value} if name == "reasoning_effort" else super().option(name, value)


@defect("options.sent", surfaces=RESPONSES)
class ThinksAlways(_WritesOtherwise):
    """Thinking cannot be switched off."""

    class writes(Writer):  # noqa: N801 - an attribute
        def option(self, name: str, value: Any) -> Body:
            return super().option(name, True if name == "enable_thinking" else value)


@defect("options.unasked", surfaces=RESPONSES)
class SetsEffort(_WritesOtherwise):
    """An effort is sent that nobody gave."""

    class writes(Writer):  # noqa: N801 - an attribute
        def body(self, body: Body) -> Body:
            return {"reasoning": {"effort": "low"}, **super().body(body)}


@defect("request.valid", surfaces=RESPONSES)
class SendsMessages(_WritesOtherwise):
    """What is said is sent as `messages`; it has to be the input."""

    class writes(Writer):  # noqa: N801 - an attribute
        def body(self, body: Body) -> Body:
            written = super().body(body)
            said = written.pop("input")
            return {**written, "messages": said}


# The history in items.


@defect("history.invented", surfaces=RESPONSES)
class InstructsTwice(_WritesOtherwise):
    """The system message is sent as instructions and as a message."""

    class writes(Writer):  # noqa: N801 - an attribute
        def body(self, body: Body) -> Body:
            written = super().body(body)
            if "instructions" in written:
                system = {"role": "system", "content": written["instructions"]}
                written["input"] = [system, *written["input"]]
            return written


@defect("history.complete", surfaces=RESPONSES)
class SaysLastWordsOnly(_WritesOtherwise):
    """The input is a text, what the user said last; the history is left out."""

    class writes(Writer):  # noqa: N801 - an attribute
        def body(self, body: Body) -> Body:
            written, last = super().body(body), body["messages"][-1]
            plain = last["role"] == "user" and isinstance(last["content"], str) and last["content"]
            return {**written, "input": last["content"]} if plain else written


@defect("history.text", surfaces=RESPONSES)
class MarksSpeakers(_WritesOtherwise):
    """Answers are sent back with a mark of who said them."""

    class writes(Writer):  # noqa: N801 - an attribute
        def message(self, message: Body) -> Body:
            said = message["role"] == "assistant" and message["content"]
            return super().message({**message, "content": f"Assistant: {said}"} if said else message)


@defect("request.valid", surfaces=RESPONSES)
class ResultsAsMessages(_WritesOtherwise):
    """A result is sent as a message with a role of its own, as in chat completions."""

    class writes(Writer):  # noqa: N801 - an attribute
        def result(self, message: Body) -> Body:
            return message


@defect("request.valid", surfaces=RESPONSES)
class ResultsByOtherId(_WritesOtherwise):
    """The id of the call stands under another name in its result."""

    class writes(Writer):  # noqa: N801 - an attribute
        def result(self, message: Body) -> Body:
            item = super().result(message)
            call_id = item.pop("call_id", "")
            return {**item, "id": call_id}


@defect("request.valid", surfaces=RESPONSES)
class ResultsAsObjects(_WritesOtherwise):
    """What a function gave is sent as an object."""

    class writes(Writer):  # noqa: N801 - an attribute
        def result(self, message: Body) -> Body:
            return {**super().result(message), "output": {"result": message["content"]}}


@defect("tools.results", surfaces=RESPONSES)
class ResultsAsJson(_WritesOtherwise):
    """What a function gave is turned into JSON, though it is text."""

    class writes(Writer):  # noqa: N801 - an attribute
        def result(self, message: Body) -> Body:
            return {**super().result(message), "output": json.dumps(message["content"])}


@defect("request.valid", surfaces=RESPONSES)
class ResultsWithoutCalls(_WritesOtherwise):
    """Results are sent, and the calls that they answer are not."""

    class writes(Writer):  # noqa: N801 - an attribute
        def items(self, message: Body) -> Iterator[Body]:
            yield from (item for item in super().items(message) if item.get("type") != "function_call")


@defect("request.valid", surfaces=RESPONSES)
class CallsAsObjects(_WritesOtherwise):
    """The arguments of a call are sent back as an object; they are a text."""

    class writes(Writer):  # noqa: N801 - an attribute
        def called(self, call: Body) -> Body:
            item = super().called(call)
            try:
                return {**item, "arguments": json.loads(item["arguments"])}
            except ValueError:
                return item


@defect("history.text", surfaces=RESPONSES)
class CallsWithoutWords(_WritesOtherwise):
    """What was said beside calls is not sent back."""

    class writes(Writer):  # noqa: N801 - an attribute
        def items(self, message: Body) -> Iterator[Body]:
            if message.get("tool_calls"):
                message = {**message, "content": ""}
            yield from super().items(message)


@defect("tools.calls", surfaces=RESPONSES)
class CallsAsWords(_WritesOtherwise):
    """Calls and results are sent back as what was said, in prose."""

    class writes(Writer):  # noqa: N801 - an attribute
        def items(self, message: Body) -> Iterator[Body]:
            for item in super().items(message):
                kind = item.get("type")
                if kind == "function_call":
                    yield {"role": "assistant", "content": f"{item['name']}({item['arguments']})"}
                else:
                    yield (
                        {"role": "user", "content": item["output"]}
                        if kind == "function_call_output"
                        else item
                    )


@defect("media.sent", surfaces=RESPONSES)
class PicturesInWords(_WritesOtherwise):
    """A picture is sent as the text of its address."""

    class writes(Writer):  # noqa: N801 - an attribute
        def part(self, part: Body) -> Body:
            text = part["text"] if part["type"] == "text" else part["image_url"]["url"]
            return {"type": "input_text", "text": text}


# What a request goes on from.


@defect("threads.named", surfaces=RESPONSES)
class NamesNoThread(Reference):
    """What is new is sent, and nothing names what was before."""

    def threaded(self) -> Message:
        return {}


@defect("threads.named", surfaces=RESPONSES)
class NamesNoThreadInStreams(Reference):
    """Where an answer is streamed nothing names what was before."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        body = super().body(messages, options, stream=stream)
        if stream:
            body.pop("previous_response_id", None)
            body.pop("conversation", None)
        return body


@defect("threads.named", surfaces=RESPONSES)
class NamesNoThreadWithResults(Reference):
    """Results are sent alone, as if the service knew whose they are."""

    def results(self, results: Results) -> Report:
        self.thread = ""
        return super().results(results)


@defect("threads.named", surfaces=RESPONSES)
class NamesNoThreadAgain(Reference):
    """What is tried again is tried without the name of what was before."""

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        try:
            return super().exchange(body, stream=stream, options=options, stop=stop)
        finally:
            body.pop("previous_response_id", None)
            body.pop("conversation", None)


@defect("threads.named", surfaces=RESPONSES)
class LosesThreadByFailures(Reference):
    """Behind a turn that failed nothing is known any more of those before."""

    def forget(self) -> None:
        super().forget()
        self.thread = ""

    def conversation(self) -> str:
        return "" if self.start else super().conversation()


@defect("history.invented", surfaces=RESPONSES)
class RepeatsBesideThread(Reference):
    """The whole history is sent beside the name of what was before."""

    def new(self, system: list[Message]) -> list[Message]:
        return [*system, *(one for one in self.history if one.get("role") != "system")]


@defect("history.invented", surfaces=RESPONSES)
class RepeatsItsLastAnswer(Reference):
    """The answer of the response that is named is sent again."""

    def new(self, system: list[Message]) -> list[Message]:
        last = [one for one in self.history[: self.known][-1:] if one["role"] == "assistant"]
        new = super().new(system)
        return [*new[: len(system)], *last, *new[len(system) :]]


@defect("history.complete", surfaces=RESPONSES)
class NamesFirstResponse(Reference):
    """Every turn goes on from the first response."""

    def answered(self, reply: Reply) -> str:
        return self.thread or super().answered(reply)


@defect("request.valid", surfaces=RESPONSES)
class NamesNoResponse(Reference):
    """What is named is an id of the client's own."""

    def answered(self, reply: Reply) -> str:
        return super().answered(reply).removeprefix("resp_")


@defect("request.valid", surfaces=RESPONSES)
class StoresNothing(Reference):
    """The service is told to keep nothing, and asked to go on from it."""

    def threaded(self) -> Message:
        return (
            {**super().threaded(), "store": False} if self.begin.thread == "previous" else super().threaded()
        )


@defect("history.failed-turn", surfaces=RESPONSES)
class GoesOnFromBrokenResponses(Reference):
    """A turn goes on from a response that broke off, as if it had been heard."""

    def forget(self) -> None:
        broken = self.heard
        super().forget()
        self.thread = broken or self.thread

    heard = ""

    def in_items(self) -> tuple[Writer, Reader]:
        client = self

        class Hearing(Reader):
            """Notes the id of a response as soon as it begins."""

            def created(self, event: Body) -> Body:
                client.heard = event["response"]["id"] if client.begin.thread == "previous" else ""
                return super().created(event)

        return Writer(), Hearing()


@defect("history.system", surfaces=RESPONSES)
class InstructsOnce(Reference):
    """The instructions are sent with the first turn only; no response keeps them."""

    def new(self, system: list[Message]) -> list[Message]:
        return super().new([] if self.known > 1 else system)


@defect("request.valid", surfaces=RESPONSES)
class NamesBoth(Reference):
    """Both the response before and the conversation are named."""

    def threaded(self) -> Message:
        named = super().threaded()
        if self.begin.thread == "conversation" and self.known:
            return {**named, "previous_response_id": "resp_00000000-0000-4000-8000-000000000001"}
        return named


@defect("history.complete", surfaces=RESPONSES)
class BeginsEachTurnAnew(Reference):
    """Every turn has a conversation of its own."""

    def say(self, say: Say) -> Report:
        if self.begin.thread == "conversation":
            self.thread = ""
        return super().say(say)


@defect("request.valid", surfaces=RESPONSES)
class SharesOneConversation(Reference):
    """All users share the conversation that was begun first."""

    begun = ""

    def conversation(self) -> str:
        type(self).begun = type(self).begun or super().conversation()
        return type(self).begun


@defect("tools.results", surfaces=RESPONSES)
class SendsNewestOnly(Reference):
    """Of several new messages the newest is sent."""

    def new(self, system: list[Message]) -> list[Message]:
        new = super().new(system)
        return [*new[: len(system)], *new[len(system) :][-1:]]


@defect("request.valid", surfaces=RESPONSES)
class NamesAreTexts(Reference):
    """What nobody answered yet is named by an empty text."""

    def threaded(self) -> Message:
        return super().threaded() or {"previous_response_id": ""}


@defect("history.separate", surfaces=RESPONSES)
class SharesHistories(Reference):
    """What is new of one conversation is sent in the other, too."""

    said: dict[str, list[Message]] = {}  # noqa: RUF012 - that it is shared is what is broken

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.said.clear()

    def new(self, system: list[Message]) -> list[Message]:
        new = super().new(system)
        others = [one for key, kept in self.said.items() if key != self.begin.key for one in kept]
        self.said[self.begin.key] = new[len(system) :]
        return [*system, *others[-1:], *new[len(system) :]]
