"""The worlds of the machine: each is one that the cloud allows, and only for clients that can live in it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.contract.cases import (
    LACKS,
    MIXED,
    MODELS,
    MODES,
    SURFACES,
    Case,
    Turn,
    document_of,
    read_cases,
)
from mockserver.contract.protocol import FEATURES
from mockserver.contract.strategies import image
from mockserver.contract.suite import needs
from mockserver.contract.worlds import KINDS, Kind, world
from mockserver.corridor.engine import Engine
from tests.contract.paper import PaperStage, led, say

NAMED = {kind.name: kind for kind in KINDS}
EACH = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
SPOKEN = st.lists(st.sampled_from(SURFACES), unique=True)
ABLE = st.none() | st.lists(st.sampled_from(FEATURES), unique=True)


def of(kind: Kind, *, system: str | None = None) -> list[Case]:
    """Every world of a kind."""
    return [
        world(kind, surface=surface, mode=mode, system=system)
        for surface in kind.surfaces
        for mode in kind.modes
    ]


def test_the_plainest_kind_comes_first_and_no_name_is_there_twice() -> None:
    assert len(NAMED) == len(KINDS)
    assert world(KINDS[0], surface="compat", mode="plain", system=None) == Case(
        id="found.talk", title="Found by the machine.", surfaces=("compat",), modes=("plain",)
    )


@EACH
def test_a_kind_names_what_there_is(kind: Kind) -> None:
    assert set(kind.features) <= set(FEATURES)
    assert kind.surfaces
    assert set(kind.surfaces) <= set(SURFACES)
    assert kind.modes
    assert set(kind.modes) <= {*MODES, MIXED}
    assert set(kind.models) <= set(kind.surfaces)


@EACH
def test_a_world_is_a_case_that_can_be_written_and_read(kind: Kind) -> None:
    turn = say("Hi", "Ho")
    cases = [replace(case, turns=(turn,)) for case in of(kind, system="S")]
    for case in cases:
        assert read_cases(document_of([case]), where="here") == (case,)


@EACH
def test_a_client_that_is_right_lives_in_every_world(kind: Kind, engine: Engine) -> None:
    stage = PaperStage(engine)
    for case in of(kind):
        lived = replace(case, turns=(say("Hi", "Ho"), say("Well?", "Well.")))
        held = led(stage, lived, surface=case.surfaces[0], mode=case.modes[0])
        assert held.failures == []
        assert len(held.transcript.bodies) == 2


PICTURE = say("What?", "Red.", parts=({"image": image(0xFF0000)}, {"text": "What?"}))
CHOICES = say("Hi", {"choices": [{"content": "a"}, {"content": "b"}]}, options={"n": 2})
THOUGHT = say("Hi", {"reasoning_content": "Hm", "content": "Ho"})
CALL = {"tool_calls": [{"id": "call_1", "name": "weather", "arguments": '{"city": "Rome"}'}]}
CALLED = say("Weather?", CALL, "Fine.", results=(("sunny",),))
BEGUN = say("Hi", " be it", partial="So")


@pytest.mark.parametrize(
    ("name", "turn"),
    [
        ("pictures", PICTURE),
        ("choices", CHOICES),
        ("thinking", THOUGHT),
        ("tools", CALLED),
        ("cumulative", CALLED),
        ("keep", CALLED),
        ("previous", CALLED),
        ("talk", BEGUN),
        ("tools", BEGUN),
        ("two", BEGUN),
    ],
)
def test_a_world_allows_what_is_done_in_it(name: str, turn: Turn, engine: Engine) -> None:
    stage = PaperStage(engine)
    for case in of(NAMED[name]):
        if turn.partial is not None and "partial" in LACKS[case.surfaces[0]]:
            continue
        held = led(stage, replace(case, turns=(turn,)), surface=case.surfaces[0], mode=case.modes[0])
        assert held.failures == []


@EACH
def test_a_kind_asks_of_a_client_what_its_worlds_need(kind: Kind) -> None:
    for case in of(kind):
        asked = needs(case, case.modes[0])
        assert kind.fits(case.surfaces, sorted(asked))
        for one in kind.features:
            assert not kind.fits(case.surfaces, sorted(asked - {one}))
    offers = {
        "tools": bool(kind.tools),
        "thinking": bool(kind.options.get("enable_thinking")),
        "session": kind.session,
        "threads": kind.thread is not None,
        "keep": kind.keep is not None,
        "parallel": kind.conversations > 1,
    }
    assert {name for name, there in offers.items() if there} == set(kind.features) & set(offers)


def test_a_world_has_all_that_its_kind_has() -> None:
    kind = Kind(
        name="all",
        features=("tools",),
        options={"seed": 1},
        native_options={"result_format": "text"},
        models={"compat": "qwen-max"},
        tools=({"type": "function", "function": {"name": "f"}},),
        keep=4,
        session=True,
        thread="previous",
        conversations=3,
        timeout=0.5,
    )
    assert world(kind, surface="native-text", mode="chopped", system="S") == Case(
        id="found.all",
        title="Found by the machine.",
        features=("tools",),
        surfaces=("native-text",),
        modes=("chopped",),
        models={**MODELS, "compat": "qwen-max"},
        system="S",
        tools=kind.tools,
        options={"seed": 1},
        native_options={"result_format": "text"},
        keep=4,
        session=True,
        thread="previous",
        conversations=3,
        timeout=0.5,
    )


@pytest.mark.parametrize(
    ("name", "surfaces", "features", "fits"),
    [
        ("talk", (), None, True),
        ("talk", ("native-text",), (), True),
        ("tools", (), ("stream",), False),
        ("tools", (), ("tools",), True),
        ("thinking", (), ("thinking",), False),
        ("thinking", (), ("thinking", "stream"), True),
        ("text-format", ("compat", "native-multimodal"), None, False),
        ("text-format", ("compat", "native-text"), None, True),
        ("cumulative", ("compat",), FEATURES, False),
        ("keep", ("compat",), ("keep",), False),
        ("silence", ("compat",), ("timeout",), False),
        ("previous", ("responses",), ("threads",), False),
        ("previous", ("responses",), ("threads", "tools"), True),
        ("conversation", ("compat",), FEATURES, False),
    ],
)
def test_a_client_is_led_only_where_it_can_go(
    name: str, surfaces: tuple[str, ...], features: tuple[str, ...] | None, *, fits: bool
) -> None:
    assert NAMED[name].fits(surfaces, features) is fits


@given(st.sampled_from(KINDS), SPOKEN, ABLE, st.sampled_from(SURFACES), st.sampled_from(FEATURES))
def test_whoever_can_do_more_is_led_through_no_fewer_worlds(
    kind: Kind, spoken: list[str], able: list[str] | None, surface: str, feature: str
) -> None:
    if kind.fits(spoken, able):
        assert kind.fits([*spoken, surface] if spoken else spoken, able)
        assert kind.fits(spoken, None if able is None else [*able, feature])
        assert kind.fits(spoken, None)
