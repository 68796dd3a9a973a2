"""The catalogue of models: its files, what a model takes over from another, and how names are found."""

from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.models import Models, Ramp, UnknownModelError, newest_snapshot
from mockserver.catalogue.regions import REGIONS, Region
from mockserver.dialects import serializers
from mockserver.rules.schemas import violations


def entries() -> dict[str, dict[str, Any]]:
    """The models as the file holds them, by name."""
    return {entry["name"]: entry for entry in resources.fixture("models")["models"]}


def test_the_file_is_as_its_schema_says() -> None:
    assert violations("catalogue.models", resources.fixture("models")) == []


def test_every_model_of_the_file_is_loaded_under_a_name_of_its_own(models: Models) -> None:
    names = [entry["name"] for entry in resources.fixture("models")["models"]]
    assert len(set(names)) == len(names) == len(models)
    assert [model.name for model in models] == names


def test_a_model_that_is_like_another_has_its_traits_save_what_it_says_itself(models: Models) -> None:
    known = entries()
    likes = {name: entry["like"] for name, entry in known.items() if "like" in entry}
    assert len(likes) > 50
    for name, like in likes.items():
        model, other = models[name], models[like]
        for trait in set(known[like]) - {"name", "like", "thinking_plain"}:
            said = known[name].get(trait, getattr(other, trait))
            assert getattr(model, trait) == (tuple(said) if isinstance(said, list) else said), (name, trait)


def test_the_limits_of_every_model_fit_together(models: Models) -> None:
    for model in models:
        assert model.max_input <= model.context, model.name
        assert (model.max_output == 0) is not model.chat, model.name
        assert model.thinking != "none" or model.max_thinking is None, model.name
        assert model.source


def test_every_family_names_serializers_that_exist_and_ramps_that_go_on(models: Models) -> None:
    for region in REGIONS:
        for family in {model.family for model in model_catalogue.load(region)}:
            assert serializers.compat(family.compat).name == family.compat
            assert serializers.native(family.native_text).name == family.native_text
            assert serializers.native(family.native_multimodal).name == family.native_multimodal
            assert family.tool_id_digits in (22, 24)
            assert family.timeout > 0
            assert all(size >= 1 for size in islice(family.ramp.sizes(), 50))
    assert models is model_catalogue.load()


def test_a_host_of_the_cloud_gives_the_models_as_its_region_serves_them(models: Models) -> None:
    here, there = models["qwen3.8-max"], models.at("dashscope-us.aliyuncs.com")["qwen3.8-max"]
    assert (here.family.thinking_prompt_tokens, there.family.thinking_prompt_tokens) == (33, 46)
    assert models.at("127.0.0.1:8000") is models
    assert models.at("dashscope.aliyuncs.com") is models
    assert models.at("dashscope-us.aliyuncs.com") is models.at("dashscope-us.aliyuncs.com:443")


def test_an_added_model_is_there_in_every_region(models: Models) -> None:
    more = models.with_model("tea", like="qwen3.8-max")
    there = more.at("dashscope-us.aliyuncs.com")
    assert there["tea"].family == there["qwen3.8-max"].family
    assert models.at("dashscope-us.aliyuncs.com").find("tea") is None


def test_a_model_without_its_own_recordings_answers_as_its_relatives_do() -> None:
    known, guessed = model_catalogue.load(), model_catalogue.load(without="qwen3.7-max")
    assert guessed["qwen3.7-max"].family.compat == known["qwen3.8-max"].family.compat
    assert guessed["qwen-plus"].family == known["qwen-plus"].family


