"""The options of models that are there for one thing: which languages are known, who heeds which."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue.errors import Errors
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.rules import check
from mockserver.talk.request import ChatRequest
from tests.asking import ask


def translating(options: Any, model: str = "qwen-mt-plus") -> ChatRequest:
    """A translation; a lenient server lets in what no schema does."""
    return replace(ask("Tea", model=model), parameters={"translation_options": options})


def found(request: ChatRequest, errors: Errors) -> list[tuple[str, str]]:
    return [(one.rule, one.path) for one in check(request, errors) if one.rule.startswith("options.")]


@pytest.mark.parametrize(
    ("options", "model", "places"),
    [
        ({"source_lang": "auto", "target_lang": "zh"}, "qwen-mt-plus", []),
        ({"source_lang": "Auto", "target_lang": "Traditional Chinese"}, "qwen-mt-plus", []),
        ({"source_lang": "zh-CN", "target_lang": "en"}, "qwen-mt-plus", ["source_lang"]),
        ({"source_lang": "tea", "target_lang": "auto"}, "qwen-mt-plus", ["source_lang", "target_lang"]),
        ({"target_lang": "Welsh"}, "qwen-mt-flash", []),
        ({"target_lang": "Welsh"}, "qwen-mt-lite", ["target_lang"]),
    ],
)
def test_a_language_that_is_not_on_the_list_is_refused_by_its_place(
    options: dict[str, str], model: str, places: list[str], errors: Errors
) -> None:
    request = translating(options, model)
    expected = [("options.language", f"translation_options.{place}") for place in places]
    assert found(request, errors) == expected
    refusals = {one.refusal.words["compat"].message for one in check(request, errors) if one.refusal}
    assert refusals == ({"暂时不支持当前设置的语种！"} if places else set())


@pytest.mark.parametrize("options", [None, {}, {"source_lang": "en"}, {"target_lang": ""}, "tea"])
def test_without_a_target_it_is_told_that_nothing_is_translated(options: Any, errors: Errors) -> None:
    assert ("options.no-target", "translation_options") in found(translating(options), errors)


@pytest.mark.parametrize(
    ("model", "name", "heeded"),
    [
        ("qwen-vl-ocr", "ocr_options", True),
        ("qwen3-asr-flash", "asr_options", True),
        ("qwen3-vl-plus", "ocr_options", False),
        ("qwen-vl-ocr", "asr_options", False),
    ],
)
def test_options_of_another_model_do_nothing_and_are_told(
    model: str, name: str, errors: Errors, *, heeded: bool
) -> None:
    asked: dict[str, Any] = {name: {}}
    request = ask("Tea", model=model, surface=NATIVE_MULTIMODAL, **asked)
    assert found(request, errors) == ([] if heeded else [("options.other-model", f"parameters.{name}")])


ANY = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(options=ANY | st.fixed_dictionaries({}, optional={"source_lang": ANY, "target_lang": ANY}))
def test_whatever_stands_there_is_judged(errors: Errors, options: Any) -> None:
    assert {rule for rule, _ in found(translating(options), errors)} <= {
        "options.language",
        "options.no-target",
    }
