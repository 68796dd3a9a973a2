"""Texts back to the bytes that they were: what recorders wrote as text was once bytes of some charset.

JSON and event streams are UTF-8 by their standards, whatever a tool took them for.
"""

from collections.abc import Collection

from mockserver.recording.importers.told import Body

_REPLACED = "characters that the tool could not read were replaced by it"
_MISREAD = "its charset was guessed by the tool; put back to UTF-8"


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


def misread(text: str) -> bytes | None:
    """The UTF-8 that a browser took for windows-1252; None when the text cannot be that."""
    if text.isascii():
        return None
    try:
        data = bytes(_WESTERN[ord(character)] for character in text)
        data.decode("utf-8")
    except (KeyError, UnicodeDecodeError):
        return None
    return data


def utf8(text: str) -> bytes:
    """A text as UTF-8; half characters of JSON escapes become question marks."""
    return text.encode("utf-8", "replace")


def encoded(text: str, charset: str) -> Body | None:
    """A text that a tool decoded from a charset, as bytes again; None for a charset that cannot be.

    Every tool here decodes with replacement, so a replacement character may be one that was sent or one
    that was lost; only of the latter is the recording rebuilt, and nobody can tell them apart.
    """
    try:
        data = text.encode(charset)
    except (LookupError, UnicodeEncodeError):
        return None
    if "\ufffd" in text:
        return Body(data=data, kept="rebuilt", lost=_REPLACED)
    return Body(data=data)


def proved(text: str, sizes: Collection[int], *, unicode: bool) -> Body:
    """A text whose charset is not told, as bytes: the size that was sent proves which ones they were.

    `sizes`: how long the body may have been, in bytes; empty when nobody says. `unicode`: it is JSON or an
    event stream. Some tools count the text that they made of it, so that a size that fits the text proves
    nothing where the text looks misread.
    """
    plain, other = utf8(text), misread(text)
    if other is not None and len(other) in sizes:
        return Body(data=other, changed=_MISREAD)
    if other is not None and unicode:
        return Body(data=other, kept="rebuilt", lost=_MISREAD)
    if "\ufffd" in text and len(plain) not in sizes:
        return Body(data=plain, kept="rebuilt", lost=_REPLACED)
    return Body(data=plain)
