"""What images, video and audio cost: measured where a data URI shows their size, else the family's default.

Nothing is opened, fetched or decoded: a size is read from the first bytes of a `data:` URI.
"""

import math
import re
import struct
from binascii import a2b_base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.catalogue.models import Model
from mockserver.talk.reply import Choice
from mockserver.talk.request import Part

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

_HEAD = 256 * 1024
"""How many characters of base64 are looked at: enough for the notes that stand before a JPEG's size."""

_URI = re.compile(r"data:[^,]{0,200};base64", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inline:
    """Data sent along with a request: its first bytes, and how many there are in all."""

    head: bytes
    size: int


def inline(value: Any) -> Inline | None:
    """The data in a part's value; None for a URL, and for what is no base64.

    A value is a text, or an object with a `url` or `data`; `data` may be base64 without a `data:` before it.
    """
    bare = False
    if isinstance(value, Mapping):
        bare = "data" in value
        value = value.get("data") if bare else value.get("url")
    if not isinstance(value, str):
        return None
    head, comma, payload = value[:256].partition(",")
    if comma and _URI.fullmatch(head):
        start = len(head) + 1
    elif bare and ":" not in head:
        start = 0
    else:
        return None
    payload = value[start : start + _HEAD]
    length = len(value) - start
    try:
        found = a2b_base64(payload)
    except ValueError:
        return None
    return Inline(found, length * 3 // 4 - value[-2:].count("="))


def _png(head: bytes) -> tuple[int, int]:
    return struct.unpack_from(">II", head, 16)


def _gif(head: bytes) -> tuple[int, int]:
    return struct.unpack_from("<HH", head, 6)


def _bmp(head: bytes) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", head, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", head, 18)  # noqa: PLR2004
    return abs(width), abs(height)


def _webp(head: bytes) -> tuple[int, int]:
    form = head[12:16]
    if form == b"VP8X":
        width, wide, height, high = struct.unpack_from("<HBHB", head, 24)
        return (wide << 16) + width + 1, (high << 16) + height + 1
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", head, 26)
    return width & 0x3FFF, height & 0x3FFF


_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_PLAIN = frozenset([0x01, *range(0xD0, 0xD9), 0xFF])
"""The markers without a segment behind them, and the filling byte."""
_JPEG_SEGMENTS = 1000
"""How far a JPEG's size is looked for; a file made to be slow to read ends here."""


def _jpeg(head: bytes) -> tuple[int, int]:
    at = 2
    for _ in range(_JPEG_SEGMENTS):
        lead, marker = struct.unpack_from(">BB", head, at)
        if lead != 0xFF:  # noqa: PLR2004
            break
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        if marker in _JPEG_PLAIN:
            at += 1 if marker == 0xFF else 2  # noqa: PLR2004
        else:
            (length,) = struct.unpack_from(">H", head, at + 2)
            at += 2 + length
    return 0, 0


_FORMATS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), _png),
    (re.compile(rb"\xff\xd8"), _jpeg),
    (re.compile(rb"GIF8[79]a"), _gif),
    (re.compile(rb"RIFF....WEBPVP8[ LX]", re.DOTALL), _webp),
    (re.compile(rb"BM"), _bmp),
)
"""The image formats by their first bytes."""


def image_size(head: bytes) -> tuple[int, int] | None:
    """Width and height of an image from its first bytes: PNG, JPEG, GIF, WebP or BMP; None for others."""
    for magic, measure in _FORMATS:
        if magic.match(head):
            try:
                width, height = measure(head)
            except struct.error:
                return None
            return (width, height) if width and height else None
    return None


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


def _seconds(data: Inline) -> float | None:
    """How long a WAV file is, by its header and by the bytes that are there; None for other data."""
    head, at, rate = data.head, 12, 0
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    while at + 8 <= len(head):
        name, length = struct.unpack_from("<4sI", head, at)
        at += 8
        if name == b"fmt ":
            rate = int.from_bytes(head[at + 8 : at + 12], "little")
        elif name == b"data":
            there: int = min(length, data.size - at)
            return there / rate if rate else None
        at += length + length % 2
    return None


def _audio(part: Part, model: Model) -> int:
    seconds = sound_seconds(part)
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


def sound_seconds(part: Part) -> float | None:
    """How long a sound is; None where its size is not in the request, or its format is another than WAV."""
    data = inline(part.value)
    return _seconds(data) if data else None


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
