"""Texts that match a regular expression of JSON Schema.

A text of a wished length is built along the pattern's tree. What a text alone cannot promise (lookarounds,
word boundaries) is left to the caller, who checks every candidate with a real engine; so this never runs a
pattern, and no pattern is slow.
"""

from collections.abc import Iterator

from mockserver.base.kept import remembered
from mockserver.instances.regexes import LONGEST, Node, UnreadablePatternError, parsed

__all__ = ["LONGEST", "UnreadablePatternError", "texts"]

_SPREAD = 6
"""How many more repeats than needed an open quantifier is given at first."""

_LENGTHS = 24
"""How many lengths from the shortest allowed one are tried."""

_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_WIDE = 20
"""How many letters a class has at least that stands for anything."""


@remembered(most=1024, characters=1 << 20)
def _plain(letters: str) -> str:
    """The letters of a class that a person would take first."""
    if _LOWER.issubset(letters):
        return "".join(sorted(_LOWER))
    asciis = "".join(filter(str.isascii, letters))
    for test in (str.isalnum, str.isspace, str.isprintable):
        found = "".join(filter(test, asciis))
        if found:
            return " " if " " in found else found
    return letters


class _Builder:
    """Builds one text of a tree: of plain letters, or of any; with what lookarounds hold, or without."""

    def __init__(self, numbers: Iterator[int], *, looks: bool, plain: bool) -> None:
        self.numbers = numbers
        self.looks = looks
        self.plain = plain
        self.made: dict[int, str] = {}
        self.room = LONGEST

    def build(self, node: Node, extra: int) -> str:
        """A text of the node that is up to `extra` characters longer than its shortest."""
        match node.kind:
            case "letter":
                self.room -= 1
                letters = _plain(node.letters) if self.plain else node.letters
                return letters[next(self.numbers) % len(letters)]
            case "row":
                return self.row(node.parts, extra)
            case "choice":
                return self.branch(node, node.least + extra)
            case "repeat":
                return self.repeat(node, extra)
            case "group":
                self.made[node.group] = self.build(node.parts[0], extra)
            case "look":
                self.made[node.group] = self.build(node.parts[0], 0) if self.looks else ""
        return self.made.get(node.group, "")

    def branch(self, node: Node, wished: int) -> str:
        """A text of one branch: of one that can be as long as wished, if there is any."""
        shortest = min(part.least for part in node.parts)
        fitting = [part for part in node.parts if part.least <= max(wished, shortest)]
        reaching = [part for part in fitting if part.most >= wished] or fitting
        branch = reaching[next(self.numbers) % len(reaching)]
        return self.build(branch, max(wished - branch.least, 0))

    def row(self, parts: tuple[Node, ...], extra: int) -> str:
        texts = []
        for part in parts:
            share = min(extra, part.most - part.least)
            text = self.build(part, share)
            extra = max(extra - max(len(text) - part.least, 0), 0)
            texts.append(text)
        return "".join(texts)

    def repeat(self, node: Node, extra: int) -> str:
        part = node.parts[0]
        low, high = node.repeats
        if not part.most:
            return self.build(part, 0) if low else ""
        texts = []
        count = 0
        while count < high and self.room > 0 and (count < low or extra >= max(part.least, 1)):
            over = extra if count < low else extra - part.least
            text = self.build(part, min(over, part.most - part.least))
            extra -= len(text) - (part.least if count < low else 0)
            texts.append(text)
            count += 1
        return "".join(texts)


def _looks(node: Node) -> Iterator[Node]:
    """What the lookarounds of a tree hold."""
    if node.kind == "look":
        yield node.parts[0]
    for part in node.parts:
        yield from _looks(part)


def _core(node: Node) -> Node:
    """What stands behind the "anything" that a lookahead begins with: the digit of ``(?=.*[0-9])``."""
    while node.kind == "row" and node.parts and _anything(node.parts[0]):
        node = Node("row", node.least, node.most, "", node.parts[1:])
    return node


def _anything(node: Node) -> bool:
    return node.kind == "repeat" and node.repeats[0] == 0 and len(node.parts[0].letters) > _WIDE


def _spliced(tree: Node, numbers: Iterator[int], lengths: list[int]) -> Iterator[str]:
    """Texts that hold, at several places, one text of each lookahead: of passwords, say."""
    held = list(_looks(tree))
    room = max((look.least for look in held), default=0)
    for length in dict.fromkeys(max(length, room) for length in lengths if held):
        builder = _Builder(numbers, looks=False, plain=True)
        pieces = [builder.build(_core(look), 0) for look in held]
        text = builder.build(tree, max(length - tree.least, 0))
        for pieced in ("".join(pieces), "".join(reversed(pieces))):
            last = len(text) - len(pieced)
            for at in dict.fromkeys((last, 0, 1, last - 1, last // 2)):
                if 0 <= at <= last:
                    yield text[:at] + pieced + text[at + len(pieced) :]


def texts(
    pattern: str, numbers: Iterator[int], *, least: int = 0, most: int | None = None, plain: bool = True
) -> Iterator[str]:
    """Candidates for a pattern, those of a wished length first; each is to be checked.

    They are of `plain` letters, or of all that the pattern names. Raises `UnreadablePatternError` when the
    pattern's syntax is not understood.
    """
    tree = parsed(pattern)
    if tree.least >= LONGEST:
        msg = f"its shortest text is longer than {LONGEST} characters"
        raise UnreadablePatternError(msg)
    top = LONGEST if most is None else min(most, LONGEST)
    wished = [min(tree.least + _SPREAD, top), least, *range(least, min(least + _LENGTHS, top + 1))]
    lengths = list(dict.fromkeys(max(length, least, tree.least) for length in wished))
    yield from _spliced(tree, numbers, lengths)
    for looks in (False, True):
        for length in lengths:
            text = _Builder(numbers, looks=looks, plain=plain).build(tree, length - tree.least)
            yield text
            if len(text) < least:
                yield text.ljust(least, "a")
                yield text.rjust(least, "a")
