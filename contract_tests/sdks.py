"""The SDKs for Python, held by the tests themselves: for all that is more than turns of plain text.

One way to ask, whatever the SDK: `sdk.ask("Hi", stream=True, enable_thinking=True)`. What comes back is what
the SDK told, under one set of names; an error is raised as `RefusedError`, whether the SDK raises or returns
it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import dashscope
import httpx
import openai
import pytest

from contract_tests.clients.jobs import Failure, Message, RefusedError, failure_of
from contract_tests.world import World

Document = Mapping[str, Any]
"""A response or a piece of one, as an SDK dumps it."""

_PLAIN: dict[str, Any] = {"verify": False, "trust_env": False, "timeout": 30}
"""For connections over plain HTTP to a server on loopback: no certificates are loaded, no proxy is asked."""


@dataclass
class Call:
    """A function call."""

    name: str = ""
    arguments: str = ""
    id: str = ""


@dataclass
class Said:
    """One choice of an answer."""

    content: str = ""
    reasoning: str = ""
    calls: list[Call] = field(default_factory=list)
    finish_reason: str | None = None
    logprobs: list[dict[str, Any]] = field(default_factory=list)

    def add(self, said: Document) -> None:
        """Note what one message or delta says."""
        content = said.get("content") or ""
        self.content += content if isinstance(content, str) else "".join(part["text"] for part in content)
        self.reasoning += said.get("reasoning_content") or ""
        for at, piece in enumerate(said.get("tool_calls") or ()):
            index = piece.get("index")
            index = at if index is None else index
            if index == len(self.calls):
                self.calls.append(Call())
            call, function = self.calls[index], piece.get("function") or {}
            call.id = call.id or piece.get("id") or ""
            call.name = call.name or function.get("name") or ""
            call.arguments += function.get("arguments") or ""


@dataclass(frozen=True)
class Usage:
    """What an exchange cost, in tokens; the parts of a whole that was not split are 0."""

    input: int
    output: int
    total: int
    reasoning: int
    cached: int
    image: int
    created: int
    """What was put into the explicit cache."""


def usage_of(usage: Document) -> Usage:
    """Read a usage by the names of either dialect."""
    read = usage.get("prompt_tokens_details") or {}
    media = usage.get("input_tokens_details") or read
    written = usage.get("completion_tokens_details") or usage.get("output_tokens_details") or {}
    first = usage.get("prompt_tokens")
    return Usage(
        input=usage["input_tokens"] if first is None else first,
        output=usage["output_tokens"] if first is None else usage["completion_tokens"],
        total=usage["total_tokens"],
        reasoning=written.get("reasoning_tokens") or 0,
        cached=read.get("cached_tokens") or 0,
        image=media.get("image_tokens") or 0,
        created=read.get("cache_creation_input_tokens") or 0,
    )


@dataclass
class Answer:
    """What came of a request: whole, or put together from `pieces`."""

    choices: list[Said]
    usage: Usage
    pieces: list[Document]

    @property
    def content(self) -> str:
        """The text of the first choice."""
        return self.choices[0].content

    @property
    def reasoning(self) -> str:
        """The thinking of the first choice."""
        return self.choices[0].reasoning

    @property
    def calls(self) -> list[Call]:
        """The function calls of the first choice."""
        return self.choices[0].calls

    @property
    def finish_reason(self) -> str | None:
        """How the first choice ended."""
        return self.choices[0].finish_reason


def answer_of(pieces: Iterable[Document]) -> Answer:
    """Put an answer together; each piece says only what is new."""
    pieces = list(pieces)
    choices: dict[int, Said] = {}
    usage: Document = {}
    for piece in pieces:
        usage = piece.get("usage") or usage
        output = piece.get("output") or piece
        if output.get("text") is not None:
            choices.setdefault(0, Said(finish_reason=output["finish_reason"])).content += output["text"]
        for choice in output.get("choices") or ():
            said = choices.setdefault(choice.get("index") or 0, Said())
            said.add(choice.get("message") or choice["delta"])
            said.logprobs += (choice.get("logprobs") or {}).get("content") or []
            if choice["finish_reason"] not in (None, "null"):
                said.finish_reason = choice["finish_reason"]
    return Answer([choices[index] for index in sorted(choices)], usage_of(usage), pieces)


def messages_of(said: str | list[Message]) -> list[Message]:
    """Write a text as the user's only message."""
    return [{"role": "user", "content": said}] if isinstance(said, str) else said


def token_ids(text: str) -> list[int]:
    """Split a text as the vendor's own tokenizer does."""
    return list(_tokenizer().encode(text))


@cache
def _tokenizer() -> Any:
    return dashscope.get_tokenizer("qwen-plus")


