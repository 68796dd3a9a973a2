"""What a translation model says: nothing is translated, but what was asked of it can be seen.

A pair of the memory answers for its source; else the text comes behind the language that it was to be
translated into, its terms exchanged. Without options it comes back as it was (probes of a user, 2026-08-20).
"""

import re
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
        text = re.sub(_longest(terms), lambda found: terms[found[0]], text)
    return f"[{named(target)}] {text}"


def _longest(terms: Iterable[str]) -> str:
    """An expression for the longest term at a place, which reads no letter there twice."""
    tree: dict[str, Any] = {}
    for term in terms:
        at = tree
        for letter in term:
            at = at.setdefault(letter, {})
        at[""] = {}
    return _branched(tree)


def _branched(tree: Mapping[str, Any]) -> str:
    """What may follow, letter by letter; "" stands for an end."""
    run = ""
    while len(tree) == 1 and "" not in tree:
        ((letter, tree),) = tree.items()
        run += re.escape(letter)
    ways = [re.escape(letter) + _branched(below) for letter, below in tree.items() if letter]
    return f"{run}(?:{'|'.join(ways)}){'?' if '' in tree else ''}" if ways else run


def _pairs(given: Any) -> Iterator[tuple[str, str]]:
    """The first pairs of a list, each a source with its target; a lenient server lets in what is none."""
    for pair in given[:_TERMS] if isinstance(given, list) else ():
        if not isinstance(pair, Mapping):
            continue
        source, target = pair.get("source"), pair.get("target")
        if isinstance(source, str) and isinstance(target, str) and 0 < len(source) <= _LETTERS >= len(target):
            yield source, target
