"""What is said of a part of a form: its head, and what its headers say under a name (RFC 7578, RFC 5987)."""

from email.message import Message
from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value

_SEMICOLONS = 64
"""So many may a header have, and no client has more: the time to read it grows by the square of them."""

_CHARACTERS = frozenset({"utf-8", "iso-8859-1", "us-ascii"})
"""The sets in which a value may be told as bytes (RFC 5987, 3.2.1); others make half characters, or fail."""


class DispositionError(Exception):
    """A header whose parameters cannot be read."""


def read_head(text: str) -> Message:
    """The headers before a part's content."""
    return HeaderParser().parsestr(text)


def parameter(value: str | None, name: str) -> str | None:
    """What a header says under a name, in either of the two spellings; None when it says nothing.

    Raises `DispositionError` for more parameters than any client sends, for those that contradict others, and
    for bytes in a character set that is not of RFC 5987.
    """
    if value is None:
        return None
    if value.count(";") > _SEMICOLONS:
        raise DispositionError
    head = Message()
    head["content-disposition"] = value
    try:
        said = head.get_param(name, header="content-disposition")
    except (TypeError, ValueError):  # in pieces whose numbers are none, or in pieces and whole
        raise DispositionError from None
    if not isinstance(said, tuple):
        return said
    if (said[0] or "us-ascii").lower() not in _CHARACTERS:
        raise DispositionError
    return collapse_rfc2231_value(said)
