"""Drives `Completions`, the compatible interface of `dashscope` 1.x.

It gives completions and chunks, and errors as completions without choices.
"""

from typing import Any

import dashscope
from dashscope.aigc.chat_completion import Completions
from dashscope.version import __version__

from contract_tests.clients.loop import Answer, Conversation, Document, ToldError, heard, serve


class Compatible(Conversation):
    """A conversation over `create`."""

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request; what `create` does not know travels in `extra_body`."""
        dashscope.base_compatible_api_url = self.begin["openai_url"]
        more = {"tools": self.begin["tools"]} if "tools" in self.begin else {}
        stream, answer = bool(command.get("stream")), Answer()
        response = Completions.create(
            model=self.begin["model"],
            messages=messages,
            stream=stream,
            api_key=self.begin["key"],
            extra_headers=self.headers(),
            extra_body=self.options(command) | more,
            request_timeout=self.begin.get("timeout", 30),
        )
        for piece in heard(response, answer, command) if stream else [response]:
            self.gather(answer, piece)
        return answer

    def gather(self, answer: Answer, response: Any) -> None:
        """Notes a completion or a chunk."""
        if getattr(response, "status_code", None) not in (None, 200):
            kind, error = type(response).__name__, response.error
            raise ToldError(kind, error["code"], int(response.status_code), error["message"])
        answer.tokens(response.usage)
        for choice in response.choices:
            said = getattr(choice, "message", None) or choice.delta
            thinking = getattr(said, "reasoning_content", None)
            answer.add(index=choice.index, text=said.content, thinking=thinking, finish=choice.finish_reason)
            for at, call in enumerate(getattr(said, "tool_calls", None) or ()):  # dictionaries, as they came
                pieces = {"name": call["function"]["name"], "arguments": call["function"]["arguments"]}
                answer.call(index=call.get("index", at), id=call["id"], choice=choice.index, **pieces)


if __name__ == "__main__":
    serve(Compatible, client=f"dashscope {__version__} Completions", surfaces=["compat"])
