"""Drives the 1.x interface of `dashscope`: `generation.py [aio] [cumulative]`.

`Generation`, or `MultiModalConversation` where the surface is multimodal; with `aio`, their asynchronous
twins. With `cumulative`, streams repeat the answer so far: the service does that for versions up to 1.24,
later ones ask for pieces and merge them in the client.
"""

import sys
from typing import Any

import dashscope
from dashscope.version import __version__

from contract_tests.clients.loop import (
    Answer,
    Conversation,
    Document,
    ToldError,
    heard,
    heard_async,
    serve,
)

CUMULATIVE = "cumulative" in sys.argv
AIO = "aio" in sys.argv
TEXT, MULTIMODAL = (
    (dashscope.AioGeneration, dashscope.AioMultiModalConversation)
    if AIO
    else (dashscope.Generation, dashscope.MultiModalConversation)
)


class Native(Conversation):
    """A conversation over `call`, which returns errors instead of raising them."""

    def __init__(self, begin: Document) -> None:
        self.multimodal = begin["surface"] == "native-multimodal"
        super().__init__(begin)

    def content(self, text: str) -> Any:
        """A text as a message of the surface holds it."""
        return [{"text": text}] if self.multimodal else text

    def system(self, text: str) -> Any:
        """The system message."""
        return {"role": "system", "content": self.content(text)}

    def user(self, text: str, parts: Any) -> Any:
        """What the user says; parts are in the native form already."""
        return {"role": "user", "content": list(parts) or self.content(text)}

    def begun(self, prefix: str) -> Any:
        """The beginning of an answer."""
        return {"role": "assistant", "content": self.content(prefix), "partial": True}

    def assistant(self, answer: Answer, prefix: str) -> Any:
        """The client's own message, or one made of its pieces."""
        message = super().assistant(answer, prefix)
        if isinstance(message["content"], str):
            message["content"] = self.content(message["content"])
        return message

    def result(self, result: Document) -> Any:
        """What a function gave."""
        return {"role": "tool", "tool_call_id": result["id"], "content": self.content(result["content"])}

    def request(self, messages: list[Any], command: Document) -> Document:
        """The arguments of `call`."""
        arguments = {"api_key": self.begin["key"], "base_address": self.begin["native_url"]}
        arguments |= {"model": self.begin["model"], "messages": messages, "headers": self.headers()}
        arguments |= {"request_timeout": self.begin.get("timeout", 30), **self.options(command)}
        if not self.multimodal:
            arguments["result_format"] = "message"
        if "tools" in self.begin:
            arguments["tools"] = self.begin["tools"]
        if command.get("stream"):
            arguments |= {"stream": True, "incremental_output": not CUMULATIVE}
        return arguments

    def gather(self, answer: Answer, response: Any, *, whole: bool) -> None:
        """Notes a response, whole or a piece."""
        if response.status_code != 200:
            kind = type(response).__name__
            raise ToldError(kind, response.code, int(response.status_code), response.message)
        answer.tokens(response.usage)
        if CUMULATIVE and not whole:  # each response says all so far again
            for choice in response.output.choices:
                answer.choices.pop(choice.get("index", 0), None)
        for choice in response.output.choices:  # items, not attributes: merged streams end with plain dicts
            said, index = choice["message"], choice.get("index", 0)
            if whole:
                answer.messages[index] = said
            content = said["content"]
            text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
            thinking = said.get("reasoning_content")
            answer.add(index=index, text=text, thinking=thinking, finish=choice["finish_reason"])
            for call in said.get("tool_calls") or ():
                function = call.get("function") or {}
                pieces = {"name": function.get("name"), "arguments": function.get("arguments")}
                answer.call(index=call.get("index"), id=call.get("id"), choice=index, **pieces)

    def ask(self, messages: list[Any], command: Document) -> Any:
        """Sends one request."""
        api = MULTIMODAL if self.multimodal else TEXT
        called: Any = api.call(**self.request(messages, command))
        return self.hear(called, command) if AIO else self.read(called, command)

    def read(self, response: Any, command: Document) -> Answer:
        """Takes a response or a stream in."""
        answer, stream = Answer(), bool(command.get("stream"))
        for piece in heard(response, answer, command) if stream else [response]:
            self.gather(answer, piece, whole=not stream)
        return answer

    async def hear(self, called: Any, command: Document) -> Answer:
        """The same, asynchronous."""
        answer, response = Answer(), await called
        if not command.get("stream"):
            return self.read(response, command)
        async for piece in heard_async(response, answer, command):
            self.gather(answer, piece, whole=False)
        return answer


if __name__ == "__main__":
    serve(
        Native,
        client=" ".join(["dashscope", __version__, TEXT.__name__, *sys.argv[1:]]),
        surfaces=["native-text", "native-multimodal"],
        features="stream system tools thinking partial choices parts options usage cancel session parallel timeout".split(),
    )
