"""Long texts in pieces, cut where no token spans the cut: no library is asked for more than it can bear.

The expression that the vocabularies split words by backtracks over runs of blanks, and merging a word costs
more than its length: a text without bounds is slow, is refused, or makes the library panic. Every cut here is
one that this expression makes itself: behind a digit, which is always a word of its own, or behind a letter
with a blank or a stop after it. No marker such as ``<|im_end|>`` has either inside. A run without any such
place is cut by its length alone, which may count a token more; no text that somebody wrote has one.
"""

import re
from collections.abc import Iterator

MOST = 16_384
"""The most characters of a piece."""

_NEAR = 512
_BORDER = re.compile(r"(?<=[^\W_])(?=[\s.,;:!?，。、；：！？])|(?<=\d)")


def _last_border(window: str) -> int:
    """Where a piece may end: the last place within a window of text; 0 when there is none."""
    for start in (len(window) - _NEAR, 0):
        found = 0
        for border in _BORDER.finditer(window, max(start, 0)):
            found = border.start()
        if found:
            return found
    return 0


def spans(text: str, most: int = MOST) -> Iterator[str]:
    """The pieces of a text, in order; a short text is its only one."""
    start = 0
    while len(text) - start > most:
        window = text[start : start + most]
        end = start + (_last_border(window) or most)
        yield text[start:end]
        start = end
    yield text[start:] if start else text
