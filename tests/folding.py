"""Puts answers together again, as a careful client does: independent of the code that renders them.

Each function takes the bytes of one answer and gives a `Folded`. They assert what every recorded
answer of that kind keeps: the framing, one id for all chunks, the four letters "null" while a native
stream runs, no text behind a finish reason.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mockserver.talk.reply import Choice
from mockserver.talk.request import ToolCall

_NATIVE_FRAME = re.compile(
    r"id:(?P<id>\d+)\nevent:(?P<event>\w+)\n:HTTP_STATUS/(?P<status>\d+)\ndata:(?P<data>.*)"
)


@dataclass(frozen=True, slots=True)
class Folded:
    """An answer put together. `usage` is the last one that was sent; None when there was none."""

    choices: tuple[Choice, ...]
    usage: dict[str, Any] | None
    id: str
    model: str | None = None
    chunks: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(slots=True)
class _Choice:
    content: str = ""
    reasoning: str = ""
    calls: dict[int, _Call] = field(default_factory=dict)
    finish: str | None = None

    def add(self, delta: dict[str, Any]) -> None:
        """Appends what a delta brings."""
        self.content += text_of(delta.get("content"))
        self.reasoning += delta.get("reasoning_content") or ""
        for piece in delta.get("tool_calls") or ():
            call = self.calls.setdefault(piece["index"], _Call())
            function = piece["function"]
            if piece["id"]:
                assert call.id in ("", piece["id"]), "a call keeps its id"
            call.id = call.id or piece["id"]
            call.name = call.name or function.get("name") or ""
            call.arguments += function.get("arguments") or ""

    def replace(self, message: dict[str, Any]) -> None:
        """Takes over what a whole message says; it must go on from what was said before."""
        content, reasoning = text_of(message["content"]), message.get("reasoning_content") or ""
        assert content.startswith(self.content), "text so far only grows"
        self.content = content
        if reasoning or not content:
            assert reasoning.startswith(self.reasoning), "thinking so far only grows"
            self.reasoning = reasoning
        before, self.calls = self.calls, {}
        self.add({"tool_calls": message.get("tool_calls") or ()})
        for index, call in before.items():
            assert self.calls[index].arguments.startswith(call.arguments), "arguments so far only grow"

    def folded(self) -> Choice:
        assert self.finish is not None, "every choice is finished"
        assert sorted(self.calls) == list(range(len(self.calls))), "calls are numbered from 0"
        calls = tuple(ToolCall(call.name, call.arguments, call.id) for _, call in sorted(self.calls.items()))
        return Choice(self.content, self.reasoning, calls, self.finish)


def text_of(content: Any) -> str:
    """The text of a content: a string, null, or an array of text parts."""
    if isinstance(content, list):
        return "".join(part["text"] for part in content)
    return content or ""


def _choices(found: dict[int, _Choice]) -> tuple[Choice, ...]:
    assert sorted(found) == list(range(len(found))), "choices are numbered from 0"
    return tuple(choice.folded() for _, choice in sorted(found.items()))


def _whole(message: dict[str, Any], finish: str) -> Choice:
    choice = _Choice(finish=finish)
    choice.add(message)
    return choice.folded()


def compat_data(stream: bytes) -> list[str]:
    """The data of the frames of a compatible stream, the closing ``[DONE]`` left out."""
    assert stream.endswith(b"\n\n")
    assert b"\r" not in stream
    blocks = stream.decode().removesuffix("\n\n").split("\n\n")
    assert all(block.startswith("data: ") and "\n" not in block for block in blocks), "one data line each"
    data = [block.removeprefix("data: ") for block in blocks]
    assert data[-1] == "[DONE]"
    assert "[DONE]" not in data[:-1]
    return data[:-1]


def native_data(stream: bytes) -> list[str]:
    """The data of the frames of a native stream of results."""
    assert stream.endswith(b"\n\n")
    assert b"\r" not in stream
    data = []
    for at, block in enumerate(stream.decode().removesuffix("\n\n").split("\n\n"), 1):
        found = _NATIVE_FRAME.fullmatch(block)
        assert found, block
        assert (found["id"], found["event"], found["status"]) == (str(at), "result", "200")
        data.append(found["data"])
    return data


def compat_body(body: bytes) -> Folded:
    """A `chat.completion`."""
    data = json.loads(body)
    choices = tuple(_whole(choice["message"], choice["finish_reason"]) for choice in data["choices"])
    assert [choice["index"] for choice in data["choices"]] == list(range(len(choices)))
    return Folded(choices, data["usage"], data["id"], data["model"])


def compat_stream(stream: bytes | Iterable[bytes]) -> Folded:
    """A stream of `chat.completion.chunk`."""
    joined = stream if isinstance(stream, bytes) else b"".join(stream)
    chunks = [json.loads(data) for data in compat_data(joined)]
    found: dict[int, _Choice] = {}
    usage = None
    for chunk in chunks:
        assert usage is None, "nothing comes behind the usage"
        usage = chunk["usage"]
        for piece in chunk["choices"]:
            delta = piece["delta"]
            opens = piece["index"] not in found
            choice = found.setdefault(piece["index"], _Choice())
            assert not opens or delta.get("role") == "assistant", "a choice begins with its role"
            assert choice.finish is None, "nothing comes behind a finish"
            choice.add(delta)
            choice.finish = piece.get("finish_reason")
    ids, names = {chunk["id"] for chunk in chunks}, {chunk["model"] for chunk in chunks}
    assert len(ids) == len(names) == len({chunk["created"] for chunk in chunks}) == 1
    return Folded(_choices(found), usage, ids.pop(), names.pop(), tuple(chunks))


def native_body(body: bytes) -> Folded:
    """A native body, of either format and endpoint."""
    data = json.loads(body)
    output = data["output"]
    if "text" in output:
        choices: tuple[Choice, ...] = (Choice(output["text"], finish_reason=output["finish_reason"]),)
    else:
        choices = tuple(_whole(choice["message"], choice["finish_reason"]) for choice in output["choices"])
        indices = [choice.get("index", 0) for choice in output["choices"]]
        assert indices == list(range(len(choices)))
    return Folded(choices, data["usage"], data["request_id"])


def native_stream(stream: bytes | Iterable[bytes], *, incremental: bool) -> Folded:
    """A native stream, of either format and endpoint; `incremental`: its events are deltas."""
    joined = stream if isinstance(stream, bytes) else b"".join(stream)
    events = [json.loads(data) for data in native_data(joined)]
    found: dict[int, _Choice] = {}
    for event in events:
        output = event["output"]
        pieces = output.get("choices") or [
            {"message": {"content": output["text"]}, "finish_reason": output["finish_reason"]}
        ]
        for piece in pieces:
            choice = found.setdefault(piece.get("index", 0), _Choice())
            assert choice.finish is None, "nothing comes behind a finish"
            if incremental:
                choice.add(piece["message"])
            else:
                choice.replace(piece["message"])
            assert piece["finish_reason"] is not None
            choice.finish = None if piece["finish_reason"] == "null" else piece["finish_reason"]
    ids = {event["request_id"] for event in events}
    assert len(ids) == 1
    return Folded(_choices(found), events[-1]["usage"], ids.pop(), chunks=tuple(events))


_ENDS = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
_NAMED_FRAME = re.compile(r"event:(?P<event>\w+)\ndata:(?P<data>.*)")


def anthropic_events(stream: bytes) -> list[dict[str, Any]]:
    """The events of a message stream, each with the name that its frame has."""
    assert stream.endswith(b"\n\n")
    assert b"\r" not in stream
    events = []
    for block in stream.decode().removesuffix("\n\n").split("\n\n"):
        found = _NAMED_FRAME.fullmatch(block)
        assert found, block
        events.append(json.loads(found["data"]))
        assert events[-1]["type"] == found["event"]
    return events


def _message(blocks: list[dict[str, Any]], stop: str) -> Choice:
    """The answer of some blocks; a call's `input` is JSON text."""
    kinds = [block["type"] for block in blocks]
    assert kinds == sorted(kinds, key=["thinking", "text", "tool_use"].index), "calls come last"
    said = {block["type"]: block.get("thinking", block.get("text")) for block in blocks}
    calls = tuple(
        ToolCall(block["name"], block["input"], block["id"]) for block in blocks if "input" in block
    )
    return Choice(said.get("text") or "", said.get("thinking") or "", calls, _ENDS[stop])


