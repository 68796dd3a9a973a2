"""Clients that misread responses and their events: names, items, numbers, ends, failures within a 200."""

import json
from collections.abc import Iterator
from typing import Any

from contract_tests.gallery.items import Body, Reader, Writer
from contract_tests.gallery.reference import CloudError, Message, Reference, Reply
from contract_tests.gallery.registry import RESPONSES, defect

NOTHING: Body = {"choices": []}


class _ReadsOtherwise(Reference):
    """A client with a reader of its own."""

    reads: type[Reader] = Reader

    def in_items(self) -> tuple[Writer, Reader]:
        return Writer(), self.reads()


# The events of a stream.


@defect("report.success", surfaces=RESPONSES)
class WaitsForDone(Reference):
    """A stream ends with [DONE], as in chat completions; here nothing says so."""

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        super().take(reply, document, cumulative=cumulative)
        if any(choice.get("finish_reason") and "delta" in choice for choice in document["choices"]):
            message = "there was no [DONE]"
            raise TimeoutError(message)


@defect("report.tool-calls", surfaces=RESPONSES)
class WaitsForArguments(_ReadsOtherwise):
    """Arguments are taken from events of their own only, which mostly are not there."""

    class reads(Reader):  # noqa: N801 - an attribute
        def output_item_done(self, _: Body) -> Body:
            return NOTHING


@defect("report.tool-calls", surfaces=RESPONSES)
class AddsArgumentsOfTheItem(_ReadsOtherwise):
    """Arguments that came in pieces are added once more with their whole item."""

    class reads(Reader):  # noqa: N801 - an attribute
        def output_item_done(self, event: Body) -> Body:
            self.pieced.clear()
            return super().output_item_done(event)


@defect("report.tool-calls", surfaces=RESPONSES)
class AddsArgumentsOfTheirEnd(_ReadsOtherwise):
    """The event that ends the arguments repeats them; they are added."""

    class reads(Reader):  # noqa: N801 - an attribute
        def function_call_arguments_done(self, event: Body) -> Body:
            return self.chunk({"tool_calls": [self.call(event["output_index"], "", "", event["arguments"])]})


@defect("report.success", surfaces=RESPONSES)
class ReadsArgumentsTooEarly(_ReadsOtherwise):
    """The arguments of a call are read when its item begins, where they are still empty."""

    class reads(Reader):  # noqa: N801 - an attribute
        def output_item_added(self, event: Body) -> Body:
            if event["item"]["type"] == "function_call":
                json.loads(event["item"]["arguments"])
            return super().output_item_added(event)


@defect("report.thinking", surfaces=RESPONSES)
class KnowsNoSummaries(_ReadsOtherwise):
    """A thought is heard under its newer name only."""

    class reads(Reader):  # noqa: N801 - an attribute
        def reasoning_summary_text_delta(self, _: Body) -> Body:
            return NOTHING


@defect("report.thinking", surfaces=RESPONSES)
class KnowsSummariesOnly(_ReadsOtherwise):
    """A thought is heard under the name only that OpenAI's API has for it."""

    class reads(Reader):  # noqa: N801 - an attribute
        def reasoning_text_delta(self, _: Body) -> Body:
            return NOTHING


@defect("report.thinking", surfaces=RESPONSES)
class AddsWholeThoughts(_ReadsOtherwise):
    """The event that ends a thought repeats it; it is added."""

    class reads(Reader):  # noqa: N801 - an attribute
        def reasoning_text_done(self, event: Body) -> Body:
            return self.chunk({"reasoning_content": event["text"]})


@defect("report.text", surfaces=RESPONSES)
class SaysThoughts(_ReadsOtherwise):
    """What is thought is shown as if it were said."""

    class reads(Reader):  # noqa: N801 - an attribute
        def reasoning_text_delta(self, event: Body) -> Body:
            return self.chunk({"content": event["delta"]})


@defect("report.text", surfaces=RESPONSES)
class AddsWholeTexts(_ReadsOtherwise):
    """The event that ends a text repeats it; it is added."""

    class reads(Reader):  # noqa: N801 - an attribute
        def output_text_done(self, event: Body) -> Body:
            return self.chunk({"content": event["text"]})


@defect("report.text", surfaces=RESPONSES)
class AddsWholeParts(_ReadsOtherwise):
    """The event that ends a part repeats its text; it is added."""

    class reads(Reader):  # noqa: N801 - an attribute
        def content_part_done(self, event: Body) -> Body:
            return self.chunk({"content": event["part"]["text"]})