@given(st.lists(st.integers(1, 9), max_size=4), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_ramp_gives_its_first_sizes_once_and_then_its_cycle(first: list[int], steady: list[int]) -> None:
    sizes = Ramp(tuple(first), tuple(steady)).sizes()
    assert list(islice(sizes, len(first) + 2 * len(steady))) == [*first, *steady, *steady]


@pytest.mark.parametrize(
    ("name", "trait", "value"),
    [
        ("qwen-max", "max_output", 8192),
        ("qwen-max", "thinking", "none"),
        ("qwen-plus", "thinking", "off"),
        ("qwen-plus", "max_thinking", 81920),
        ("qwen-max", "context", 32768),
        ("qwq-plus", "thinking", "only"),
        ("qwen-plus-character", "character", True),
        ("qwen3.8-max", "native", "multimodal"),
        ("qwen-audio-turbo", "compat", False),
        ("qwen3-14b", "max_output", 8192),
        ("text-embedding-v4", "chat", False),
        ("qwen-plus", "chat", True),
        ("qwen-plus", "media", False),
        ("qwen-vl-max", "media", True),
    ],
)
def test_documented_traits_are_in_the_catalogue(models: Models, name: str, trait: str, value: object) -> None:
    assert getattr(models[name], trait) == value


def test_a_model_is_found_by_its_exact_name_only(models: Models) -> None:
    found = models.find("qwen-plus")
    assert found is models["qwen-plus"]
    names: list[object] = ["Qwen-Plus", "qwen-plus ", "", None, 7, ["qwen-plus"]]
    assert [models.find(name) for name in names] == [None] * 6


def test_an_unknown_model_is_told_with_what_there_is(models: Models) -> None:
    with pytest.raises(UnknownModelError) as caught:
        models["qwen-tea"]
    assert caught.value.name == "qwen-tea"
    assert "qwen-plus" in caught.value.known
    assert str(caught.value) == f"no model is named 'qwen-tea': the catalogue has {len(models)} models"


def test_a_model_is_added_like_another_and_the_first_catalogue_stays_as_it_is(models: Models) -> None:
    more = models.with_model("qwen-tea", like="qwen-max")
    assert len(more) == len(models) + 1
    assert models.find("qwen-tea") is None
    tea, original = more["qwen-tea"], models["qwen-max"]
    assert (tea.name, tea.source) == ("qwen-tea", "added by an option")
    assert (tea.family, tea.max_output, tea.thinking) == (original.family, original.max_output, "none")
    with pytest.raises(UnknownModelError):
        models.with_model("qwen-tea", like="qwen-coffee")


def test_the_catalogue_is_loaded_once() -> None:
    assert model_catalogue.load() is model_catalogue.load()


TOKEN_FACTS = [
    "think_line_tokens",
    "thinkless_tokens",
    "thinking_kept",
    "parts_on_lines",
    "media_thinking_tokens",
]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(
    "name", ["qwen3.5-35b-a3b", "qwen3.5-397b-a17b", "qwen3.7-max", "qwen3.8-max", "qwen3-235b-a22b"]
)
def test_what_a_model_counts_its_relatives_count_too(region: Region, name: str) -> None:
    known, unknown = (
        model_catalogue.load(region)[name].family,
        model_catalogue.load(region, without=name)[name].family,
    )
    differ = {fact for fact in TOKEN_FACTS if getattr(known, fact) != getattr(unknown, fact)}
    # Of pictures in a thought and of loops of calls a lone generation or size has told nothing but its own.
    assert differ <= {"media_thinking_tokens", "thinking_kept"}
    assert (unknown.vocabulary, unknown.call_style) == (known.vocabulary, known.call_style)


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("qwen3.8-max-preview", "qwen3.8-max"),
        ("qwen3.7-max-preview", "qwen3.7-max"),
        ("qwen3.7-max-2026-05-17", "qwen3.7-max"),
        ("kimi-k2.6", "kimi-k2.5"),
        ("deepseek-v4.1-flash", "deepseek-v4-flash"),
        ("MiniMax/MiniMax-M3", "MiniMax/MiniMax-M2.7"),
        ("qwen-image", "qwen-image-plus"),
    ],
)
def test_names_that_people_use_are_known_by_their_nearest(name: str, like: str) -> None:
    known = model_catalogue.load()
    one, other = known[name], known[like]
    assert (one.max_input, one.native, one.task, one.input) == (
        other.max_input,
        other.native,
        other.task,
        other.input,
    )
    assert one.source != other.source


@pytest.mark.parametrize(
    "name", ["qwen3.6-max-preview", "qwen3.5-ocr", "ZHIPU/GLM-5.3-Flash", "qwen3-asr-flash"]
)
def test_a_name_of_another_generation_or_line_says_so(name: str) -> None:
    one = model_catalogue.load()[name]
    assert one.source
    assert (one.generation, one.line) in {("3.6", "max"), ("3.5", "ocr"), ("glm", "glm"), ("3", "asr")}


@pytest.mark.parametrize("region", ["cn", "intl", "us"])
def test_character_models_answer_as_their_document_shows(region: Region) -> None:
    """Model Studio docs, role playing: whole answers hold `logprobs`, and a session's cache is told."""
    for model in model_catalogue.load(region):
        if model.line == "character":
            assert (model.family.compat, model.family.reports_cache) == ("classic", True)


@pytest.mark.parametrize(
    ("name", "snapshot"),
    [
        ("qwen-plus", "qwen-plus-2025-12-01"),
        ("qwen-max", "qwen-max-2025-01-25"),
        ("qwen-plus-2025-07-28", "qwen-plus-2025-07-28"),
        ("no-model", "no-model"),
    ],
)
def test_a_name_stands_for_the_newest_of_its_snapshots(name: str, snapshot: str) -> None:
    assert newest_snapshot(name) == snapshot
