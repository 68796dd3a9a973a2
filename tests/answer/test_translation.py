"""What a translation model says: language, terms and memory that it was given can be seen in it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.translation import _lengths, translated
from tests.asking import ask


def said(text: str, options: Any) -> str:
    # A lenient server lets in what no schema does.
    return translated(replace(ask(text, model="qwen-mt-plus"), parameters={"translation_options": options}))


@pytest.mark.parametrize("options", [None, {}, {"source_lang": "auto"}, {"target_lang": None}, "tea", [1]])
def test_without_a_target_a_text_comes_back_as_it_was(options: Any) -> None:
    assert said("喝茶", options) == "喝茶"


@pytest.mark.parametrize("target", ["en", "English", "ENGLISH"])
def test_a_text_comes_behind_the_language_it_was_to_be_in(target: str) -> None:
    assert said("喝茶", {"source_lang": "auto", "target_lang": target}) == "[English] 喝茶"


def test_terms_are_exchanged_the_longest_first_and_each_once() -> None:
    terms = [{"source": "茶", "target": "tea"}, {"source": "茶壶", "target": "茶 pot"}]
    assert said("茶壶里有茶", {"target_lang": "en", "terms": terms}) == "[English] 茶 pot里有tea"


def test_the_memory_answers_for_what_it_holds() -> None:
    memory = [{"source": "喝茶", "target": "Have some tea."}]
    assert said("喝茶", {"target_lang": "en", "tm_list": memory}) == "Have some tea."
    assert said("喝茶吧", {"target_lang": "en", "tm_list": memory}) == "[English] 喝茶吧"


ANY = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=3)
PAIRS = st.lists(st.fixed_dictionaries({"source": ANY, "target": ANY}) | ANY, max_size=5)


@given(
    text=st.text(max_size=40),
    options=st.fixed_dictionaries(
        {}, optional={"target_lang": ANY, "terms": PAIRS | ANY, "tm_list": PAIRS | ANY}
    ),
)
def test_any_options_are_answered_and_no_text_grows_without_end(text: str, options: dict[str, Any]) -> None:
    answer = said(text, options)
    assert len(answer) <= 103 * (len(text) + 1)


def test_more_terms_than_are_looked_for_and_longer_ones_do_nothing() -> None:
    many = [{"source": f"term{number}", "target": "x"} for number in range(200)]
    assert said("term150", {"target_lang": "en", "terms": many[100:] + many}) == "[English] x"
    assert said("term199", {"target_lang": "en", "terms": many}) == "[English] x9"
    assert said("a", {"target_lang": "en", "terms": [{"source": "a", "target": "b" * 101}]}) == "[English] a"


def test_terms_that_begin_alike_are_looked_for_in_time_that_grows_with_the_text() -> None:
    terms = [{"source": "a" * length + "b", "target": "tea"} for length in range(1, 100)]
    assert said("a" * 200_000 + "b", {"target_lang": "en", "terms": terms}).endswith("atea")


@given(
    st.lists(st.text("ab.|", min_size=1, max_size=5), min_size=1, max_size=9), st.text("ab.|", max_size=30)
)
def test_the_longest_of_the_terms_stands_for_its_place(terms: list[str], text: str) -> None:
    longest = [
        max((len(term) for term in terms if text.startswith(term, at)), default=0) for at in range(len(text))
    ]
    assert _lengths(text, terms) == longest
