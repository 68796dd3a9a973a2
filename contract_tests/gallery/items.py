"""The Responses API for the reference client: its requests put into items, answers taken out of them.

The client itself speaks of messages, calls and deltas as chat completions do. So a client that is broken in
one of its steps is broken here too.
"""

from collections.abc import Callable, Iterator
from typing import Any

Body = dict[str, Any]

_NAMES = {"max_tokens": "max_output_tokens"}
_FINISHED = ("completed", "incomplete")


class Writer:
    """Writes a request of chat completions as one of the Responses API."""

    def body(self, body: Body) -> Body:
        options = {name: value for name, value in body.items() if name not in ("messages", "stream_options")}
        system = [message["content"] for message in body["messages"] if message["role"] == "system"]
        others = [message for message in body["messages"] if message["role"] != "system"]
        written: Body = {"input": self.input(others)}
        if system:
            written["instructions"] = "\n".join(system)
        for name, value in options.items():
            written.update(self.option(name, value))
        return written

    def option(self, name: str, value: Any) -> Body:
        if name == "enable_thinking":
            return {"reasoning": {"effort": "medium" if value else "none"}}
        if name == "reasoning_effort":
            return {"reasoning": {"effort": value}}
        if name == "tools":
            return {"tools": [self.tool(tool["function"]) for tool in value]}
        return {_NAMES.get(name, name): value}

    def tool(self, function: Body) -> Body:
        return {"type": "function", **function}

    def input(self, messages: list[Body]) -> list[Body]:
        return [item for message in messages for item in self.items(message)]

    def items(self, message: Body) -> Iterator[Body]:
        """The items of one message: what an assistant said, and each of its calls."""
        if message["role"] == "tool":
            yield self.result(message)
            return
        calls = message.get("tool_calls") or []
        if message["content"] or not calls:
            yield self.message(message)
        yield from (self.called(call) for call in calls)

    def message(self, message: Body) -> Body:
        content = message["content"]
        if isinstance(content, list):
            return {"role": message["role"], "content": [self.part(part) for part in content]}
        if message["role"] != "assistant":
            return {"role": message["role"], "content": content}
        part = {"type": "output_text", "text": content, "annotations": []}
        return {"type": "message", "role": "assistant", "status": "completed", "content": [part]}

    def part(self, part: Body) -> Body:
        if part["type"] == "text":
            return {"type": "input_text", "text": part["text"]}
        return {"type": "input_image", "image_url": part["image_url"]["url"]}

    def called(self, call: Body) -> Body:
        function = call["function"]
        item = {"type": "function_call", "name": function["name"], "arguments": function["arguments"]}
        return {**item, "call_id": call["id"]}

    def result(self, message: Body) -> Body:
        item = {"type": "function_call_output", "output": message["content"]}
        return {**item, "call_id": message["tool_call_id"]} if "tool_call_id" in message else item


class Reader:
    """Reads responses and their events as answers and chunks of chat completions."""

    def __init__(self) -> None:
        self.pieced: set[int] = set()
        """The items of calls whose arguments came in pieces of their own."""

    def document(self, document: Body) -> Body:
        """A response, an event or a refusal; what says nothing is a chunk without choices."""
        if document.get("object") == "response":
            return self.response(document)
        kind = document.get("type")
        if kind is None:
            return document if "code" in document or "error" in document else {"choices": []}
        return self.event(str(kind).removeprefix("response.").replace(".", "_"), document)

    def event(self, name: str, event: Body) -> Body:
        read: Callable[[Body], Body] | None = getattr(self, name, None)
        return {"choices": []} if read is None else read(event)

    # Whole responses.

    def response(self, response: Body) -> Body:
        if not self.is_whole(response):
            return self.failure(response)
        message = {
            "content": "".join(self.said(item) for item in self.of(response, "message")),
            "reasoning_content": "".join(self.thought(item) for item in self.of(response, "reasoning")),
            "tool_calls": [
                self.call(index, item["call_id"], item["name"], item["arguments"])
                for index, item in enumerate(response["output"])
                if item["type"] == "function_call"
            ],
        }
        return self.ended(response, {"message": message})

    def is_whole(self, response: Body) -> bool:
        return response["status"] in _FINISHED

    def failure(self, response: Body) -> Body:
        """A response that is none: it failed, or has no end."""
        unsaid = {"code": None, "message": f"the response is {response['status']}"}
        return {"error": response.get("error") or unsaid}

    def of(self, response: Body, kind: str) -> list[Body]:
        return [item for item in response["output"] if item["type"] == kind]

    def said(self, item: Body) -> str:
        return "".join(part["text"] for part in item["content"] if part["type"] == "output_text")

    def thought(self, item: Body) -> str:
        return "".join(part["text"] for part in item["summary"])

    def ended(self, response: Body, said: Body) -> Body:
        choice = {"index": 0, "finish_reason": self.reason(response), **said}
        return {"id": response["id"], "choices": [choice], "usage": self.usage(response["usage"])}

    def reason(self, response: Body) -> str:
        if response["status"] == "incomplete":
            return "length"
        return "tool_calls" if self.of(response, "function_call") else "stop"

    def usage(self, usage: Body) -> Body:
        return {"prompt_tokens": usage["input_tokens"], "completion_tokens": usage["output_tokens"]}

    # Events.

    def created(self, _: Body) -> Body:
        self.pieced.clear()
        return {"choices": []}

    def output_item_added(self, event: Body) -> Body:
        item = event["item"]
        if item["type"] != "function_call":
            return {"choices": []}
        call = self.call(event["output_index"], item["call_id"], item["name"], "")
        return self.chunk({"tool_calls": [call]})

    def output_text_delta(self, event: Body) -> Body:
        return self.chunk({"content": event["delta"]})

    def reasoning_text_delta(self, event: Body) -> Body:
        return self.chunk({"reasoning_content": event["delta"]})

    def reasoning_summary_text_delta(self, event: Body) -> Body:
        return self.chunk({"reasoning_content": event["delta"]})

    def function_call_arguments_delta(self, event: Body) -> Body:
        self.pieced.add(event["output_index"])
        return self.chunk({"tool_calls": [self.call(event["output_index"], "", "", event["delta"])]})

    def output_item_done(self, event: Body) -> Body:
        item, index = event["item"], event["output_index"]
        if item["type"] != "function_call" or index in self.pieced:
            return {"choices": []}
        return self.chunk({"tool_calls": [self.call(index, "", "", item["arguments"])]})

    def completed(self, event: Body) -> Body:
        return self.ended(event["response"], {"delta": {}})

    def incomplete(self, event: Body) -> Body:
        return self.ended(event["response"], {"delta": {}})

    def failed(self, event: Body) -> Body:
        return self.failure(event["response"])

    def chunk(self, delta: Body) -> Body:
        return {"choices": [{"index": 0, "delta": delta}]}

    def call(self, index: int, call_id: str, name: str, arguments: str) -> Body:
        return {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}
