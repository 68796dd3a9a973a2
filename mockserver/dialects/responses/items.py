"""The items of an input or a history, read as messages.

What the service takes: Model Studio docs, Responses API, 2026. What an assistant said in one turn stands in
several items, a thought, a message, calls; together they are the one message that it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockserver.dialects.messages import Placed
from mockserver.talk.request import Message, Part, ToolCall

ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
"""The roles of a message by the names that they have here."""

_TEXTS = frozenset({"input_text", "text", "output_text", "summary_text", "reasoning_text"})


def placed(items: str | Iterable[Mapping[str, Any]], place: str = "input") -> list[Placed]:
    """The messages of an input: a text of the user, or items. `place` is where it stands in the body."""
    if isinstance(items, str):
        return [Placed(Message("user", items), place)]
    return list(_messages(items, place))


def _messages(items: Iterable[Mapping[str, Any]], place: str) -> Iterator[Placed]:
    turn = _Turn()
    for index, item in enumerate(items):
        where = f"{place}[{index}]"
        kind = item.get("type") or "message"
        if kind == "reasoning":
            if turn.spoken:
                yield turn.ended()
            turn.thinks(item, where)
        elif kind == "function_call":
            turn.calls(item, where)
        elif kind == "message" and item["role"] == "assistant":
            if turn.spoken:
                yield turn.ended()
            turn.says(item, where)
        elif kind in ("message", "function_call_output"):
            if turn.begun:
                yield turn.ended()
            yield Placed(_result(item) if kind == "function_call_output" else _message(item), where)
        # Calls of built-in tools say nothing to the model: what they found is in the answer behind them.
    if turn.begun:
        yield turn.ended()


class _Turn:
    """What the assistant says in one turn, item by item."""

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self.place = ""
        self._thoughts: list[str] = []
        self._texts: list[str] = []
        self._media: list[Part] = []
        self._calls: list[ToolCall] = []
        self._calls_at: list[str] = []
        self._message = False

    @property
    def begun(self) -> bool:
        """Whether there is anything at all."""
        return bool(self.place)

    @property
    def spoken(self) -> bool:
        """Whether more than a thought is there, behind which another turn begins."""
        return self._message or bool(self._calls)

    def thinks(self, item: Mapping[str, Any], place: str) -> None:
        """A thought."""
        self.place = self.place or place
        self._thoughts += _texts(item.get("summary") or item.get("content") or ())

    def says(self, item: Mapping[str, Any], place: str) -> None:
        """A message. Findings about the turn stand at it."""
        self.place, self._message = place, True
        self._texts += _texts(item["content"])
        self._media += _media(item["content"])

    def calls(self, item: Mapping[str, Any], place: str) -> None:
        """A call of a function."""
        self.place = self.place if self.spoken else place
        self._calls_at.append(place)
        self._calls.append(ToolCall(item["name"], item["arguments"], item["call_id"]))

    def ended(self) -> Placed:
        """The message that the turn is; another may begin."""
        message = Message(
            "assistant",
            "".join(self._texts),
            tuple(self._media),
            tuple(self._calls),
            reasoning="".join(self._thoughts),
        )
        whole = Placed(message, self.place, tuple(self._calls_at))
        self._clear()
        return whole


def _message(item: Mapping[str, Any]) -> Message:
    content = item["content"]
    texts = tuple(_texts(content))
    pieces = texts if len(texts) > 1 else ()
    return Message(ROLES[item["role"]], "".join(texts), tuple(_media(content)), pieces=pieces)


def _result(item: Mapping[str, Any]) -> Message:
    """What a function returned."""
    output = item["output"]
    return Message("tool", "".join(_texts(output)), tuple(_media(output)), tool_call_id=item["call_id"])


def _texts(content: str | Iterable[Mapping[str, Any]]) -> Iterator[str]:
    if isinstance(content, str):
        yield content
        return
    for part in content:
        if part["type"] in _TEXTS:
            yield part["text"]


def _media(content: str | Iterable[Mapping[str, Any]]) -> Iterator[Part]:
    """The pictures and files of a content. Sounds and videos are not taken here."""
    for part in () if isinstance(content, str) else content:
        if part["type"] in ("input_image", "image_url"):
            address = part["image_url"]
            yield Part("image", address if isinstance(address, str) else address["url"])
        elif part["type"] == "input_file":
            yield Part("file", part["file_url"])


def stored(items: str | Iterable[Mapping[str, Any]], ids: Iterator[str]) -> list[dict[str, Any]]:
    """Items as the service keeps and shows them: with an id and a status, a content in parts.

    A text is a message of the user (Model Studio docs, Conversations, 2026).
    """
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    return [_stored(item, ids) for item in items]


def _stored(item: Mapping[str, Any], ids: Iterator[str]) -> dict[str, Any]:
    own = {"id": item.get("id") or next(ids)}
    if (item.get("type") or "message") != "message":
        return {**item, **own}
    content = item["content"]
    if isinstance(content, str):
        kind = "output_text" if item["role"] == "assistant" else "input_text"
        content = [{"text": content, "type": kind}]
    return {"content": content, **own, "role": item["role"], "status": "completed", "type": "message"}
