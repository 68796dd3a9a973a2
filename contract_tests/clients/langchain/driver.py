"""Drives LangChain for Python: `ChatTongyi`, `ChatQwen` or `ChatOpenAI`, by `driver.py tongyi|qwen|openai`.

Messages are LangChain's own; pieces of a stream are added up, and the sum goes into the history, as its
documentation shows it.
"""

import json
import sys
from importlib.metadata import version
from typing import Any

import dashscope
from langchain_community.chat_models import ChatTongyi
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    HumanMessage,
    SystemMessage,
    ToolMessage,
    trim_messages,
)
from langchain_openai import ChatOpenAI
from langchain_qwq import ChatQwen

from contract_tests.clients.loop import FEATURES, Answer, Conversation, Document, heard, serve

MODELS = {
    "tongyi": (ChatTongyi, "langchain-community"),
    "qwen": (ChatQwen, "langchain-qwq"),
    "openai": (ChatOpenAI, "langchain-openai"),
}
MODEL, PACKAGE = MODELS[sys.argv[1]]
NATIVE = MODEL is ChatTongyi


class Chain(Conversation):
    """A conversation over a chat model."""

    def system(self, text: str) -> Any:
        """The system message."""
        return SystemMessage(self.content(text))

    def user(self, text: str, parts: Any) -> Any:
        """What the user says; each interface takes parts in the form of its surface."""
        return HumanMessage(super().user(text, parts)["content"])

    def result(self, result: Document) -> Any:
        """What a function gave."""
        return ToolMessage(self.content(result["content"]), tool_call_id=result["id"])

    def begun(self, prefix: str) -> Any:
        """The beginning of an answer, marked where ChatTongyi looks for the mark."""
        return AIMessage(self.content(prefix), additional_kwargs={"partial": True})

    def assistant(self, answer: Answer, prefix: str) -> Any:
        """The model's own message; with a prefix, one that begins with it."""
        if prefix:
            text = self.content(prefix + answer.choices[0]["text"])
            return answer.messages[0].model_copy(update={"content": text})
        return answer.messages[0]

    def model(self, command: Document) -> Any:
        """The model, with the options where its documentation puts them."""
        begin, options = self.begin, self.options(command)
        if NATIVE:
            dashscope.base_http_api_url = begin["native_url"]
            options |= {"request_timeout": begin.get("timeout", 30), "headers": self.headers()}
            streaming = bool(command.get("stream"))
            own = {name: options.pop(name) for name in [*options] if name == "top_p"}
            chat = ChatTongyi(
                model=begin["model"], api_key=begin["key"], streaming=streaming, model_kwargs=options, **own
            )
        else:
            bound = {name: options.pop(name) for name in [*options] if name == "response_format"}
            own = {name: options.pop(name) for name in [*options] if name in MODEL.model_fields}
            if MODEL is ChatOpenAI:
                own["stream_usage"] = True
            chat = MODEL(
                model=begin["model"],
                api_key=begin["key"],
                base_url=begin["openai_url"],
                timeout=begin.get("timeout", 30),
                default_headers=self.headers(),
                extra_body=options or None,
                **own,
            )
            return chat.bind_tools(begin["tools"], **bound) if "tools" in begin else chat.bind(**bound)
        return chat.bind_tools(begin["tools"]) if "tools" in begin else chat

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request, with a history that `trim_messages` keeps short."""
        keep = self.begin.get("keep")
        if keep:  # the limit is for the messages beside the system message, which counts as one
            limits: Document = {"strategy": "last", "start_on": "human", "include_system": True}
            limits["max_tokens"] = keep + ("system" in self.begin)
            messages = trim_messages(messages, token_counter=len, **limits)
        answer, model = Answer(), self.model(command)
        if not command.get("stream"):
            if self.options(command).get("n", 1) > 1:  # only `generate` gives more than one answer
                bare, bound = getattr(model, "bound", model), getattr(model, "kwargs", {})
                for index, generation in enumerate(bare.generate([messages], **bound).generations[0]):
                    gather(answer, generation.message, index)
            else:
                gather(answer, model.invoke(messages), 0)
            return answer
        total: AIMessageChunk | None = None
        for piece in heard(model.stream(messages), answer, command):
            total = piece if total is None else total + piece
        if total is not None:
            gather(answer, total, 0)
        return answer


def gather(answer: Answer, message: Any, index: int) -> None:
    """Notes a message, or the sum of its pieces."""
    answer.messages[index] = message
    answer.tokens(message.usage_metadata)
    thinking = message.additional_kwargs.get("reasoning_content")
    finish = message.response_metadata.get("finish_reason")
    content = message.content  # of a multimodal model: parts
    text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    answer.add(index=index, text=text, thinking=thinking, finish=finish)
    calls = getattr(message, "tool_call_chunks", None) or [*message.tool_calls, *message.invalid_tool_calls]
    for at, call in enumerate(calls):
        arguments = call["args"] if isinstance(call["args"], str) else json.dumps(call["args"])
        answer.call(index=at, id=call["id"], name=call["name"], arguments=arguments, choice=index)


if __name__ == "__main__":
    serve(
        Chain,
        client=f"{MODEL.__name__}, {PACKAGE} {version(PACKAGE)}, langchain-core {version('langchain-core')}",
        surfaces=["native-text", "native-multimodal"] if NATIVE else ["compat"],
        features=[*FEATURES, "keep"],
    )
