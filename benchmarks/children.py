"""What a benchmark starts ends with it, however it ends: interrupted, killed, or out of memory.

python benchmarks/children.py PARENT COMMAND...   # what `tied` starts
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""From Linux's sys/prctl.h: the signal that a process gets when its parent ends. It outlives an exec."""


def tied(command: list[str]) -> list[str]:
    """Return what runs the command, to be killed when this process ends."""
    return [sys.executable, __file__, str(os.getpid()), *command]


def tie(parent: int) -> None:
    """Have this process killed when its parent ends; end it when that has ended meanwhile."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def tie_to_caller() -> None:
    """Tie this process, which `multiprocessing` has started, to the one that asked for it."""
    caller = multiprocessing.parent_process()
    if caller is not None and caller.pid is not None:
        tie(caller.pid)


def main(parent: str, *command: str) -> None:
    """Tie this process to its parent and become the command."""
    tie(int(parent))
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
