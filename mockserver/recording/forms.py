"""A form with files, `multipart/form-data`, read as a whole to be compared (RFC 7578).

Its boundary is read from the body, which begins with it: a client makes another one for each request, and
not every tool that records keeps the header that names it.
"""

from email.message import Message
from email.parser import HeaderParser
from email.utils import collapse_rfc2231_value

from mockserver.base.values import value

MOST_PARTS = 1000
"""Of how many parts a form may be; no client sends one of more, and reading them would take long."""

_LINE = b"\r\n"


@value
class Part:
    """One part of a form: the name of its field, the name and the type that it was sent with, its bytes.

    `file` and `type` are None where none was told.
    """

    name: str
    file: str | None
    type: str | None
    content: bytes


def parts_of(body: bytes) -> tuple[Part, ...] | None:
    """The parts of a form, in their order; None for a body that is none."""
    border = body.partition(_LINE)[0].rstrip(b" \t")
    if len(border) <= len(b"--") or not border.startswith(b"--"):
        return None
    _, *pieces, end = (_LINE + body).split(_LINE + border)
    if not end.startswith(b"--") or len(pieces) > MOST_PARTS:
        return None
    parts = []
    for piece in pieces:
        part = _part(piece)
        if part is None:
            return None
        parts.append(part)
    return tuple(parts)


def _part(piece: bytes) -> Part | None:
    """The part that stands between two borders; None for what has no name."""
    head, _, content = piece.partition(_LINE + _LINE)
    described = HeaderParser().parsestr(head.partition(_LINE)[2].decode("utf-8", "backslashreplace"))
    try:
        name, file = _parameter(described, "name"), _parameter(described, "filename")
    except ValueError:  # a parameter in pieces whose numbers are none
        return None
    return None if name is None else Part(name, file, described.get("content-type"), content)


def _parameter(described: Message, name: str) -> str | None:
    """What the disposition of a part says under a name, in either of its two spellings (RFC 5987)."""
    said = described.get_param(name, header="content-disposition")
    return collapse_rfc2231_value(said) if isinstance(said, tuple) else said
