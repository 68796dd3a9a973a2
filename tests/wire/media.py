"""The first bytes of pictures, and sounds, for tests."""

import io
import struct
import wave
from base64 import b64encode


def uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{b64encode(data).decode()}"


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height)


def gif(width: int, height: int) -> bytes:
    return b"GIF87a" + struct.pack("<HH", width, height)


def bmp(width: int, height: int) -> bytes:
    return b"BM" + bytes(12) + struct.pack("<Iii", 40, width, -height)


def old_bmp(width: int, height: int) -> bytes:
    return b"BM" + bytes(12) + struct.pack("<IHH", 12, width, height)


def lossy_webp(width: int, height: int) -> bytes:
    return b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(7) + b"\x9d\x01\x2a" + struct.pack("<HH", width, height)


def lossless_webp(width: int, height: int) -> bytes:
    return b"RIFF\n\n\n\nWEBPVP8L" + bytes(4) + b"\x2f" + struct.pack("<I", width - 1 | (height - 1) << 14)


def extended_webp(width: int, height: int) -> bytes:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(8) + sides


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content


def jpeg(width: int, height: int, *before: bytes) -> bytes:
    frame = segment(0xC2, b"\x08" + struct.pack(">HH", height, width))
    return b"\xff\xd8" + b"".join(before) + frame


def wav(*, frames: int, rate: int = 16000, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(2 * channels * frames))
    return file.getvalue()


FORMATS = [png, gif, bmp, old_bmp, lossy_webp, lossless_webp, extended_webp, jpeg]