@defect("report.text", surfaces=RESPONSES)
class AddsWholeResponses(_ReadsOtherwise):
    """The last event has all that was said; it is added to the pieces."""

    class reads(Reader):  # noqa: N801 - an attribute
        def completed(self, event: Body) -> Body:
            said = "".join(self.said(item) for item in self.of(event["response"], "message"))
            return self.ended(event["response"], {"delta": {"content": said}})


@defect("report.text", surfaces=RESPONSES)
class DropsBlankPieces(_ReadsOtherwise):
    """A piece of a text that is blank is taken for nothing."""

    class reads(Reader):  # noqa: N801 - an attribute
        def output_text_delta(self, event: Body) -> Body:
            return super().output_text_delta(event) if event["delta"].strip() else NOTHING


@defect("report.tool-calls", surfaces=RESPONSES)
class JoinsItems(_ReadsOtherwise):
    """The index of an item is not read: what several calls are given runs together."""

    class reads(Reader):  # noqa: N801 - an attribute
        def call(self, _: int, call_id: str, name: str, arguments: str) -> Body:
            return super().call(0, call_id, name, arguments)


@defect("report.success", surfaces=RESPONSES)
class ExpectsProgressAtOnce(_ReadsOtherwise):
    """A response that is created has to be in progress; here it is queued first."""

    class reads(Reader):  # noqa: N801 - an attribute
        def created(self, event: Body) -> Body:
            if event["response"]["status"] != "in_progress":
                raise ValueError(event)
            return super().created(event)


@defect("report.success", surfaces=RESPONSES)
class ChecksModelOfTheBeginning(_ReadsOtherwise):
    """The first event has to name the model; there it has no name yet."""

    class reads(Reader):  # noqa: N801 - an attribute
        def created(self, event: Body) -> Body:
            if not event["response"]["model"]:
                raise ValueError(event)
            return super().created(event)


@defect("report.success", surfaces=RESPONSES)
class NumbersFromOne(_ReadsOtherwise):
    """The events are expected to count from one, as the frames do."""

    class reads(Reader):  # noqa: N801 - an attribute
        def created(self, event: Body) -> Body:
            if event["sequence_number"] != 1:
                raise ValueError(event)
            return super().created(event)


@defect("report.success", surfaces=RESPONSES)
class CountsLogprobs(_ReadsOtherwise):
    """The log probabilities of a part are counted, where there are none: null."""

    class reads(Reader):  # noqa: N801 - an attribute
        def content_part_added(self, event: Body) -> Body:
            len(event["part"]["logprobs"])
            return NOTHING


@defect("report.success", surfaces=RESPONSES)
class KnowsAllEvents(_ReadsOtherwise):
    """An event that the client does not know is an error; a tool of the service has events of its own."""

    class reads(Reader):  # noqa: N801 - an attribute
        known = ("created", "in_progress", "completed", "incomplete", "failed")
        beginnings = ("output_", "content_", "reasoning_", "function_")

        def event(self, name: str, event: Body) -> Body:
            if name not in self.known and not name.startswith(self.beginnings):
                raise ValueError(event)
            return super().event(name, event)


@defect("stream.cut", surfaces=RESPONSES)
class EndsWithTheText(Reference):
    """An answer is taken for whole when its text is, though the event that ends it is missing."""

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        if not reply.choice(0).text:
            super().check(reply, options)
        reply.choice(0).finish = reply.choice(0).finish or "stop"


@defect("report.success", surfaces=RESPONSES)
class KnowsOneEnd(_ReadsOtherwise):
    """An answer that is cut by its length ends with an event that the client does not know."""

    class reads(Reader):  # noqa: N801 - an attribute
        def incomplete(self, _: Body) -> Body:
            return NOTHING


# The items of a response.


@defect("report.text", surfaces=RESPONSES)
class ReadsOutputText(_ReadsOtherwise):
    """The text is looked for in `output_text`, which SDKs make up and no response has."""

    class reads(Reader):  # noqa: N801 - an attribute
        def response(self, response: Body) -> Body:
            answer = super().response(response)
            for choice in answer.get("choices", ()):
                choice["message"]["content"] = response.get("output_text", "")
            return answer


@defect("report.text", surfaces=RESPONSES)
class ReadsFirstItemOnly(_ReadsOtherwise):
    """Of the items the first is read; there a thought may stand."""

    class reads(Reader):  # noqa: N801 - an attribute
        def of(self, response: Body, kind: str) -> list[Body]:
            return [item for item in response["output"][:1] if item["type"] == kind]


@defect("report.text", surfaces=RESPONSES)
class ReadsLastItemOnly(_ReadsOtherwise):
    """Of the items the last is read; there a call may stand."""

    class reads(Reader):  # noqa: N801 - an attribute
        def of(self, response: Body, kind: str) -> list[Body]:
            return [item for item in response["output"][-1:] if item["type"] == kind]


