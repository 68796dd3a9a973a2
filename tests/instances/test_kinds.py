"""What a property holds, by its name: the words of names, and tables that hold together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances import kinds
from mockserver.instances.kinds import kind_of, made_up, parts, tables, usual

WORDS = st.lists(st.text("abc", min_size=2, max_size=4), min_size=1, max_size=4)


@given(WORDS)
def test_a_name_has_the_same_words_however_it_joins_them(words: list[str]) -> None:
    camel = words[0] + "".join(word.title() for word in words[1:])
    joined = [sign.join(words) for sign in ("_", "-", " ", ".", "__")]
    for name in (camel, camel[0].upper() + camel[1:], "_".join(words).upper(), *joined):
        assert parts(name) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("HTTPServer", ["http", "server"]),
        ("userID", ["user", "id"]),
        ("page2Size", ["page2", "size"]),
        ("_id_", ["id"]),
        ("城市Name", ["城市name"]),
        ("", []),
        ("$%", []),
    ],
)
def test_a_name_is_taken_apart_where_its_case_changes(name: str, words: list[str]) -> None:
    assert parts(name) == words


@pytest.mark.parametrize(
    ("name", "description", "kind"),
    [
        ("Cities", "", "place"),
        ("country_name", "", "country"),
        ("currencies", "", "currency"),
        ("sku", "", "id"),
        ("code", "", "code"),
        ("my_code", "", ""),
        ("sourceCode", "", "code"),
        ("目的地", "", "place"),
        ("email_address", "the city", "email"),
        ("user_name", "", "person"),
        ("username", "their e-mail", "person"),
        ("username", "their email", "email"),
        ("text", "nothing known", "text"),
        ("text", "内容", "text"),
        ("x", "the CITY", "place"),
        ("x", "the cityscape", ""),
        ("x", "邮箱", "email"),
    ],
)
def test_a_name_tells_the_kind_and_else_the_description(name: str, description: str, kind: str) -> None:
    assert kind_of(name, description) == kind


@given(name=st.text(max_size=12), description=st.text(max_size=20))
def test_every_property_is_of_a_known_kind_or_of_none(name: str, description: str) -> None:
    kind = kind_of(name, description)
    assert kind in {"", *tables()["kinds"]}
    assert made_up(kind, "en")


def test_what_is_made_up_is_in_the_language_or_else_in_english() -> None:
    assert made_up("place", "zh") != made_up("place", "en")
    assert made_up("place", "tlh") == made_up("place", "en")
    assert made_up("email", "zh") == (tables()["kinds"]["email"].get("zh") or made_up("email", "en"))
    assert made_up("tea", "ja") == made_up("", "ja") == tables()["other"]["ja"]


def test_nothing_made_up_is_there_twice() -> None:
    for kind in (*tables()["kinds"], ""):
        for language in ("en", "zh", "ja"):
            things = made_up(kind, language)
            assert len(things) == len(set(things)), kind


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("age", (18, 75)),
        ("maxPrice", (5, 200)),
        ("price_limit", (5, 20)),
        ("days_of_year", (1990, 2025)),
        ("confidence", (0, 1)),
        ("tea", (1, 100)),
        ("", (1, 100)),
    ],
)
def test_the_last_word_that_is_known_gives_the_range(name: str, span: tuple[int, int]) -> None:
    assert usual(name) == span


def test_every_range_goes_up() -> None:
    assert [name for name, (low, high) in tables()["numbers"].items() if low > high] == []


def test_of_names_the_words_of_some_are_remembered_and_of_none_that_is_long() -> None:
    for number in range(kinds._NAMED + 10):
        parts(f"name_{number}")
    held = kinds._known_parts.cache_info().currsize
    parts("ab_" * kinds._NAME)
    assert (held, kinds._known_parts.cache_info().currsize) == (kinds._NAMED, kinds._NAMED)
    assert parts("ab_" * kinds._NAME) == ["ab"] * kinds._NAME


def test_who_changes_the_words_of_a_name_changes_nobody_elses() -> None:
    parts("tea_pot").clear()
    assert parts("tea_pot") == ["tea", "pot"]
