"""What is remembered only to be found sooner is forgotten with all the rest, and found again."""

from mockserver.base.forgetting import also, forget_all, memo
from mockserver.base.kept import remembered


def test_what_follows_from_arguments_is_found_again_when_it_was_forgotten() -> None:
    asked: list[str] = []

    @memo(most=2)
    def loud(text: str) -> str:
        asked.append(text)
        return text.upper()

    assert [loud("a"), loud("a"), loud("b")] == ["A", "A", "B"]
    forget_all()
    assert loud.cache_info().currsize == 0
    assert loud("a") == "A"
    assert asked == ["a", "b", "a"]


def test_short_and_long_texts_are_forgotten() -> None:
    asked: list[int] = []

    @remembered(most=4, characters=1000)
    def measured(text: str) -> int:
        asked.append(len(text))
        return len(text)

    for _ in range(2):
        assert measured("short") == 5
        assert measured("l" * 400) == 400
        forget_all()
    assert asked == [5, 400, 5, 400]


def test_others_may_join() -> None:
    forgotten: list[bool] = []
    also(lambda: forgotten.append(True))
    forget_all()
    assert forgotten == [True]
