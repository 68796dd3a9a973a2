"""The end of a process that was told to end: by itself, or over it is."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mockserver.server.ending import LastCall

PATIENCE = 60.0

HELD_UP = """
import sys, time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from mockserver.corridor.engine import Engine
from mockserver.server.serve import serve
from mockserver.corridor.settings import Settings

async def hold_up():
    print("held up", flush=True)
    while True:
        time.sleep(1)

serve(Engine(Settings(port=0, grace=0.0)), quiet=True, beside=[hold_up])
"""


class Timer:
    """A timer that rings when it is told to."""

    daemon = False

    def __init__(self, seconds: float, ring: Callable[[int], None], given: list[int]) -> None:
        self.seconds = seconds
        self.ring = partial(ring, *given)
        self.started = False

    def start(self) -> None:
        """It runs."""
        self.started = True


def test_a_process_that_does_not_end_is_ended_behind_its_grace(caplog: pytest.LogCaptureFixture) -> None:
    timers: list[Timer] = []
    ended: list[int] = []

    def timer(*given: Any) -> Any:
        timers.append(Timer(*given))
        return timers[-1]

    last = LastCall(5.0, end=ended.append, timer=timer)
    last.call(signal.SIGTERM)
    last.call(signal.SIGINT)
    (only,) = timers
    assert (only.started, only.daemon) == (True, True)
    assert 5.0 < only.seconds < 6.0
    assert ended == []
    with caplog.at_level(logging.WARNING, "mockserver"):
        only.ring()
    assert ended == [128 + signal.SIGTERM]
    assert "something still ran 5.7 seconds after the signal" in caplog.text


def test_a_timer_of_the_system_rings_by_itself() -> None:
    rang = threading.Event()
    LastCall(-0.7, end=lambda _: rang.set()).call(signal.SIGTERM)
    assert rang.wait(PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_held_up_for_ever_ends(number: signal.Signals, tmp_path: Path) -> None:
    program = [sys.executable, "-c", HELD_UP]
    with subprocess.Popen(  # noqa: S603 - our own program
        program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held up\n"
        process.send_signal(number)
        assert process.wait(PATIENCE) == 128 + number
