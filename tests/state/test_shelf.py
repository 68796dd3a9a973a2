"""What the server keeps: by key, kind and id, bounded in number, bytes and time."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.state.shelf import Shelf
from mockserver.state.worlds import World

OURS, THEIRS = World("sk-a"), World("sk-b")


def test_a_thing_is_found_by_its_own_key_kind_and_name_only() -> None:
    shelf = Shelf()
    shelf.put(OURS, "tea", "1", "oolong", ends=9, size=1)
    assert shelf.get(OURS, "tea", "1", now=0) == "oolong"
    for world, kind, name in ((THEIRS, "tea", "1"), (OURS, "cup", "1"), (OURS, "tea", "2")):
        assert shelf.get(world, kind, name, now=0) is None


def test_a_thing_ends_with_its_time() -> None:
    shelf = Shelf()
    shelf.put(OURS, "tea", "1", "oolong", ends=9, size=1)
    shelf.put(OURS, "tea", "2", "sencha", ends=99, size=1)
    assert list(shelf.all(OURS, "tea", now=9)) == ["sencha"]
    assert shelf.anywhere("tea", "1", now=9) is None
    assert shelf.anywhere("tea", "2", now=9) == "sencha"
    assert shelf.get(OURS, "tea", "1", now=9) is None
    assert len(shelf) == 1


def test_the_newest_come_first_and_what_is_put_again_keeps_its_age() -> None:
    shelf = Shelf()
    for name in "abc":
        shelf.put(OURS, "tea", name, name, ends=9, size=1)
    shelf.put(OURS, "tea", "a", "A", ends=9, size=1)
    assert list(shelf.all(OURS, "tea", now=0)) == ["c", "b", "A"]


def test_what_is_taken_out_is_gone() -> None:
    shelf = Shelf()
    shelf.put(OURS, "tea", "1", "oolong", ends=9, size=1)
    shelf.remove(OURS, "tea", "1")
    assert len(shelf) == 0


def test_one_key_is_forgotten_or_all() -> None:
    shelf = Shelf()
    for world in (OURS, THEIRS):
        shelf.put(world, "tea", "1", world.key, ends=9, size=1)
    shelf.reset("sk-a")
    assert (shelf.get(OURS, "tea", "1", now=0), shelf.get(THEIRS, "tea", "1", now=0)) == (None, "sk-b")
    shelf.reset()
    assert len(shelf) == 0


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 12)), max_size=60))
def test_no_more_is_kept_than_may_be(puts: list[tuple[str, int]]) -> None:
    shelf = Shelf(most=4, size=30)
    for name, size in puts:
        shelf.put(OURS, "tea", name, size, ends=9, size=size)
        kept = list(shelf.all(OURS, "tea", now=0))
        assert len(kept) <= 4
        assert sum(kept) <= 30
        assert shelf.get(OURS, "tea", name, now=0) in (size, None)
    shelf.reset()
    assert shelf._things.size == 0


def test_a_thing_that_is_too_large_alone_is_kept_alone() -> None:
    shelf = Shelf(size=5)
    shelf.put(OURS, "tea", "1", 1, ends=9, size=3)
    shelf.put(OURS, "tea", "2", 2, ends=9, size=7)
    assert list(shelf.all(OURS, "tea", now=0)) == [2]
