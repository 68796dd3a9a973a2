"""Which values a property may have, as its description says; and which of some values a text means."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from mockserver.base.kept import remembered
from mockserver.instances.fragments import shortened
from mockserver.instances.kinds import parts

_ITEM = r"[`'\"“]?[\w.+-](?:(?!或)[\w.+-]){0,100}+[`'\"”]?"
"""A value of a list, but its last one. It has an end: what announces a list may stand in it many times."""

_LISTED = re.compile(
    rf"(?:one of|either|must be|can be|options?(?: are)?|(?:allowed|possible|valid) values?(?: are)?|"
    rf"取值为?|可选值?为?)"
    rf"[:：]?\s*+(?:[\[({{]\s*+)?"
    rf"((?:{_ITEM}(?:\s*+[,，、|/]\s*+(?:or\s++)?|\s++or\s++|或)){{1,16}}[`'\"“]?[\w.+-]++[`'\"”]?)",
    re.IGNORECASE,
)
_QUOTED_LIST = re.compile(
    r"(?<!\w)((?:[`'\"][\w.+-]++[`'\"](?:\s*+[,|/]\s*+(?:or\s++)?|\s++or\s++)){1,16}[`'\"][\w.+-]++[`'\"])"
)
_PARTED = re.compile(r"(?:(?<!\s)\s++)?+[,，、|/]\s*+(?:or\s++)?|(?<!\s)\s++or\s++|或")
_CLOSE = 0.8
"""How like a word a member is that it stands for."""

_SHORTEST = 4
"""The shortest member of which other spellings are looked for."""

_MOST_MEMBERS, _MOST_WORDS = 50, 200


@remembered(most=1024, characters=1 << 20)
def listed(description: str) -> tuple[str, ...]:
    """The values that a description allows: ``one of: asc, desc``, ``'metric' or 'imperial'``."""
    description = shortened(description)
    if "e.g" in description or "example" in description:
        return ()
    found = _LISTED.search(description) or _QUOTED_LIST.search(description)
    items = [item.strip("`'\"“” .") for item in _PARTED.split(found[1])] if found else []
    return tuple(item for item in items if item)


def _shared(members: Sequence[Any]) -> set[str]:
    """The parts that all members of an enum have, which tell none of them."""
    pieces = [set(parts(member)) for member in members if isinstance(member, str)]
    return set.intersection(*pieces) if len(pieces) > 1 else set()


def nearest_members(members: Sequence[Any], text: str) -> list[Any]:
    """The members of an enum that a text spells otherwise: in parts, or with a slip."""
    words = list(dict.fromkeys(re.findall(r"[a-z]+", text.lower())))[:_MOST_WORDS]
    known = set(words)
    shared = _shared(members[:_MOST_MEMBERS])
    found = []
    for member in members[:_MOST_MEMBERS]:
        if not isinstance(member, str) or len(member) < _SHORTEST or not member.isascii():
            continue
        pieces = [piece for piece in parts(member) if piece not in shared]
        like = [word for word in words if word[0] == member[0].lower()]
        begun = any(word.startswith(member.lower()) for word in like)
        if (
            begun
            or (len(pieces) + len(shared) > 1 and pieces and known.issuperset(pieces))
            or get_close_matches(member.lower(), like, 1, _CLOSE)
        ):
            found.append(member)
    return found
