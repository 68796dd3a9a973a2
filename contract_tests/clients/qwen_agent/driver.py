"""Drives qwen-agent: its `qwen_dashscope` model, with messages of its own kind.

It streams always: whole answers are not to be had in the mode that it chooses for itself.
"""

import random
from importlib.metadata import version
from typing import Any

import dashscope
from qwen_agent.llm import get_chat_model

from contract_tests.clients.loop import FEATURES, Answer, Conversation, Document, heard, serve


class Agent(Conversation):
    """A conversation over `chat`; each answer is a list of messages, which all go into the history."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        random.seed(1)  # it draws a seed for each request; drawn alike, runs can be compared

    def user(self, text: str, parts: Any) -> Any:
        """What the user says; parts are in the form of its own, which is the native one."""
        return {"role": "user", "content": list(parts) or text}

    def begun(self, prefix: str) -> Any:
        """The beginning of an answer: a last message of the assistant is to be gone on with."""
        return {"role": "assistant", "content": prefix}

    def results(self, command: Document) -> Document:
        """Hands over what the functions gave, with the names that its messages of functions need."""
        names = {
            message["extra"]["function_id"]: message["function_call"]["name"]
            for message in self.history
            if message.get("function_call")
        }
        new = [
            {
                "role": "function",
                "name": names.get(result["id"], "unknown"),
                "content": result["content"],
                "extra": {"function_id": result["id"]},
            }
            for result in command["results"]
        ]
        return self._turn(new, command)

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        begin, answer = self.begin, Answer()
        more = {"request_timeout": begin.get("timeout", 30), "headers": self.headers()}
        model = get_chat_model(
            {
                "model": begin["model"],
                "model_type": "qwen_dashscope",
                "base_http_api_url": begin["native_url"],
                "api_key": begin["key"],
                "generate_cfg": {**self.options(command), **more},
            }
        )
        dashscope.api_key = begin["key"]
        functions = [tool["function"] for tool in begin.get("tools", ())]
        pieces = model.chat(messages, functions=functions, stream=True)
        said: list[Any] = [*heard(pieces, answer, command)][-1:]
        said = said[0] if said else []
        answer.add()
        for message in said:
            info = message.extra["model_service_info"]
            answer.tokens(info.get("usage"))
            finish = info["output"]["choices"][0]["finish_reason"]
            answer.add(text=message.content, thinking=message.reasoning_content, finish=finish)
            if message.function_call:
                pieces = {"name": message.function_call.name, "arguments": message.function_call.arguments}
                answer.call(index=None, id=message.extra.get("function_id"), **pieces)
        answer.messages[0] = [message.model_dump() for message in said]
        return answer

    def _turn(self, new: list[Any], command: Document) -> Document:
        report = super()._turn(new, command)
        flat = [message if isinstance(message, list) else [message] for message in self.history]
        self.history = [message for messages in flat for message in messages]
        return report


if __name__ == "__main__":
    serve(
        Agent,
        client=f"qwen-agent {version('qwen-agent')}, dashscope {version('dashscope')}",
        surfaces=["native-text"],
        features=[feature for feature in FEATURES if feature != "parts"],
    )