class Sdk(ABC):
    """One SDK, set to one world."""

    model = "qwen-plus"
    """The model that is asked when a test names none."""

    def __init__(self, world: World) -> None:
        """Ask in `world`."""
        self.world = world

    @abstractmethod
    def send(
        self,
        model: str,
        messages: list[Message],
        parameters: dict[str, Any],
        headers: dict[str, str],
        *,
        stream: bool,
    ) -> Iterator[Document]:
        """Send a request, and give its response in as many pieces as it comes."""

    def ask(
        self,
        said: str | list[Message],
        *,
        model: str | None = None,
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> Answer:
        """Ask, and put the answer together; the keywords are the parameters of the request."""
        messages = messages_of(said)
        try:
            pieces = self.send(model or self.model, messages, parameters, dict(headers or {}), stream=stream)
            return answer_of(pieces)
        except (openai.OpenAIError, dashscope.v2.DashScopeError) as error:
            failure = failure_of(error)
            # What `openai` cannot read of a refused stream it hands on as it is.
            failure["message"] = failure.get("body") or failure["message"]
            raise RefusedError(failure) from error


class OpenAISdk(Sdk):
    """`openai`; what OpenAI does not know travels in `extra_body`."""

    def send(
        self,
        model: str,
        messages: list[Message],
        parameters: dict[str, Any],
        headers: dict[str, str],
        *,
        stream: bool,
    ) -> Iterator[Document]:
        """Send a request; a stream is asked for its usage too."""
        asked = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        with openai_client(self.world) as client:
            response: Any = client.chat.completions.create(
                model=model,
                messages=cast("Any", messages),
                extra_headers=headers,
                extra_body=parameters,
                **cast("Any", asked),
            )
            for piece in response if stream else [response]:
                yield piece.model_dump()


class GenerationSdk(Sdk):
    """`dashscope.Generation`, the 1.x interface of the text models."""

    interface: Any = dashscope.Generation

    def send(
        self,
        model: str,
        messages: list[Message],
        parameters: dict[str, Any],
        headers: dict[str, str],
        *,
        stream: bool,
    ) -> Iterator[Document]:
        """Send a request; a stream is asked for pieces."""
        asked: dict[str, Any] = {"result_format": "message", "headers": headers}
        if stream:
            asked |= {"stream": True, "incremental_output": True}
        yield from self.call(model=model, messages=messages, **{**asked, **parameters})

    def call(self, **arguments: Any) -> Iterator[Document]:
        """Call the interface with nothing but these arguments, a key and an address."""
        response = self.interface.call(
            api_key=self.world.key, base_address=self.world.native_url, **arguments
        )
        for piece in response if arguments.get("stream") else [response]:
            if piece.status_code != 200:
                raise RefusedError(
                    Failure(
                        kind=type(piece).__name__,
                        status=int(piece.status_code),
                        code=piece.code,
                        message=piece.message,
                    )
                )
            yield piece


class MultiModalSdk(GenerationSdk):
    """`dashscope.MultiModalConversation`, the 1.x interface of the models that see and of the newest ones."""

    model = "qwen3-vl-plus"
    interface: Any = dashscope.MultiModalConversation

    def send(
        self,
        model: str,
        messages: list[Message],
        parameters: dict[str, Any],
        headers: dict[str, str],
        *,
        stream: bool,
    ) -> Iterator[Document]:
        """Send a request; plain texts become parts."""
        parts = [
            {**message, "content": [{"text": content}]} if isinstance(content, str) else message
            for message in messages
            for content in [message["content"]]
        ]
        yield from super().send(model, parts, parameters, headers, stream=stream)


class ClientSdk(Sdk):
    """`dashscope.Client`, the 2.x interface, in the native dialect."""

    def send(
        self,
        model: str,
        messages: list[Message],
        parameters: dict[str, Any],
        headers: dict[str, str],
        *,
        stream: bool,
    ) -> Iterator[Document]:
        """Send a request; headers of one's own travel with the connection."""
        with self.open(headers) as client:
            create: Any = client.chat.completions.create
            response = create(model=model, messages=messages, parameters=parameters, stream=stream)
            for piece in response if stream else [response]:
                yield piece.model_dump()

    @contextmanager
    def open(self, headers: Mapping[str, str] | None = None) -> Iterator[dashscope.Client]:
        """Give the client itself, for what only it can do."""
        own = {"Authorization": f"Bearer {self.world.key}", **(headers or {})}
        with (
            httpx.Client(base_url=self.world.native_url, headers=own, **_PLAIN) as http,
            dashscope.Client(
                api_key=self.world.key,
                base_url=self.world.native_url,
                protocol="native",
                http_client=http,
                max_retries=0,
            ) as client,
        ):
            yield client


def openai_client(world: World) -> openai.OpenAI:
    """Give the `openai` client itself, for what only it can do."""
    http = openai.DefaultHttpxClient(**_PLAIN)
    return openai.OpenAI(api_key=world.key, base_url=world.openai_url, http_client=http, max_retries=0)


SDKS: dict[str, type[Sdk]] = {
    "openai": OpenAISdk,
    "generation": GenerationSdk,
    "client": ClientSdk,
    "multimodal": MultiModalSdk,
}


def sdks(*names: str) -> pytest.MarkDecorator:
    """Run a test with each of these SDKs."""
    return pytest.mark.parametrize("sdk", names, indirect=True)


text_sdks = sdks("openai", "generation", "client")
"""Those that speak to the text models."""
every_sdk = sdks(*SDKS)
