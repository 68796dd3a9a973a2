"""Where the bytes of an answer are cut: legal, and as unkind as can be."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice, pairwise

from mockserver.faults.planned import Frame

Cut = Callable[[bytes, int], Iterable[int]]
"""Gives the places to cut behind, for the bytes and the `after` of the fault."""

_WIDE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_DATA = re.compile(rb"data:")
_CRLF = re.compile(rb"\r\n")

CUTS: dict[str, Cut] = {
    "one-byte": lambda data, _: range(1, len(data)),
    "all-in-one": lambda _, __: (),
    "split": lambda data, after: (after % max(1, len(data)),),
    "mid-character": lambda data, _: (found.start() + 1 for found in _WIDE.finditer(data)),
    "mid-data": lambda data, _: (found.start() + 2 for found in _DATA.finditer(data)),
    "crlf": lambda data, _: (found.start() + 1 for found in _CRLF.finditer(data)),
}
"""Each kind of the group `bytes`."""


PIECES = 65_536
"""The most cuts of an answer, whose pieces are all there at once; what is left behind them comes in one."""


def with_crlf(frames: Sequence[Frame]) -> list[Frame]:
    """The frames with the other end of line; JSON has no raw line feed, so only lines end anew."""
    return [Frame(frame.data.replace(b"\n", b"\r\n"), frame.tokens, frame.due) for frame in frames]


def cut(frames: Sequence[Frame], places: Iterable[int]) -> list[Frame]:
    """The same bytes, cut behind these places and nowhere else.

    Each piece is due with the frame that its last byte comes from.
    """
    data = b"".join(frame.data for frame in frames)
    within = islice((place for place in places if 0 < place < len(data)), PIECES)
    bounds = [0, *sorted(set(within)), len(data)]
    pieces, ends, at = [], 0, -1
    for start, end in pairwise(bounds):
        while ends < end:
            at += 1
            ends += len(frames[at].data)
        pieces.append(Frame(data[start:end], 0, frames[max(at, 0)].due))
    return pieces
