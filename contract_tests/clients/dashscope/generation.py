"""Drives the 1.x interface of `dashscope`: `generation.py [aio]`.

`Generation`, or `MultiModalConversation` where the surface is multimodal; with `aio`, their asynchronous
twins. Streams come in pieces unless the options say otherwise.
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

AIO = "aio" in sys.argv
TEXT, MULTIMODAL = (
    (dashscope.AioGeneration, dashscope.AioMultiModalConversation)
    if AIO
    else (dashscope.Generation, dashscope.MultiModalConversation)
)


class Native(Conversation):
    """A conversation over `call`, which returns errors instead of raising them."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        self.multimodal = begin["surface"] == "native-multimodal"
        dashscope.base_http_api_url = begin["native_url"]  # uploads do not look at `base_address`

    def request(self, messages: list[Any], command: Document) -> Document:
        """The arguments of `call`."""
        arguments = {"api_key": self.begin["key"], "base_address": self.begin["native_url"]}
        arguments |= {"model": self.begin["model"], "messages": messages, "headers": self.headers()}
        arguments["request_timeout"] = self.begin.get("timeout", 30)
        if not self.multimodal:
            arguments["result_format"] = "message"
        if "tools" in self.begin:
            arguments["tools"] = self.begin["tools"]
        if command.get("stream"):
            arguments |= {"stream": True, "incremental_output": True}
        options = self.options(command)
        if not command.get("stream"):  # the service refuses it otherwise
            options.pop("incremental_output", None)
        return arguments | options

    def gather(self, answer: Answer, response: Any, *, whole: bool, cumulative: bool = False) -> None:
        """Notes a response, whole or a piece; a cumulative one says all so far again."""
        if response.status_code != 200:
            kind = type(response).__name__
            raise ToldError(kind, response.code, int(response.status_code), response.message)
        output = response.output
        if output.choices is None and output.text is None:
            kind = type(response).__name__
            raise ToldError(kind, None, None, "what came is no answer")
        alone = len(output.choices or ()) == 1
        answer.tokens(response.usage, choice=output.choices[0].get("index", 0) if alone else None)
        text_only = {"message": {"content": output.text}, "finish_reason": output.finish_reason}
        for choice in output.choices or [text_only]:  # items, not attributes: some choices are plain dicts
            said, index = choice["message"], choice.get("index", 0)
            if cumulative:
                answer.choices.pop(index, None)
            if whole and output.choices:
                answer.messages[index] = said
            content = said["content"] or ""
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
        cumulative = stream and self.options(command).get("incremental_output") is False
        for piece in heard(response, answer, command) if stream else [response]:
            self.gather(answer, piece, whole=not stream, cumulative=cumulative)
        return answer

    async def hear(self, called: Any, command: Document) -> Answer:
        """The same, asynchronous."""
        answer, response = Answer(), await called
        if not command.get("stream"):
            return self.read(response, command)
        cumulative = self.options(command).get("incremental_output") is False
        async for piece in heard_async(response, answer, command):
            self.gather(answer, piece, whole=False, cumulative=cumulative)
        return answer


if __name__ == "__main__":
    serve(
        Native,
        client=f"dashscope {__version__} {TEXT.__name__}",
        surfaces=["native-text", "native-multimodal"],
    )
