"""Clients that break tool calls: offers, calls, ids, arguments, results."""

import json
from typing import Any

from contract_tests.gallery.reference import Message, Reference, Reply, Said
from contract_tests.gallery.registry import defect
from mockserver.contract import Call, Choice, Result, Results


@defect("tools.calls", museum="langchain-ai/langgraph-supervisor-py#203")
class ForgetsCalls(Reference):
    """The calls are not in the history; the results hang in the air."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        self.history[-1].pop("tool_calls", None)


@defect("tools.calls")
class DropsCallingMessage(Reference):
    """The message with the calls is not sent at all."""

    def kept(self) -> list[Message]:
        return [message for message in super().kept() if "tool_calls" not in message]


@defect("tools.calls")
class RenamesFunctions(Reference):
    """Functions have another name in the history."""

    def call_json(self, index: int, call: Call) -> Message:
        return super().call_json(index, Call(call.id, f"functions.{call.name}", call.arguments))


@defect("tools.ids")
class MakesNewIds(Reference):
    """Calls have other ids in the history than on the wire."""

    def call_json(self, index: int, call: Call) -> Message:
        return {**super().call_json(index, call), "id": f"call_{index}"}


@defect("tools.ids")
class GivesAllResultsOneId(Reference):
    """All results carry the id of the first call."""

    def tool_messages(self, results: Results) -> list[Message]:
        first = results.results[0].id
        return [{**message, "tool_call_id": first} for message in super().tool_messages(results)]


@defect("tools.ids")
class CrossesIds(Reference):
    """The ids of two results are crossed."""

    def tool_messages(self, results: Results) -> list[Message]:
        messages = super().tool_messages(results)
        ids = [message["tool_call_id"] for message in reversed(messages)]
        return [{**message, "tool_call_id": call} for message, call in zip(messages, ids, strict=True)]


@defect("tools.ids")
class ResultsWithoutId(Reference):
    """Results carry no id."""

    def tool_message(self, result: Result) -> Message:
        return {"role": "tool", "content": result.content}


@defect("tools.order")
class ReversesResults(Reference):
    """The results come in the wrong order."""

    def tool_messages(self, results: Results) -> list[Message]:
        return super().tool_messages(results)[::-1]


@defect("history.order")
class ResultsBeforeCalls(Reference):
    """The results stand before the calls."""

    def results(self, results: Results) -> Any:
        self.history[-1:-1] = self.tool_messages(results)
        return self.answer(results.stream, {**self.begin.options, **results.options}, None, None)


@defect("tools.results", museum="RightNow-AI/openfang#771")
class SendsFirstResultOnly(Reference):
    """Of several results only the first is sent."""

    def tool_messages(self, results: Results) -> list[Message]:
        return super().tool_messages(results)[:1]


@defect("tools.results")
class TrimsResults(Reference):
    """Results lose the blanks at their ends."""

    def tool_message(self, result: Result) -> Message:
        return {**super().tool_message(result), "content": result.content.strip()}


@defect("tools.results")
class FillsEmptyResults(Reference):
    """An empty result becomes a word."""

    def tool_message(self, result: Result) -> Message:
        return {**super().tool_message(result), "content": result.content or "None"}


@defect("tools.results")
class WrapsResults(Reference):
    """Results are put into JSON once more."""

    def tool_message(self, result: Result) -> Message:
        return {**super().tool_message(result), "content": json.dumps(result.content)}


@defect("history.roles")
class ResultsAsUser(Reference):
    """Results are sent as the user's words."""

    def tool_message(self, result: Result) -> Message:
        return {"role": "user", "content": result.content}


@defect("tools.arguments-exact")
class ReformatsArguments(Reference):
    """The arguments in the history are formatted anew."""

    def call_json(self, index: int, call: Call) -> Message:
        try:
            arguments = json.dumps(json.loads(call.arguments))
        except ValueError:
            arguments = call.arguments
        return super().call_json(index, Call(call.id, call.name, arguments))


@defect("tools.arguments", museum="ajac-zero/mock-ai#10")
class EmptiesArguments(Reference):
    """The arguments in the history are {}."""

    def call_json(self, index: int, call: Call) -> Message:
        return super().call_json(index, Call(call.id, call.name, "{}"))


@defect("request.valid")
class ArgumentsAsObject(Reference):
    """The arguments in the history are an object in place of a text."""

    def call_json(self, index: int, call: Call) -> Message:
        message = super().call_json(index, call)
        message["function"]["arguments"] = json.loads(call.arguments)
        return message


@defect("tools.offered")
class OffersToolsOnce(Reference):
    """The tools are offered in the first request only."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        body = super().body(messages, options, stream=stream)
        if len(self.history) > 2:
            (body["parameters"] if self.native else body).pop("tools", None)
        return body


@defect("tools.offered")
class SimplifiesTools(Reference):
    """The parameters of the tools are left out."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        body = super().body(messages, options, stream=stream)
        holder = body["parameters"] if self.native else body
        if "tools" in holder:
            names = [tool["function"]["name"] for tool in holder["tools"]]
            holder["tools"] = [{"type": "function", "function": {"name": name}} for name in names]
        return body


@defect("report.tool-calls", museum="JetBrains/koog#1309")
class JoinsPiecesById(Reference):
    """Pieces of a call are told apart by their id, which later pieces leave empty."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        ids = [call.id for call in said.calls.values()]
        index = ids.index(piece.get("id") or "") if (piece.get("id") or "") in ids else len(ids)
        super().call(said, {**piece, "index": index}, cumulative=cumulative)


@defect("report.tool-calls", museum="experientiallabs/experiential#742")
class LastIdWins(Reference):
    """The id of a later piece, which is empty, replaces the id."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        super().call(said, piece, cumulative=cumulative)
        index = int(piece.get("index") or 0)
        known = said.calls[index]
        said.calls[index] = Call(piece.get("id") or "", known.name, known.arguments)


@defect("report.tool-calls")
class FirstCallOnly(Reference):
    """Of several calls only the first is reported."""

    def told(self, said: Said) -> Choice:
        told = super().told(said)
        return Choice(told.text, told.thinking, told.tool_calls[:1], told.finish_reason)


@defect("report.tool-calls")
class JoinsAllCalls(Reference):
    """The index of a piece is not read."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        super().call(said, {**piece, "index": 0}, cumulative=cumulative)


@defect("report.tool-calls")
class LosesFirstArguments(Reference):
    """The arguments that come with the id are lost."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        if piece.get("id") and not cumulative:
            piece = {**piece, "function": {**piece["function"], "arguments": ""}}
        super().call(said, piece, cumulative=cumulative)


@defect("report.tool-calls", museum="dify-official-plugins#501")
class AppendsCumulativeArguments(Reference):
    """Arguments that are repeated with each event are appended."""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        super().call(said, piece, cumulative=False)


@defect("report.success")
class ParsesArguments(Reference):
    """Arguments that are no JSON are an error."""

    def told(self, said: Said) -> Choice:
        for call in said.calls.values():
            json.loads(call.arguments)
        return super().told(said)


@defect("history.text")
class DropsTextBesideCalls(Reference):
    """The words beside a call are not in the history."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        super().remember(reply, prefix)
        if "tool_calls" in self.history[-1]:
            self.history[-1]["content"] = ""


@defect("report.finish-reason")
class AlwaysStops(Reference):
    """Every answer is said to have ended with stop."""

    def told(self, said: Said) -> Choice:
        told = super().told(said)
        return Choice(told.text, told.thinking, told.tool_calls, "stop")
