"""The door: keys, and what stands behind bearer."""

import pytest

from mockserver.door import Refused, bearer_key, without_key
from mockserver.engine import Engine
from mockserver.wire.request import Surface
from mockserver.worlds import mask
from tests.conftest import KEY, NOW, MakeHeaders


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("Bearer sk-a", "sk-a"),
        ("bearer sk-a", "sk-a"),
        ("Bearer   sk-a ", "sk-a"),
        ("Bearer", ""),
        ("sk-a", ""),
        ("Basic sk-a", ""),
        ("", ""),
    ],
)
def test_the_key_is_what_stands_behind_bearer(value: str, key: str) -> None:
    assert bearer_key({"authorization": value}) == key


def test_without_the_header_there_is_no_key() -> None:
    assert bearer_key({}) is None


def test_the_first_key_makes_a_world_and_the_second_use_finds_it(
    engine: Engine, headers: MakeHeaders
) -> None:
    world = engine.door.admit(bearer_key(headers()))
    assert world.name == mask(KEY)
    assert engine.door.admit(bearer_key(headers())) is world
    assert engine.door.admit(bearer_key(headers(key="sk-other"))) is not world


@pytest.mark.parametrize("key", [None, "", "tea", "sk-", "sk-invalid"])
def test_a_wrong_key_is_not_let_in_however_often_it_comes(
    key: str | None, engine: Engine, headers: MakeHeaders
) -> None:
    for _ in range(2):
        engine.chat(Surface.COMPAT, headers(key=key), b"{}", arrived=NOW)
        with pytest.raises(Refused) as refused:
            engine.door.admit(bearer_key(headers(key=key)))
        assert refused.value.refusal.status == 401
    assert {entry.world.name for entry in engine.journal} == {"none"}


def test_a_key_is_masked_in_a_body() -> None:
    assert without_key(b"I am sk-tea.", "sk-tea") == b"I am " + mask("sk-tea").encode() + b"."
    assert without_key(b"I am nobody.", "sk-tea") == b"I am nobody."
    assert without_key(b"I am nobody.", None) == b"I am nobody."
