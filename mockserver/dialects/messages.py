"""Reading the messages of a request, for both dialects."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from mockserver.base.jsontext import dumps
from mockserver.talk.request import Message, Part, ToolCall


class Placed(NamedTuple):
    """A message, and where it and its calls stand in the body, in a dialect where they are not in a row."""

    message: Message
    place: str
    calls: tuple[str, ...] = ()


_ROLE_AND_CONTENT = 2
"""How many keys most messages have; both are demanded of these."""

_MEDIA = {
    "image_url": "image",
    "image": "image",
    "input_audio": "audio",
    "audio": "audio",
    "video": "video",
    "video_url": "video",
    "file": "file",
}
"""The kind of medium by the key that carries it, on either surface."""


def _pixels(part: Mapping[str, Any], name: str) -> int | None:
    limit = part.get(name)
    return limit if type(limit) is int and limit > 0 else None


def _content(content: Any) -> tuple[list[str], tuple[Part, ...]]:
    """The texts and the media of a content in parts."""
    texts: list[str] = []
    media: list[Part] = []
    for part in content or ():
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:
            limits = _pixels(part, "min_pixels"), _pixels(part, "max_pixels")
            media.extend(Part(kind, part[key], *limits) for key, kind in _MEDIA.items() if key in part)
    return texts, tuple(media)


def _tool_calls(calls: Iterable[Mapping[str, Any]]) -> tuple[ToolCall, ...]:
    read = []
    for call in calls:
        function = call.get("function") or {}
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else dumps(arguments or {}).decode()
        read.append(ToolCall(str(function.get("name") or ""), text, str(call.get("id") or "")))
    return tuple(read)


def _marked(part: Any) -> bool:
    """Whether a part carries a marker of the explicit context cache."""
    return isinstance(part, Mapping) and bool(part.get("cache_control"))


def read_message(data: Mapping[str, Any]) -> Message:
    """One message, as its schema allows it. A text of several parts is joined without a blank."""
    content = data.get("content")
    texts, media = ([content], ()) if isinstance(content, str) else _content(content)
    cached = isinstance(content, list) and any(_marked(part) for part in content)
    calls = data.get("tool_calls")
    return Message(
        data["role"],
        "".join(texts),
        media,
        _tool_calls(calls) if calls else (),
        data.get("tool_call_id"),
        data.get("reasoning_content") or "",
        bool(data.get("partial")),
        cached,
        tuple(texts) if len(texts) > 1 else (),
    )


def read_messages(data: Iterable[Mapping[str, Any]]) -> tuple[Message, ...]:
    """All messages of a request."""
    return tuple(
        [
            Message(message["role"], content)
            if len(message) == _ROLE_AND_CONTENT and isinstance(content := message.get("content"), str)
            else read_message(message)
            for message in data
        ]
    )


def read_prompt(source: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages of a native `input`: `messages`, and the older `history` and `prompt`."""
    messages: list[Message] = []
    for turn in source.get("history") or ():
        messages.append(Message("user", turn.get("user") or ""))
        messages.append(Message("assistant", turn.get("bot") or ""))
    messages.extend(read_messages(source.get("messages") or ()))
    if source.get("prompt"):
        messages.append(Message("user", source["prompt"]))
    return tuple(messages)
