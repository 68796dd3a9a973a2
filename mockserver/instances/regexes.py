"""Regular expressions of JSON Schema (the ECMA-262 dialect), as trees.

Every node knows the shortest and the longest text that it matches. What is no part of a text (anchors, word
boundaries, negative lookarounds) leaves no node.
"""

import re
from dataclasses import dataclass

LONGEST = 20_000
"""The longest text that is built."""

_DEEPEST = 60
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORD = _LETTERS + _DIGITS + "_"
_SPACES = " \t\n"
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": _SPACES}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0", "a": "\a"}
_HAN = "中文天地人和"
_PROPERTIES = {
    "L": _LETTERS,
    "Letter": _LETTERS,
    "Alphabetic": _LETTERS,
    "Lu": _LETTERS[26:],
    "Uppercase_Letter": _LETTERS[26:],
    "Ll": _LETTERS[:26],
    "Lowercase_Letter": _LETTERS[:26],
    "N": _DIGITS,
    "Nd": _DIGITS,
    "P": ".,!?-",
    "S": "+$=",
    "Z": " ",
    "Zs": " ",
    "Script=Han": _HAN,
    "sc=Han": _HAN,
    "Han": _HAN,
}
_FAVOURITES = _LETTERS[:26] + _LETTERS[26:] + _DIGITS
_GROUP = re.compile(r"\?(?:(?P<look><?[=!])|(?P<plain>[a-zA-Z-]*:|>)|P?<(?P<name>\w+)>)")
_COUNT = re.compile(r"\{(\d{1,12})(,?)(\d{0,12})\}")
_NAMED = re.compile(r"\{\^?([^{}\\]*+)\}")
_CODED = re.compile(r"\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2,4})")
_QUANTIFIERS = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class UnreadablePatternError(ValueError):
    """A pattern whose syntax is not understood here."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a pattern: `least` and `most` are the lengths of the texts it matches, up to `LONGEST`.

    `kind` is letter, row, choice, repeat, group, again (a reference back to a group) or look (a positive
    lookaround, whose part is what stands there).
    """

    kind: str
    least: int
    most: int
    letters: str = ""
    parts: tuple["Node", ...] = ()
    repeats: tuple[int, int] = (1, 1)
    group: int = 0


_EMPTY = Node("row", 0, 0)


def _cap(length: int) -> int:
    return min(length, LONGEST)


def _row(parts: list[Node]) -> Node:
    return Node(
        "row",
        _cap(sum(part.least for part in parts)),
        _cap(sum(part.most for part in parts)),
        "",
        tuple(parts),
    )


def _letters(allowed: str) -> Node:
    if not allowed:
        msg = "a class that matches no printable character"
        raise UnreadablePatternError(msg)
    return Node("letter", 1, 1, allowed)


