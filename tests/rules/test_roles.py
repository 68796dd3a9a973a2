"""Roles that a surface does not know."""

from typing import Any

import pytest
from hypothesis import given

from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.rules import roles
from mockserver.rules.roles import nearest_role, roles_of, with_known_roles
from tests.wire.strategies import json_values


@pytest.mark.parametrize(
    ("role", "nearest"),
    [
        ("developer", "system"),
        ("System", "system"),
        ("ai", "assistant"),
        ("function", "tool"),
        ("assistent", "assistant"),
        ("tea", "user"),
        (None, "user"),
        (7, "user"),
    ],
)
def test_a_role_stands_for_its_nearest(role: object, nearest: str) -> None:
    assert nearest_role(role, ("system", "user", "assistant", "tool")) == nearest


def test_roles_are_looked_up_once() -> None:
    assert roles._like() is roles._like()
    assert roles_of(COMPAT) is roles_of(COMPAT)


def test_each_surface_has_roles_of_its_own() -> None:
    assert set(roles_of(COMPAT)) == {"system", "assistant", "user", "tool", "function"}
    assert set(roles_of(ANTHROPIC)) == {"user", "assistant"}


def test_messages_get_known_roles_wherever_they_stand() -> None:
    turns = [{"role": "developer", "content": "a"}, {"role": "user", "content": "b"}, "c", {"content": "d"}]
    mended = [{"role": "system", "content": "a"}, turns[1], "c", {"content": "d", "role": "user"}]
    assert with_known_roles(COMPAT, {"model": "m", "messages": turns}) == {"model": "m", "messages": mended}
    native = with_known_roles(NATIVE_TEXT, {"input": {"messages": turns, "x": 1}})
    assert native == {"input": {"messages": mended, "x": 1}}


@given(json_values)
def test_what_are_no_messages_stays_as_it_is(value: Any) -> None:
    if not isinstance(value, dict | list):
        assert with_known_roles(COMPAT, {"messages": value}) == {"messages": value}
        assert with_known_roles(NATIVE_TEXT, {"input": value}) == {"input": value}
