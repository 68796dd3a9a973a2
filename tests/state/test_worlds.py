"""Every API key is a world of its own, is shown masked, and can be forgotten."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps
from mockserver.base.masking import mask
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.state import worlds as worlds_module
from mockserver.state.worlds import Ledger, World, Worlds
from tests.conftest import KEY, NOW, make_headers

keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60).map(
    lambda rest: f"sk-{rest}"
)


@given(keys)
def test_a_masked_key_does_not_hold_the_key_and_is_always_the_same(key: str) -> None:
    shown = mask(key)
    assert re.fullmatch(r"sk-\*\*\*[0-9a-f]{6}", shown)
    assert key[3:] not in shown
    assert mask(key) == shown


def test_different_keys_are_told_apart_and_no_key_is_said_to_be_none() -> None:
    assert mask("sk-a") != mask("sk-b")
    assert mask("") == "none"


@given(keys)
def test_a_world_does_not_show_its_key(key: str) -> None:
    world = Worlds().of(key)
    world.account("qwen-plus").requests += 1
    assert key not in repr(world)
    assert (world.key, world.name) == (key, mask(key))


def test_a_world_has_one_ledger_for_each_model() -> None:
    world = World("sk-a")
    ledger = world.account("qwen-plus")
    ledger.requests += 2
    ledger.output_tokens += 5
    assert world.account("qwen-plus") is ledger
    assert world.account("qwen-max") == Ledger()
    assert world.ledger == {"qwen-plus": Ledger(requests=2, output_tokens=5), "qwen-max": Ledger()}


def test_a_key_has_the_same_world_every_time_and_no_other_key_has_it() -> None:
    worlds = Worlds()
    mine = worlds.of("sk-a")
    assert worlds.of("sk-a") is mine
    assert worlds.of("sk-b") is not mine
    assert [world.key for world in worlds] == ["sk-a", "sk-b"]


def test_a_world_is_known_once_it_has_been_used() -> None:
    worlds = Worlds()
    assert worlds.known("sk-a") is None
    assert worlds.of("sk-a") is worlds.known("sk-a")


def test_one_world_can_be_forgotten_or_all() -> None:
    worlds = Worlds()
    first, second = worlds.of("sk-a"), worlds.of("sk-b")
    worlds.reset("sk-a")
    assert list(worlds) == [second]
    assert worlds.of("sk-a") is not first
    worlds.reset("sk-never-used")
    assert len(list(worlds)) == 2
    worlds.reset()
    assert list(worlds) == []


def test_the_world_that_rested_longest_goes_when_there_are_too_many() -> None:
    worlds = Worlds(most=3)
    for key in ("sk-a", "sk-b", "sk-c"):
        worlds.of(key)
    worlds.of("sk-a")
    worlds.of("sk-d")
    assert [world.key for world in worlds] == ["sk-c", "sk-a", "sk-d"]
    assert worlds.known("sk-b") is None


def test_a_world_rests_from_the_end_of_its_last_exchange() -> None:
    worlds = Worlds(most=2)
    first, _ = worlds.of("sk-a"), worlds.of("sk-b")
    worlds.rest(first)
    worlds.of("sk-c")
    assert [world.key for world in worlds] == ["sk-a", "sk-c"]


def test_a_world_that_somebody_still_holds_is_never_gone() -> None:
    worlds = Worlds(most=2)
    busy = worlds.of("sk-busy")
    busy.account("qwen-plus").requests += 1
    for number in range(10):
        worlds.of(f"sk-{number}")
    assert "sk-busy" not in [world.key for world in worlds]
    assert worlds.known("sk-busy") is busy
    assert [world.key for world in worlds] == ["sk-9", "sk-busy"]
    del busy
    for number in range(10):
        worlds.of(f"sk-{number}")
    assert worlds.of("sk-busy").ledger == {}


def test_worlds_are_bounded_in_what_they_remember_together() -> None:
    worlds = Worlds(size=10_000)
    for key in ("sk-a", "sk-b", "sk-c"):
        world = worlds.of(key)
        for number in range(10):
            world.account(f"model-{number}")
        worlds.rest(world)
    assert [world.key for world in worlds] == ["sk-b", "sk-c"]


def test_what_is_remembered_is_weighed(lazy_tokenizer: LazyTokenizer) -> None:
    engine = Engine(tokenizer=lazy_tokenizer)
    sizes = []
    for turn in range(3):
        body = dumps({"model": "qwen-plus", "messages": [{"role": "user", "content": f"Tea {turn}?"}]})
        engine.ended(engine.chat(COMPAT, make_headers(), body, arrived=NOW))
        sizes.append(engine.worlds.of(KEY).size)
    assert sizes[0] < sizes[1] < sizes[2]


def test_a_world_that_was_forgotten_meanwhile_does_not_come_back() -> None:
    worlds = Worlds()
    gone = worlds.of("sk-a")
    worlds.reset()
    worlds.rest(gone)
    assert list(worlds) == []
    assert worlds.of("sk-a") is not gone


def test_a_world_keeps_one_cache_for_each_model() -> None:
    world = World("sk-a")
    assert world.cache("qwen-plus") is world.cache("qwen-plus")
    assert world.cache("qwen-max") is not world.cache("qwen-plus")


def test_the_oldest_session_goes_when_there_are_too_many() -> None:
    world = World("sk-a")
    most = worlds_module._SESSIONS
    first = world.session("0")
    for number in range(1, most):
        world.session(str(number))
    assert world.session("0") is first
    assert len(world.sessions) == most
    world.session("more")
    assert len(world.sessions) == most
    assert "0" not in world.sessions
    assert {"1", "more"} <= world.sessions.keys()
    assert world.session("0") is not first
