"""The serializers of the cloud, read from their tables."""

import pytest

from mockserver.base import resources
from mockserver.catalogue import models as model_catalogue
from mockserver.dialects import serializers
from mockserver.dialects.serializers import DIALECTS

DATA = resources.fixture("serializers")


@pytest.mark.parametrize("name", DATA["compat"])
def test_a_compat_serializer_has_all_that_every_answer_needs(name: str) -> None:
    serializer = serializers.compat(name)
    assert serializer.name == name
    assert serializer.dialect in DIALECTS
    assert serializer.tools_opener in serializer.events
    for mode in ("plain", "thinking"):
        for delta in ("opener", "content", "finish", "tool_open", "tool_piece", "tool_finish"):
            assert serializer.delta(mode, delta) is not None, delta
    assert serializer.delta("thinking", "reasoning") is not None


@pytest.mark.parametrize("name", DATA["native"])
def test_a_native_serializer_has_all_that_every_answer_needs(name: str) -> None:
    serializer = serializers.native(name)
    assert serializer.name == name
    assert serializer.parts == ("multimodal" in name or "audio" in name)
    for text_format in (False, True):
        for thinking in (False, True):
            event = serializer.stream_event(text_format=text_format, thinking=thinking)
            assert {"content", "finish", "id", "output"} <= event.required
            assert event.required & {"input", "input_text"}
            assert ("reasoning_tokens" in event.required) is thinking


@pytest.mark.parametrize("name", [*DATA["compat"], *DATA["native"]])
def test_every_serializer_names_its_source(name: str) -> None:
    entry = DATA["compat"].get(name) or DATA["native"][name]
    assert entry["source"].startswith(("recording: ", "Model Studio docs, "))


def test_every_family_has_its_serializers() -> None:
    for model in model_catalogue.load():
        assert serializers.compat(model.family.compat)
        assert serializers.native(model.family.native_text)
        assert serializers.native(model.family.native_multimodal)


def test_a_serializer_is_like_another_but_for_what_it_says_itself() -> None:
    base, like = serializers.compat("model-first"), serializers.compat("alphabetical")
    assert list(base.choice.shape) == ["message", "index", "finish_reason", "logprobs"]
    assert list(like.choice.shape) == ["finish_reason", "index", "message", "logprobs"]
    assert like.event("middle").shape == base.event("middle").shape
    assert like.delta("plain", "content") is not None
    entry = DATA["compat"]["classic-vl"]["plain"]
    own = serializers.compat("classic-vl").delta("plain", "tool_finish")
    assert own is not None
    assert own.shape == entry["tool_finish"]
    inherited = serializers.compat("classic-vl").delta("plain", "content")
    assert inherited is not None
    assert inherited.shape == {"content": "$text"}


def test_null_in_a_table_takes_away_what_would_be_inherited() -> None:
    assert serializers.compat("alphabetical").delta("plain", "tool_second") is not None
    assert serializers.compat("alphabetical-2026").delta("plain", "tool_second") is None
    assert serializers.compat("alphabetical-2026").other_choice == {}
    assert serializers.compat("classic-vl").delta("plain", "tool_tail") is None


def test_an_event_without_an_entry_is_a_middle_one() -> None:
    classic, model_first = serializers.compat("classic"), serializers.compat("model-first")
    assert classic.event("first") is not classic.event("middle")
    assert model_first.event("first") is model_first.event("middle")


def test_choices_behind_the_first_have_events_of_their_own_where_the_table_says_so() -> None:
    model_first, classic = serializers.compat("model-first"), serializers.compat("classic")
    assert model_first.event("middle", index=1) is not model_first.event("middle")
    assert model_first.event("opener", index=1) is model_first.event("opener")
    assert classic.event("middle", index=3) is classic.event("middle")


def test_thinking_deltas_fall_back_to_the_plain_ones() -> None:
    classic = serializers.compat("classic")
    assert classic.delta("thinking", "tool_tail") is classic.delta("plain", "tool_tail")
    assert classic.delta("thinking", "content") is not classic.delta("plain", "content")


def test_deltas_of_a_thought_about_pictures_fall_back_to_those_of_a_thought() -> None:
    seeing = serializers.compat("classic-3.5")
    assert seeing.delta("thinking_media", "reasoning") is seeing.delta("thinking", "reasoning")
    assert seeing.delta("thinking_media", "content") is not seeing.delta("thinking", "content")


@pytest.mark.parametrize(
    ("name", "mode", "cut", "joins"),
    [
        ("classic", "plain", True, False),
        ("classic-vl", "plain", True, True),
        ("classic-vl", "plain", False, False),
        ("classic-3.5", "thinking_media", True, False),
        ("classic-3.5-joined", "thinking_media", False, True),
        ("classic-3.5-joined", "thinking", False, False),
    ],
)
def test_the_last_text_comes_with_the_finish_reason_where_the_table_says_so(
    name: str, mode: serializers.Mode, *, cut: bool, joins: bool
) -> None:
    assert serializers.compat(name).joins(mode, cut=cut) is joins


@pytest.mark.parametrize(
    ("name", "mode", "arguments", "tail"),
    [
        ("classic", "plain", '{"city": "Paris"}', True),
        ("classic", "plain", '{"cities": ["Paris"]}', True),
        ("classic", "plain", '{"days": 3}', False),
        ("classic", "plain", "{}", False),
        ("classic", "thinking", '{"days": 3}', True),
        ("model-first", "plain", '{"days": 3}', True),
        ("classic-vl", "plain", '{"city": "Paris"}', False),
    ],
)
def test_a_call_has_a_tail_where_its_parser_held_a_quote_back(
    name: str, mode: serializers.Mode, arguments: str, *, tail: bool
) -> None:
    assert serializers.compat(name).has_tail(mode, arguments) is tail


@pytest.mark.parametrize(
    ("own", "dialect", "used"),
    [
        ("classic-vl", None, "classic-vl"),
        ("classic-vl", "classic", "classic-vl"),
        ("classic-vl", "alphabetical", "alphabetical"),
        ("alphabetical-2026", "alphabetical", "alphabetical-2026"),
        ("alphabetical-2026", "model-first", "model-first"),
        ("model-first", "classic", "classic"),
    ],
)
def test_a_dialect_that_a_script_asks_for_is_the_models_own_form_of_it_or_the_plain_one(
    own: str, dialect: str | None, used: str
) -> None:
    assert serializers.for_dialect(own, dialect).name == used
