"""Texts back to the bytes that they were: what recorders wrote as text was once bytes of some charset.

JSON and event streams are UTF-8 by their standards, whatever a tool took them for.
"""

import re
from codecs import utf_8_decode
from collections.abc import Collection
from functools import cache

from mockserver.recording.importers.told import Body

_REPLACED = "characters that the tool could not read were replaced by it"
_HALVES = "it holds halves of characters, which no bytes are"
_UNTOLD = "nobody tells the charset of its text"
_UNSURE = "its charset writes some characters in more than one way"
_EITHER = "nobody tells whether it was UTF-8 or the charset that is named"
_MISREAD = "its charset was guessed by the tool; put back to UTF-8"
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)


def _western() -> dict[int, int]:
    """The characters of windows-1252 and their bytes, as browsers have them (WHATWG Encoding, 9)."""
    found = {}
    for byte in range(256):
        try:
            found[ord(bytes([byte]).decode("cp1252"))] = byte
        except UnicodeDecodeError:
            found[byte] = byte
    return found


_WESTERN = _western()
_LATIN = ("iso-8859-1", "iso8859-1", "latin1", "us-ascii", "ascii")


def misread(text: str, *, cut: bool = False) -> bytes | None:
    """The UTF-8 that a tool took for a Western charset; None when the text cannot be that.

    `cut`: it may end within a character.
    """
    data = None if text.isascii() else _western_bytes(text)
    try:
        return data if data is None or utf_8_decode(data, "strict", not cut) else None
    except UnicodeDecodeError:
        return None


def _western_bytes(text: str) -> bytes | None:
    """What proxies read as ISO-8859-1, or browsers as windows-1252."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        pass
    try:
        return bytes(_WESTERN[ord(character)] for character in text)
    except KeyError:
        return None


def utf8(text: str) -> bytes:
    """A text as UTF-8; half characters of JSON escapes become question marks."""
    return text.encode("utf-8", "replace")


def of_unicode(text: str) -> Body:
    """A text that a tool kept of UTF-8, as bytes again; the tool keeps as bytes what is none."""
    data = utf8(text)
    return Body(data=data) if data.decode("utf-8") == text else Body(data=data, kept="rebuilt", lost=_HALVES)


def named(mime: str) -> str:
    """The charset that a content type names, in lower case; "" when it names none."""
    found = _CHARSET.search(mime)
    return found[1].lower() if found else ""


@cache
def _is_faithful(charset: str) -> bool:
    """Whether bytes of a charset are the same once they were text: all of one and of two bytes are tried."""
    for pair in range(0x10000):
        raw = pair.to_bytes(2, "big")
        for data in (raw[1:], raw) if pair < 0x100 else (raw,):  # noqa: PLR2004 - one byte
            try:
                if data.decode(charset).encode(charset) != data:
                    return False
            except (UnicodeDecodeError, UnicodeEncodeError):
                continue
    return True


def encoded(text: str, charset: str) -> Body | None:
    """A text that a tool decoded from a charset, as bytes again; None for a charset that cannot be.

    Every tool here decodes with replacement, so a replacement character may be one that was sent or one
    that was lost; only of the latter is the recording rebuilt, and nobody can tell them apart.
    """
    if "\ufffd" in text:
        return Body(data=utf8(text), kept="rebuilt", lost=_REPLACED)
    try:
        data = text.encode(charset)
        return Body(data=data) if _is_faithful(charset) else Body(data=data, kept="rebuilt", lost=_UNSURE)
    except (LookupError, UnicodeError, ValueError):
        # Browsers read ISO-8859-1 and ASCII as windows-1252 (WHATWG Encoding, 4.2).
        western = _western_bytes(text) if charset.lower() in _LATIN else None
        return None if western is None else Body(data=western)


def asked(text: str, size: int) -> Body:
    """The text of a request, as bytes; `size`: how long it was, in bytes, 0 when nobody says.

    Tools know what they sent, so that only a size that fits nothing else tells that one was misread.
    """
    plain, other = utf8(text), misread(text)
    if other is not None and len(other) == size != len(plain):
        return Body(data=other, changed=_MISREAD)
    return of_unicode(text)


def _told(text: str, sizes: Collection[int], charset: str) -> Body | None:
    """A text in the charset that is named, as bytes; None when it is not told apart from UTF-8, or is that.

    Browsers go by the charset; Polly.js keeps what is UTF-8 as such, whatever charset was named.
    """
    told = encoded(text, charset) if charset and not text.isascii() else None
    if told is None or told.kept != "whole" or told.data == utf8(text):
        return None
    if len(utf8(text)) not in sizes:
        return told
    return Body(data=told.data, kept="rebuilt", lost=_EITHER) if len(told.data) in sizes else None


def proved(text: str, sizes: Collection[int], *, mime: str, packed: bool = False) -> Body:
    """A text as bytes: its content type tells in which charset, or the size that was sent proves it.

    `sizes`: how long the body may have been, in bytes; empty when nobody says. `packed`: these may be those
    of a packed body, which prove nothing. JSON and event streams are UTF-8. Some tools count the text that
    they made of it, so that a size that fits the text proves nothing where the text looks misread.
    """
    told = _told(text, sizes if not packed else (), named(mime))
    if told is not None:
        return told
    unicode = "json" in mime.lower() or "event-stream" in mime.lower()
    plain, other = utf8(text), misread(text, cut=unicode)
    if other is not None and len(other) in sizes:
        return Body(data=other, changed=_MISREAD)
    fits = len(plain) in sizes
    if other is not None and (unicode or packed or not fits):
        return Body(data=other, kept="rebuilt", lost=_MISREAD)
    if not fits and "\ufffd" in text:
        return Body(data=plain, kept="rebuilt", lost=_REPLACED)
    if not ((fits and not packed) or unicode or text.isascii() or named(mime)):
        return Body(data=plain, kept="rebuilt", lost=_UNTOLD)
    return of_unicode(text)
