"""Named texts of a file of cases: long or odd ones stand once, and each use has a number of its own.

A string `@odd 12` is the text named `odd`, with 12 in the place of each `@` in it; `@odd 12 2/4` is the
second quarter of that. Any other string is itself, whatever it begins with.
"""

import re
from collections.abc import Mapping
from typing import Any

_NAMED = re.compile(r"@(\w+) (\d+)(?: (\d+)/(\d+))?", re.ASCII)


def filled(value: Any, texts: Mapping[str, str]) -> Any:
    """A JSON value with every named text filled in, keys aside."""
    if isinstance(value, str):
        return _text(value, texts)
    if isinstance(value, list):
        return [filled(item, texts) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, texts) for name, item in value.items()}
    return value


def _text(value: str, texts: Mapping[str, str]) -> str:
    match = _NAMED.fullmatch(value)
    if match is None or match[1] not in texts:
        return value
    text = texts[match[1]].replace("@", match[2])
    if match[3] is None:
        return text
    part, parts = int(match[3]), max(1, int(match[4]))
    return text[len(text) * (part - 1) // parts : len(text) * part // parts] if part else ""
