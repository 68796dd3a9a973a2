"""Answers of models that make pictures or speech at once, where others chat.

Sources: Model Studio docs, Qwen-Image and Qwen-TTS, 2026; notes of live calls, 2026-08 to 2026-10 (where the
addresses and the usage stand). The order of keys is that of the samples.
"""

from collections.abc import Mapping
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.catalogue import making
from mockserver.dialects.native.frames import add_media
from mockserver.dialects.rendering import Envelope, overridden
from mockserver.talk.reply import Reply
from mockserver.talk.request import ChatRequest

_LASTS = 86_400
"""How many seconds what was made is kept."""

_IDEOGRAPHS = "\u2e80"
"""From this letter on one counts as two characters (Model Studio docs, Qwen-TTS, 2026)."""


def render_body(request: ChatRequest, reply: Reply, envelope: Envelope) -> bytes:
    """A whole answer as one JSON body."""
    spoken = request.model.task == "tts"
    output, usage = _speech(request, reply, envelope) if spoken else _pictures(request, reply)
    counted = dumps(usage)
    return b'{"output":%b,"usage":%b,"request_id":%b}' % (
        dumps(output),
        overridden(counted, reply.usage) if reply.usage else counted,
        dumps(envelope.request_id),
    )


def _pictures(request: ChatRequest, reply: Reply) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Choices that hold pictures, and how many there are of which size."""
    choices, made = [], 0
    for choice in reply.choices:
        message: dict[str, Any] = {"content": [{"text": choice.content}] * bool(choice.content)}
        add_media(message, choice.media)
        made += len(choice.media)
        choices.append({"finish_reason": choice.finish_reason, "message": {**message, "role": "assistant"}})
    width, height = making.size_of(request.model.name, request.get("size"))
    return {"choices": choices}, {"height": height, "image_count": made, "width": width}


def _speech(
    request: ChatRequest, reply: Reply, envelope: Envelope
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The address of a sound, and how many characters were spoken."""
    said = request.last_user
    audio = {
        "data": "",
        "expires_at": envelope.created + _LASTS,
        "id": f"audio_{envelope.request_id}",
        "url": next((part.value for choice in reply.choices for part in choice.media), ""),
    }
    characters = len(said) + sum(letter >= _IDEOGRAPHS for letter in said)
    return {"audio": audio, "finish_reason": "stop"}, {"characters": characters}
