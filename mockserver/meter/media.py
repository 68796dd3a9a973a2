"""What media cost: measured where a data URI shows their size, else the default of the family."""

import math
from collections.abc import Iterable, Mapping

from mockserver.catalogue.models import Model
from mockserver.talk.reply import Choice
from mockserver.talk.request import Part
from mockserver.wire.inline import image_size, inline, sound_seconds

MARKS = 2
"""The start and the end mark around an image or a video (Model Studio docs, visual understanding, 2026)."""

_MOST = 16384
"""The most tokens of an image, with `vl_high_resolution_images` (Model Studio docs, visual understanding)."""

_USUAL_MOST = 1280
"""The most tokens of an image on a model that documents no limit of its own."""

_FRAME = range(128, 769)
"""The tokens that one frame of a video is scaled into (the preprocessing published with Qwen2.5-VL)."""

_FRAMES_TOGETHER = 2
"""How many frames of a video share their tokens (the preprocessing published with Qwen2.5-VL)."""

_AUDIO_RATE = 25
"""Tokens for each second of sound, and the fewest (Model Studio docs, audio understanding)."""

SPEECH_RATE = 24_000
"""Samples in a second of what an omni model says (Model Studio docs, Qwen-Omni, 2026)."""

SPEECH_WIDTH = 2
"""Bytes of such a sample, which is sent as it is, without a file's header."""


def patches(width: int, height: int, *, patch: int, least: int, most: int) -> int:
    """How many squares of `patch` pixels an image makes, scaled so that they are `least` to `most`.

    (Model Studio docs, visual understanding, 2026; 330 x 291 makes 90: recordings: maruel/genai, 2026-08.)
    """
    rows, columns = max(1, round(height / patch)), max(1, round(width / patch))
    if rows * columns > most:
        side = math.sqrt(width * height / most)
        rows, columns = max(1, math.floor(height / side)), max(1, math.floor(width / side))
    elif rows * columns < least:
        side = math.sqrt(width * height / least)
        rows, columns = math.ceil(height / side), math.ceil(width / side)
    return min(rows * columns, most)


def _limits(part: Part, model: Model, patch: int, *, high_resolution: bool) -> tuple[int, int]:
    """The fewest and the most tokens of an image: what the part asks for, within what the model can."""
    pixels = patch * patch
    most = model.max_pixels // pixels if model.max_pixels else _USUAL_MOST
    if high_resolution:
        most = _MOST
    elif part.max_pixels:
        most = part.max_pixels // pixels
    least = min(math.ceil(max(model.family.min_pixels, part.min_pixels or 0) / pixels), _MOST)
    return least, max(least, min(most, _MOST))


def _image(part: Part, model: Model, *, high_resolution: bool) -> int:
    data = inline(part.value)
    size = image_size(data.head) if data else None
    patch = model.image_patch
    if size is None or patch is None:
        return model.family.image_tokens
    least, most = _limits(part, model, patch, high_resolution=high_resolution)
    return patches(*size, patch=patch, least=least, most=most) + MARKS


def _video(part: Part, model: Model) -> int:
    """A film costs the default, a list of frames its pairs of frames, all as large as the first."""
    frames = part.value
    if not isinstance(frames, list) or not frames:
        return model.family.video_tokens
    data = inline(frames[0])
    size = image_size(data.head) if data else None
    if size is None or model.image_patch is None:
        frame = min(max(model.family.image_tokens - MARKS, _FRAME[0]), _FRAME[-1])
    else:
        frame = patches(*size, patch=model.image_patch, least=_FRAME[0], most=_FRAME[-1])
    return math.ceil(len(frames) / _FRAMES_TOGETHER) * frame + MARKS


def _audio(part: Part, model: Model) -> int:
    seconds = sound_seconds(part.value)
    if seconds is None:
        return model.family.audio_tokens
    return max(_AUDIO_RATE, math.ceil(seconds * _AUDIO_RATE))


def media_tokens(part: Part, model: Model, *, high_resolution: bool = False) -> int:
    """The tokens of one medium of a message. A file is read as text elsewhere and costs none here.

    `high_resolution` is the request's `vl_high_resolution_images`: it lifts every other limit of pixels.
    """
    if part.kind == "image":
        return _image(part, model, high_resolution=high_resolution)
    if part.kind == "video":
        return _video(part, model)
    return _audio(part, model) if part.kind == "audio" else 0


def heard_seconds(tokens: int | None) -> int:
    """How long a sound of so many tokens is, at least a second (Model Studio docs, Qwen-ASR, 2026-01)."""
    return math.ceil((tokens or 0) / _AUDIO_RATE)


def speech_tokens(choices: Iterable[Choice]) -> int:
    """The tokens of what is spoken, by the size of its base64: as many a second as of what is heard."""
    said = 0
    for choice in choices:
        for part in choice.media:
            if part.kind == "audio":
                value = part.value.get("data", "") if isinstance(part.value, Mapping) else part.value
                said += len(str(value)) * 3 // 4
    return math.ceil(_AUDIO_RATE * said / (SPEECH_RATE * SPEECH_WIDTH))
