"""A form with files, `multipart/form-data`, read as a whole to be compared (RFC 7578).

Its boundary is read from the body, which begins with it: a client makes another one for each request, and
not every tool that records keeps the header that names it.
"""

from mockserver.base.values import value
from mockserver.wire.disposition import DispositionError, parameter, read_head

MOST_PARTS = 1000
"""Of how many parts a form may be; no client sends one of more, and reading them would take long."""

_LINE = b"\r\n"

_HEAD_BYTES = 64 * 1024
"""So long may the head of a part be."""


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
    """The part between two borders; None for what has no name, or a head that cannot be read."""
    head, _, content = piece.partition(_LINE + _LINE)
    if len(head) > _HEAD_BYTES:
        return None
    described = read_head(head.partition(_LINE)[2].decode("utf-8", "backslashreplace"))
    said = described.get("content-disposition")
    try:
        name, file = parameter(said, "name"), parameter(said, "filename")
    except DispositionError:
        return None
    return None if name is None else Part(name, file, described.get("content-type"), content)
