"""The files that were made: grey pictures of the size that was asked for, films without a track, silence."""

import re
import struct
import zlib

_SIDE = 4096
"""The longest side of a picture, in pixels."""

_SIZE = re.compile(r"([0-9]{1,5})[*x]([0-9]{1,5})")
_TIMESCALE = 1000

_NAMED = re.compile(r"(?:([0-9]{1,5}x[0-9]{1,5})|([0-9]{1,2}))-[0-9a-f]{1,32}[.](png|wav)")
"""The name of a file that was made at once: a size or seconds, and what tells it from others."""

_RATE, _WIDTH = 24_000, 2


def sides(size: str) -> tuple[int, int]:
    """Width and height of a size such as `1024*768`, each 1 to 4096 pixels."""
    found = _SIZE.fullmatch(size)
    width, height = map(int, found.groups()) if found else (1024, 1024)
    return min(max(width, 1), _SIDE), min(max(height, 1), _SIDE)


def png(size: str) -> bytes:
    """A picture in one grey, a bit for each pixel (PNG, third edition)."""
    width, height = sides(size)
    rows = (b"\0" + b"\xaa" * -(-width // 8)) * height
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _png_chunk(name, data)
        for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    )


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _box(name: bytes, *inner: bytes) -> bytes:
    data = b"".join(inner)
    return struct.pack(">I", 8 + len(data)) + name + data


def mp4(seconds: int) -> bytes:
    """A film that lasts so long and shows nothing (ISO/IEC 14496-12: `ftyp`, and `moov` with its header)."""
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    times = struct.pack(">IIIII", 0, 0, 0, _TIMESCALE, seconds * _TIMESCALE)
    header = times + struct.pack(">IH10x", 0x10000, 0x100) + matrix + bytes(24) + struct.pack(">I", 1)
    return _box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isommp42") + _box(
        b"moov", _box(b"mvhd", header)
    )


def wav(seconds: int) -> bytes:
    """A silence that lasts so long (RIFF WAVE: 16-bit PCM, mono, 24,000 samples a second)."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, _RATE * _WIDTH, _WIDTH, 8 * _WIDTH)
    data = bytes(seconds * _RATE * _WIDTH)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def named(name: str) -> bytes | None:
    """The file of a name that tells all of it; None for any other."""
    found = _NAMED.fullmatch(name)
    if found is None or (found[1] is None) == (found[3] == "png"):
        return None
    return png(found[1]) if found[1] else wav(int(found[2]))
