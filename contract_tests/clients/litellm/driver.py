"""Drives LiteLLM with its provider `dashscope/`; streams are put together by its `stream_chunk_builder`."""

import os
from importlib.metadata import version
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks the network for prices

import litellm

from contract_tests.clients.loop import Answer, Conversation, Document, heard, serve


class Lite(Conversation):
    """A conversation over `litellm.completion`."""

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        begin, answer = self.begin, Answer()
        arguments = {"api_base": begin["openai_url"], "api_key": begin["key"], **self.options(command)}
        arguments |= {"timeout": begin.get("timeout", 30), "extra_headers": self.headers()}
        if "tools" in begin:
            arguments["tools"] = begin["tools"]
        if command.get("stream"):
            arguments |= {"stream": True, "stream_options": {"include_usage": True}}
        response: Any = litellm.completion(f"dashscope/{begin['model']}", messages, **arguments)
        if command.get("stream"):
            chunks = list(heard(response, answer, command))
            response = litellm.stream_chunk_builder(chunks, messages=messages)
        gather(answer, response)
        return answer


def gather(answer: Answer, response: Any) -> None:
    """Notes a completion."""
    answer.tokens(getattr(response, "usage", None))
    for choice in response.choices:
        said = choice.message
        answer.messages[choice.index] = said.model_dump(exclude_none=True)
        thinking = getattr(said, "reasoning_content", None)
        answer.add(index=choice.index, text=said.content, thinking=thinking, finish=choice.finish_reason)
        for call in said.tool_calls or ():
            function = call.function
            pieces = {"name": function.name, "arguments": function.arguments}
            answer.call(index=None, id=call.id, choice=choice.index, **pieces)


if __name__ == "__main__":
    serve(
        Lite,
        client=f"litellm {version('litellm')}, openai {version('openai')}",
        surfaces=["compat"],
    )
