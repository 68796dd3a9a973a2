"""Requests and rendered answers for the tests of the dialects."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from mockserver.catalogue import models as model_catalogue
from mockserver.dialects.anthropic import read as anthropic_read
from mockserver.dialects.compat.read import read_request as read_compat
from mockserver.dialects.native.read import read_request as read_native
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.dialects.responses import read as responses_read
from mockserver.dialects.table import dialect_of
from mockserver.meter.logprobs import token_logprobs
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker

RID = "0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"
ENVELOPE = Envelope(RID, 1_770_000_000)
MESSAGES = [{"role": "user", "content": "How long does green tea steep?"}]
PICTURE = [
    {
        "role": "user",
        "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
            {"type": "text", "text": "What is this?"},
        ],
    }
]
TOOLS = [{"type": "function", "function": {"name": "brew_tea", "parameters": {"type": "object"}}}]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request with what is said to it and what that costs."""

    request: ChatRequest
    reply: Reply
    usage: Usage
    tokenizer: Tokenizer

    def body(self) -> bytes:
        """The answer as one body, to the same request without the wish for a stream."""
        dialect = dialect_of(self.request.surface)
        return dialect.body(replace(self.request, stream=False), self.reply, self.usage, ENVELOPE)

    def stream(self) -> Stream:
        """The answer as a stream."""
        dialect = dialect_of(self.request.surface)
        stream = dialect.stream(self.request, self.reply, self.usage, ENVELOPE, Chunker(self.tokenizer))
        assert len(stream.frames) == len(stream.tokens)
        for frame in stream.frames:
            assert frame.decode().endswith("\n\n"), "a frame never splits a character"
        return stream

    def lines(self) -> str:
        """The answer as a stream, as text."""
        return b"".join(self.stream().frames).decode()


def cost(reply: Reply, tokenizer: Tokenizer) -> Usage:
    """A usage of the right size: the tokens of all parts, and some more for what stands between them."""
    reasoning = sum(len(tokenizer.ends(choice.reasoning)) for choice in reply.choices)
    texts = [choice.content for choice in reply.choices]
    texts += [call.arguments for choice in reply.choices for call in choice.tool_calls]
    spoken = sum(len(tokenizer.ends(text)) for text in texts)
    thought = any(choice.reasoning for choice in reply.choices)
    return Usage(20, reasoning + spoken + 8 * len(reply.choices), reasoning if thought else None)


def compat_exchange(
    model: str,
    reply: Reply,
    tokenizer: Tokenizer,
    *,
    include_usage: bool = True,
    usage: Usage | None = None,
    **body: Any,
) -> Exchange:
    """An exchange on the compatible surface."""
    sent = {"model": model, "messages": MESSAGES, "stream": True, **body}
    if include_usage:
        sent["stream_options"] = {"include_usage": True}
    request = read_compat(sent, model_catalogue.load()[model], {})
    return Exchange(request, reply, usage or cost(reply, tokenizer), tokenizer)


def native_exchange(
    model: str,
    reply: Reply,
    tokenizer: Tokenizer,
    *,
    surface: Surface = NATIVE_TEXT,
    usage: Usage | None = None,
    **parameters: Any,
) -> Exchange:
    """An exchange on a native surface."""
    sent = {"model": model, "input": {"messages": MESSAGES}, "parameters": parameters}
    headers = {"x-dashscope-sse": "enable"}
    request = read_native(surface, sent, model_catalogue.load()[model], headers)
    return Exchange(request, reply, usage or cost(reply, tokenizer), tokenizer)


def anthropic_exchange(
    model: str, reply: Reply, tokenizer: Tokenizer, *, usage: Usage | None = None, **body: Any
) -> Exchange:
    """An exchange on the surface of Anthropic's Messages."""
    sent = {"model": model, "messages": MESSAGES, "max_tokens": 4096, "stream": True, **body}
    request = anthropic_read.read_request(sent, model_catalogue.load()[model], {})
    return Exchange(request, reply, usage or cost(reply, tokenizer), tokenizer)


def responses_exchange(
    model: str, reply: Reply, tokenizer: Tokenizer, *, usage: Usage | None = None, **body: Any
) -> Exchange:
    """An exchange on the surface of the Responses API."""
    sent = {"model": model, "input": MESSAGES, "stream": True, **body}
    request = responses_read.read_request(sent, model_catalogue.load()[model], {})
    return Exchange(request, reply, usage or cost(reply, tokenizer), tokenizer)


def with_logprobs(reply: Reply, tokenizer: Tokenizer, *, top: int = 2) -> Reply:
    """The same reply with log probabilities for the tokens of every content."""
    choices = [
        replace(choice, logprobs=token_logprobs(choice.content, tokenizer, top=top))
        for choice in reply.choices
    ]
    return replace(reply, choices=tuple(choices))


def told(choice: Choice) -> list[Any]:
    """The log probabilities of a choice as a client reads them."""
    return [json.loads(entry) for entry in choice.logprobs or ()]


def spoken(entries: Iterable[dict[str, Any]]) -> str:
    """The text whose tokens the log probabilities name, from their bytes."""
    return b"".join(bytes(entry["bytes"]) for entry in entries).decode()
