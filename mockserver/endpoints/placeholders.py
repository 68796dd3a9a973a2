"""The files that tasks have made: grey pictures of the size that was asked for, films without a track."""

import re
import struct
import zlib

_SIDE = 4096
"""The longest side of a picture, in pixels."""

_SIZE = re.compile(r"([0-9]{1,5})[*x]([0-9]{1,5})")
_TIMESCALE = 1000


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
