"""How two texts differ, in words for people, in little time whatever they are.

The matcher of the standard library takes time with the cube of what it compares where that repeats itself
(3.7 s for 400 letters), so it is given little: what both begin and end with is taken off before, and what is
left is compared by letters when it is short, else by words, the first of them.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher, unified_diff

MOST = 64
"""How many letters, words or lines are compared with each other."""

_SHORTEST = 3
"""The shortest piece by which the nearest part of a text is found."""

_PLACES = 16
"""In about how many places of a wanted text a piece is taken to be looked for."""

_WORD = re.compile(r"\w+|\W")
_HUNK = re.compile(r"(?<=[-+])\d+")

Change = tuple[str, str]
"""What is wanted and what is there in its place; the same twice where nothing differs."""


def _shared(wanted: Sequence[str], got: Sequence[str]) -> tuple[int, int]:
    """How many items both begin with, and then end with."""
    most = min(len(wanted), len(got))
    before = next((at for at in range(most) if wanted[at] != got[at]), most)
    most -= before
    after = next((at for at in range(most) if wanted[-1 - at] != got[-1 - at]), most)
    return before, after


def changes(wanted: str, got: str) -> list[Change]:
    """Two texts piece by piece."""
    before, after = _shared(wanted, got)
    ours, theirs = wanted[before : len(wanted) - after], got[before : len(got) - after]
    found = [(wanted[:before],) * 2] if before else []
    if ours or theirs:
        split = list if max(len(ours), len(theirs)) <= MOST else _WORD.findall
        found += _compared(split(ours), split(theirs))
    return [*found, (wanted[len(wanted) - after :],) * 2] if after else found


def _compared(ours: list[str], theirs: list[str]) -> list[Change]:
    matcher = SequenceMatcher(None, ours[:MOST], theirs[:MOST], autojunk=False)
    found = [
        ("".join(ours[begin:end]), "".join(theirs[at:to])) for _, begin, end, at, to in matcher.get_opcodes()
    ]
    rest = "".join(ours[MOST:]), "".join(theirs[MOST:])
    return [*found, rest] if any(rest) else found


def share(found: Sequence[Change]) -> float:
    """How much of both texts is the same, 0 to 1."""
    same = sum(len(wanted) + len(got) for wanted, got in found if wanted == got)
    return same / max(sum(len(wanted) + len(got) for wanted, got in found), 1)


def marked(found: Sequence[Change], *, part: bool) -> str:
    """Both texts with what differs in brackets: `-` is wanted, `+` is there.

    Of a part, what stands around it does not count.
    """
    shown = []
    for number, (wanted, got) in enumerate(found):
        if part and not wanted and number in (0, len(found) - 1):
            continue
        if wanted == got:
            shown.append(wanted)
        else:
            shown += [f"[-{wanted}-]"] * bool(wanted) + [f"[+{got}+]"] * bool(got)
    return "".join(shown)


def lines(wanted: Sequence[str], got: Sequence[str], names: tuple[str, str]) -> list[str]:
    """A unified diff of lines; empty when they are the same. Behind `MOST` of them all count as changed."""
    before, after = _shared(wanted, got)
    start = max(0, before - 1)
    ours, theirs = wanted[start : len(wanted) - after + 1], got[start : len(got) - after + 1]
    if before == len(wanted) == len(got):
        return []
    rows = unified_diff(ours[:MOST], theirs[:MOST], *names, n=1, lineterm="")
    shown = [
        _HUNK.sub(lambda number: str(int(number[0]) + start), row) if row.startswith("@@") else row
        for row in rows
    ]
    return [*shown, *(f"-{row}" for row in ours[MOST:]), *(f"+{row}" for row in theirs[MOST:])]


def nearest_part(wanted: str, text: str) -> str:
    """The part of a text that is most like a wanted one, with a little around it.

    It is where all of the wanted text is found, else a half, a quarter, and so on; else the beginning.
    """
    start = _found(wanted, text)
    slack = len(wanted) // 4
    return text[max(0, start - slack) : max(0, start) + len(wanted) + slack]


def _found(wanted: str, text: str) -> int:
    """About where a wanted text begins in another one."""
    size = len(wanted)
    while size >= min(_SHORTEST, len(wanted)) and size:
        for at in range(0, len(wanted) - size + 1, max(1, size // 2, len(wanted) // _PLACES)):
            place = text.find(wanted[at : at + size])
            if place >= 0:
                return max(0, place - at)
        size //= 2
    return 0
