"""How the C library keeps memory for a process that is a server's own.

glibc keeps what was freed for whoever asks next, in a heap for each thread that ever had to wait, and takes
large blocks from these heaps as soon as one of that size was freed before. Requests of many megabytes, read
and written by several threads, so leave holes that nobody fills: what is used stays the same, what the
process holds grows.
"""

import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""The names of what can be set (glibc, `malloc.h`)."""

HEAPS = 2
"""One for the loop, one for the thread that works aside; the interpreter runs one of them at a time."""

LARGE = 256 * 1024
"""From so many bytes on a block is a mapping of its own, which goes back to the system when it is freed."""

_FREE = 1024 * 1024
"""So many free bytes at the end of a heap go back too."""


def settle() -> bool:
    """Has what is freed go back to the system; False where another C library keeps the memory."""
    import ctypes  # noqa: PLC0415 - a server settles when it has begun to answer

    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is None:
        return False
    options = {_ARENA_MAX: HEAPS, _MMAP_THRESHOLD: LARGE, _TRIM_THRESHOLD: _FREE}
    return 0 not in [set_option(name, value) for name, value in options.items()]
