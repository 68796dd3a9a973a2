"""Drives LlamaIndex: `DashScope` of llama-index-llms-dashscope.

Functions are offered as LlamaIndex's tools, and messages are its own; what an answer means is read from where
its documentation points: `message`, `delta`, `raw`, `get_tool_calls_from_response`.
"""

import json
from importlib.metadata import version
from typing import Any

import dashscope
from llama_index.core.base.llms.types import ChatMessage, ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool, ToolMetadata
from llama_index.llms.dashscope import DashScope

from contract_tests.clients.loop import FEATURES, Answer, Conversation, Document, heard, serve

FIELDS = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "stop",
    "max_tokens",
    "repetition_penalty",
    "enable_search",
)


def tool_of(tool: Document) -> FunctionTool:
    """A function of the wire as a tool of LlamaIndex; its schema stands for that of a pydantic model."""
    function = tool["function"]
    schema = type("Schema", (), {"model_json_schema": classmethod(lambda _: function["parameters"])})
    metadata = ToolMetadata(
        name=function["name"], description=function.get("description", ""), fn_schema=schema
    )
    return FunctionTool(fn=lambda: None, metadata=metadata)


class Index(Conversation):
    """A conversation over `chat` and `stream_chat`."""

    def system(self, text: str) -> Any:
        """The system message."""
        return ChatMessage(role="system", content=text)

    def user(self, text: str, parts: Any) -> Any:
        """What the user says."""
        blocks = [
            TextBlock(text=value) if kind == "text" else ImageBlock(url=value)
            for part in parts
            for kind, value in part.items()
        ]
        return ChatMessage(role="user", blocks=blocks) if blocks else ChatMessage(role="user", content=text)

    def result(self, result: Document) -> Any:
        """What a function gave."""
        kwargs = {"tool_call_id": result["id"]}
        return ChatMessage(role="tool", content=result["content"], additional_kwargs=kwargs)

    def begun(self, prefix: str) -> Any:
        """The beginning of an answer."""
        return ChatMessage(role="assistant", content=prefix, additional_kwargs={"partial": True})

    def assistant(self, answer: Answer, prefix: str) -> Any:
        """The message that the client gave."""
        own: Any = answer.messages.get(0) or ChatMessage(role="assistant", content="")
        return ChatMessage(role="assistant", content=prefix + (own.content or "")) if prefix else own

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        dashscope.base_http_api_url = self.begin["native_url"]
        options = self.options(command)
        own = {name: options.pop(name) for name in FIELDS if name in options}
        llm = DashScope(model_name=self.begin["model"], api_key=self.begin["key"], **own)
        options |= {"request_timeout": self.begin.get("timeout", 30), "headers": self.headers()}
        tools = [tool_of(tool) for tool in self.begin.get("tools", ())]
        answer, last = Answer(), None
        if not command.get("stream"):
            whole = llm.chat_with_tools(tools, chat_history=messages, **options) if tools else None
            self.gather(answer, llm, whole or llm.chat(messages, **options))
            return answer
        pieces = (
            llm.stream_chat_with_tools(tools, chat_history=messages, **options)
            if tools
            else llm.stream_chat(messages, **options)
        )
        for last in heard(pieces, answer, command):
            answer.tokens(getattr(last.raw, "usage", None))
        if last is not None:
            self.gather(answer, llm, last)
        return answer

    def gather(self, answer: Answer, llm: Any, response: Any) -> None:
        """Notes a response, or the last one of a stream, which holds all before it."""
        answer.messages[0] = response.message
        raw: Any = response.raw or {}
        output = raw.get("output") or {} if hasattr(raw, "get") else {}
        finish = output["choices"][0]["finish_reason"] if output.get("choices") else None
        thinking = response.message.additional_kwargs.get("reasoning_content")
        answer.add(text=response.message.content, thinking=thinking, finish=finish)
        answer.tokens(raw.get("usage") if hasattr(raw, "get") else None)
        for call in llm.get_tool_calls_from_response(response, error_on_no_tool_call=False):
            arguments = json.dumps(call.tool_kwargs)
            answer.call(index=None, id=call.tool_id, name=call.tool_name, arguments=arguments)


if __name__ == "__main__":
    serve(
        Index,
        client=", ".join(f"{name} {version(name)}" for name in ("llama-index-llms-dashscope", "dashscope")),
        surfaces=["native-text"],
        features=[feature for feature in FEATURES if feature != "parts"],
    )
