"""A surface as data: where things stand in a request, and what holds there."""

from copy import deepcopy

import pytest

from mockserver.talk.surface import Surface, Trait

TEA = Surface(
    name="tea",
    dialect="pot",
    voice="native",
    paths=("/tea",),
    options_at="pot.",
    messages_at="cups.said",
    traits=frozenset({Trait.PARTS, Trait.MEDIA}),
)
BARE = Surface(name="bare", dialect="pot", voice="compat", paths=())


def test_it_says_where_things_stand() -> None:
    assert (TEA.place("top_p"), BARE.place("top_p")) == ("pot.top_p", "top_p")
    assert (TEA.message_place(), BARE.message_place()) == ("cups.said", "messages")
    assert (TEA.message_place(2), BARE.message_place(0)) == ("cups.said[2]", "messages[0]")


@pytest.mark.parametrize(
    ("traits", "here"),
    [((), True), ((Trait.PARTS,), True), ((Trait.PARTS, Trait.MEDIA), True), ((Trait.SOURCES,), False)],
)
def test_it_has_some_traits(traits: tuple[Trait, ...], *, here: bool) -> None:
    assert TEA.has(traits) is here
    assert BARE.has(traits) is (traits == ())


def test_there_is_one_value_of_each() -> None:
    assert deepcopy([TEA])[0] is TEA
    assert Surface(name="bare", dialect="pot", voice="compat", paths=()) != BARE
    assert {TEA: 1, BARE: 2}[TEA] == 1
    assert (str(TEA), f"{BARE}") == ("tea", "bare")
