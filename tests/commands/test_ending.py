"""A command that is told to end: whatever it does at that moment, it ends gently."""

import gc
import signal
from collections.abc import Iterator
from threading import Event

import pytest

from mockserver.commands.ending import ended_by_signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 30.0
"""How long a test waits for what comes at once, in seconds."""


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """No signal is ignored, also where the tests run under `nohup`."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in SIGNALS}
    yield
    for number, kept in before.items():
        signal.signal(number, kept)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_a_command_gently(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    went_on: list[str] = []
    with ended_by_signal():
        signal.raise_signal(number)
        went_on.append("the signal did not end it")
    assert went_on == []
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_ends_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    went_on: list[str] = []
    try:
        with ended_by_signal():
            signal.raise_signal(signal.SIGHUP)
            went_on.append("under nohup")
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert went_on == ["under nohup"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_while_garbage_is_collected_is_not_lost(number: signal.Signals) -> None:
    """Python drops what is raised in a callback of its collector (3.11: a run went on after SIGTERM)."""
    raised: list[str] = []

    def raises(phase: str, _: object) -> None:
        if not raised:
            raised.append(phase)
            signal.raise_signal(number)

    gc.callbacks.append(raises)
    try:
        with ended_by_signal():
            gc.collect()
            assert not Event().wait(PATIENCE), "the signal did not end it"
            raised.append("waited in vain")
    finally:
        gc.callbacks.remove(raises)
    assert raised == ["start"]
