"""The rules of images, video and audio in messages."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.rules.marks import Mark
from mockserver.rules.registry import ACCEPTED, Broken, rule
from mockserver.talk.finding import Severity
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait
from mockserver.wire.inline import image_size, inline, is_image, sound_seconds

_RESOLVE = "x-dashscope-ossresourceresolve"


_LEAST_SIDE = 10
"""The fewest pixels of a side of a picture."""

_LEAST_FRAMES = 4
"""The fewest frames of a film that is sent as a list."""

_LONGEST_SOUND = 300
"""The most seconds that a model that hears takes at once (Model Studio docs, speech recognition, 2026)."""

_ADDRESS = re.compile("(?ai)https?://|data:|oss://")
"""How the address of a medium begins that is looked up at all."""


def _sources(value: Any) -> Iterator[str]:
    """Where a medium, or each frame of it, is: a text, or an object with a `url` or `data`."""
    for item in value if isinstance(value, list) else [value]:
        for source in (item.get("url"), item.get("data")) if isinstance(item, Mapping) else (item,):
            if isinstance(source, str):
                yield source


def _on_oss(value: Any) -> bool:
    """Whether a medium, or a frame of it, lies on OSS."""
    return any(source.startswith("oss://") for source in _sources(value))


def _nowhere(value: Any) -> bool:
    """Whether a medium, or a frame of it, has an address of no known kind."""
    return not all(map(_ADDRESS.match, _sources(value)))


@rule(
    "media.oss-unresolved",
    severity=Severity.REFUSED,
    source="Model Studio docs, temporary file URLs, 2026-03: an oss:// URL needs a header to be resolved",
    fix="Send `X-DashScope-OssResourceResolve: enable` with an oss:// URL.",
    refusals=("media.url-invalid",),
    marks=(Mark.MEDIA,),
)
def _oss_unresolved(request: ChatRequest) -> Iterator[Broken]:
    for index, message in enumerate(request.messages):
        if not any(_on_oss(part.value) for part in message.media):
            continue
        if request.headers.get(_RESOLVE) == "enable":
            return
        yield Broken(f"{request.message_place(index)}.content")


@rule(
    "media.url-invalid",
    severity=Severity.REFUSED,
    source="Model Studio users, public issues, 2025-11 to 2026: the path of a file, base64 without `data:` "
    "before it; all media of both surfaces are looked up by one service",
    fix="Send an http(s) URL, or a `data:` URL with the bytes in base64.",
    museum="agentscope-ai/QwenPaw#557, agentscope-ai/QwenPaw#7015, cloudwego/eino-ext#620",
    refusals=("media.url-invalid",),
    marks=(Mark.MEDIA,),
)
def _url_invalid(request: ChatRequest) -> Iterator[Broken]:
    takes = request.model.input
    for index, message in enumerate(request.messages):
        if any(part.kind in takes and _nowhere(part.value) for part in message.media):
            yield Broken(f"{request.message_place(index)}.content")


@rule(
    "media.image-too-small",
    severity=Severity.REFUSED,
    source="recording: Joycai, 2026-09, 1 x 1; Joycai/simple-ai-writer, probes, 2026-09: sides of "
    "9 pixels are refused, of 10 are not; seen where the picture comes along with the request",
    fix="Send a picture whose sides have 10 pixels at least.",
    refusals=("media.image-too-small",),
    marks=(Mark.MEDIA,),
)
def _image_too_small(request: ChatRequest) -> Iterator[Broken]:
    if "image" not in request.model.input:
        return
    for index, message in enumerate(request.messages):
        for part in message.media:
            data = inline(part.value) if part.kind == "image" else None
            size = image_size(data.head) if data else None
            if size and min(size) < _LEAST_SIDE:
                width, height = size
                place = f"{request.message_place(index)}.content"
                yield Broken(place, {"height": height, "width": width})


@rule(
    "media.image-illegal",
    severity=Severity.REFUSED,
    source="notes of five users, 2026-08 to 2026-10, qwen3-vl-plus, qwen3.5-plus and qwen3.7-plus: a PDF, a "
    "drawing, whatever media type the URL names; seen where it comes along with the request",
    fix="Send the bytes of a picture: BMP, JPEG, PNG, TIFF, WebP or HEIC.",
    refusals=("media.image-illegal",),
    marks=(Mark.MEDIA,),
)
def _image_illegal(request: ChatRequest) -> Iterator[Broken]:
    if "image" not in request.model.input:
        return
    for index, message in enumerate(request.messages):
        pictures = (inline(part.value) for part in message.media if part.kind == "image")
        if any(data is not None and not is_image(data.head) for data in pictures):
            yield Broken(f"{request.message_place(index)}.content")


@rule(
    "media.video-frames",
    severity=Severity.REFUSED,
    source="Model Studio docs, error codes (zh), 2025-12, and visual understanding, 2026; "
    "Joycai/simple-ai-writer, probes, 2026-09, qwen3-vl-plus: 2 frames are refused, 4 are not",
    fix="Send a film as one URL, or as many frames of it as the model takes: four at least.",
    refusals=("media.video-frames",),
    marks=(Mark.MEDIA,),
)
def _video_frames(request: ChatRequest) -> Iterator[Broken]:
    most = request.model.family.max_frames
    if "video" not in request.model.input:
        return
    for index, message in enumerate(request.messages):
        for part in message.media:
            frames = part.value if part.kind == "video" else None
            if isinstance(frames, list) and not _LEAST_FRAMES <= len(frames) <= most:
                yield Broken(f"{request.message_place(index)}.content", {"max": most})


@rule(
    "media.sound-alone",
    severity=Severity.REFUSED,
    source="Joycai/simple-ai-writer, probes, 2026-09, and notes of two other users, 2026",
    fix="Send the sound alone in the user's turn; what it is about stands in a part of a system message.",
    refusals=("media.sound-task",),
    marks=(Mark.MEDIA,),
)
def _sound_alone(request: ChatRequest) -> Iterator[Broken]:
    if request.model.task != "asr":
        return
    for index, message in enumerate(request.messages):
        if message.role == "user" and message.text:
            yield Broken(f"{request.message_place(index)}.content")


@rule(
    "media.sound-too-long",
    severity=Severity.REFUSED,
    source="Joycai/simple-ai-writer, probes, 2026-09, and notes of two other users, 2026; seen where "
    "the sound comes along with the request",
    fix="Cut the sound into pieces of five minutes at most, or give a task to a model of files.",
    refusals=("media.sound-too-long",),
    marks=(Mark.MEDIA,),
)
def _sound_too_long(request: ChatRequest) -> Iterator[Broken]:
    if request.model.task != "asr":
        return
    for index, message in enumerate(request.messages):
        lengths = (sound_seconds(part.value) for part in message.media if part.kind == "audio")
        if any(seconds and seconds > _LONGEST_SOUND for seconds in lengths):
            yield Broken(f"{request.message_place(index)}.content")


@rule(
    "media.unsupported",
    severity=Severity.REFUSED_BY_SOME,
    source="recordings: maruel/genai, qwen3.7-max, 2026-05; qwen3-max and open-source Qwen3 drop a picture "
    "without a word, 2026-02; Model Studio docs, models, 2026-03",
    fix="Send media to a model that reads them: a -vl-, -omni- or multimodal one.",
    refusals=("content.item-type",),
    teaches="{model} is not documented to read {kind}: it may drop it without a word.",
    marks=(Mark.MEDIA,),
    traits=(Trait.MEDIA,),
)
def _unsupported(request: ChatRequest) -> Iterator[Broken]:
    takes = request.model.input
    # What a model that reads some media does with others is not recorded.
    refuses = takes == ("text",) and not request.model.family.drops_media
    entry = "" if refuses else ACCEPTED
    for index, message in enumerate(request.messages):
        for part in message.media:
            if part.kind not in takes and part.kind != "file":
                place = f"{request.message_place(index)}.content"
                yield Broken(place, {"model": request.model.name, "kind": part.kind}, entry)
                break
