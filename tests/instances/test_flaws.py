"""What is wrong with a schema is told with its place, and never by a list of all that is."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances.flaws import FEW, flaw
from tests.wire.strategies import json_values

JUDGES = {
    "draft-07": jsonschema_rs.Draft7Validator({"$ref": "http://json-schema.org/draft-07/schema#"}),
    "2020-12": jsonschema_rs.Draft202012Validator({"$ref": "https://json-schema.org/draft/2020-12/schema"}),
}
MANY = 20_000
TEAS = [f"tea{at}" for at in range(MANY)]


class Judge:
    """One that notes how many errors it listed to explain something."""

    def __init__(self, judge: Any) -> None:
        self._judge = judge
        self.listed = 0

    def is_valid(self, schema: Any) -> bool:
        return bool(self._judge.is_valid(schema))

    def validate(self, schema: Any) -> None:
        try:
            self._judge.validate(schema)
        except jsonschema_rs.ValidationError as error:
            self.listed += listed(error)
            raise


def listed(error: Any) -> int:
    """How many errors stand in one, with all below it."""
    return 1 + sum(listed(each) for way in getattr(error.kind, "context", ()) for each in way)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": TEAS}, "type: "),
        ({"type": list(range(MANY))}, "type: "),
        ({"properties": {"pot": {"type": TEAS}}}, "properties.pot.type: "),
        ({"items": TEAS}, "items: "),
        ({"items": [{"type": "tea"}] * MANY}, "items."),
        ({"items": {"properties": dict.fromkeys(TEAS, 1)}}, "items.properties.tea0: 1 is not of types"),
        ({"dependencies": {"a": list(range(MANY))}}, "dependencies.a: "),
        ({"allOf": [{"items": {"anyOf": [{"items": TEAS}] * 40}}]}, "allOf.0.items.anyOf."),
    ],
    ids=[
        "a type",
        "numbers",
        "deeper",
        "items",
        "types of items",
        "properties",
        "dependencies",
        "much of it",
    ],
)
def test_a_large_flaw_is_told_by_its_beginning(schema: Any, told: str) -> None:
    judge = Judge(JUDGES["draft-07"])
    found = flaw(judge, schema)
    assert found.startswith(told), found[:200]
    assert len(found) < 400
    assert 1 <= judge.listed <= 4 * FEW  # each item of a list in two or three ways; 450 MB for all of them


@pytest.mark.parametrize("draft", JUDGES)
@given(schema=st.dictionaries(st.sampled_from(["type", "items", "properties", "required"]), json_values))
def test_what_is_told_is_told_of_what_is_broken_alone(draft: str, schema: Any) -> None:
    judge = JUDGES[draft]
    large = {"properties": {"tea": schema}, "required": TEAS[:1000]}
    for each in (schema, large):
        assert (flaw(judge, each) == "") is judge.is_valid(each)


def test_a_flaw_beyond_the_beginning_of_a_list_is_one() -> None:
    assert flaw(JUDGES["draft-07"], {"items": [True] * MANY + [1]}) == "its meta-schema does not allow it"
