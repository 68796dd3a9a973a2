"""Drives qwen-agent: its `qwen_dashscope` model, or with `driver.py oai` its `oai` model.

The messages are of its own kind. The first model streams always: whole answers are not to be had in the mode
that it chooses for itself. The second tells neither usage nor finish reasons.
"""

import random
import sys
from importlib.metadata import version
from typing import Any

import dashscope
from qwen_agent.llm import get_chat_model
from qwen_agent.llm.schema import Message

from contract_tests.clients.loop import FEATURES, Answer, Conversation, Document, heard, serve

COMPAT = "oai" in sys.argv
KNOWN = ("temperature", "top_p", "top_k", "max_tokens", "seed", "stop", "n", "response_format", "tool_choice")
"""The options that go to OpenAI's client as they are; it wants all others in `extra_body`."""


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

    def configuration(self, command: Document) -> Document:
        """How the model is to be asked."""
        begin, options = self.begin, self.options(command)
        named = {"model": begin["model"], "api_key": begin["key"]}
        patience = {"request_timeout": begin.get("timeout", 30)}
        if COMPAT:
            own: Document = {name: options.pop(name) for name in KNOWN if name in options}
            asked = {**own, "extra_body": options, "extra_headers": self.headers(), **patience}
            return {
                **named,
                "model_type": "oai",
                "model_server": begin["openai_url"],
                "generate_cfg": asked,
            }
        asked = {**options, "headers": self.headers(), **patience}
        return {
            **named,
            "model_type": "qwen_dashscope",
            "base_http_api_url": begin["native_url"],
            "generate_cfg": asked,
        }

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        begin, answer = self.begin, Answer()
        model = get_chat_model(self.configuration(command))
        dashscope.api_key = begin["key"]
        functions = [tool["function"] for tool in begin.get("tools", ())]
        stream = bool(command.get("stream")) or not COMPAT
        pieces = model.chat(messages, functions=functions, stream=stream)
        last: list[Any] = [*heard(pieces, answer, command)][-1:] if stream else [pieces]
        # `oai` gives dictionaries where it was given such.
        said = [Message(**dict(message)) for messages in last for message in messages]
        answer.add()
        for message in said:
            info = (message.extra or {}).get("model_service_info") or {"output": {"choices": [{}]}}
            answer.tokens(info.get("usage"))
            finish = info["output"]["choices"][0].get("finish_reason")
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
        client=f"qwen-agent {version('qwen-agent')}"
        + (f" oai, openai {version('openai')}" if COMPAT else f", dashscope {version('dashscope')}"),
        surfaces=["compat"] if COMPAT else ["native-text"],
        features=[
            feature for feature in FEATURES if feature != "parts" and (feature != "usage" or not COMPAT)
        ],
    )
