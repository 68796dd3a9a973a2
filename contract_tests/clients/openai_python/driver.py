"""Drives the `openai` package for Python: `driver.py [async]`.

Streams are put together by hand, whole answers go into the history as the objects that the client gave: both
as its README shows it.
"""

import inspect
import sys
from typing import Any

import openai

from contract_tests.clients.loop import Answer, Conversation, Document, heard, heard_async, serve


def request(own: Conversation, messages: list[Any], command: Document, create: Any) -> Document:
    """The arguments of `create`; what it does not know travels in `extra_body`."""
    known = inspect.signature(create).parameters
    options = own.options(command)
    arguments: Document = {name: options.pop(name) for name in [*options] if name in known}
    if "tools" in own.begin:
        arguments["tools"] = own.begin["tools"]
    if command.get("stream"):
        arguments |= {"stream": True, "stream_options": {"include_usage": True}}
    return {
        "model": own.begin["model"],
        "messages": messages,
        "extra_body": options,
        "extra_headers": own.headers(),
        **arguments,
    }


def gather(answer: Answer, response: Any) -> None:
    """Notes a completion or a chunk; the vendor's `reasoning_content` is an extra field of both."""
    answer.tokens(response.usage)
    for choice in response.choices:
        said = getattr(choice, "message", None) or choice.delta
        if hasattr(choice, "message"):
            answer.messages[choice.index] = choice.message
        thinking = getattr(said, "reasoning_content", None)
        answer.add(index=choice.index, text=said.content, thinking=thinking, finish=choice.finish_reason)
        for call in said.tool_calls or ():
            answer.call(
                index=getattr(call, "index", None),
                id=call.id,
                name=call.function.name,
                arguments=call.function.arguments,
                choice=choice.index,
            )


def settings(begin: Document) -> Document:
    """What a client is made with."""
    return {"api_key": begin["key"], "base_url": begin["openai_url"], "timeout": begin.get("timeout", 30)}


class Sync(Conversation):
    """A conversation over `OpenAI`."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        self.create = openai.OpenAI(**settings(begin)).chat.completions.create

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        answer = Answer()
        response = self.create(**request(self, messages, command, self.create))
        for piece in heard(response, answer, command) if command.get("stream") else [response]:
            gather(answer, piece)
        return answer


class Async(Conversation):
    """A conversation over `AsyncOpenAI`."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        self.create = openai.AsyncOpenAI(**settings(begin)).chat.completions.create

    async def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        answer = Answer()
        response = await self.create(**request(self, messages, command, self.create))
        if command.get("stream"):
            async for piece in heard_async(response, answer, command):
                gather(answer, piece)
        else:
            gather(answer, response)
        return answer


if __name__ == "__main__":
    serve(
        Async if "async" in sys.argv else Sync,
        client=f"openai {openai.__version__}" + (" (async)" if "async" in sys.argv else ""),
        surfaces=["compat"],
    )
