"""What a translation model says: nothing is translated, but what was asked of it can be seen.

A pair of the memory answers for its source; else the text comes behind the language that it was to be
translated into, its terms exchanged. Without options it comes back as it was (probes of a user, 2026-08-20).
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockserver.catalogue.languages import named
from mockserver.talk.request import ChatRequest

_TERMS, _LETTERS = 100, 100
"""How many terms are looked for, and how long each may be: they may not let a text grow without end."""


def translated(request: ChatRequest) -> str:
    """The text of the last user message as a translation of it looks here."""
    text, options = request.last_user, request.options("translation_options")
    target = options.get("target_lang")
    if not isinstance(target, str) or not target:
        return text
    remembered = dict(_pairs(options.get("tm_list")))
    if text in remembered:
        return remembered[text]
    terms = dict(_pairs(options.get("terms")))
    if terms:
        text = _exchanged(text, terms)
    return f"[{named(target)}] {text}"


def _exchanged(text: str, terms: Mapping[str, str]) -> str:
    """A text with its terms exchanged: from the left, at each place the longest."""
    lengths, parts, kept, at = _lengths(text, terms), [], 0, 0
    while at < len(text):
        if not lengths[at]:
            at += 1
            continue
        stop = at + lengths[at]
        parts += [text[kept:at], terms[text[at:stop]]]
        kept = at = stop
    return "".join([*parts, text[kept:]])


def _lengths(text: str, terms: Iterable[str]) -> list[int]:
    """How long the longest term is that begins at each place of a text; 0 where none does.

    The text is read once, from its end, whatever the terms: as Aho and Corasick do it (CACM 18, 1975).
    """
    tree, found = _tree(terms)
    fallback = _fallbacks(tree, found)
    lengths, at = [0] * len(text), 0
    for place in range(len(text) - 1, -1, -1):
        at = _step(tree, fallback, at, text[place])
        lengths[place] = found[at]
    return lengths


def _tree(terms: Iterable[str]) -> tuple[list[dict[str, int]], list[int]]:
    """The terms letter by letter from their ends: what may follow, and how long a term is that ends there."""
    tree: list[dict[str, int]] = [{}]
    found = [0]
    for term in terms:
        at = 0
        for letter in reversed(term):
            if letter not in tree[at]:
                tree[at][letter] = len(tree)
                tree.append({})
                found.append(0)
            at = tree[at][letter]
        found[at] = len(term)
    return tree, found


def _fallbacks(tree: list[dict[str, int]], found: list[int]) -> list[int]:
    """Where to go on behind what does not follow; each place learns the longest term that ends there."""
    fallback, row = [0] * len(tree), deque([0])
    while row:
        at = row.popleft()
        for letter, below in tree[at].items():
            if at:
                fallback[below] = _step(tree, fallback, fallback[at], letter)
            found[below] = found[below] or found[fallback[below]]
            row.append(below)
    return fallback


def _step(tree: list[dict[str, int]], fallback: list[int], at: int, letter: str) -> int:
    while at and letter not in tree[at]:
        at = fallback[at]
    return tree[at].get(letter, 0)


def _pairs(given: Any) -> Iterator[tuple[str, str]]:
    """The first pairs of a list, each a source with its target; a lenient server lets in what is none."""
    for pair in given[:_TERMS] if isinstance(given, list) else ():
        if not isinstance(pair, Mapping):
            continue
        source, target = pair.get("source"), pair.get("target")
        if isinstance(source, str) and isinstance(target, str) and 0 < len(source) <= _LETTERS >= len(target):
            yield source, target
