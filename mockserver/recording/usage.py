"""Recorded usage, read from any dialect and written for another."""

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
    """The counts of a usage object; None when it has no input and output tokens.

    Anthropic's counts apart what was read from a cache or written to one; here the input is all of it.
    """
    read = _number(usage, "prompt_tokens", "input_tokens")
    written = _number(usage, "completion_tokens", "output_tokens")
    if read is None:
        return None
    apart = [_number(usage, name) for name in ("cache_read_input_tokens", "cache_creation_input_tokens")]
    cached = _number(usage, "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens")
    return Usage(
        read + sum(count or 0 for count in apart),
        written or 0,
        _number(
            usage, "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens"
        ),
        (apart[0] if apart[0] is not None else cached) or 0,
        apart[1] or None,
    )


def overrides_for(surface: Surface, usage: Mapping[str, Any], *, spoken: str) -> Mapping[str, Any] | None:
    """What a recorded usage puts over the usage of a surface.

    As it is where the dialect that it was `spoken` in is the surface's; None where it says nothing.
    """
    if spoken == surface.dialect:
        return usage
    counts = counts_of(usage)
    return None if counts is None else dialect_of(surface).counted(counts)
