"""The languages of translation models: which names and codes are known, and by which model."""

import pytest

from mockserver.base.resources import fixture
from mockserver.catalogue.languages import automatic, named, supported


def test_there_are_as_many_languages_as_are_documented() -> None:
    table = fixture("translation")
    assert len(table["languages"]) == 92
    assert len(set(table["languages"].values())) == 92
    assert set(table["lite"]) < set(table["languages"])
    assert len(table["lite"]) == 31


@pytest.mark.parametrize(
    "spelled", ["zh", "en", "Traditional Chinese", "zh_tw", "CHINESE", "Ta’izzi-Adeni Arabic"]
)
def test_a_name_or_a_code_is_known(spelled: str) -> None:
    assert supported(spelled, "qwen-mt-plus")


@pytest.mark.parametrize("spelled", ["zh-CN", "zh_CN", "zh-TW", "zh-Hant", "", "tea", "auto"])
def test_what_was_probed_to_be_refused_is_not_known(spelled: str) -> None:
    assert not supported(spelled, "qwen-mt-plus")


def test_the_smallest_model_knows_fewer() -> None:
    assert supported("Welsh", "qwen-mt-flash")
    assert not supported("Welsh", "qwen-mt-lite")
    assert supported("Chinese", "qwen-mt-lite")


def test_a_language_is_named_in_english_and_may_be_found_out() -> None:
    assert [named(spelled) for spelled in ("zh", "japanese", "tea")] == ["Chinese", "Japanese", "tea"]
    assert [automatic(spelled) for spelled in ("auto", "Auto", "en")] == [True, True, False]