def anthropic_body(body: bytes) -> Folded:
    """A `message` of Anthropic's dialect."""
    data = json.loads(body)
    blocks = [
        {**block, "input": json.dumps(block["input"])} if "input" in block else block
        for block in data["content"]
    ]
    return Folded((_message(blocks, data["stop_reason"]),), data["usage"], data["id"], data["model"])


def anthropic_stream(stream: bytes | Iterable[bytes]) -> Folded:
    """A stream of a `message`."""
    events = anthropic_events(stream if isinstance(stream, bytes) else b"".join(stream))
    start, ping, *inner, delta, stop = events
    assert [event["type"] for event in (start, ping, delta, stop)] == [
        "message_start",
        "ping",
        "message_delta",
        "message_stop",
    ]
    blocks: list[dict[str, Any]] = []
    open_ = False
    for event in inner:
        if event["type"] == "content_block_start":
            assert not open_
            open_ = True
            blocks.append({**event["content_block"]})
            if blocks[-1]["type"] == "tool_use":
                blocks[-1]["input"] = ""
        else:
            assert open_
            open_ = event["type"] == "content_block_delta"
        assert event["index"] == len(blocks) - 1, "blocks are numbered from 0"
        for kind, text in event.get("delta", {}).items():
            name = "input" if kind == "partial_json" else kind
            if name != "type":
                blocks[-1][name] += text
    assert not open_
    message = start["message"]
    choice = _message(blocks, delta["delta"]["stop_reason"])
    return Folded((choice,), delta["usage"], message["id"], message["model"], tuple(events))


