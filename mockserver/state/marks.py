"""Marks in memory that outlives its process: of which answers the first byte was about to leave.

A worker that is killed says nothing any more. What it marked is still there for the one that takes its
place, which so knows whose steps nobody has seen.
"""

from collections.abc import Iterable

MOST = 16_384
"""So many answers may be on their way at once."""

BYTES = 8 * (1 + MOST)
"""So much memory it takes: a name, and a number for each of them."""


class Marks:
    """A name, and the numbers that are marked under it; `memory` may hold those of a process before."""

    def __init__(self, memory: memoryview | None = None) -> None:
        self._places = (memory or memoryview(bytearray(BYTES))).cast("Q")
        self._free = list(range(MOST, 0, -1))

    @property
    def name(self) -> int:
        """Whose marks they are; 0 for nobody's."""
        return self._places[0]

    @property
    def numbers(self) -> list[int]:
        """What is marked."""
        return [number for number in self._places[1:] if number]

    def begin(self, name: int) -> None:
        """Marks nothing, under another name."""
        self._places[:] = memoryview(name.to_bytes(8, "little") + bytes(8 * MOST)).cast("Q")

    def place(self) -> int | None:
        """A place for one mark, held until it is freed; None when all are held."""
        return self._free.pop() if self._free else None

    def mark(self, place: int, number: int) -> None:
        """Marks a number."""
        self._places[place] = number

    def free(self, places: Iterable[int]) -> None:
        """Marks nothing there any more."""
        for place in places:
            self._places[place] = 0
            self._free.append(place)
