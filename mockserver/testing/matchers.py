"""Texts that a scripted reply waits for, as Python says them."""

from collections.abc import Mapping

Text = str | Mapping[str, str]
"""A text that must be equal, or what `contains` and `regex` give."""


def contains(part: str) -> dict[str, str]:
    """Any text that holds this part."""
    return {"contains": part}


def regex(pattern: str) -> dict[str, str]:
    """Any text in which this regular expression is found."""
    return {"regex": pattern}
