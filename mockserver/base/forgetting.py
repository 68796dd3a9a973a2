"""What is remembered only to be found sooner, and may be forgotten at any time.

The interpreter takes memory for small values in blocks of a megabyte, and gives back one in which nothing is
left. A word that is remembered while a large request is worked on keeps the whole block in which it stands:
some thousand of them once held half of what a server had. So what can be found again is forgotten behind it.
"""

from collections.abc import Callable
from functools import _lru_cache_wrapper, lru_cache
from typing import TypeVar

Found = TypeVar("Found")

_forgetting: list[Callable[[], None]] = []


def also(forget: Callable[[], None]) -> None:
    """Has something called by `forget_all`, in whichever thread that is."""
    _forgetting.append(forget)


def memo(*, most: int) -> Callable[[Callable[..., Found]], "_lru_cache_wrapper[Found]"]:
    """Like `functools.lru_cache`, for what follows from the arguments alone: it may be forgotten."""

    def remember(work: Callable[..., Found]) -> "_lru_cache_wrapper[Found]":
        remembering = lru_cache(maxsize=most)(work)
        also(remembering.cache_clear)
        return remembering

    return remember


def forget_all() -> None:
    """Forgets what can be found again."""
    for forget in _forgetting:
        forget()
