"""A mapping that forgets: what was used last stays, and its bounds hold whatever comes."""

from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.kept import Kept, Marks, remembered


def test_what_rested_longest_goes_first() -> None:
    kept: Kept[str, int] = Kept(most=2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert list(kept) == ["a", "c"]
    assert list(kept.values()) == [1, 3]
    assert kept.get("b") is None
    assert "b" not in kept


def test_a_value_is_weighed_again_when_it_is_put_again() -> None:
    kept: Kept[str, str] = Kept(most=10, size=10, weigh=lambda _, text: len(text))
    kept.put("a", "1234")
    kept.put("a", "123456")
    assert kept.size == 6
    kept.put("b", "12345")
    assert list(kept) == ["b"]
    assert kept.pop("b") == "12345"
    assert (kept.pop("b"), kept.size, len(kept)) == (None, 0, 0)


def test_what_is_kept_is_weighed_again_where_it_is_what_is_meant() -> None:
    kept: Kept[str, list[int]] = Kept(most=10, size=10, weigh=lambda _, value: sum(value))
    grows, rests = [1], [2]
    kept.put("a", grows)
    kept.put("b", rests)
    assert kept.again("a", grows)
    assert (list(kept), kept.size) == (["b", "a"], 3)
    rests.append(5)
    assert kept.again("b", rests)
    assert (list(kept), kept.size) == (["a", "b"], 8)
    assert not kept.again("a", [1])
    assert not kept.again("c", grows)
    grows.append(9)
    assert kept.again("a", grows)
    assert (list(kept), kept.size) == (["a"], 10)


def test_the_newest_stays_however_large() -> None:
    kept: Kept[str, str] = Kept(most=10, size=3, weigh=lambda _, text: len(text))
    kept.put("a", "12")
    kept.put("b", "12345")
    assert list(kept) == ["b"]
    kept.clear()
    assert (list(kept), kept.size) == ([], 0)


@given(
    st.integers(1, 5),
    st.integers(0, 30),
    st.lists(st.tuples(st.sampled_from(["put", "get", "pop"]), st.integers(0, 8), st.integers(0, 20))),
)
def test_the_bounds_hold_whatever_comes(most: int, size: int, steps: list[tuple[str, int, int]]) -> None:
    kept: Kept[int, int] = Kept(most=most, size=size, weigh=lambda _, value: value)
    for verb, key, value in steps:
        if verb == "put":
            kept.put(key, value)
            assert kept.get(key) == value
        else:
            getattr(kept, verb)(key)
        assert kept.size == sum(kept.values())
        assert len(kept) <= most
        assert kept.size <= size or len(kept) == 1


def test_what_was_given_for_texts_is_remembered_as_long_as_they_are_not_too_long_together() -> None:
    asked: list[str] = []

    @remembered(most=3, characters=10)
    def brewed(leaf: str, pot: str = "") -> str | None:
        asked.append(leaf)
        return None if leaf == "stone" else leaf + pot

    assert [brewed("tea"), brewed("tea"), brewed("stone"), brewed("stone")] == ["tea", "tea", None, None]
    assert asked == ["tea", "stone"]
    assert brewed("tea", "pot") == "teapot"
    brewed("tea")
    assert asked == ["tea", "stone", "tea", "tea"]
    for _ in range(2):
        brewed("x" * 100)
    assert asked[4:] == ["x" * 100]


def test_short_texts_are_bounded_in_number_and_long_ones_in_length() -> None:
    asked: list[str] = []

    @remembered(most=2, characters=16)
    def brewed(leaf: str) -> str:
        asked.append(leaf)
        return leaf

    for leaf in (
        "tea",
        "mate",
        "tea",
        "mate",
        "rice",
        "tea",
    ):  # of 4 characters, which is a short one's share
        assert brewed(leaf) == leaf
    assert asked == ["tea", "mate", "rice", "tea"]
    for leaf in ("white", "oolong", "white", "tea"):  # 8 characters are all that long ones have together
        assert brewed(leaf) == leaf
    assert asked[4:] == ["white", "oolong", "white"]


def test_what_is_kept_again_is_weighed_once() -> None:
    weighed: list[str] = []

    def weigh(key: str, value: list[int]) -> int:
        weighed.append(key)
        return len(value)

    kept: Kept[str, list[int]] = Kept(most=3, size=10, weigh=weigh)
    grows: list[int] = []
    kept.put("a", grows)
    grows += [1, 2]
    assert kept.again("a", grows)
    assert weighed == ["a", "a"]
    assert kept.size == 2


def test_what_came_is_marked_until_there_are_too_many_marks() -> None:
    marks = Marks(2)
    assert [marks.before(one) for one in ("a", "a", "b", "a", "c", "c", "b")] == [
        False,
        True,
        False,
        True,
        False,
        True,
        False,
    ]
    marks.clear()
    assert not marks.before("c")
