"""Candidates for strings and numbers: plausible ones first, none twice, all within what is said."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, pairwise
from math import inf, isfinite
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances.document import compiled
from mockserver.instances.facts import DeadEndError, Facts
from mockserver.instances.leaves import _FORMATS, MOST, numbers_of, strings
from mockserver.instances.places import Place
from tests.instances.making import Json, drawn, made

SEEDS = st.integers(0, 99)


def facts(schema: Json) -> Facts:
    """The demands of one schema."""
    return Facts((Place(schema),), "schema")


def said(
    name: str = "x", language: str = "en", *, seed: int = 0, most: int = MOST, **schema: Any
) -> list[str]:
    """The first candidates for a string of this name."""
    return list(islice(strings(facts(schema), name, language, drawn(seed)), most))


def counted(
    name: str = "x", *, whole: bool = True, seed: int = 0, most: int = 60, **schema: Any
) -> list[int | float]:
    """The first candidates for a number of this name."""
    return list(islice(numbers_of(facts(schema), name, drawn(seed), whole=whole), most))


@pytest.mark.parametrize("form", sorted(_FORMATS))
@given(seed=SEEDS)
def test_every_format_has_texts_that_are_valid(form: str, seed: int) -> None:
    document = compiled({"type": "string", "format": form})
    texts = said(format=form, seed=seed, most=5)
    assert len(texts) == 5
    assert [text for text in texts if not document.fits(document.root, text, formats=True)] == []


def test_a_format_that_is_not_known_says_nothing() -> None:
    assert said("city", format="tea", most=2) == said("city", most=2) == ["Paris", "London"]


def test_for_a_pattern_a_few_usual_things_are_tried_first() -> None:
    date, *things = said("city", pattern="^a[bc]$", format="date", most=7)
    assert date.startswith("20")
    assert things[:4] == ["Paris", "London", "sample", "example"]
    assert set(things[4:]) == {"ab", "ac"}
    assert said("city", pattern="^a$", format="tea", most=1) == ["Paris"]


def test_a_format_comes_before_what_is_made_up() -> None:
    assert said("city", format="date", most=1)[0].startswith("20")


@pytest.mark.parametrize(("language", "city"), [("en", "Paris"), ("zh", "杭州"), ("ja", "東京")])
def test_what_is_made_up_is_of_the_kind_and_in_the_language(language: str, city: str) -> None:
    assert city in said("city", language, most=10)
    assert city in said("x", language, description="the city", most=10)


@given(span=st.tuples(st.integers(0, 40), st.integers(0, 40)), seed=SEEDS)
def test_a_made_up_text_has_an_allowed_length(span: tuple[int, int], seed: int) -> None:
    least, most = span[0], sum(span)
    texts = said("city", seed=seed, most=40, minLength=least, maxLength=most)
    assert texts
    assert [text for text in texts if not least <= len(text) <= most] == []
    assert len(set(texts)) == len(texts)


def test_there_are_many_different_texts_but_not_without_end() -> None:
    texts = said("city")
    assert len(texts) > MOST // 2
    assert len(texts) == len(set(texts)) <= MOST


def test_where_there_is_room_for_one_letter_there_is_nearly_the_alphabet() -> None:
    letters = said(maxLength=1)
    assert len(letters) >= 25
    assert set("".join(letters)) <= set("abcdefghijklmnopqrstuvwxyz")


def test_where_there_is_no_room_there_is_one_text() -> None:
    assert said(maxLength=0) == [""]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"minLength": 10**9}, "schema: minLength 1000000000 is more than the mock writes"),
        ({"minLength": 2, "maxLength": 1}, "schema: minLength 2 is above maxLength 1"),
        ({"pattern": r"[^\s\S]"}, r"^schema: pattern '\[\^\\\\s\\\\S\]': "),
    ],
)
def test_where_no_text_can_be_the_reason_is_told(schema: Json, words: str) -> None:
    with pytest.raises(DeadEndError, match=words):
        said(**schema)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("age", 18, 75), ("user_age", 18, 75), ("rating", 1, 5), ("x", 1, 100)]
)
@given(seed=SEEDS)
def test_the_first_number_is_a_usual_one(name: str, low: int, high: int, seed: int) -> None:
    for whole in (True, False):
        assert low <= counted(name, whole=whole, seed=seed, most=1)[0] <= high


def test_numbers_near_the_usual_one_come_next_and_then_all_there_are() -> None:
    start = counted("age", most=1)[0]
    assert counted("age", most=5) == [start, start + 1, start - 1, start + 2, start - 2]
    assert sorted(counted(minimum=1, maximum=3)) == [1, 2, 3]
    assert sorted(counted(minimum=0, maximum=10, multipleOf=2.5, whole=False)) == [0, 2.5, 5, 7.5, 10]


def test_what_is_usually_a_share_of_one_is_of_a_hundred_where_more_is_allowed() -> None:
    firsts = [counted("score", seed=seed, maximum=100, most=1)[0] for seed in range(9)]
    assert 1 < max(firsts) <= 100


def test_a_share_of_one_is_short() -> None:
    first = counted("probability", whole=False, minimum=0, maximum=1, most=1)[0]
    assert 0 <= first <= 1
    assert first == round(first, 2)


BOUNDS = st.fixed_dictionaries(
    {},
    optional={
        "minimum": st.integers(-50, 0) | st.floats(-50, 0),
        "exclusiveMinimum": st.integers(-50, 0),
        "maximum": st.integers(1, 50) | st.floats(1, 50),
        "exclusiveMaximum": st.integers(1, 50),
        "multipleOf": st.sampled_from([1, 3, 0.5, 0.1]),
    },
)


def within(number: float, schema: Json) -> bool:
    """Whether a number is what the schema says, by its words alone."""
    least, above = schema.get("minimum", -inf), schema.get("exclusiveMinimum", -inf)
    most, below = schema.get("maximum", inf), schema.get("exclusiveMaximum", inf)
    return bool(least <= number <= most and above < number < below)


@given(schema=BOUNDS, whole=st.booleans(), seed=SEEDS)
def test_a_number_lies_within_its_bounds_and_comes_once(schema: Json, seed: int, *, whole: bool) -> None:
    try:
        found = counted(seed=seed, whole=whole, **schema)
    except DeadEndError:
        assert whole or "multipleOf" in schema
        return
    assert found
    assert len(set(found)) == len(found)
    assert [number for number in found if not within(number, schema) or not isfinite(number)] == []
    if whole:
        assert [number for number in found if number != int(number)] == []
    if "multipleOf" in schema:
        step = Fraction(str(schema["multipleOf"]))
        assert [number for number in found if Fraction(str(number)) % step] == []


def test_an_integer_too_wide_for_64_bits_is_a_float() -> None:
    (only,) = counted(minimum=2**70)
    assert (only, type(only)) == (float(2**70), float)
    assert type(counted(minimum=2**60, most=1)[0]) is int


@pytest.mark.parametrize(
    ("schema", "whole", "words"),
    [
        ({"minimum": 2, "maximum": 1}, True, "schema: minimum 2 is above maximum 1"),
        (
            {"minimum": 1.2, "maximum": 1.8},
            True,
            "schema: no integer lies within minimum 1.2 and maximum 1.8",
        ),
        ({"multipleOf": 7, "minimum": 8, "maximum": 13}, True, "schema: no multiple of 7 lies within"),
    ],
)
def test_where_no_number_can_be_the_reason_is_told(schema: Json, words: str, *, whole: bool) -> None:
    with pytest.raises(DeadEndError, match=words):
        counted(whole=whole, **schema)


def test_the_same_numbers_drawn_make_the_same_candidates() -> None:
    assert said("city", seed=5) == said("city", seed=5)
    assert [
        one for one, other in pairwise(counted("age", seed=at, most=1)[0] for at in range(9)) if one != other
    ]


def test_nothing_is_drawn_before_a_candidate_is_asked_for() -> None:
    taken: list[int] = []

    def noted() -> Iterator[int]:
        for number in drawn():
            taken.append(number)
            yield number

    texts, numbers = (
        strings(facts({}), "city", "en", noted()),
        numbers_of(facts({}), "age", noted(), whole=True),
    )
    assert taken == []
    assert (next(texts), next(numbers), len(taken)) == ("Paris", 52, 2)


@pytest.mark.parametrize(
    ("patterns", "more"),
    [
        (("a", "b$", "^c"), {}),
        (("[A-Z]", "[a-z]", "[0-9]", "[!@#$%]"), {"minLength": 8, "maxLength": 12}),
        (("^[a-z0-9-]+$", "[0-9]", "^[a-z]", "[a-z0-9]$"), {}),
        (("b+", "^a.*c$"), {}),
        (("^https://", "/v1/", r"\.json$"), {}),
        (("^a|^b", "y$|z$"), {"minLength": 9, "maxLength": 9}),
    ],
)
@given(seed=SEEDS)
def test_several_patterns_are_met_in_one_text(patterns: tuple[str, ...], more: Json, seed: int) -> None:
    text = made({"type": "string", "allOf": [{"pattern": each} for each in patterns], **more}, seed=seed)
    assert all(re.search(each, text) for each in patterns)
    assert more.get("minLength", 0) <= len(text) <= more.get("maxLength", 99)
