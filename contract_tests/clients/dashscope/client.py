"""Drives the `dashscope.Client` of dashscope 2: `client.py native` or `client.py openai`.

Streams are put together by its `get_final_message`; the history is made of texts and calls, as its
examples do it.
"""

import contextlib
import inspect
import sys
from typing import Any

import httpx
from dashscope import Client
from dashscope.version import __version__

from contract_tests.clients.loop import Answer, Conversation, Document, ToldError, heard, serve

PROTOCOL = sys.argv[1]


class Second(Conversation):
    """A conversation over `client.chat.completions`."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        url = begin["openai_url" if PROTOCOL == "openai" else "native_url"]
        seconds = begin.get("timeout", 30)
        headers = (
            self.headers()
        )  # calls take no headers of their own, and a client that is given sends no key
        if headers:
            headers["Authorization"] = f"Bearer {begin['key']}"
        http = httpx.Client(headers=headers, timeout=seconds) if headers else None
        self.client = Client(
            api_key=begin["key"], base_url=url, protocol=PROTOCOL, timeout=seconds, http_client=http
        )
        multimodal = begin["surface"] == "native-multimodal"  # where a text alone does not lead by itself
        self.create = (self.client.multimodal.chat if multimodal else self.client.chat.completions).create

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request; what `create` does not name travels in `parameters`."""
        answer = Answer()
        options, known = self.options(command), inspect.signature(self.create).parameters
        named = {name: options.pop(name) for name in [*options] if name in known}
        if "tools" in self.begin:
            named["tools"] = self.begin["tools"]
        stream = bool(command.get("stream"))
        cumulative = stream and named.get("incremental_output") is False
        response: Any = self.create(
            model=self.begin["model"], messages=messages, stream=stream, parameters=options or None, **named
        )
        if stream and "cancel_after" not in command:
            with contextlib.closing(response):
                gather(answer, response.get_final_message())
        elif not stream and not response.choices:  # whatever JSON has the status 200 is taken for an answer
            kind = type(response).__name__
            raise ToldError(kind, None, None, "what came is no answer")
        else:
            for piece in heard(response, answer, command) if stream else [response]:
                gather(answer, piece, cumulative=cumulative)
        return answer


def gather(answer: Answer, response: Any, *, cumulative: bool = False) -> None:
    """Notes a completion or a chunk; a cumulative one says all so far again."""
    answer.tokens(response.usage)
    for choice in response.choices:
        if cumulative:
            answer.choices.pop(choice.index, None)
        said = getattr(choice, "message", None) or choice.delta
        thinking, finish = said.reasoning_content, choice.finish_reason
        answer.add(index=choice.index, text=said.content, thinking=thinking, finish=finish)
        for call in said.tool_calls or ():
            function = call.function
            pieces = {"name": function.name, "arguments": function.arguments}
            answer.call(index=call.index, id=call.id, choice=choice.index, **pieces)


if __name__ == "__main__":
    serve(
        Second,
        client=f"dashscope {__version__} Client ({PROTOCOL})",
        surfaces=["compat"] if PROTOCOL == "openai" else ["native-text", "native-multimodal"],
    )
