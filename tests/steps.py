"""How much work something is, in steps: the calls that Python makes, of its own functions and of others."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(work: Callable[[], Any]) -> int:
    """How many calls a piece of work makes. No clock decides, so it is the same on every machine.

    Nothing is collected meanwhile: what listens to the collector, as Hypothesis does, is not the work's own.
    """
    count = 0

    def counted(_: FrameType, event: str, __: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()
    return count
