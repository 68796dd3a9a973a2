"""Marks that outlive who made them."""

from mockserver.state.marks import BYTES, MOST, Marks


def test_who_comes_next_finds_what_was_marked() -> None:
    memory = memoryview(bytearray(BYTES))
    before = Marks(memory)
    assert (before.name, before.numbers) == (0, [])
    before.begin(7)
    one, two = before.place(), before.place()
    assert one is not None
    assert two is not None
    before.mark(one, 2**40)
    before.mark(two, 5)
    before.free([two])
    after = Marks(memory)
    assert (after.name, after.numbers) == (7, [2**40])
    after.begin(8)
    assert (after.name, after.numbers) == (8, [])


def test_a_place_is_held_until_it_is_freed() -> None:
    marks = Marks()
    held = [marks.place() for _ in range(MOST)]
    assert len(set(held)) == MOST
    assert marks.place() is None
    assert held[3] is not None
    marks.free([held[3]])
    assert marks.place() == held[3]


def test_the_last_place_and_the_largest_number_are_marked() -> None:
    memory = memoryview(bytearray(2 * BYTES))
    marks, neighbour = Marks(memory[:BYTES]), Marks(memory[BYTES:])
    marks.begin(2**64 - 1)
    marks.mark(MOST, 2**64 - 1)
    assert (marks.name, marks.numbers) == (2**64 - 1, [2**64 - 1])
    assert (neighbour.name, neighbour.numbers) == (0, [])
