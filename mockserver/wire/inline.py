"""Media that come along with a request: their bytes, and how large or long they are.

Nothing is opened, fetched or decoded: a size is read from the first bytes of a `data:` URI.
"""

import re
import struct
from binascii import a2b_base64
from collections.abc import Mapping
from typing import Any

from mockserver.base.values import value

_HEAD = 256 * 1024
"""How many characters of base64 are looked at: enough for the notes that stand before a JPEG's size."""

_URI = re.compile(r"data:[^,]{0,200};base64", re.IGNORECASE)


@value
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


_UNMEASURED = re.compile(rb"II\*\0|MM\0\*|....ftyp(heic|heix|hevc|mif1|msf1|avif)", re.DOTALL)
"""How an image begins whose size is not read: TIFF, HEIC or AVIF."""


def is_image(head: bytes) -> bool:
    """Whether the first bytes are those of an image of a kind that models open."""
    return any(magic.match(head) for magic, _ in _FORMATS) or _UNMEASURED.match(head) is not None


def sound_seconds(value: Any) -> float | None:
    """How long a sound is that comes along: a WAV file, by its header and by the bytes that are there.

    None where it is not in the request, or of another format.
    """
    data = inline(value)
    if data is None:
        return None
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
