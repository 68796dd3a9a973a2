"""Anthropic's Messages for the reference client: its requests put into blocks, answers taken out of them.

The client itself speaks of messages, calls and deltas as chat completions do. So a client that is broken in
one of its steps is broken here too.
"""

import json
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

Body = dict[str, Any]

MOST_TOKENS = 4096
"""How long an answer may be where nobody says: a request has to say something."""

_STOPS = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
_CHOICES = {"auto": "auto", "none": "none", "required": "any"}
_RAW = "raw_arguments"


class Writer:
    """Writes a request of chat completions as one of Anthropic's."""

    def body(self, body: Body) -> Body:
        options = {name: value for name, value in body.items() if name not in ("messages", "stream_options")}
        system = [message["content"] for message in body["messages"] if message["role"] == "system"]
        others = [message for message in body["messages"] if message["role"] != "system"]
        written: Body = {"max_tokens": MOST_TOKENS, "messages": list(self.messages(others))}
        if system:
            written["system"] = "\n".join(system)
        for name, value in options.items():
            written.update(self.option(name, value))
        return written

    def option(self, name: str, value: Any) -> Body:
        if name == "enable_thinking":
            return {"thinking": {"type": "enabled" if value else "disabled"}}
        if name == "thinking_budget":
            return {"thinking": {"type": "enabled", "budget_tokens": value}}
        if name == "tools":
            return {"tools": [self.tool(tool["function"]) for tool in value]}
        if name == "stop":
            return {"stop_sequences": [value] if isinstance(value, str) else value}
        if name == "tool_choice":
            return {"tool_choice": {"type": _CHOICES[value]}}
        return {name: value}

    def tool(self, function: Body) -> Body:
        known: Body = {name: function[name] for name in ("name", "description") if name in function}
        return {**known, "input_schema": function["parameters"]} if "parameters" in function else known

    def messages(self, messages: list[Body]) -> Iterator[Body]:
        """The turns; neighbouring results are one turn of the user."""
        for results, group in groupby(messages, lambda message: message["role"] == "tool"):
            if results:
                yield {"role": "user", "content": [self.result(message) for message in group]}
                continue
            yield from (self.turn(message) for message in group)

    def result(self, message: Body) -> Body:
        result = {"type": "tool_result", "content": message["content"]}
        return {**result, "tool_use_id": message["tool_call_id"]} if "tool_call_id" in message else result

    def turn(self, message: Body) -> Body:
        if isinstance(message["content"], list):
            return {"role": message["role"], "content": [self.part(part) for part in message["content"]]}
        if not message.get("tool_calls"):
            return {"role": message["role"], "content": message["content"]}
        said = [{"type": "text", "text": message["content"]}] if message["content"] else []
        return {
            "role": message["role"],
            "content": said + [self.used(call) for call in message["tool_calls"]],
        }

    def part(self, part: Body) -> Body:
        if part["type"] == "text":
            return part
        url = part["image_url"]["url"]
        kind, comma, data = url.removeprefix("data:").partition(";base64,")
        if not comma:
            return {"type": "image", "source": {"type": "url", "url": url}}
        return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}}

    def used(self, call: Body) -> Body:
        function = call["function"]
        block = {"type": "tool_use", "name": function["name"], "input": self.input(function["arguments"])}
        return {**block, "id": call["id"]}

    def input(self, arguments: Any) -> Any:
        if not isinstance(arguments, str):
            return arguments
        try:
            given = json.loads(arguments)
        except ValueError:
            return {_RAW: arguments}
        return given if isinstance(given, dict) else {_RAW: arguments}


class Reader:
    """Reads answers and events of Anthropic's as those of chat completions."""

    def document(self, document: Body) -> Body:
        """A body, an event or a refusal; what says nothing is an event without choices."""
        read: Callable[[Body], Body] | None = getattr(self, str(document.get("type")), None)
        if read is not None:
            return read(document)
        return document if "code" in document or "error" in document else {"choices": []}

    def message(self, document: Body) -> Body:
        blocks = document["content"]
        calls = [
            self.call(index, block["id"], block["name"], json.dumps(block["input"]))
            for index, block in enumerate(blocks)
            if block["type"] == "tool_use"
        ]
        said = {
            "content": "".join(block["text"] for block in blocks if block["type"] == "text"),
            "reasoning_content": "".join(
                self.thought(block) for block in blocks if block["type"] == "thinking"
            ),
            "tool_calls": calls,
        }
        choice = {"index": 0, "message": said, "finish_reason": self.reason(document["stop_reason"])}
        return {"choices": [choice], "usage": self.usage(document["usage"])}

    def content_block_start(self, event: Body) -> Body:
        block = event["content_block"]
        if block["type"] != "tool_use":
            return {"choices": []}
        return self.chunk({"tool_calls": [self.call(event["index"], block["id"], block["name"], "")]})

    def content_block_delta(self, event: Body) -> Body:
        delta = event["delta"]
        if delta["type"] == "text_delta":
            return self.chunk({"content": delta["text"]})
        if delta["type"] == "thinking_delta":
            return self.chunk({"reasoning_content": self.thought(delta)})
        if delta["type"] == "input_json_delta":
            return self.chunk({"tool_calls": [self.call(event["index"], "", "", delta["partial_json"])]})
        return {"choices": []}

    def message_delta(self, event: Body) -> Body:
        choice = {"index": 0, "delta": {}, "finish_reason": self.reason(event["delta"]["stop_reason"])}
        return {"choices": [choice], "usage": self.usage(event["usage"])}

    def chunk(self, delta: Body) -> Body:
        return {"choices": [{"index": 0, "delta": delta}]}

    def call(self, index: int, call_id: str, name: str, arguments: str) -> Body:
        return {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}

    def thought(self, block: Body) -> str:
        return str(block["thinking"])

    def reason(self, stop: str) -> str:
        return _STOPS[stop]

    def usage(self, usage: Body) -> Body:
        read = usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
        return {
            "prompt_tokens": usage["input_tokens"] + read,
            "completion_tokens": usage["output_tokens"],
        }
