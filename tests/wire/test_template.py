"""Templates of the wire: JSON shapes with holes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dump_text, dumps, loads
from mockserver.wire.template import Column, Compiled, Template
from tests.wire.strategies import json_values, texts

NAMES = ["text", "id", "index", "usage"]
HOLES = st.sampled_from([f"${name}" for name in NAMES] + [f"${name}?" for name in NAMES])
PLAIN = st.sampled_from([None, True, 0, 1.5, "", "tea", "price: 5$", "绿茶"])
SHAPES: st.SearchStrategy[Any] = st.recursive(
    HOLES | PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "茶"]), inner, max_size=3)
    ),
    max_leaves=10,
)
MISSING = object()


def substituted(shape: Any, values: dict[str, Any]) -> Any:
    """What a template should give, worked out on the parsed side."""
    if isinstance(shape, dict):
        kept = {key: substituted(value, values) for key, value in shape.items()}
        kept = {key: value for key, value in kept.items() if value is not MISSING}
        return MISSING if shape and not kept else kept
    if isinstance(shape, list):
        items = [substituted(value, values) for value in shape]
        return [item for item in items if item is not MISSING]
    if isinstance(shape, str) and shape.startswith("$"):
        name = shape[1:].removesuffix("?")
        return values.get(name, MISSING) if shape.endswith("?") else values[name]
    return shape


@given(SHAPES, st.dictionaries(st.sampled_from(NAMES), json_values))
def test_a_filled_template_is_the_shape_with_its_holes_filled(shape: Any, given_: dict[str, Any]) -> None:
    template = Template(shape)
    values = {**dict.fromkeys(template.required, "always"), **given_}
    expected = substituted(shape, values)
    filled = template.fill({name: dumps(value) for name, value in values.items()})
    assert loads(filled) == ({} if expected is MISSING else expected)


@given(SHAPES, st.dictionaries(st.sampled_from(NAMES), json_values), st.sets(st.sampled_from(NAMES)))
def test_filling_in_two_steps_is_filling_at_once(shape: Any, given_: dict[str, Any], early: set[str]) -> None:
    template = Template(shape)
    values = {name: dumps(given_.get(name, name)) for name in NAMES}
    present = frozenset(given_)
    at_once = template.compiled(present).fill(values)
    first = {name: value for name, value in values.items() if name in early}
    bound = template.compiled(present).bind(first, before=b"<", after=b">")
    assert set(bound.holes).isdisjoint(early)
    assert bound.fill(values) == b"<" + at_once + b">"


@given(SHAPES, st.lists(st.tuples(json_values, json_values, json_values), min_size=1, max_size=4))
def test_many_rows_are_each_filled_at_once(shape: Any, rows: list[tuple[Any, ...]]) -> None:
    compiled = Template({"shape": shape, "always": "$text"}).compiled(frozenset(NAMES))
    filled = [dict(zip(NAMES, map(dumps, (*row, "cup")), strict=True)) for row in rows]
    columns = {name: [values[name] for values in filled] for name in NAMES}
    assert compiled.rows(columns) == [compiled.fill(values) for values in filled]


@given(SHAPES, st.lists(st.tuples(json_values, st.integers()), max_size=4))
def test_a_column_of_whole_numbers_is_written_as_json_writes_them(
    shape: Any, rows: list[tuple[Any, int]]
) -> None:
    compiled = Template({"100%": shape, "count": "$count"}).compiled(frozenset(NAMES))
    texts, counts = [dumps(text) for text, _ in rows], [count for _, count in rows]
    columns: dict[str, Column] = dict.fromkeys(NAMES, texts)
    written = compiled.rows({**columns, "count": counts})
    assert written == compiled.rows({**columns, "count": [str(count).encode() for count in counts]})
    assert len(written) == len(rows)


@given(texts)
def test_a_value_may_hold_whatever_marks_the_template_uses(text: str) -> None:
    template = Template({"first": "$text", "then": ["$other"]})
    filled = template.fill({"text": dump_text(text), "other": dump_text("$text")})
    assert json.loads(filled) == {"first": text, "then": ["$text"]}


def test_keys_keep_the_order_of_the_shape_and_no_blank_is_added() -> None:
    template = Template({"usage": "$usage", "choices": ["$choice"], "id": None, "about": "绿茶"})
    assert template.fill({"usage": b'{"total":3}', "choice": b"1"}) == (
        '{"usage":{"total":3},"choices":[1],"id":null,"about":"绿茶"}'.encode()
    )


def test_an_optional_hole_without_value_takes_its_key_with_it() -> None:
    template = Template({"content": "$text", "index": "$index?", "parts": ["$index?", 1]})
    assert template.fill({"text": b'""'}) == b'{"content":"","parts":[1]}'
    assert template.fill({"text": b'""', "index": b"0"}) == b'{"content":"","index":0,"parts":[0,1]}'


def test_an_object_that_loses_all_its_keys_goes_too_but_an_empty_one_stays() -> None:
    template = Template({"details": {"inner": {"tokens": "$tokens?"}}, "empty": {}, "list": ["$tokens?"]})
    assert template.fill({}) == b'{"empty":{},"list":[]}'
    assert template.fill({"tokens": b"2"}) == b'{"details":{"inner":{"tokens":2}},"empty":{},"list":[2]}'


def test_a_template_that_loses_everything_is_an_empty_object() -> None:
    assert Template({"tokens": "$tokens?"}).fill({}) == b"{}"


def test_a_required_hole_without_value_is_named() -> None:
    with pytest.raises(KeyError, match="text"):
        Template({"content": "$text"}).fill({"other": b"1"})


def test_it_knows_which_holes_are_required_and_which_optional() -> None:
    template = Template({"a": "$text", "b": [{"c": "$index?"}], "d": 3})
    assert (template.required, template.optional) == (frozenset({"text"}), frozenset({"index"}))


def test_each_set_of_optional_holes_is_compiled_once() -> None:
    template = Template({"a": "$text", "b": "$index?"})
    assert template.compiled(frozenset({"text", "unknown"})) is template.compiled()
    assert template.compiled(frozenset({"index"})) is template.compiled(frozenset({"index", "unknown"}))
    assert template.compiled() is not template.compiled(frozenset({"index"}))


def test_it_weighs_its_literals_twice() -> None:
    assert Compiled((b"tea", b"", b"pot"), ("a", "b")).size == 12
