"""Drives `client.responses` of the `openai` package for Python.

What came of a turn goes into the input as the SDK gave it, `response.output`. Where a thread is asked for, it
is named and only what is new is sent. Both are as the package's README and guides show it.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import openai
from openai.types.responses import Response

from contract_tests.clients.loop import FEATURES, Answer, Conversation, Document, serve

_SAID = "response.output_text.delta"
_THOUGHT = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")
_ENDS = ("response.completed", "response.incomplete", "response.failed")


def gather(answer: Answer, response: Response, *, streamed: bool) -> None:
    """Notes a whole response; what it says was heard before, where it was streamed."""
    calls = [item for item in response.output if item.type == "function_call"]
    ends = {"incomplete": "length", "completed": "tool_calls" if calls else "stop"}
    thoughts = [part.text for item in response.output if item.type == "reasoning" for part in item.summary]
    said = {} if streamed else {"text": response.output_text, "thinking": "".join(thoughts)}
    answer.add(finish=ends.get(response.status or ""), **said)
    for call in calls:
        answer.call(index=None, id=call.call_id, name=call.name, arguments=call.arguments)
    answer.tokens(response.usage)
    answer.messages[0] = response


class Responses(Conversation):
    """A conversation over `OpenAI().responses`. Its history holds what was said, and responses."""

    def __init__(self, begin: Document) -> None:
        super().__init__({name: value for name, value in begin.items() if name != "system"})
        self.instructions = begin.get("system")
        self.client = openai.OpenAI(
            api_key=begin["key"], base_url=begin["openai_url"], timeout=begin.get("timeout", 30)
        )
        self.conversation = ""

    def user(self, text: str, parts: Sequence[Document]) -> Any:
        """What the user says: a text, or parts."""
        content = [
            {"type": "input_text", "text": value}
            if kind == "text"
            else {"type": f"input_{kind}", f"{kind}_url": value}
            for part in parts
            for kind, value in part.items()
        ]
        return {"role": "user", "content": content or text}

    def result(self, result: Document) -> Any:
        """What a function gave."""
        return {"type": "function_call_output", "call_id": result["id"], "output": result["content"]}

    def request(self, entries: Sequence[Any], command: Document) -> Document:
        """The arguments of `create`; what it does not know travels in `extra_body`."""
        thread, extra = self.begin.get("thread"), {}
        arguments: Document = {"model": self.begin["model"], **self.named(entries)}
        if self.instructions is not None:
            arguments["instructions"] = self.instructions
        if thread is not None:
            answered = [at for at, entry in enumerate(entries) if isinstance(entry, Response)]
            entries = entries[answered[-1] + 1 :] if answered else entries
        for name, value in self.options(command).items():
            if name == "max_tokens":
                arguments["max_output_tokens"] = value
            elif name == "reasoning_effort":
                arguments["reasoning"] = {"effort": value}
            elif name in ("temperature", "top_p", "tool_choice"):
                arguments[name] = value
            else:
                extra[name] = value
        if "tools" in self.begin:
            arguments["tools"] = [{"type": "function", **tool["function"]} for tool in self.begin["tools"]]
        said: list[Any] = []
        for entry in entries:
            said += entry.output if isinstance(entry, Response) else [entry]
        return {**arguments, "input": said, "extra_body": extra}

    def named(self, entries: Sequence[Any]) -> Document:
        """What a request goes on from."""
        if self.begin.get("thread") == "conversation":
            self.conversation = self.conversation or self.client.conversations.create().id
            return {"conversation": self.conversation}
        answered = [entry.id for entry in entries if isinstance(entry, Response)]
        if self.begin.get("thread") == "previous" and answered:
            return {"previous_response_id": answered[-1]}
        return {}

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request."""
        answer, request = Answer(), self.request(messages, command)
        if not command.get("stream"):
            gather(answer, self.client.responses.create(**request), streamed=False)
            return answer
        with self.client.responses.create(**request, stream=True) as events:
            for event in _heard(events, answer, command):
                if event.type == _SAID:
                    answer.add(text=event.delta)
                elif event.type in _THOUGHT:
                    answer.add(thinking=event.delta)
                elif event.type in _ENDS:
                    gather(answer, event.response, streamed=True)
        return answer


def _heard(events: Any, answer: Answer, command: Document) -> Iterator[Any]:
    """The events, until they end or the user stops listening after so many pieces of the answer."""
    pieces = 0
    for event in events:
        yield event
        pieces += event.type == _SAID or event.type in _THOUGHT
        if pieces == command.get("cancel_after"):
            answer.cancelled = True
            return


if __name__ == "__main__":
    serve(
        Responses,
        client=f"openai {openai.__version__} (responses)",
        surfaces=["responses"],
        features=(*FEATURES, "threads"),
    )
