"""Profiles of pace: how they are written, and which pace an answer gets."""

import pytest

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.scripts.pace import INSTANT, PaceError, Profile, read, recorded, steady
from mockserver.scripts.stage import Setting, Stage
from mockserver.talk.reply import Pace
from tests.asking import ask
from tests.conftest import NOW, make_headers

BODY = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Tea?"}],"stream":true}'


def test_instant_is_no_pace() -> None:
    assert read("instant") is INSTANT
    assert INSTANT.of(ask("Tea?")) is None


def test_recorded_is_by_surface_and_model() -> None:
    profile = read("recorded")
    paces = [
        profile.of(ask("Tea?", model=model, surface=surface))
        for model, surface in [
            ("qwen-turbo", COMPAT),
            ("qwen-turbo", NATIVE_TEXT),
            ("qwen3-max", COMPAT),
        ]
    ]
    assert [pace.first_ms for pace in paces if pace] == [222, 186, 295]


def test_numbers_are_one_pace_for_all() -> None:
    assert read("first_ms=200, per_token_ms=2.5,jitter=0.1,seed=-1") == steady(
        {"first_ms": 200.0, "per_token_ms": 2.5, "jitter": 0.1, "seed": -1}
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "instnt",
            "pace is 'instnt': write instant, recorded or first_ms=200,per_token_ms=20; the nearest is",
        ),
        ("first=1", "pace has no 'first'; the nearest known one is 'first_ms'"),
        ("first_ms=tea", "pace first_ms is 'tea': it must be 0 milliseconds or more"),
        ("first_ms=-1", "must be 0 milliseconds or more"),
        ("first_ms=inf", "must be 0 milliseconds or more"),
        ("jitter=1.5", "pace jitter is '1.5': it must be 0 to 1"),
        ("seed=1.5", "pace seed is '1.5': it must be a whole number"),
    ],
)
def test_a_pace_that_there_is_not_is_explained(text: str, words: str) -> None:
    with pytest.raises(PaceError) as caught:
        read(text)
    assert words in str(caught.value)


def test_a_server_paces_what_has_no_pace_of_its_own() -> None:
    engine = Engine(Settings(pace=steady({"first_ms": 250})), clock=lambda: NOW)
    assert engine.chat(COMPAT, make_headers(), BODY, arrived=NOW).delay == 0.25
    engine.scripts.add({"reply": {"content": "Oolong.", "pace": {"first_ms": 100}}}, engine.errors)
    assert engine.chat(COMPAT, make_headers(), BODY, arrived=NOW).delay == 0.1


def test_a_stage_asks_the_key_then_all_then_the_files_then_the_server() -> None:
    stage = Stage(on_miss="built-in", pace=recorded())
    request = ask("Tea?")
    fast, slow = steady({"first_ms": 1}), steady({"first_ms": 2})
    stage.play("", Setting(on_miss="error", pace=slow))
    stage.play(None, Setting(pace=fast))
    stage.play("sk-a", Setting(on_miss="built-in", pace=INSTANT))
    assert (stage.on_miss("sk-a"), stage.pace("sk-a", request)) == ("built-in", None)
    assert (stage.on_miss("sk-b"), stage.pace("sk-b", request)) == ("error", Pace(1))
    stage.clear("sk-a")
    assert stage.on_miss("sk-a") == "error"
    stage.clear()
    assert stage.pace("sk-a", request) == Pace(2)
    stage.change("", on_miss="built-in")
    assert (stage.on_miss("sk-a"), stage.pace("sk-a", request)) == ("built-in", Pace(2))
    stage.play("", None)
    assert stage.pace("sk-a", request) == Pace(574, 6.7)
    assert Stage(on_miss="error", pace=Profile()).pace("sk-a", request) is None
