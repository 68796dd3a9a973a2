import base64
import math
import struct
import unicodedata
from array import array
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.embedding import embed, features, packed, sparse
from mockserver.meter.tokenizer import Tokenizer

SPACE = "text-embedding-v4"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
SIZES = st.sampled_from([64, 128, 256, 512, 768, 1024, 1536, 2048])


def cosine(first: str, second: str, *, size: int = 1024) -> float:
    pairs = zip(embed(first, space=SPACE, size=size), embed(second, space=SPACE, size=size), strict=True)
    return sum(one * other for one, other in pairs)


@given(TEXTS, SIZES)
def test_a_vector_has_the_asked_size_and_the_length_one(text: str, size: int) -> None:
    vector = embed(text, space=SPACE, size=size)
    assert len(vector) == size
    assert math.hypot(*vector) == pytest.approx(1, abs=1e-5)


@given(TEXTS)
def test_equal_texts_have_equal_vectors(text: str) -> None:
    assert embed(text, space=SPACE, size=64) == embed(text, space=SPACE, size=64)


def test_the_vectors_stay_what_they_are() -> None:
    first = embed("Hello, world!", space=SPACE, size=64)[:4]
    assert list(first) == pytest.approx([-0.07452673, -0.25997695, -0.03755223, -0.04361836])


@pytest.mark.parametrize("size", [64, 256, 1024])
@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("the cat sat", "the cat sits", "quarterly revenue figures"),
        ("How do I reset my password?", "Resetting a forgotten password", "Trains to Berlin leave hourly"),
        ("我不喜欢川菜", "我很喜欢川菜", "明日有雨请带伞"),
        ("猫が好きです", "犬が好きです", "東京駅まで歩く"),
        ("Ich mag keinen Regen", "Ich mag Regen", "Der Zug kommt um acht"),
        ("Я люблю котов", "Я не люблю котов", "Цены выросли вдвое"),
        ("안녕하세요 여러분", "여러분 안녕하세요!", "오늘 주가가 올랐다"),
    ],
)
def test_a_near_text_is_nearer_than_a_far_one(text: str, near: str, far: str, size: int) -> None:
    assert cosine(text, near, size=size) > cosine(text, far, size=size) + 0.1


def test_texts_without_a_common_word_stand_at_right_angles() -> None:
    assert abs(cosine("the cat sat", "quarterly revenue figures")) < 0.1


def test_letter_case_width_and_blanks_make_no_difference() -> None:
    assert embed("HELLO  World", space=SPACE, size=64) == embed(
        "hello\n\uff57\uff4f\uff52\uff4c\uff44", space=SPACE, size=64
    )


@pytest.mark.parametrize("text", ["", " \n", "!?", "🙂🙂", "_"])
def test_a_text_without_words_has_a_vector_too(text: str) -> None:
    assert math.hypot(*embed(text, space=SPACE, size=64)) == pytest.approx(1, abs=1e-6)


def test_different_marks_have_different_vectors() -> None:
    assert abs(cosine("🙂", "🙃")) < 0.2


def test_a_smaller_vector_points_the_way_of_the_larger_ones_beginning() -> None:
    small = embed("the cat sat", space=SPACE, size=64)
    head = embed("the cat sat", space=SPACE, size=1024)[:64]
    length = math.hypot(*head)
    assert [value / length for value in head] == pytest.approx(list(small), abs=1e-6)


def test_two_models_share_no_space() -> None:
    pairs = zip(
        embed("the cat sat", space="text-embedding-v3", size=1024),
        embed("the cat sat", space=SPACE, size=1024),
        strict=True,
    )
    assert abs(sum(one * other for one, other in pairs)) < 0.1


def test_features_are_looked_for_as_far_as_a_text_is_to_be_read() -> None:
    assert features("tea milk " * 1000, 8) == features("tea milk")
    assert features("\ufdfa" * 1000, 18) == features("\ufdfa")


def test_letters_that_stand_for_many_are_read_as_far_as_others_of_their_length() -> None:
    assert features("\ufdfa") == features(unicodedata.normalize("NFKC", "\ufdfa"))
    assert features("\ufdfa" * 1000) == features(unicodedata.normalize("NFKC", "\ufdfa" * 1000)[:2000])


def test_a_word_and_its_pieces_are_features() -> None:
    assert features("Cat") == Counter({"=cat": 3, "<ca": 1, "cat": 1, "at>": 1})


def test_characters_and_pairs_are_features_where_words_are_not_spaced() -> None:
    assert features("川菜") == Counter({"=川菜": 3, "川菜": 2, "川": 1, "菜": 1, "<川菜": 1, "川菜>": 1})


def test_a_repetition_counts_less_each_time() -> None:
    assert [features("go " * times)["=go"] for times in (1, 2, 3, 4, 8)] == [3, 6, 6, 9, 12]


def test_long_texts_that_differ_little_stay_near() -> None:
    words = [f"word{number}" for number in range(2000)]
    assert len(features(" ".join(words))) > 512
    assert cosine(" ".join(words), " ".join(words[:1900]), size=256) > 0.8


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1))
def test_base64_holds_the_same_numbers_as_little_endian_floats(numbers: list[float]) -> None:
    data = base64.b64decode(packed(array("f", numbers)), validate=True)
    assert list(struct.unpack(f"<{len(numbers)}f", data)) == numbers


def test_base64_reads_like_the_recorded_one() -> None:
    assert packed(array("f", [1.0, -0.5])) == "AACAPwAAAL8="


def test_a_sparse_vector_has_each_token_once(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("代码改变代码")
    assert sparse(ids, tokenizer.tokens(ids)) == [
        {"index": 46100, "value": 0.75, "token": "代码"},
        {"index": 101933, "value": 0.5, "token": "改变"},
    ]
