"""What is shown of a value is how its `repr` begins, and nothing of it costs more."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mockserver.base.brief import MOST, Array, Object, Text, as_json, brief, shown
from mockserver.base.jsontext import dumps
from tests.steps import steps

KEYS = st.text(max_size=12)
LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_shown_is_the_repr_or_how_it_begins(value: Any) -> None:
    text = shown(value)
    assert text == shown(brief(value))
    if len(repr(value)) <= MOST:
        assert text == repr(value)
    else:
        assert text.endswith("...")
        assert len(text) <= MOST + 3


@given(VALUES, st.integers(0, 300))
def test_what_is_shown_as_json_is_it_or_how_it_begins(value: Any, most: int) -> None:
    whole = dumps(value).decode()
    text = as_json(value, most=most)
    if len(whole) <= most:
        assert text == whole
    else:
        assert text.endswith("...")
        assert len(text) <= most + 3


@given(VALUES)
def test_a_brief_value_is_the_value(value: Any) -> None:
    assert brief(value) == value
    assert _rebuilt(brief(value)) == value
    assert json.loads(dumps(brief(value))) == json.loads(dumps(value))


def _rebuilt(value: Any) -> Any:
    """The value as it is seen by who takes it apart; whatever is large in it is brief."""
    if isinstance(value, dict):
        assert isinstance(value, Object)
        assert all(map(value.__contains__, value))
        assert [value[key] for key in value] == [each for _, each in value.items()]
        assert list(value) == [key for key, _ in value.items()]
        return {key: _rebuilt(each) for key, each in value.items()}
    if isinstance(value, list):
        assert isinstance(value, Array)
        assert value[:1] == [value[at] for at in range(len(value))][:1]
        return [_rebuilt(each) for each in value]
    assert isinstance(value, Text) == (isinstance(value, str) and len(value) > MOST)
    return value


@pytest.mark.parametrize(
    "value",
    ["tea " * 100_000, ["tea"] * 100_000, {str(at): at for at in range(100_000)}, {"k" * 100_000: 1}],
    ids=["text", "list", "object", "key"],
)
def test_of_a_large_value_no_more_is_looked_at_than_is_shown(value: Any) -> None:
    assert steps(lambda: shown(value)) < 20_000
    assert len(repr(brief(value))) == MOST + 3
    assert shown(value)[:100] == repr(value)[:100]


def test_what_lies_deep_is_not_shown() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    assert shown(deep) == "[" * MOST + "..."
    assert as_json(deep, most=120) == "[" * 120 + "..."


def test_what_is_short_is_shown_however_deep_it_lies() -> None:
    deep: Any = 1
    for _ in range(50):
        deep = [deep]
    assert shown(deep) == repr(deep)
    assert as_json(deep, most=120) == repr(deep)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object"}, ["tea"] * 1000),
        ({"enum": ["a"]}, "tea " * 1000),
        ({"maxItems": 1}, ["tea"] * 1000),
        ({"items": {"maxLength": 3}}, ["tea " * 1000]),
        ({"properties": {"a": {"type": "null"}}}, {"a": {"b": "tea " * 1000}}),
        ({"additionalProperties": False}, {"k" * 1000: 1}),
        ({"patternProperties": {"k": {"type": "null"}}}, {"k": "tea " * 1000}),
        ({"propertyNames": {"maxLength": 3}}, {"k" * 1000: 1}),
        ({"contains": {"type": "null"}}, ["tea"] * 1000),
        ({"uniqueItems": True}, ["tea " * 1000] * 2),
        ({"not": {}}, ["tea"] * 1000),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) and len(each) == 1 else "value",
)
def test_the_words_of_a_library_are_short_whatever_rule_is_broken(schema: Any, value: Any) -> None:
    validator = Draft202012Validator(schema)
    (known,) = validator.iter_errors(value)
    (error,) = validator.iter_errors(brief(value))
    assert error.absolute_path == known.absolute_path
    assert error.validator == known.validator
    assert len(error.message) < MOST + 100 < len(known.message)
