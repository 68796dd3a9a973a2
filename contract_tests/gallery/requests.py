"""Clients that break the request: options, surface, media, prefixes, sessions; and the usage."""

from typing import Any, ClassVar

from contract_tests.gallery.reference import SESSION_HEADER, Message, Reference, Reply
from contract_tests.gallery.registry import defect
from mockserver.contract import Report, Say, Tokens


@defect("request.model")
class ItsOwnModel(Reference):
    """Another model is asked."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        body = super().body(messages, options, stream=stream)
        return {**body, "model": "qwen3-vl-flash" if "vl" in body["model"] else "qwen-turbo"}


@defect("request.surface")
class CompatForAll(Reference):
    """Everything goes to the compatible surface."""

    def __init__(self, begin: Any) -> None:
        super().__init__(begin)
        self.native = False

    def url(self) -> str:
        return f"{self.begin.openai_url}/chat/completions"


@defect("request.harmless", museum="dashscope-sdk-python#4")
class LeavesIncrementalOpen(Reference):
    """A native stream does not say whether it is to repeat: models differ in what they do then."""

    def native_parameters(self, parameters: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        own = super().native_parameters(parameters, stream=stream)
        return {name: value for name, value in own.items() if name in parameters or name == "result_format"}

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        super().take(reply, document, cumulative=self.native)


@defect("request.single")
class AsksTwice(Reference):
    """Everything is asked twice."""

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        reply = super().exchange(body, stream=stream, options=options, stop=stop)
        super().exchange(body, stream=stream, options=options, stop=stop)
        return reply


@defect("request.sent")
class RemembersAnswersToSameWords(Reference):
    """The same words get the same answer, and nothing is asked."""

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        known: dict[str, Reply] = self.__dict__.setdefault("known_replies", {})
        last = str(self.history[-1]["content"])
        if last not in known:
            known[last] = super().exchange(body, stream=stream, options=options, stop=stop)
        return known[last]


@defect("request.stream", museum="LangChain.js sends parameters.stream")
class StreamInParameters(Reference):
    """A native stream is asked for in the body only."""

    def headers(self, *, stream: bool) -> dict[str, str]:
        return super().headers(stream=False)


@defect("request.stream")
class StreamsAlways(Reference):
    """Every answer is streamed."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        return super().answer(True, options, prefix, stop)


@defect("request.stream")
class NeverStreams(Reference):
    """No answer is streamed."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        return super().answer(False, options, prefix, stop)


@defect("options.sent")
class DropsFalsyOptions(Reference):
    """Options that are 0 or false are not sent."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        return super().answer(
            stream,
            {name: v for name, v in options.items() if v or name == "incremental_output"},
            prefix,
            stop,
        )


@defect("options.sent")
class StopIsOneText(Reference):
    """Of several stop texts the first is sent."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        stops = {"stop": options["stop"][0]} if "stop" in options else {}
        return super().answer(stream, {**options, **stops}, prefix, stop)


@defect("options.sent")
class OptionsBesideParameters(Reference):
    """Native options stand at the top of the body."""

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        body = super().body(messages, {}, stream=stream)
        return (
            {**body, **options}
            if not self.native or "incremental_output" not in options
            else super().body(messages, options, stream=stream)
        )


@defect("options.sent")
class DropsResponseFormat(Reference):
    """The form of the answer is not sent."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        kept = {name: value for name, value in options.items() if name != "response_format"}
        return super().answer(stream, kept, prefix, stop)


@defect("request.valid")
class OptionsAsText(Reference):
    """Numbers are sent as text."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        texts = {name: str(value) if isinstance(value, float) else value for name, value in options.items()}
        return super().answer(stream, texts, prefix, stop)


@defect("options.unasked", museum="ChatTongyi sends top_p 0.8 always")
class AddsTopP(Reference):
    """A top_p is sent that nobody gave."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        return super().answer(stream, {"top_p": 0.8, **options}, prefix, stop)


@defect("options.unasked")
class KeepsOptionsOfTurns(Reference):
    """The options of a turn stay for the turns behind it."""

    def say(self, say: Say) -> Report:
        self.__dict__.setdefault("kept_options", {}).update(say.options)
        return super().say(say)

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        return super().answer(stream, {**self.__dict__["kept_options"], **options}, prefix, stop)


