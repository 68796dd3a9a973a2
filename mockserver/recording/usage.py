"""Recorded usage, read from either dialect and written for another."""

from collections.abc import Mapping
from typing import Any

from mockserver.dialects.table import dialect_of
from mockserver.talk.reply import Usage
from mockserver.talk.surface import Surface


def _number(usage: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value: Any = usage
        for step in name.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def counts_of(usage: Mapping[str, Any]) -> Usage | None:
    """The counts of a usage object; None when it has no input and output tokens."""
    read = _number(usage, "prompt_tokens", "input_tokens")
    written = _number(usage, "completion_tokens", "output_tokens")
    if read is None:
        return None
    return Usage(
        read,
        written or 0,
        _number(
            usage, "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"
        ),
        _number(usage, "prompt_tokens_details.cached_tokens") or 0,
    )


def overrides_for(surface: Surface, usage: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a recorded usage puts over the usage of a surface; as it is where it is of that dialect."""
    names = dialect_of(surface).usage_names
    if names[0] in usage:
        return usage
    counts = counts_of(usage)
    if counts is None:
        return None
    return {**dict(zip(names, (counts.input, counts.output), strict=True)), "total_tokens": counts.total}