_RESPONSE_FRAME = re.compile(
    r"id:(?P<id>\d+)\nevent:(?P<event>[\w.]+)\n:HTTP_STATUS/200\ndata:(?P<data>[^ ].*)"
)
_STATUS = {"completed": "stop", "incomplete": "length"}


def response_events(stream: bytes) -> list[dict[str, Any]]:
    """The events of a response, each with the name and number that its frame has."""
    assert stream.endswith(b"\n\n")
    assert b"\r" not in stream
    events = []
    for number, block in enumerate(stream.decode().removesuffix("\n\n").split("\n\n"), 1):
        found = _RESPONSE_FRAME.fullmatch(block)
        assert found, block
        events.append(json.loads(found["data"]))
        assert (int(found["id"]), events[-1]["type"]) == (number, found["event"])
        assert events[-1]["sequence_number"] == number - 1
    return events


def _answered(response: dict[str, Any]) -> Choice:
    """The answer of a response; acts of built-in tools say nothing."""
    texts = {"reasoning": "", "message": ""}
    calls = []
    for item in response["output"]:
        if item["type"] == "function_call":
            calls.append(ToolCall(item["name"], item["arguments"], item["call_id"]))
        elif item["type"] in texts:
            assert not texts[item["type"]]
            parts = item["content"] if item["type"] == "message" else item["summary"]
            texts[item["type"]] = "".join(part["text"] for part in parts)
    finish = "tool_calls" if calls else _STATUS[response["status"]]
    return Choice(texts["message"], texts["reasoning"], tuple(calls), finish)


def response_body(body: bytes) -> Folded:
    """A `response`."""
    data = json.loads(body)
    return Folded((_answered(data),), data["usage"], data["id"], data["model"])


def response_stream(stream: bytes | Iterable[bytes]) -> Folded:
    """A stream of a `response`: what its pieces say is what its last event has."""
    events = response_events(stream if isinstance(stream, bytes) else b"".join(stream))
    created, progress, *inner, last = events
    assert [event["type"] for event in (created, progress)] == ["response.created", "response.in_progress"]
    assert [created["response"]["status"], created["response"]["model"]] == ["queued", ""]
    response = last["response"]
    assert last["type"] == f"response.{response['status']}"
    pieces: dict[str, str] = {}
    items: list[dict[str, Any]] = []
    for event in inner:
        if event["type"] == "response.output_item.done":
            items.append(event["item"])
            assert event["output_index"] == len(items) - 1, "items are numbered from 0"
        elif event["type"].endswith(".delta"):
            pieces[event["item_id"]] = pieces.get(event["item_id"], "") + event["delta"]
        elif "text" in event or "arguments" in event:
            assert pieces.get(event["item_id"], "") == event.get("text", event.get("arguments"))
    assert items == response["output"]
    said = _answered(response)
    ids = {item["type"]: item["id"] for item in items}
    assert pieces.get(ids.get("message", ""), "") == said.content
    assert pieces.get(ids.get("reasoning", ""), "") == said.reasoning
    return Folded((said,), response["usage"], response["id"], response["model"], tuple(events))