@defect("request.valid", museum="alibaba/spring-ai-alibaba#867")
class ThinksWithoutStream(Reference):
    """Thinking is switched on for every answer, streamed or not."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        return super().answer(stream, {**options, "enable_thinking": True}, prefix, stop)


@defect("request.valid", museum="QwenLM/qwen-code: messages without content")
class NoContentInResults(Reference):
    """Results have no content where they are empty."""

    def wire(self, message: Message) -> Message:
        message = super().wire(message)
        return message if message["content"] else {n: v for n, v in message.items() if n != "content"}


@defect("media.sent")
class DropsPictures(Reference):
    """Pictures are not sent."""

    def user(self, say: Say) -> Message:
        return {"role": "user", "content": "".join(part.get("text", "") for part in say.parts) or say.text}


@defect("media.sent")
class SwapsPictures(Reference):
    """Pictures are sent in the wrong order."""

    def user(self, say: Say) -> Message:
        message = super().user(say)
        if isinstance(message["content"], list):
            message["content"] = [*message["content"][-2::-1], message["content"][-1]]
        return message


@defect("media.sent")
class LastPictureOnly(Reference):
    """Pictures of earlier turns are not sent again."""

    def wire(self, message: Message) -> Message:
        content = message["content"]
        if isinstance(content, list) and message is not self.history[-1]:
            texts = "".join(part.get("text", "") for part in content)
            return super().wire({"role": "user", "content": texts})
        return super().wire(message)


@defect("partial.sent", museum="the OpenAI protocol of dashscope 2 drops partial")
class DropsPartial(Reference):
    """A prefix is sent without partial."""

    def prefix(self, text: str) -> Message:
        return {"role": "assistant", "content": text}


@defect("partial.sent")
class IgnoresPrefixes(Reference):
    """A prefix is not sent."""

    def request_messages(self, prefix: str | None) -> list[Message]:
        return super().request_messages(None)


@defect("partial.sent", museum="qwen-agent merges it into the user's turn")
class PrefixInUserTurn(Reference):
    """A prefix is appended to what the user says."""

    def request_messages(self, prefix: str | None) -> list[Message]:
        messages = super().request_messages(None)
        if prefix is not None and isinstance(messages[-1]["content"], str):
            messages[-1] = {**messages[-1], "content": messages[-1]["content"] + prefix}
        return messages


@defect("partial.joined")
class ForgetsPrefix(Reference):
    """An answer is in the history without its prefix."""

    def joined(self, prefix: str | None, text: str) -> str:
        return text


@defect("partial.joined")
class DoublesPrefix(Reference):
    """An answer is in the history with its prefix twice."""

    def joined(self, prefix: str | None, text: str) -> str:
        return (prefix or "") * 2 + text


@defect("partial.joined")
class KeepsPrefixApart(Reference):
    """Prefix and answer are two messages of the history."""

    def remember(self, reply: Reply, prefix: str | None) -> None:
        if prefix is not None:
            self.history.append(self.prefix(prefix))
        super().remember(reply, None)


@defect("session.header")
class SessionWithoutHeader(Reference):
    """The id of a session is not sent."""

    def headers(self, *, stream: bool) -> dict[str, str]:
        headers = super().headers(stream=stream)
        headers.pop(SESSION_HEADER, None)
        return headers


@defect("session.header")
class SessionHeaderOnce(Reference):
    """The id of a session is sent with the first request only."""

    def headers(self, *, stream: bool) -> dict[str, str]:
        headers = super().headers(stream=stream)
        if self.known:
            headers.pop(SESSION_HEADER, None)
        return headers


@defect("session.incremental")
class RepeatsSessions(Reference):
    """What the cloud remembers is sent again."""

    def kept(self) -> list[Message]:
        return self.history


@defect("usage.streamed", museum="openclaw#43184")
class DoesNotAskForUsage(Reference):
    """The usage of a compatible stream is not asked for."""

    def compat_parameters(self, parameters: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        return {**parameters, **({"stream": True} if stream else {})}


@defect("usage.streamed")
class NoUsageOfStreams(Reference):
    """The usage of a stream is not read."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        report = super().answer(stream, options, prefix, stop)
        return Report(report.choices, None if stream else report.usage, cancelled=report.cancelled)


@defect("usage.plain")
class NoUsageOfAnswers(Reference):
    """The usage of a whole answer is not read."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        report = super().answer(stream, options, prefix, stop)
        return Report(report.choices, report.usage if stream else None, cancelled=report.cancelled)


@defect("usage.exact")
class FirstUsage(Reference):
    """The usage of a stream's first event is taken for the whole."""

    def total(self, reply: Reply, output: Message, usage: Tokens) -> Tokens:
        return reply.usage or usage


@defect("usage.exact")
class AddsUsageOfEvents(Reference):
    """The usages of a native stream's events, each of which counts all so far, are added."""

    def total(self, reply: Reply, output: Message, usage: Tokens) -> Tokens:
        before = reply.usage.output if reply.usage else 0
        return Tokens(usage.input, before + usage.output)


@defect("usage.exact")
class SwapsUsage(Reference):
    """Tokens in and out are swapped."""

    def usage(self, usage: Message) -> Tokens:
        tokens = super().usage(usage)
        return Tokens(tokens.output, tokens.input)


@defect("usage.exact")
class CountsPieces(Reference):
    """The pieces of a stream are counted as its tokens."""

    def report(self, reply: Reply) -> Report:
        report = super().report(reply)
        return (
            report
            if report.usage is None
            else Report(report.choices, Tokens(report.usage.input, reply.pieces))
        )


@defect("usage.exact")
class LastChoiceUsage(Reference):
    """Of several choices the usage of the last one is taken for all."""

    def total(self, reply: Reply, output: Message, usage: Tokens) -> Tokens:
        return usage


@defect("usage.sum")
class LastUsageOnly(Reference):
    """The sum is the usage of the last answer."""

    def count(self, reply: Reply) -> None:
        self.input = self.output = 0
        super().count(reply)


@defect("usage.sum")
class CallsAreFree(Reference):
    """Answers with calls are not counted."""

    def count(self, reply: Reply) -> None:
        if not reply.choice(0).calls:
            super().count(reply)


@defect("usage.sum")
class OneSumForAll(Reference):
    """The sums of all conversations are one."""

    sums: ClassVar[list[Tokens]] = []

    def count(self, reply: Reply) -> None:
        super().count(reply)
        if reply.usage is not None:
            self.sums.append(reply.usage)

    def end(self) -> Report:
        return Report(usage=Tokens(sum(one.input for one in self.sums), sum(one.output for one in self.sums)))