@defect("report.thinking", surfaces=RESPONSES)
class ReadsThoughtsInContent(_ReadsOtherwise):
    """A thought is looked for in the content of its item; here it is the summary."""

    class reads(Reader):  # noqa: N801 - an attribute
        def thought(self, item: Body) -> str:
            return "".join(part["text"] for part in item.get("content") or ())


@defect("report.tool-calls", surfaces=RESPONSES)
class CallsByItems(_ReadsOtherwise):
    """A call is known by the id of its item, not by its own."""

    class reads(Reader):  # noqa: N801 - an attribute
        def response(self, response: Body) -> Body:
            output = [{**item, "call_id": item["id"]} for item in response["output"]]
            return super().response({**response, "output": output})

        def output_item_added(self, event: Body) -> Body:
            return super().output_item_added(
                {**event, "item": {**event["item"], "call_id": event["item"]["id"]}}
            )


@defect("report.success", surfaces=RESPONSES)
class KnowsAllItems(_ReadsOtherwise):
    """An item that the client does not know is an error."""

    class reads(Reader):  # noqa: N801 - an attribute
        def response(self, response: Body) -> Body:
            if {item["type"] for item in response["output"]} - {"message", "reasoning", "function_call"}:
                raise ValueError(response)
            return super().response(response)


@defect("report.tool-calls", surfaces=RESPONSES)
class CallsOfTheServiceToo(_ReadsOtherwise):
    """What a tool of the service did is taken for a call that the client has to answer."""

    class reads(Reader):  # noqa: N801 - an attribute
        def response(self, response: Body) -> Body:
            unnamed = {"name": "", "arguments": "{}"}
            output = [
                {**unnamed, **item, "type": "function_call", "call_id": item["id"]}
                if item["type"].endswith("_search_call")
                else item
                for item in response["output"]
            ]
            return super().response({**response, "output": output})


@defect("report.finish-reason", surfaces=RESPONSES)
class TellsStatus(_ReadsOtherwise):
    """How an answer ended is told in the words of the response, which its user does not know."""

    class reads(Reader):  # noqa: N801 - an attribute
        def reason(self, response: Body) -> str:
            return str(response["status"])


@defect("report.finish-reason", surfaces=RESPONSES)
class IncompleteIsWhole(_ReadsOtherwise):
    """An answer that is cut by its length is told as one that came to its end."""

    class reads(Reader):  # noqa: N801 - an attribute
        def reason(self, response: Body) -> str:
            return super().reason({**response, "status": "completed"})


@defect("report.success", surfaces=RESPONSES)
class IncompleteIsFailed(_ReadsOtherwise):
    """An answer that is cut by its length is an error."""

    class reads(Reader):  # noqa: N801 - an attribute
        def is_whole(self, response: Body) -> bool:
            return bool(response["status"] == "completed")


# The usage.


@defect("usage.exact", surfaces=RESPONSES)
class AddsDetails(_ReadsOtherwise):
    """The details of a usage count the same again; they are added."""

    class reads(Reader):  # noqa: N801 - an attribute
        def usage(self, usage: Body) -> Body:
            rows = [usage, *usage["x_details"]]
            return {
                "prompt_tokens": sum(row["input_tokens"] for row in rows),
                "completion_tokens": sum(row["output_tokens"] for row in rows),
            }


@defect("usage.exact", surfaces=RESPONSES)
class AddsThoughtTokens(_ReadsOtherwise):
    """The tokens of a thought, which are among those of the answer, are added."""

    class reads(Reader):  # noqa: N801 - an attribute
        def usage(self, usage: Body) -> Body:
            more = usage["output_tokens_details"]["reasoning_tokens"]
            return super().usage({**usage, "output_tokens": usage["output_tokens"] + more})


@defect("usage.exact", surfaces=RESPONSES)
class LeavesCacheOut(_ReadsOtherwise):
    """What was read from a cache, which is among the input, is taken away from it."""

    class reads(Reader):  # noqa: N801 - an attribute
        def usage(self, usage: Body) -> Body:
            less = usage["input_tokens_details"]["cached_tokens"]
            return super().usage({**usage, "input_tokens": usage["input_tokens"] - less})


@defect("usage.exact", surfaces=RESPONSES)
class CountsInNamesOfChat(_ReadsOtherwise):
    """The usage is read by the names of chat completions, which count nothing here."""

    class reads(Reader):  # noqa: N801 - an attribute
        def usage(self, usage: Body) -> Body:
            return {name: usage.get(name, 0) for name in ("prompt_tokens", "completion_tokens")}


