"""Values: equal by what they hold, made fast, frozen for the type checker."""

from dataclasses import fields

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
