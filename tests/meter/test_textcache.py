"""What was computed for a text is remembered, within bounds."""

from sys import getsizeof

from mockserver.base.forgetting import forget_all
from mockserver.meter.textcache import TextCache


def test_a_cache_computes_a_text_once() -> None:
    asked: list[str] = []

    def measure(text: str) -> int:
        asked.append(text)
        return len(text)

    cache = TextCache(measure)
    assert [cache["tea"], cache["tea"], cache[""], cache[""]] == [3, 3, 0, 0]
    assert asked == ["tea", ""]
    assert len(cache) == 2


def test_a_full_cache_forgets_the_older_half_and_still_answers() -> None:
    asked: list[str] = []

    def measure(text: str) -> int:
        asked.append(text)
        return len(text)

    cache = TextCache(measure)
    for text in "abcd":
        cache[text]
    cache = TextCache(measure, limit=cache.size)
    asked.clear()
    for text in "abcd":
        cache[text]
    assert len(cache) == 4
    cache["e"]
    assert len(cache) == 2
    assert cache["d"] == cache["e"] == 1
    assert asked == ["a", "b", "c", "d", "e"]
    assert cache["a"] == 1
    assert asked[-1] == "a"


def test_a_cache_stays_within_its_limit_whatever_it_is_asked() -> None:
    cache = TextCache(len, limit=2000)
    for number in [*range(500), *[1] * 5, 900]:
        cache["茶" * number]
        assert cache.size <= 2000
        assert sum(map(getsizeof, cache)) <= cache.size


def test_a_very_long_text_is_not_kept() -> None:
    cache = TextCache(len)
    assert cache["x" * 200_001] == 200_001
    assert len(cache) == 0
    assert cache["x" * 200_000] == 200_000
    assert len(cache) == 1


def test_a_cache_forgets_when_all_is_forgotten() -> None:
    asked: list[str] = []

    def compute(text: str) -> int:
        asked.append(text)
        return len(text)

    cache = TextCache(compute)
    assert cache["tea"] == 3
    forget_all()
    assert (len(cache), cache.size) == (0, 0)
    assert cache["tea"] == 3
    assert asked == ["tea", "tea"]
