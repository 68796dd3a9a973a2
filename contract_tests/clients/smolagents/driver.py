"""Drives the `OpenAIModel` of smolagents, with the history as the steps of its memory write it.

There is no message for a call and none for a result: a step tells both as texts. Its own retries are off, for
the first of them waits a minute; the client of OpenAI below it has its own.
"""

import json
from importlib.metadata import version
from typing import Any

from smolagents import OpenAIModel, Tool
from smolagents.memory import ActionStep, Timing, ToolCall
from smolagents.models import ChatMessage, agglomerate_stream_deltas

from contract_tests.clients.loop import FEATURES, Answer, Conversation, Document, heard, serve

EXPLICIT = ("response_format",)
"""What `generate` has an argument for; `stop` is the other one."""


class Smol(Conversation):
    """A conversation over the model."""

    def __init__(self, begin: Document) -> None:
        super().__init__(begin)
        kwargs = {"timeout": begin.get("timeout", 30), "default_headers": self.headers()}
        where = {"api_base": begin["openai_url"], "api_key": begin["key"]}
        self.model = OpenAIModel(begin["model"], client_kwargs=kwargs, retry=False, **where)
        self.tools = [tool_of(tool["function"]) for tool in begin.get("tools", ())]

    def content(self, text: str) -> Any:
        """A text as its messages hold it."""
        return [{"type": "text", "text": text}]

    def assistant(self, answer: Answer, prefix: str) -> Any:
        """The messages of a step: what was said, and which calls were made."""
        said = answer.choices[0]
        calls = [ToolCall(call["name"], parsed(call["arguments"]), call["id"]) for call in said["tool_calls"]]
        text = prefix + said["text"]
        step = ActionStep(1, Timing(0.0), tool_calls=calls or None, model_output=text or None)
        return step.to_messages()

    def result(self, result: Document) -> Any:
        """The message of a step that observed a result."""
        return ActionStep(1, Timing(0.0), observations=result["content"]).to_messages()

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        flat = [one for message in messages for one in (message if isinstance(message, list) else [message])]
        answer, options = Answer(), self.options(command)
        known: Document = {name: options.pop(name) for name in EXPLICIT if name in options}
        known |= {"stop_sequences": options.pop("stop")} if "stop" in options else {}
        usual = {name: options.pop(name) for name in [*options] if name in USUAL}
        asked = {**known, **usual, "tools_to_call_from": self.tools or None, "extra_body": options}
        if not command.get("stream"):
            said = self.model.generate(flat, **asked)
            first = said.raw.choices[0]
            thinking = getattr(first.message, "reasoning_content", None)
            gather(answer, said, thinking, first.finish_reason)
            return answer
        pieces = list(heard(self.model.generate_stream(flat, **asked), answer, command))
        gather(answer, agglomerate_stream_deltas(pieces), None, None)
        if not any(piece.token_usage for piece in pieces):
            answer.usage = None  # the sum of none is zero
        return answer


USUAL = (
    *("temperature", "top_p", "max_tokens", "seed", "n", "presence_penalty", "frequency_penalty"),
    *("tool_choice", "parallel_tool_calls", "logprobs", "top_logprobs", "reasoning_effort"),
)
"""What the call of OpenAI's client knows; all else goes into its `extra_body`."""


def parsed(arguments: str) -> Any:
    """The arguments as a step holds them."""
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments


def tool_of(function: Document) -> Tool:
    """A tool from the schema of a function."""
    schema = function["parameters"]
    made = Tool.__new__(Tool)
    made.name, made.description = function["name"], function.get("description", "")
    required = schema.get("required", ())
    made.inputs = {
        name: {**value, **({} if name in required else {"nullable": True})}
        for name, value in schema.get("properties", {}).items()
    }
    return made


def gather(answer: Answer, said: ChatMessage, thinking: str | None, finish: str | None) -> None:
    """Notes a message; of what is not in it, the raw answer tells, where there is one."""
    answer.add(text=said.content, thinking=thinking, finish=finish)
    answer.tokens(said.token_usage)
    for call in said.tool_calls or ():
        function = call.function
        answer.call(index=None, id=call.id, name=function.name, arguments=function.arguments)


if __name__ == "__main__":
    serve(
        Smol,
        client=f"smolagents {version('smolagents')}, openai {version('openai')}",
        surfaces=["compat"],
        features=[feature for feature in FEATURES if feature not in ("choices", "partial")],
    )