@defect("usage.streamed", surfaces=RESPONSES)
class CountsNothingOfStreams(_ReadsOtherwise):
    """The usage of a stream, which stands within its last event, is looked for beside it."""

    class reads(Reader):  # noqa: N801 - an attribute
        def completed(self, event: Body) -> Body:
            return {**super().completed(event), "usage": event.get("usage")}


# What failed.


@defect("errors.reported", surfaces=RESPONSES)
class TrustsStatus200(_ReadsOtherwise):
    """Whatever comes with status 200 is an answer, be it one that failed."""

    class reads(Reader):  # noqa: N801 - an attribute
        def is_whole(self, _: Body) -> bool:
            return True

        def usage(self, usage: Body) -> Body:
            return super().usage(usage) if usage else {"prompt_tokens": 0, "completion_tokens": 0}

        def ended(self, response: Body, said: Body) -> Body:
            return super().ended({"usage": None, **response}, said)


@defect("answer.whole", surfaces=RESPONSES)
class CancelledIsWhole(_ReadsOtherwise):
    """A response that was cancelled is told as an empty answer."""

    class reads(Reader):  # noqa: N801 - an attribute
        def response(self, response: Body) -> Body:
            if response["status"] == "cancelled":
                return {"choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "stop"}]}
            return super().response(response)


@defect("answer.whole", surfaces=RESPONSES)
class QueuedIsWhole(_ReadsOtherwise):
    """A response that has not begun is told as an empty answer."""

    class reads(Reader):  # noqa: N801 - an attribute
        def response(self, response: Body) -> Body:
            if response["status"] in ("queued", "in_progress"):
                return {"choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "stop"}]}
            return super().response(response)


@defect("errors.code", surfaces=RESPONSES)
class HearsNoFailure(_ReadsOtherwise):
    """The event of a response that failed is not known: the stream seems to break off."""

    class reads(Reader):  # noqa: N801 - an attribute
        def failed(self, _: Body) -> Body:
            return NOTHING


@defect("errors.not-text", surfaces=RESPONSES)
class SaysFailures(_ReadsOtherwise):
    """Why a response failed is shown as if it were said."""

    class reads(Reader):  # noqa: N801 - an attribute
        def failure(self, response: Body) -> Body:
            told = {"content": (response.get("error") or {}).get("message", "")}
            return {"choices": [{"index": 0, "message": told, "delta": told, "finish_reason": "stop"}]}


@defect("errors.code", surfaces=RESPONSES)
class ExpectsErrorsNested(Reference):
    """A refusal is looked for in `error`; where it is flat nothing is found."""

    def error(self, document: Message, status: int | None) -> CloudError:
        return super().error({"error": {"message": "refused"}, **document}, status)


@defect("errors.code", surfaces=RESPONSES)
class ExpectsErrorsFlat(Reference):
    """A refusal is looked for at the top; within a response that failed nothing is found."""

    def error(self, document: Message, status: int | None) -> CloudError:
        return CloudError(document.get("code"), status, document.get("message", "failed"))


@defect("errors.message", surfaces=RESPONSES)
class TellsFailedOnly(_ReadsOtherwise):
    """Of a response that failed it is told that it did, not why."""

    class reads(Reader):  # noqa: N801 - an attribute
        def failure(self, response: Body) -> Body:
            return {"error": {**super().failure(response)["error"], "message": response["status"]}}


@defect("retry.transient", surfaces=RESPONSES)
class TakesLimitsForGood(Reference):
    """A limit that is told by a response that failed is not tried again."""

    def passes(self, error: CloudError) -> bool:
        return error.code != "server_error" and super().passes(error)


@defect("retry.never", surfaces=RESPONSES)
class TriesEveryFailureAgain(Reference):
    """Whatever failed within a 200 is tried again."""

    def passes(self, error: CloudError) -> bool:
        return error.status is None or super().passes(error)


# What goes back.


@defect("thinking.own", surfaces=RESPONSES)
class CutsThoughts(Reference):
    """A thought goes back as an item, cut in its middle."""

    def in_items(self) -> tuple[Writer, Reader]:
        return _Thoughtful(), Reader()

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        thought = reply.choice(0).thinking
        self.history[-1]["thought"] = thought[: len(thought) // 2]


class _Thoughtful(Writer):
    """Writes thoughts, each before what was said behind it."""

    def items(self, message: Body) -> Iterator[Body]:
        if message.get("thought"):
            part = {"type": "summary_text", "text": message["thought"]}
            yield {"type": "reasoning", "summary": [part]}
        yield from super().items(message)
