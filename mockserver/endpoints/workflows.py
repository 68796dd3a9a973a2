"""Workflows: apps of several steps, which tell of each of their nodes.

Here each has three: a start, a model and an end (`workflow` in `fixtures/apps.json`). How a workflow streams
is asked for by `flow_stream_mode` (Model Studio docs, calling workflow applications, 2026-08).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import accumulate
from typing import Any, Literal

from mockserver.base import resources
from mockserver.base.jsontext import dumps

EXECUTING, SUCCESS = "executing", "success"

Costs = Literal["", "so far", "whole"]

Event = tuple[Mapping[str, Any], int, Costs]
"""What an event of a stream says, how many tokens it brings, and what it tells of what the model cost."""


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = resources.fixture("apps")["workflow"]
    return table


def mode_of(app: str, options: Mapping[str, Any]) -> str | None:
    """How a workflow is to tell of itself; None for an agent, and for a workflow that answers like one."""
    asked: str | None = options.get("flow_stream_mode")
    if asked is None and re.fullmatch(_table()["id"], app):
        asked = _table()["default"]
    return None if asked == _table()["as_agent"] else asked


def _node(name: str) -> Mapping[str, str]:
    node: Mapping[str, str] = _table()["nodes"][name]
    return node


def _text(value: Any) -> str:
    return dumps(value).decode()


def _message(name: str, number: int, content: str, *, done: bool = False) -> Mapping[str, Any]:
    """What a node says, its keys in the documented order."""
    node = _node(name)
    return {
        "node_status": SUCCESS if done else EXECUTING,
        "node_type": node["type"],
        "node_msg_seq_id": number,
        "node_name": node["name"],
        "message": {"content": content, "role": "assistant"},
        "node_is_completed": done,
        "node_id": node["id"],
    }


def _thought(name: str, result: str | None = None, *, done: bool = False) -> Mapping[str, str]:
    """A node as a thought: JSON in a text, with a result that is JSON in a text again."""
    node = _node(name)
    told = {
        "nodeName": node["name"],
        **({} if result is None else {"nodeResult": _text({"result": result})}),
        "nodeType": node["type"],
        "nodeStatus": SUCCESS if done else EXECUTING,
        "nodeId": node["id"],
        **({"nodeExecTime": "0ms"} if done else {}),
    }
    return {"response": _text(told)}


def thoughts(text: str) -> list[Mapping[str, str]]:
    """The nodes of a workflow that is done."""
    return [
        _thought("start", done=True),
        _thought("model", text, done=True),
        _thought("end", text, done=True),
    ]


def speaks(output: Mapping[str, Any]) -> bool:
    """Whether an event tells of what the model says: any does but the first ones."""
    message = output.get("workflow_message")
    started = message is not None and message["node_id"] == _node("start")["id"]
    return not started and ("text" in output or "thoughts" in output or message is not None)


class Told:
    """An answer as it is told event by event: its thought and its text, in pieces with their tokens."""

    def __init__(
        self,
        session: str,
        given: Mapping[str, Any],
        thought: Iterable[tuple[str, int]],
        pieces: Iterable[tuple[str, int]],
        finish: str,
    ) -> None:
        self._session, self._given, self._finish = session, given, finish
        self._thought, self._pieces = tuple(thought), tuple(pieces)
        self._whole = "".join(piece for piece, _ in self._pieces)

    def events(self, mode: str, *, shown: bool, incremental: bool) -> Iterator[Event]:
        """The events of a mode. `shown`: thoughts were asked for, which one mode is made of."""
        if mode == "message_format":
            yield from self._said("end")
        elif mode == "message_format_plus":
            yield from self._all()
        else:
            yield from self._thinking(incremental=incremental) if shown else self._silent()
            return
        yield self._last(), 0, "" if mode == "message_format" else "whole"

    def _of(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"session_id": self._session, "workflow_message": message, "finish_reason": "null"}

    def _last(self) -> Mapping[str, Any]:
        return {"session_id": self._session, "finish_reason": self._finish, "text": self._whole}

    def _said(self, name: str) -> Iterator[Event]:
        """A node that says the text piece by piece, and then that it is done."""
        for number, (piece, size) in enumerate(self._pieces, 1):
            yield self._of(_message(name, number, piece)), size, ""
        yield self._of(_message(name, len(self._pieces) + 1, "", done=True)), 0, ""

    def _all(self) -> Iterator[Event]:
        """All nodes: what the first was given, what the model says as JSON, and the end."""
        yield self._of(_message("start", 1, _text({"user": self._given}), done=True)), 0, ""
        said = [("", thought, size) for thought, size in self._thought]
        said += [(piece, "", size) for piece, size in self._pieces]
        for number, (piece, thought, size) in enumerate(said, 1):
            content = _text({"result": piece, "reasoningContent": thought})
            yield self._of(_message("model", number, content)), size, ""
        yield self._of(_message("model", len(said) + 1, "", done=True)), 0, "whole"
        yield self._of(_message("end", 1, self._whole)), 0, "whole"
        yield self._of(_message("end", 2, "", done=True)), 0, "whole"

    def _silent(self) -> Iterator[Event]:
        """Without thoughts: a beginning, and the text when it is there."""
        yield self._begun(), sum(size for _, size in (*self._thought, *self._pieces)), ""
        yield self._last(), 0, "whole"

    def _begun(self) -> Mapping[str, Any]:
        return {"session_id": self._session, "finish_reason": "null"}

    def _thinking(self, *, incremental: bool) -> Iterator[Event]:
        """All nodes as thoughts, each event with all nodes so far."""
        start = _thought("start", done=True)
        yield self._begun(), 0, ""
        yield {"thoughts": [start, _thought("model", "")], **self._begun()}, 0, ""
        texts = [piece for piece, _ in self._pieces]
        for text, (_, size) in zip(texts if incremental else accumulate(texts), self._pieces, strict=True):
            yield {"thoughts": [start, _thought("model", text)], **self._begun()}, size, "so far"
        done = _thought("model", "" if incremental else self._whole, done=True)
        nodes = [start, done, _thought("end", self._whole, done=True)]
        yield {"thoughts": nodes, **self._last()}, 0, "whole"
