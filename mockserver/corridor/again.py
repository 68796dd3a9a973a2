"""What was said before to the same request is not written anew, but for what each exchange has for itself.

An answer follows from its request, its reply and its usage; beside these only its request id and the second
of its creation stand in it. So it is written once with marks in the place of both, and from then on these
are filled in. Some answers say more of an exchange, as an id that is made of its own: of those there is no
form, which is seen by filling it in and comparing.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

from mockserver.base.values import value
from mockserver.dialects.rendering import Envelope
from mockserver.meter.caches import CacheUse
from mockserver.talk.reply import Reply, Usage
from mockserver.wire.chunked import Chunked, Places, chunked, places, size_of
from mockserver.wire.template import Compiled

MARKS = Envelope("f0d6c2a8-51b7-9e34-8a9c-7c3de1b40f25", 7_603_918_254)
"""An id and a second that no exchange has; both as long as any."""


class Holes:
    """What is filled in, by name, and the marks that stand in its place where a form is made."""

    def __init__(self, marks: Mapping[str, bytes]) -> None:
        # A mark may begin like a shorter one.
        self._names = {marks[name]: name for name in sorted(marks, key=lambda name: -len(marks[name]))}
        self._split = re.compile(b"(" + b"|".join(map(re.escape, self._names)) + b")")

    def template(self, marked: bytes) -> Compiled:
        """The bytes with holes where the marks stand."""
        parts = self._split.split(marked)
        return Compiled(tuple(parts[::2]), tuple(self._names[mark] for mark in parts[1::2]))


def _values(envelope: Envelope) -> dict[str, bytes]:
    return {"id": envelope.request_id.encode(), "created": b"%d" % envelope.created}


_HOLES = Holes(_values(MARKS))
_WIDTHS = [len(filled) for filled in _values(MARKS).values()]


@value
class Form:
    """An answer with holes: a body, or the chunks of a stream, and how many tokens each of its frames has."""

    template: Compiled
    places: Places = ()
    size: int = 0
    tokens: Sequence[int] = ()

    @classmethod
    def of_body(cls, marked: bytes) -> "Form":
        """The form of a body that was written with the marks."""
        return cls(_HOLES.template(marked), size=len(marked))

    @classmethod
    def of_stream(cls, marked: Sequence[bytes], tokens: Sequence[int]) -> "Form":
        """The form of a stream whose frames were written with the marks."""
        return cls(_HOLES.template(chunked(marked)), places(marked), size_of(marked), tuple(tokens))

    def body(self, envelope: Envelope) -> bytes:
        """The body of an exchange."""
        return self.template.fill(_values(envelope))

    def frames(self, envelope: Envelope) -> Chunked:
        """The frames of an exchange."""
        return Chunked(self.template.fill(_values(envelope)), self.places, self.size)


def fits(envelope: Envelope) -> bool:
    """Whether what is filled in is as long as the marks: the sizes of chunks are part of a form."""
    return list(map(len, _values(envelope).values())) == _WIDTHS


@dataclass(slots=True)
class Said:
    """What was said to a request: its reply, what was found in the caches, what it cost, and its form.

    A form is made when the same is said a second time; `formless`: there is none. `varies`: what goes out
    has more of its exchange than can be filled in.
    """

    reply: Reply
    cache: CacheUse
    usage: Usage
    form: Form | None = None
    formless: bool = False
    varies: bool = False

    def same(self, reply: Reply, cache: CacheUse) -> bool:
        """Whether the same is said again, to the letter: equals may be written in two ways, 1 and 1.0."""
        before = self.reply
        if cache != self.cache:
            return False
        return reply is before or (
            reply.choices == before.choices
            and not any(choice.media or choice.notes for choice in reply.choices)
            and all(kept(reply) is kept(before) for kept in _REST)
        )


_REST = [attrgetter(part.name) for part in fields(Reply) if part.name != "choices"]
