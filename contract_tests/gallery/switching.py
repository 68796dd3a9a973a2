"""Clients that carry over how an answer was asked for: they go well until one is streamed and one is not."""

from dataclasses import replace
from http.client import HTTPResponse
from typing import Any, ClassVar

from contract_tests.gallery.reference import Message, Reference, Reply
from contract_tests.gallery.registry import COMPLETIONS, defect
from mockserver.contract import Report, Results


@defect("request.stream", surfaces=COMPLETIONS)
class StreamsFromThenOn(Reference):
    """Once an answer was streamed, all are."""

    streamed_before = False

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        self.streamed_before = self.streamed_before or stream
        return super().answer(self.streamed_before, options, prefix, stop)


@defect("request.stream", surfaces=COMPLETIONS)
class AsksForResultsWhole(Reference):
    """The answer to results is never streamed."""

    def results(self, results: Results) -> Report:
        return super().results(replace(results, stream=False))


@defect("request.stream", surfaces=("native-text", "native-multimodal"))
class KeepsStreamHeader(Reference):
    """The header that asks for a stream stays once it was set."""

    was_set = False

    def headers(self, *, stream: bool) -> dict[str, str]:
        self.was_set = self.was_set or stream
        return super().headers(stream=self.was_set)


@defect(
    "request.valid", museum="alibaba/spring-ai-alibaba#3049", surfaces=("native-text", "native-multimodal")
)
class KeepsIncremental(Reference):
    """That pieces are wanted is said of whole answers too, once a stream was asked for."""

    said = False

    def native_parameters(self, parameters: dict[str, Any], *, stream: bool) -> Message:
        self.said = self.said or stream
        own = super().native_parameters(parameters, stream=stream)
        return {**own, "incremental_output": True} if self.said else own


@defect("options.unasked", museum="ChatQwen sends stream_options always", surfaces=("compat",))
class StreamOptionsAlways(Reference):
    """What is to be told of a stream is asked for with whole answers too."""

    def compat_parameters(self, parameters: dict[str, Any], *, stream: bool) -> Message:
        own = super().compat_parameters(parameters, stream=stream)
        return {**own, "stream_options": {"include_usage": True}}


@defect("report.text", surfaces=COMPLETIONS)
class KeepsTextOfStreams(Reference):
    """What was streamed last stands before the whole answer behind it."""

    last: ClassVar[list[str]] = []

    def streamed(self, response: HTTPResponse, options: dict[str, Any], stop: int | None) -> Reply:
        reply = super().streamed(response, options, stop)
        self.last[:] = [reply.choice(0).text]
        return reply

    def whole(self, status: int, body: bytes) -> Reply:
        reply = super().whole(status, body)
        reply.choice(0).text = "".join(self.last) + reply.choice(0).text
        self.last.clear()
        return reply


@defect("usage.sum", surfaces=COMPLETIONS)
class CountsWholeAnswers(Reference):
    """The usage of an answer that was streamed is told, and not counted in the sum."""

    is_streamed = False

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        self.is_streamed = stream
        return super().exchange(body, stream=stream, options=options, stop=stop)

    def count(self, reply: Reply) -> None:
        if not self.is_streamed:
            super().count(reply)
