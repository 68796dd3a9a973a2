"""How a command that is told to end does so: as after Ctrl-C, with all that it has to clear up."""

import _thread
import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")
_SOON = 0.01
"""Seconds after which a signal is sent once more that came while garbage was collected."""


def _collecting(frame: FrameType | None) -> bool:
    """Whether a callback of the collector of garbage runs there: what is raised in one is lost."""
    callbacks = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None and frame.f_code not in callbacks:
        frame = frame.f_back
    return frame is not None


def _interrupt(number: int) -> None:
    """Sends a signal to the thread that handles signals, whatever it waits for."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:  # Windows: heard when the wait is over
        _thread.interrupt_main(signal.Signals(number))


@contextmanager
def ended_by_signal() -> Iterator[None]:
    """SIGTERM, or a terminal that is closed, ends a command as Ctrl-C does: it can still clear up.

    Who ignores a signal (`nohup`) goes on doing so.
    """

    def end(number: int, frame: FrameType | None) -> None:
        if not _collecting(frame):
            raise KeyboardInterrupt
        threading.Timer(_SOON, _interrupt, (number,)).start()

    known = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    before = {number: kept for number in known if (kept := signal.getsignal(number)) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, kept in before.items():
            signal.signal(number, kept)
