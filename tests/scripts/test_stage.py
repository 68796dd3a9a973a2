"""What is playing: of several scenarios at once, the nearest that says something is asked."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.scripts import stage as module
from mockserver.scripts.pace import INSTANT, Profile, recorded, steady
from mockserver.scripts.script import FILES
from mockserver.scripts.stage import Setting, Stage
from mockserver.talk.reply import Pace
from tests.asking import ask

NAMES: Sequence[str | None] = ("sk-a", None, FILES)
"""Who a scenario serves: one key, all keys, or all as the server's own files."""

REQUEST = ask("Tea?")


def quiet() -> Stage:
    """A stage on which nothing is played and nothing paced."""
    return Stage(on_miss="built-in", pace=INSTANT)


def test_a_key_is_asked_before_all_and_all_before_the_files() -> None:
    stage = quiet()
    for first_ms, name in enumerate(reversed(NAMES), 1):
        stage.play(name, Setting(pace=steady({"first_ms": first_ms})))
        assert stage.pace("sk-a", REQUEST) == Pace(first_ms)
    assert stage.pace("sk-b", REQUEST) == Pace(2)


def test_what_a_scenario_leaves_open_the_next_one_says() -> None:
    stage = quiet()
    stage.play("sk-a", Setting(on_miss="error"))
    stage.play(None, Setting(pace=steady({"first_ms": 1})))
    assert (stage.on_miss("sk-a"), stage.pace("sk-a", REQUEST)) == ("error", Pace(1))
    assert (stage.on_miss("sk-b"), stage.pace("sk-b", REQUEST)) == ("built-in", Pace(1))


@pytest.mark.parametrize("setting", [None, Setting()])
def test_a_scenario_is_taken_away_by_nothing_and_by_what_says_nothing(setting: Setting | None) -> None:
    stage = quiet()
    stage.play("sk-a", Setting("error", steady({"first_ms": 1})))
    stage.play("sk-a", setting)
    assert (stage.on_miss("sk-a"), stage.pace("sk-a", REQUEST)) == ("built-in", None)


def test_a_new_scenario_keeps_nothing_of_the_one_before() -> None:
    stage = quiet()
    stage.play(None, Setting(on_miss="error"))
    stage.play(None, Setting(pace=steady({"first_ms": 1})))
    assert (stage.on_miss("sk-a"), stage.pace("sk-a", REQUEST)) == ("built-in", Pace(1))


def test_a_change_keeps_the_pace() -> None:
    stage = quiet()
    stage.change("sk-a", on_miss="error")
    assert (stage.on_miss("sk-a"), stage.on_miss("sk-b")) == ("error", "built-in")
    stage.play("sk-a", Setting(pace=steady({"first_ms": 1})))
    stage.change("sk-a", on_miss="error")
    assert (stage.on_miss("sk-a"), stage.pace("sk-a", REQUEST)) == ("error", Pace(1))


def test_an_instant_scenario_is_instant_on_a_paced_server() -> None:
    stage = Stage(on_miss="built-in", pace=recorded())
    assert stage.pace("sk-a", REQUEST) == recorded().of(REQUEST)
    stage.play("sk-a", Setting(pace=INSTANT))
    assert stage.pace("sk-a", REQUEST) is None
    assert stage.pace("sk-b", REQUEST) is not None


PLAYED = st.dictionaries(st.sampled_from([*NAMES, "sk-b"]), st.sampled_from(["error", "built-in"]))


@given(played=PLAYED, key=st.sampled_from(["sk-a", "sk-b", "sk-c"]))
def test_the_nearest_that_says_something_is_asked(played: dict[str | None, str], key: str) -> None:
    stage = Stage(on_miss="the server's", pace=Profile())
    for name, on_miss in played.items():
        stage.play(name, Setting(on_miss=on_miss))
    nearest = [played[name] for name in (key, None, FILES) if name in played]
    assert stage.on_miss(key) == [*nearest, "the server's"][0]


@given(played=PLAYED, key=st.sampled_from(["sk-a", "sk-b"]))
def test_clearing_a_key_leaves_the_others_and_clearing_all_leaves_the_files(
    played: dict[str | None, str], key: str
) -> None:
    stage = quiet()
    for name, on_miss in played.items():
        stage.play(name, Setting(on_miss=on_miss))
    stage.clear(key)
    assert {*stage._common, *stage._own} == played.keys() - {key}
    stage.clear()
    assert {*stage._common, *stage._own} == played.keys() & {FILES}


@pytest.mark.parametrize(("most", "size"), [(3, 10_000), (100, 3 * 350)])
def test_of_too_many_keys_those_go_that_were_not_asked_with_for_longest(
    most: int, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", most)
    monkeypatch.setattr(module, "_BYTES", size)
    stage = quiet()
    for name in (None, FILES):
        stage.play(name, Setting(pace=steady({"first_ms": 5})))
    keys = [f"sk-{number:0>47}" for number in range(5)]
    for key in keys:
        stage.change(key, on_miss="error")
        assert stage.on_miss(keys[0]) == "error"
    assert [stage.on_miss(key) for key in keys] == ["error", "built-in", "built-in", "error", "error"]
    assert stage.pace(keys[1], REQUEST) == Pace(5), "what holds for all stays"


def test_a_change_for_the_files_keeps_their_pace() -> None:
    stage = quiet()
    stage.play(FILES, Setting(pace=steady({"first_ms": 5})))
    stage.change(FILES, on_miss="error")
    assert (stage.on_miss("sk-a"), stage.pace("sk-a", REQUEST)) == ("error", Pace(5))
