"""What stands in chunks beside deltas of text: media, usage, pieces of calls."""

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.dialects.events import Event, Shown
from mockserver.dialects.rendering import Envelope
from mockserver.talk.request import Part

_GOOD_FOR = 3600
"""For how many seconds a client may name a sound again, where a script does not say."""


def _audio(value: Any, envelope: Envelope) -> dict[str, Any]:
    """A sound as this dialect carries it (Model Studio docs, Qwen-Omni, 2026)."""
    given = value if isinstance(value, Mapping) else {"data": value}
    own = {"expires_at": envelope.created + _GOOD_FOR, "id": f"audio_{envelope.request_id}"}
    return {"data": given.get("data", ""), **own, **given}


def _carried(part: Part, envelope: Envelope) -> dict[str, Any]:
    """The fields of a message that carry one medium."""
    if part.kind == "audio":
        return {"audio": _audio(part.value, envelope)}
    return {"content": [{"type": "image_url", "image_url": {"url": part.value}}]}


def add_media(message: dict[str, Any], media: Sequence[Part], envelope: Envelope) -> None:
    """Puts media behind the text of a whole message."""
    for part in media:
        carried = _carried(part, envelope)
        if "content" in carried:
            before = message["content"]
            text = before if isinstance(before, list) else [{"type": "text", "text": before}] * bool(before)
            carried["content"] = [*text, *carried["content"]]
        message |= carried


def show_media(events: list[Event], own: Sequence[Shown], media: Sequence[Part], envelope: Envelope) -> None:
    """Each medium is a chunk of its own, before the one that finishes the choice."""
    (said, _), (last, _) = own[-2:]
    for part in reversed(media):
        event = events[said].after()
        for shown in (event.payload or {})["choices"]:
            shown["delta"] = _carried(part, envelope)
        events.insert(last, event)


def usage_only(payload: Mapping[str, Any], prompt_tokens: int) -> dict[str, Any]:
    """A chunk with nothing but the usage so far."""
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": 0, "total_tokens": prompt_tokens}
    return {**payload, "choices": [], "usage": usage}


def piece_behind(
    payload: Mapping[str, Any], choice: Mapping[str, Any], piece: Mapping[str, Any]
) -> dict[str, Any]:
    """A chunk with nothing but a piece of a function call."""
    return {**payload, "choices": [{"delta": {"tool_calls": [piece]}, "index": choice["index"]}]}
