"""The table of cases goes on: rules that hold for some models, and those that look into a medium."""

import struct
from base64 import b64encode
from typing import Any

from mockserver.dialects.compat.surface import COMPAT
from tests.rules import table
from tests.rules.table import FUNCTION, MULTIMODAL, TEXT, Case, Side, place, user


def picture(width: int, height: int) -> str:
    """The first bytes of a picture, as they come along with a request."""
    head = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)
    return f"data:image/png;base64,{b64encode(head).decode()}"


PAPER = f"data:image/png;base64,{b64encode(b'%PDF-1.7').decode()}"
"""A document that says it is a picture."""


def sound(seconds: int) -> str:
    """A sound of 8 bytes a second, as it comes along with a request."""
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 4, 8, 2, 16)
    head = b"RIFF" + bytes(4) + b"WAVE" + form + b"data" + struct.pack("<I", seconds * 8)
    return f"data:audio/wav;base64,{b64encode(head + bytes(seconds * 8)).decode()}"


def seen(*pictures: str, surface: Any = COMPAT) -> list[dict[str, Any]]:
    """What shows one picture, or several as a film."""
    if len(pictures) > 1:
        film = list(pictures)
        return [{"type": "video", "video": film} if surface is COMPAT else {"video": film}]
    (url,) = pictures
    return [{"type": "image_url", "image_url": {"url": url}} if surface is COMPAT else {"image": url}]


def heard(seconds: int, *beside: str, surface: Any = COMPAT) -> list[dict[str, Any]]:
    """What plays a sound, and texts beside it."""
    url = sound(seconds)
    first = {"type": "input_audio", "input_audio": {"data": url}} if surface is COMPAT else {"audio": url}
    texts = [{"type": "text", "text": text} if surface is COMPAT else {"text": text} for text in beside]
    return [first, *texts]


CODE = {"enable_code_interpreter": True}
AGENT = {"enable_search": True, "search_options": {"search_strategy": "agent"}}
TURBO = {"enable_search": True, "search_options": {"search_strategy": "turbo"}}
RUNS = {COMPAT: "qwen3-max", TEXT: "qwen3-max", MULTIMODAL: "qwen3.7-plus"}
"""Models that run code, and search as agents (Joycai/simple-ai-writer, probes, 2026-09)."""
NEWEST = {COMPAT: "qwen3.8-max", TEXT: "qwen3.8-2.4t-a95b", MULTIMODAL: "qwen3.8-flash"}
"""Models that do neither in chat."""

SOME: list[tuple[Any, ...]] = [
    *(
        (
            "agent.interpreter-unsupported",
            surface,
            Side("Hi", CODE, model, True),
            place("enable_code_interpreter", surface),
            Side("Hi", {"enable_code_interpreter": False}, model, True),
        )
        for surface, model in NEWEST.items()
    ),
    *(
        (
            "agent.interpreter-plain",
            surface,
            Side("Hi", CODE, model),
            place("enable_code_interpreter", surface),
            Side("Hi", CODE, model, True),
        )
        for surface, model in RUNS.items()
    ),
    *(
        (
            "agent.search-unsupported",
            surface,
            Side("Hi", AGENT, model, True),
            place("search_options.search_strategy", surface),
            Side("Hi", TURBO, model, True),
        )
        for surface, model in NEWEST.items()
    ),
    *(
        (
            "agent.with-tools",
            surface,
            Side("Hi", {**CODE, "tools": [FUNCTION]}, model, True),
            place("tools", surface),
            Side("Hi", {**TURBO, "tools": [FUNCTION]}, model, True),
        )
        for surface, model in RUNS.items()
    ),
    (
        "thinking.no-kind",
        COMPAT,
        Side("Hi", {"thinking": {"clear_thinking": False}}, "qwen3.7-plus"),
        "thinking",
        Side("Hi", {"thinking": {"type": "enabled", "clear_thinking": False}}, "qwen3.7-plus"),
    ),
    *(
        (
            "ranges.sampling-unsupported",
            surface,
            Side("Hi", {"top_p": 0.5}, "kimi-k3"),
            place("top_p", surface),
            Side("Hi", {"top_p": 0}, "kimi-k3"),
        )
        for surface in (COMPAT, MULTIMODAL)
    ),
    *(
        (
            "media.image-too-small",
            surface,
            Side([user(seen(picture(9, 300), surface=surface))], model="qwen3-vl-plus"),
            place("messages[0].content", surface),
            Side([user(seen(picture(10, 300), surface=surface))], model="qwen3-vl-plus"),
        )
        for surface in (COMPAT, MULTIMODAL)
    ),
    *(
        (
            "media.image-illegal",
            surface,
            Side([user(seen(PAPER, surface=surface))], model="qwen3-vl-plus"),
            place("messages[0].content", surface),
            Side([user(seen(picture(10, 10), surface=surface))], model="qwen3-vl-plus"),
        )
        for surface in (COMPAT, MULTIMODAL)
    ),
    *(
        (
            "media.video-frames",
            surface,
            Side([user(seen(*[picture(64, 64)] * 3, surface=surface))], model="qwen3-vl-plus"),
            place("messages[0].content", surface),
            Side([user(seen(*[picture(64, 64)] * 4, surface=surface))], model="qwen3-vl-plus"),
        )
        for surface in (COMPAT, MULTIMODAL)
    ),
    *(
        (
            "media.sound-alone",
            surface,
            Side([user(heard(3, "Write it down.", surface=surface))], model="qwen3-asr-flash"),
            place("messages[0].content", surface),
            Side([user(heard(3, surface=surface))], model="qwen3-asr-flash"),
        )
        for surface in (COMPAT, MULTIMODAL)
    ),
    *(
        (
            "media.sound-too-long",
            surface,
            Side([user(heard(301, surface=surface))], model="qwen3-asr-flash"),
            place("messages[0].content", surface),
            Side([user(heard(300, surface=surface))], model="qwen3-asr-flash"),
        )
        for surface in (COMPAT, MULTIMODAL)
    ),
]
"""As in `table.SINGLE`."""

CASES = [*table.CASES, *(Case(*case) for case in SOME)]

NO_CASE = {
    **table.NO_CASE,
    ("ranges.sampling-unsupported", TEXT): "no such model",
    ("media.image-too-small", TEXT): "content is text there",
    ("media.image-illegal", TEXT): "the same",
    ("media.video-frames", TEXT): "the same",
    ("media.sound-alone", TEXT): "the same",
    ("media.sound-too-long", TEXT): "the same",
}
"""As in `table.NO_CASE`."""
