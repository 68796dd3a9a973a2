"""The reference client: plain Python over `http.client`, every dialect, correct in everything.

Each step is a method of its own, so that a broken client is this one with one method changed.
`contract_tests/gallery/driver.py` is its driver.
"""

import codecs
import contextlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from contract_tests.gallery import items
from contract_tests.gallery.blocks import Reader, Writer
from mockserver.contract import Begin, Call, Choice, Report, Result, Results, Say, Tokens

Message = dict[str, Any]

PATHS = {
    "compat": "/chat/completions",
    "native-text": "/services/aigc/text-generation/generation",
    "native-multimodal": "/services/aigc/multimodal-generation/generation",
    "anthropic": "/v1/messages",
    "responses": "/responses",
}
SESSION_HEADER = "X-DashScope-ACA-Session"
ATTEMPTS = 3
TRANSIENT = {429, 500, 502, 503, 504}
TRANSIENT_CODES = (
    *("Throttling", "InternalError", "ModelUnavailable", "ModelServingError", "RequestTimeOut"),
    "server_error",
)
"""How the codes begin that pass by themselves: in a native stream and in a response no status says so."""

LAST_EVENTS = ("response.completed", "response.incomplete")
"""The events that end a stream of the Responses API."""


class CloudError(Exception):
    """The cloud refused: its code, its status where HTTP carries it, and its words."""

    late = False
    """Whether a part of the answer had been there before."""

    def __init__(self, code: str | None, status: int | None, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message


class BrokenOffError(Exception):
    """An answer that ended before its end."""


@dataclass
class Said:
    """One choice, as far as it is there."""

    text: str = ""
    thinking: str = ""
    calls: dict[int, Call] = field(default_factory=dict)
    finish: str | None = None


@dataclass
class Reply:
    """An answer, as far as it is there."""

    choices: dict[int, Said] = field(default_factory=dict)
    usage: Tokens | None = None
    outputs: dict[int, int] = field(default_factory=dict)
    pieces: int = 0
    done: bool = False
    cancelled: bool = False
    id: str = ""

    def choice(self, index: int) -> Said:
        return self.choices.setdefault(index, Said())


class Reference:
    """One conversation."""

    def __init__(self, begin: Begin) -> None:
        self.begin = begin
        self.native = begin.surface.startswith("native")
        self.blocks = begin.surface == "anthropic"
        self.writer, self.reader = self.translators()
        self.history: list[Message] = self.opening()
        self.start = 0
        self.known = 0
        self.thread = ""
        self.before = (0, "")
        self.input = self.output = 0
        self.buffer = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")()

    def translators(self) -> tuple[Writer | items.Writer | None, Reader | items.Reader | None]:
        """What puts the messages of chat completions into another dialect, and takes them out of it."""
        if self.begin.surface == "responses":
            return self.in_items()
        return self.in_blocks() if self.blocks else (None, None)

    def in_blocks(self) -> tuple[Writer, Reader]:
        return Writer(), Reader()

    def in_items(self) -> tuple[items.Writer, items.Reader]:
        return items.Writer(), items.Reader()

    # What is said, and what came of it.

    def opening(self) -> list[Message]:
        return [{"role": "system", "content": self.begin.system}] if self.begin.system else []

    def say(self, say: Say) -> Report:
        self.history += self.interrupted()
        self.start = len(self.history)
        self.before = (self.known, self.thread)
        self.history.append(self.user(say))
        return self.answer(say.stream, {**self.begin.options, **say.options}, say.partial, say.cancel_after)

    def interrupted(self) -> list[Message]:
        """Results for the calls that are open when the user speaks."""
        last = self.history[-1] if self.history else {}
        return [self.closing(call["id"]) for call in last.get("tool_calls") or ()]

    def closing(self, call_id: str) -> Message:
        return self.tool_message(Result(id=call_id, content="The user spoke before this was done."))

    def results(self, results: Results) -> Report:
        self.history += self.tool_messages(results)
        return self.answer(results.stream, {**self.begin.options, **results.options}, None, None)

    def end(self) -> Report:
        return Report(usage=Tokens(self.input, self.output))

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:
        body = self.body(self.request_messages(prefix), options, stream=stream)
        try:
            reply = self.attempt(body, stream=stream, options=options, stop=stop)
        except Exception:
            self.forget()
            raise
        if reply.cancelled:
            self.forget()
            return Report((Choice(text=reply.choice(0).text),), cancelled=True)
        self.remember(reply, prefix)
        self.count(reply)
        return self.report(reply)

    def forget(self) -> None:
        del self.history[self.start :]
        self.known, self.thread = self.before

    def remember(self, reply: Reply, prefix: str | None) -> None:
        first = reply.choice(0)
        message: Message = {"role": "assistant", "content": self.joined(prefix, first.text)}
        if first.calls:
            message["tool_calls"] = [
                self.call_json(index, call) for index, call in sorted(first.calls.items())
            ]
        self.history.append(message)
        self.known = len(self.history)
        if self.begin.thread == "previous":
            self.thread = self.answered(reply)

    def answered(self, reply: Reply) -> str:
        """The response that the next request goes on from."""
        return reply.id

    def joined(self, prefix: str | None, text: str) -> str:
        return (prefix or "") + text

    def count(self, reply: Reply) -> None:
        if reply.usage is not None:
            self.input += reply.usage.input
            self.output += reply.usage.output

    def report(self, reply: Reply) -> Report:
        return Report(tuple(self.told(said) for _, said in sorted(reply.choices.items())), reply.usage)

    def told(self, said: Said) -> Choice:
        calls = tuple(call for _, call in sorted(said.calls.items()))
        return Choice(said.text, said.thinking, calls, said.finish)

    # Messages.

    def user(self, say: Say) -> Message:
        return {"role": "user", "content": [self.part(dict(part)) for part in say.parts] or say.text}

    def part(self, part: dict[str, Any]) -> Message:
        if self.native:
            return part
        ((kind, value),) = part.items()
        if kind == "text":
            return {"type": "text", "text": value}
        return {"type": f"{kind}_url", f"{kind}_url": {"url": value}}

    def tool_messages(self, results: Results) -> list[Message]:
        return [self.tool_message(result) for result in results.results]

    def tool_message(self, result: Result) -> Message:
        return {"role": "tool", "content": result.content, "tool_call_id": result.id}

    def call_json(self, index: int, call: Call) -> Message:
        function = {"name": call.name, "arguments": call.arguments}
        return {"id": call.id, "type": "function", "index": index, "function": function}

    def request_messages(self, prefix: str | None) -> list[Message]:
        messages = self.kept()
        if prefix is not None:
            messages = [*messages, self.prefix(prefix)]
        return [self.wire(message) for message in messages]

    def prefix(self, text: str) -> Message:
        return {"role": "assistant", "content": text, "partial": True}

    def kept(self) -> list[Message]:
        if self.begin.session is not None:
            return self.history[self.known :]
        system = [message for message in self.history if message.get("role") == "system"]
        if self.begin.thread is not None:
            return self.new(system)
        if self.begin.keep is None:
            return self.history
        rest = [message for message in self.history if message.get("role") != "system"]
        return system + self.newest(rest, self.begin.keep)

    def new(self, system: list[Message]) -> list[Message]:
        """What the service does not keep: what is new, and the system message."""
        return [*system, *(one for one in self.history[self.known :] if one.get("role") != "system")]

    def newest(self, rest: list[Message], most: int) -> list[Message]:
        starts = [at for at, message in enumerate(rest) if message.get("role") == "user"]
        return rest[next((at for at in starts if len(rest) - at <= most), starts[-1]) :]

    def wire(self, message: Message) -> Message:
        content = message.get("content")
        if self.begin.surface == "native-multimodal" and isinstance(content, str):
            return {**message, "content": [{"text": content}]}
        return message

    # The request.

    def body(self, messages: list[Message], options: dict[str, Any], *, stream: bool) -> Message:
        parameters = dict(options)
        if self.begin.tools:
            parameters["tools"] = list(self.begin.tools)
        if self.native:
            parameters = self.native_parameters(parameters, stream=stream)
            return {"model": self.begin.model, "input": {"messages": messages}, "parameters": parameters}
        return {
            "model": self.begin.model,
            "messages": messages,
            **self.threaded(),
            **self.compat_parameters(parameters, stream=stream),
        }

    def threaded(self) -> Message:
        """What a request goes on from."""
        if self.begin.thread == "conversation":
            self.thread = self.thread or self.conversation()
            return {"conversation": self.thread}
        return {"previous_response_id": self.thread} if self.thread else {}

    def conversation(self) -> str:
        """Begins a conversation that the service keeps."""
        target = urlsplit(self.begin.openai_url)
        connection = http.client.HTTPConnection(target.netloc, timeout=self.timeout())
        try:
            connection.request("POST", f"{target.path}/conversations", b"{}", self.headers(stream=False))
            return str(json.loads(connection.getresponse().read())["id"])
        finally:
            self.close(connection)

    def native_parameters(self, parameters: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        own: dict[str, Any] = {"result_format": "message"}
        if stream:
            own["incremental_output"] = True
        return {**own, **parameters}

    def compat_parameters(self, parameters: dict[str, Any], *, stream: bool) -> dict[str, Any]:
        own = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        return {**parameters, **own}

    def headers(self, *, stream: bool) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self.begin.key}", "Content-Type": "application/json"}
        if self.blocks:
            headers["anthropic-version"] = "2023-06-01"
        if self.native and stream:
            headers["X-DashScope-SSE"] = "enable"
        if self.begin.session is not None:
            headers[SESSION_HEADER] = self.begin.session
        return headers

    def encoded(self, body: Message) -> bytes:
        return json.dumps(body, ensure_ascii=False).encode()

    def url(self) -> str:
        if self.blocks:
            return self.begin.anthropic_url + PATHS["anthropic"]
        return (self.begin.native_url if self.native else self.begin.openai_url) + PATHS[self.begin.surface]

    def sent(self, body: Message) -> Message:
        return body if self.writer is None else self.writer.body(body)

    def received(self, data: str | bytes) -> Message:
        document: Message = json.loads(data)
        return document if self.reader is None else self.reader.document(document)

    # The exchange.

    def attempt(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        for left in range(self.attempts() - 1, -1, -1):
            try:
                return self.exchange(body, stream=stream, options=options, stop=stop)
            except CloudError as error:
                if not (left and self.passes(error)):
                    raise
        raise AssertionError

    def attempts(self) -> int:
        return ATTEMPTS

    def passes(self, error: CloudError) -> bool:
        if error.late:
            return False
        return error.status in TRANSIENT or (
            error.status is None and str(error.code).startswith(TRANSIENT_CODES)
        )

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        target = urlsplit(self.url())
        connection = http.client.HTTPConnection(target.netloc, timeout=self.timeout())
        try:
            connection.request(
                "POST", target.path, self.encoded(self.sent(body)), self.headers(stream=stream)
            )
            response = connection.getresponse()
            kind = response.headers.get("content-type", "")
            if "text/event-stream" not in kind:
                return self.whole(response.status, response.read())
            reply = self.streamed(response, options, stop)
            if not reply.cancelled:
                self.check(reply, options)
            return reply
        finally:
            self.close(connection)

    def timeout(self) -> float:
        return self.begin.timeout

    def close(self, connection: http.client.HTTPConnection) -> None:
        connection.close()

    def whole(self, status: int, body: bytes) -> Reply:
        document = self.received(body)
        if status != 200 or self.is_error("", document):
            raise self.error(document, None if status == 200 else status)
        reply = Reply()
        self.take(reply, document, cumulative=False)
        if not reply.choices:
            message = "the answer has no choice"
            raise BrokenOffError(message)
        return reply

    def error(self, document: Message, status: int | None) -> CloudError:
        inner = document.get("error") or document
        return CloudError(inner.get("code"), status, inner.get("message", ""))

    def streamed(
        self, response: http.client.HTTPResponse, options: dict[str, Any], stop: int | None
    ) -> Reply:
        reply = Reply()
        cumulative = self.native and options.get("incremental_output") is False
        for event, data in self.events(response):
            if data == "[DONE]" or event == "message_stop":
                reply.done = True
                break
            document = self.received(data)
            if self.is_error(event, document):
                error = self.error(document, self.status_of(response))
                error.late = bool(reply.choices)
                raise error
            self.take(reply, document, cumulative=cumulative)
            if event in LAST_EVENTS:
                reply.done = True
                break
            if stop is not None and reply.pieces >= stop:
                reply.cancelled = True
                return reply
        return reply

    def is_error(self, event: str, document: Message) -> bool:
        return event == "error" or "error" in document

    def status_of(self, response: http.client.HTTPResponse) -> int | None:
        """The status of an error in a stream: HTTP's own, unless that says that all is well."""
        return None if response.status == 200 else response.status

    def check(self, reply: Reply, options: dict[str, Any]) -> None:
        """Raise for an answer that is not whole."""
        finished = [said.finish is not None for said in reply.choices.values()]
        if not all(finished) or len(finished) < int(options.get("n") or 1) or not (self.native or reply.done):
            message = "the stream ended in the middle of the answer"
            raise BrokenOffError(message)

    # The stream: bytes, lines, events.

    def chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        with contextlib.suppress(http.client.IncompleteRead):
            while chunk := response.read1(65536):
                yield chunk

    def decode(self, chunk: bytes) -> str:
        return self.decoder.decode(chunk)

    def lines(self, response: http.client.HTTPResponse) -> Iterator[str]:
        self.buffer = ""
        self.decoder.reset()
        for chunk in self.chunks(response):
            self.buffer += self.decode(chunk)
            *lines, self.buffer = self.split(self.buffer)
            yield from lines

    def split(self, text: str) -> list[str]:
        return text.split("\n")

    def events(self, response: http.client.HTTPResponse) -> Iterator[tuple[str, str]]:
        event, data = "", ""
        for line in self.lines(response):
            name, _, value = line.removesuffix("\r").partition(":")
            if not name and not value and data:
                yield event, data
                event, data = "", ""
            elif name == "event":
                event = value.strip()
            elif name == "data":
                data = self.data(data, value.removeprefix(" "))
        if self.is_whole(data):  # behind the last event no blank line is needed
            yield event, data

    def data(self, before: str, line: str) -> str:
        return f"{before}\n{line}" if before else line

    def is_whole(self, data: str) -> bool:
        """Whether the data that stands at the end of a stream came to its own end."""
        try:
            json.loads("0" if data == "[DONE]" else data)
        except ValueError:
            return False
        return True

    # The documents: whole, deltas, texts so far.

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        output = document.get("output", document)
        reply.id = document.get("id") or reply.id
        if document.get("usage"):
            reply.usage = self.total(reply, output, self.usage(document["usage"]))
        if "text" in output and "choices" not in output:
            said = reply.choice(0)
            said.text = output["text"] if cumulative else said.text + output["text"]
            said.finish = self.finish(output.get("finish_reason"), said.finish)
            reply.pieces += bool(output["text"])
            return
        for choice in output["choices"]:
            said = reply.choice(self.index(choice))
            self.piece(reply, said, choice.get("message") or choice.get("delta") or {}, cumulative=cumulative)
            said.finish = self.finish(choice.get("finish_reason"), said.finish)

    def index(self, choice: Message) -> int:
        return int(choice.get("index") or 0)

    def finish(self, reason: str | None, before: str | None) -> str | None:
        return before if reason in (None, "null", "") else reason

    def total(self, reply: Reply, output: Message, usage: Tokens) -> Tokens:
        """The usage so far: in a native stream of several choices each event counts its own choice."""
        indexes = [self.index(choice) for choice in output.get("choices") or ()]
        if not self.native or len(indexes) != 1:
            return usage
        reply.outputs[indexes[0]] = usage.output
        return Tokens(usage.input, sum(reply.outputs.values()))

    def usage(self, usage: Message) -> Tokens:
        if self.native:
            return Tokens(usage["input_tokens"], usage["output_tokens"])
        return Tokens(usage["prompt_tokens"], usage["completion_tokens"])

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        text, thinking = self.text(delta.get("content")), self.thinking(delta)
        reply.pieces += bool(text or thinking or delta.get("tool_calls"))
        said.text = text or said.text if cumulative else said.text + text
        said.thinking = thinking or said.thinking if cumulative else said.thinking + thinking
        for call in delta.get("tool_calls") or ():
            self.call(said, call, cumulative=cumulative)

    def text(self, content: Any) -> str:
        if isinstance(content, list):
            return "".join(part.get("text", "") for part in content)
        return content or ""

    def thinking(self, delta: Message) -> str:
        return delta.get("reasoning_content") or ""

    def call(self, said: Said, piece: Message, *, cumulative: bool) -> None:
        function, index = piece.get("function") or {}, int(piece.get("index") or 0)
        known = said.calls.get(index, Call("", "", ""))
        arguments = function.get("arguments") or ""
        said.calls[index] = Call(
            piece.get("id") or known.id,
            function.get("name") or known.name,
            arguments or known.arguments if cumulative else known.arguments + arguments,
        )