class _Parser:
    """A recursive descent through one pattern."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0
        self.groups: list[Node] = []
        self.names: dict[str, int] = {}

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def take(self) -> str:
        if self.at >= len(self.pattern):
            msg = "it ends too early"
            raise UnreadablePatternError(msg)
        self.at += 1
        return self.pattern[self.at - 1]

    def choice(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            msg = f"its groups are nested deeper than {_DEEPEST}"
            raise UnreadablePatternError(msg)
        branches = [self.row()]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.row())
        self.depth -= 1
        if len(branches) == 1:
            return branches[0]
        least = min(branch.least for branch in branches)
        return Node("choice", least, max(branch.most for branch in branches), "", tuple(branches))

    def row(self) -> Node:
        parts = []
        while self.peek() not in ("", "|", ")"):
            parts.append(self.quantified(self.atom()))
        return _row(parts)

    def quantified(self, node: Node) -> Node:
        sign = self.peek()
        count = _COUNT.match(self.pattern, self.at)
        if sign in _QUANTIFIERS and sign:
            low, high = _QUANTIFIERS[sign]
            self.at += 1
        elif count:
            low = int(count[1])
            high = int(count[3]) if count[3] else None if count[2] else low
            self.at = count.end()
        else:
            return node
        if self.peek() in ("?", "+") and self.peek():
            self.at += 1
        most = LONGEST if high is None else _cap(high)
        least = _cap(low * node.least)
        return Node("repeat", least, _cap(most * node.most), "", (node,), (_cap(low), max(most, _cap(low))))

    def atom(self) -> Node:
        char = self.take()
        match char:
            case "^" | "$":
                return _EMPTY
            case ".":
                return _letters(_FAVOURITES)
            case "[":
                return self.bracket()
            case "(":
                return self.group()
            case "\\":
                return self.escape()
        return _letters(char)

    def group(self) -> Node:
        found = _GROUP.match(self.pattern, self.at)
        number = 0
        if found:
            self.at = found.end()
        elif self.peek() == "?":
            msg = f"its group (?{self.pattern[self.at + 1 : self.at + 2]} is unknown"
            raise UnreadablePatternError(msg)
        if not found or found["name"]:
            self.groups.append(_EMPTY)
            number = len(self.groups)
            if found:
                self.names[found["name"]] = number
        inner = self.choice()
        self.take()
        if found and found["look"]:
            positive = found["look"].endswith("=")
            return Node("look", 0, 0, "", (inner,)) if positive else _EMPTY
        if number:
            inner = Node("group", inner.least, inner.most, "", (inner,), group=number)
            self.groups[number - 1] = inner
        return inner

    def escape(self) -> Node:
        char = self.take()
        if char in "bBAZzG":
            return _EMPTY
        if char == "k" and self.peek() == "<":
            name = self.pattern[self.at + 1 : self.pattern.find(">", self.at)]
            self.at += len(name) + 2
            return self.again(self.names.get(name, 0))
        if char in "123456789":
            return self.again(int(char))
        return _letters(self.escaped(char))

    def again(self, number: int) -> Node:
        """A reference back to a group: the same text once more."""
        node = self.groups[number - 1] if 0 < number <= len(self.groups) else _EMPTY
        return Node("again", node.least, node.most, group=number)

    def escaped(self, char: str) -> str:
        """The characters that an escape stands for, in a class or outside."""
        if char.lower() in _CLASSES:
            return _CLASSES[char] if char in _CLASSES else _without(_CLASSES[char.lower()])
        if char in "pP":
            named = _NAMED.match(self.pattern, self.at)
            name = named[1] if named else self.peek()
            self.at = named.end() if named else self.at + 1
            letters = _PROPERTIES.get(name, _PROPERTIES.get(name[-3:], _LETTERS))
            return letters if char == "p" else _without(letters)
        if char in "xu":
            digits = _CODED.match(self.pattern, self.at)
            if digits:
                hexes = digits[1] or (digits[2][:2] if char == "x" else digits[2])
                self.at = digits.end() if digits[1] else self.at + len(hexes)
                return chr(min(int(hexes, 16), 0x10FFFF))
        if char == "c":
            return chr(ord(self.take()) % 32)
        return _CONTROLS.get(char, char)

    def bracket(self) -> Node:
        negated = self.peek() == "^"
        self.at += negated
        letters: list[str] = []
        while self.peek() != "]":
            char = self.take()
            low = self.escaped(self.take()) if char == "\\" else char
            ranged = self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", "")
            if not ranged or len(low) != 1:
                letters.append(low)
                continue
            self.at += 1
            char = self.take()
            high = self.escaped(self.take()) if char == "\\" else char
            letters.append(_span(low, high))
        self.at += 1
        allowed = "".join(letters)
        return _letters(_without(allowed) if negated else allowed)


def _without(excluded: str) -> str:
    return "".join(char for char in _FAVOURITES + _ASCII + _HAN if char not in excluded)


def _span(low: str, high: str) -> str:
    """The characters from low to high: all of a short range, the first ones of a long range."""
    start, end = ord(low), ord(high[-1])
    if start <= ord(" ") and end >= ord("~"):
        return _FAVOURITES + _ASCII
    return "".join(map(chr, range(start, min(end, start + 127) + 1)))


def parsed(pattern: str) -> Node:
    """The tree of a pattern. Raises `UnreadablePatternError` when its syntax is not understood."""
    parser = _Parser(pattern)
    tree = parser.choice()
    if parser.at < len(pattern):
        msg = "a bracket closes that was not opened"
        raise UnreadablePatternError(msg)
    return tree
