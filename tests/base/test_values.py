"""Values: equal by what they hold, made fast, frozen for the type checker."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import pytest

from mockserver.base.values import value


@value
class Tea:
    """A value for these tests."""

    leaf: str
    cups: int = 1


def test_values_are_equal_by_what_they_hold_and_can_be_keys() -> None:
    assert Tea("green") == Tea("green", 1)
    assert Tea("green") != Tea("black")
    assert {Tea("green"), Tea("green")} == {Tea("green")}


def test_a_value_has_its_fields_and_no_others() -> None:
    assert [field.name for field in fields(Tea("green"))] == ["leaf", "cups"]
    assert not hasattr(Tea("green"), "__dict__")
    assert repr(Tea("green", cups=2)) == "Tea(leaf='green', cups=2)"


@value(kw_only=True)
class Pot:
    """A value whose parts have names only, and one of which does not count."""

    teas: tuple[Tea, ...]
    steeped: float = field(default=0.0, compare=False, repr=False)

    def __repr__(self) -> str:
        return f"a pot of {len(self.teas)}"


@dataclass(frozen=True)
class Told:
    """The same as the standard library makes it."""

    leaf: str
    cups: int = 1


def test_parts_may_have_names_only_and_may_not_count() -> None:
    teas = (Tea("green"), Tea("black"))
    assert Pot(teas=teas, steeped=1.5) == Pot(teas=teas)
    assert len({Pot(teas=teas, steeped=1.5), Pot(teas=teas)}) == 1
    with pytest.raises(TypeError):
        Pot(teas)  # type: ignore[call-arg]


def test_what_a_value_says_of_itself_stays() -> None:
    assert repr(Pot(teas=())) == "a pot of 0"
    assert Pot(teas=()) == Pot(teas=())
    assert repr(Pot(teas=())) == "a pot of 0"


@pytest.mark.parametrize(
    "first", [repr, hash, lambda one: one == replace(one)], ids=["shown", "hashed", "compared"]
)
def test_whatever_is_asked_for_first_is_what_the_standard_library_says(first: Callable[[Any], Any]) -> None:
    @value
    class Fresh:
        """A value that nobody has asked for anything."""

        leaf: str
        cups: int = 1

    one: Any = Fresh("green", 2)
    other = Told("green", 2)
    said = first(one)
    assert said == str(first(other)).replace("Told", Fresh.__qualname__) or said == first(other)
    assert hash(one) == hash(other)
    assert (one == Fresh("green", 2), one == Fresh("green"), one == other) == (True, False, False)
    assert first(one) == said


def test_a_value_is_replaced_and_of_a_kind_of_its_own_below_another() -> None:
    @value
    class Named(Tea):
        """A tea with a name."""

        name: str = ""

    one = Named("green", name="Sencha")
    assert replace(one, cups=3) == Named("green", 3, "Sencha") != one
    assert Tea("green") != Named("green") != Tea("green")
    assert len({Tea("green"), Named("green"), replace(one, name="")}) == 2
