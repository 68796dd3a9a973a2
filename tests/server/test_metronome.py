"""Each piece is written at its moment, whatever else is played."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.server.metronome import Metronome, Piece

EARLY = 0.0005
"""Loops round to milliseconds."""


@dataclass
class Call:
    """A call that is to come, or was cancelled."""

    when: float
    callback: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        """It does not come."""
        self.cancelled = True


@dataclass
class Clock:
    """A loop's clock that is turned by hand; `late` is how late it rings."""

    now: float = 0.0
    late: float = 0.0
    calls: list[Call] = field(default_factory=list)

    def time(self) -> float:
        """The time."""
        return self.now

    def call_at(self, when: float, callback: Callable[[], object], /) -> Call:
        """Notes a call."""
        self.calls.append(Call(when, callback))
        return self.calls[-1]

    @property
    def waiting(self) -> list[Call]:
        """The calls that will come."""
        return [call for call in self.calls if not call.cancelled]

    def run(self, until: float) -> None:
        """Turns the clock, and rings."""
        while due := [call for call in self.waiting if call.when + self.late <= until]:
            call = min(due, key=lambda each: each.when)
            self.calls.remove(call)
            self.now = max(self.now, call.when + self.late)
            call.callback()
        self.now = until


class Whole(Clock):
    """One that tells whole milliseconds, and rounds to them when it rings."""

    def ring(self) -> None:
        """Turns the clock to the next call, and rings."""
        call = min(self.waiting, key=lambda each: each.when)
        self.calls.remove(call)
        self.now = round(self.now + max(0, round((call.when - self.now) * 1000)) / 1000, 3)
        call.callback()


@dataclass
class Reader:
    """Who is written to, and when; one that is `full` takes no more."""

    clock: Clock
    full: bool = False
    heard: list[tuple[float, bytes]] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)

    def write_next(self, data: bytes, /) -> bool:
        """Takes bytes."""
        if not self.full:
            self.heard.append((self.clock.now, data))
        return not self.full

    def ended(self) -> None:
        """It is over."""
        self.ends.append(self.clock.now)

    @property
    def text(self) -> bytes:
        """All that was heard."""
        return b"".join(data for _, data in self.heard)

    def piece(self, due: list[float], start: float = 0.0) -> Piece:
        """Pieces `a`, `b`, `c` and so on, for this reader."""
        pieces = [bytes([ord("a") + at]) for at in range(len(due))]
        return Piece(self, pieces, due, start=start, ended=self.ended)


DUES = st.lists(st.floats(0, 9), max_size=8).map(sorted)


@given(st.lists(st.tuples(DUES, st.floats(0, 3)), max_size=6), st.floats(0, 0.3))
def test_each_is_written_at_its_moment(played: list[tuple[list[float], float]], late: float) -> None:
    clock = Clock(late=late)
    metronome = Metronome(clock=lambda: clock)
    readers = []
    for due, begins in sorted(played, key=lambda each: each[1]):
        clock.run(begins)
        reader = Reader(clock)
        metronome.play(reader.piece(due, start=clock.now))
        readers.append((reader, due, clock.now))
    clock.run(60)
    assert not clock.waiting
    assert len(metronome) == 0
    for reader, due, start in readers:
        assert reader.text == bytes(range(ord("a"), ord("a") + len(due)))
        assert len(reader.ends) == 1
        went = 0
        for at, data in reader.heard:
            # Never before it is due; and what rings late is not behind by more than that.
            assert start + due[went + len(data) - 1] <= at + EARLY + 1e-9
            assert at <= start + due[went] + late + 1e-9
            went += len(data)


@given(DUES, st.floats(0, 10))
def test_what_is_stopped_is_written_no_more(due: list[float], at: float) -> None:
    clock = Clock()
    reader, metronome = Reader(clock), Metronome(clock=lambda: clock)
    piece = reader.piece(due)
    metronome.play(piece)
    clock.run(at)
    metronome.stop(piece)
    went = piece.at
    clock.run(60)
    assert piece.at == went == len(reader.text) >= bisect_right(due, at)
    assert len(reader.ends) == (went == len(due))


@pytest.mark.parametrize("full_from", [0.0, 1.0])
def test_who_takes_no_more_has_the_rest_left_to_others(full_from: float) -> None:
    clock = Clock()
    reader, metronome = Reader(clock, full=not full_from), Metronome(clock=lambda: clock)
    piece = reader.piece([0.0, 1.0, 2.0])
    metronome.play(piece)
    clock.run(full_from / 2)
    reader.full = True
    clock.run(60)
    assert piece.at == len(reader.text) == (full_from > 0)
    assert reader.ends == [full_from]


@given(st.lists(st.floats(0.001, 40), min_size=1, max_size=30), st.floats(0, 1e5), st.integers(1, 3))
@example([12.5] * 30, 15.001995, 1)
@example([6.7] * 30, 15.0, 1)
def test_loops_that_tell_whole_milliseconds_are_never_held(
    steps: list[float], start: float, streams: int
) -> None:
    """uvloop rounds the time and the moments of its timers; sums and differences of these differ by a bit."""
    clock = Whole(now=round(start, 3))
    metronome = Metronome(clock=lambda: clock)
    due = [*accumulate(step / 1000 for step in steps)]
    readers = [Reader(clock) for _ in range(streams)]
    for reader in readers:
        metronome.play(reader.piece(due, start=clock.now))
    rings = 0
    while clock.waiting:
        assert len(clock.waiting) == 1
        rings += 1
        assert rings <= 3 * len(due), "it rings and rings, and nothing is written"
        clock.ring()
    assert [len(reader.text) for reader in readers] == [len(due)] * streams


def test_one_that_fails_does_not_stop_the_others() -> None:
    class Broken(Reader):
        def write_next(self, data: bytes, /) -> bool:
            raise OSError(data)

    clock = Clock()
    reader, metronome = Reader(clock), Metronome(clock=lambda: clock)
    metronome.play(Broken(clock).piece([1.0, 2.0]))
    metronome.play(reader.piece([1.0, 2.0]))
    with pytest.raises(OSError, match="a"):
        clock.run(1)
    clock.run(60)
    assert reader.text == b"ab"


def test_what_was_stopped_is_let_go_long_before_it_would_have_been_due() -> None:
    clock = Clock()
    metronome = Metronome(clock=lambda: clock)
    for _ in range(1000):
        piece = Reader(clock).piece([0.0, 3600.0])
        metronome.play(piece)
        metronome.stop(piece)
    assert len(metronome) <= 65
    assert len(clock.waiting) <= 1


def test_it_goes_by_the_running_loop() -> None:
    class Last(Reader):
        over: asyncio.Future[None]

        def ended(self) -> None:
            self.over.set_result(None)

    async def run() -> bytes:
        reader, loop = Last(Clock()), asyncio.get_running_loop()
        reader.over = loop.create_future()
        Metronome().play(reader.piece([0.0, 0.001, 0.002], start=loop.time()))
        await reader.over
        return reader.text

    assert asyncio.run(run()) == b"abc"
