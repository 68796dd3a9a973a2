"""Drives the model `DashScope` of Agno, with functions that are run outside of it (`external_execution`).

Messages are Agno's own: the model writes its answer behind those that it was given.
"""

from importlib.metadata import version
from typing import Any

from agno.models.dashscope import DashScope
from agno.models.message import Message
from agno.tools.function import Function

from contract_tests.clients.loop import FEATURES, Answer, Conversation, Document, heard, serve

OF_A_CALL = ("response_format", "tool_choice")
"""Options that are arguments of a call; the others are fields of the model."""


class Agno(Conversation):
    """A conversation over the model."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        functions = [tool["function"] for tool in begin.get("tools", ())]
        self.tools = [
            Function(
                name=function["name"],
                description=function.get("description"),
                parameters=function["parameters"],
                external_execution=True,
            )
            for function in functions
        ]

    def system(self, text: str) -> Any:
        """The system message."""
        return Message(role="system", content=text)

    def user(self, text: str, parts: Any) -> Any:
        """What the user says; parts in the form of OpenAI, so that each keeps its place."""
        return Message(role="user", content=super().user(text, parts)["content"])

    def result(self, result: Document) -> Any:
        """What a function gave."""
        return Message(role="tool", content=result["content"], tool_call_id=result["id"])

    def begun(self, prefix: str) -> Any:
        """The beginning of an answer; there is no place for the mark."""
        return Message(role="assistant", content=prefix)

    def assistant(self, answer: Answer, prefix: str) -> Any:
        """The model's own message; with a prefix, or of a stream that was left, one made of what came."""
        if prefix or 0 not in answer.messages:
            return Message(role="assistant", content=prefix + answer.choices[0]["text"])
        return answer.messages[0]

    def model(self, command: Document) -> DashScope:
        """The model, with the options where its documentation puts them."""
        options = {name: value for name, value in self.options(command).items() if name not in OF_A_CALL}
        known = {name: options.pop(name) for name in [*options] if name in DashScope.__dataclass_fields__}
        where = {"api_key": self.begin["key"], "base_url": self.begin["openai_url"]}
        limits = {"timeout": self.begin.get("timeout", 30), "default_headers": self.headers() or None}
        return DashScope(id=self.begin["model"], extra_body=options or None, **where, **limits, **known)

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        answer, asked = Answer(), {n: v for n, v in self.options(command).items() if n in OF_A_CALL}
        model = self.model(command)
        if self.tools:
            asked["tools"] = self.tools
        if not command.get("stream"):
            model.response(messages, **asked)
        else:
            answer.add()
            stream = model.response_stream(messages, **asked)
            told = (piece for piece in stream if piece.content or piece.reasoning_content or piece.tool_calls)
            for piece in heard(told, answer, command):
                if command.get("cancel_after"):
                    answer.add(text=piece.content, thinking=piece.reasoning_content)
        if not answer.cancelled:
            gather(answer, next(message for message in reversed(messages) if message.role == "assistant"))
        return answer


def gather(answer: Answer, message: Message) -> None:
    """Notes a message."""
    answer.choices.clear()
    answer.messages[0] = message
    answer.add(text=message.content, thinking=message.reasoning_content)
    answer.tokens(message.metrics)
    for call in message.tool_calls or ():
        function = call["function"]
        answer.call(index=None, id=call["id"], name=function["name"], arguments=function["arguments"])


if __name__ == "__main__":
    serve(
        Agno,
        client=f"agno {version('agno')}, openai {version('openai')}",
        surfaces=["compat"],
        features=[feature for feature in FEATURES if feature != "choices"],
    )
