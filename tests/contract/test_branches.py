"""The branches of a schema: which there are, and which of them a value goes through."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.contract import branches, generate
from mockserver.contract.branches import Coverage, is_kind
from mockserver.contract.generate import from_schema, values

TEA: dict[str, Any] = {
    "$id": "https://example.test/tea.schema.json",
    "$defs": {"cup": {"type": ["integer", "null"]}},
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "kind": {"enum": ["green", "black"]},
        "cups": {"type": "array", "items": {"$ref": "#/$defs/cup"}},
        "milk": {"anyOf": [{"type": "boolean"}, {"type": ["number", "null"]}]},
    },
    "required": ["name"],
}
KINDS: dict[str, list[Any]] = {
    "object": [{}, {"a": 1}],
    "array": [[], [1]],
    "string": ["", "a"],
    "boolean": [True, False],
    "null": [None],
    "integer": [0, -3, 2**70],
    "number": [0, 0.5, -3],
}
BRANCHES = {
    ".name present",
    ".kind absent",
    ".kind present",
    ".kind = 'green'",
    ".kind = 'black'",
    ".cups absent",
    ".cups present",
    ".cups[]",
    "tea/cup: integer",
    "tea/cup: null",
    ".milk absent",
    ".milk present",
    ".milk | 0",
    ".milk | 1",
    ".milk|1: number",
    ".milk|1: null",
}


@pytest.fixture
def tea(monkeypatch: pytest.MonkeyPatch) -> Coverage:
    """Counts the branches of a small schema of its own."""
    return coverage(monkeypatch, TEA)


def coverage(monkeypatch: pytest.MonkeyPatch, schema: dict[str, Any]) -> Coverage:
    """Counts the branches of a schema that goes by the name of tea."""
    read = generate.loaded

    def loaded(name: str) -> dict[str, Any]:
        return schema if name == "tea" else read(name)

    for module in (branches, generate):
        monkeypatch.setattr(module, "loaded", loaded)
    return Coverage("tea")


def taken(counted: Coverage) -> set[str]:
    """The branches that were gone through so far."""
    return set(counted.branches) - set(counted.missing)


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_of_its_type_and_of_no_other(kind: str) -> None:
    for name, given_values in KINDS.items():
        for value in given_values:
            whole = isinstance(value, int) and not isinstance(value, bool)
            both = {name, kind} == {"integer", "number"} and whole
            assert is_kind(kind, value) is (name == kind or both), value


def test_every_branch_is_known_before_a_value_is_seen(tea: Coverage) -> None:
    assert tea.branches == BRANCHES
    assert tea.missing == sorted(BRANCHES)
    assert tea.share == 0


@pytest.mark.parametrize(
    ("value", "through"),
    [
        ({"name": "a"}, {".name present", ".kind absent", ".cups absent", ".milk absent"}),
        ({"name": "a", "kind": "green"}, {".kind present", ".kind = 'green'"}),
        ({"name": "a", "cups": []}, {".cups present", ".cups[]"}),
        ({"name": "a", "cups": [1, None]}, {".cups present", "tea/cup: integer", "tea/cup: null"}),
        ({"name": "a", "milk": True}, {".milk present", ".milk | 0"}),
        ({"name": "a", "milk": 0.5}, {".milk present", ".milk | 1", ".milk|1: number"}),
        ({"name": "a", "milk": None}, {".milk present", ".milk | 1", ".milk|1: null"}),
    ],
)
def test_a_value_goes_through_the_branches_that_it_takes(
    tea: Coverage, value: dict[str, Any], through: set[str]
) -> None:
    tea.see(value)
    absent = {f".{name} absent" for name in ("kind", "cups", "milk") if name not in value}
    assert taken(tea) == through | absent | {".name present"}


def test_what_was_seen_is_counted_together_and_once(tea: Coverage) -> None:
    tea.see({"name": "a"})
    tea.see({"name": "b"})
    assert tea.share == 4 / len(BRANCHES)
    tea.see({"name": "a", "kind": "black", "cups": [], "milk": False})
    assert tea.missing == sorted(
        {
            ".kind = 'green'",
            "tea/cup: integer",
            "tea/cup: null",
            ".milk | 1",
            ".milk|1: null",
            ".milk|1: number",
        }
    )
    tea.see({"name": "a", "kind": "green", "cups": [1, None], "milk": None})
    tea.see({"name": "a", "milk": 1})
    assert tea.missing == []
    assert tea.share == 1.0


def test_a_list_that_must_hold_something_has_no_empty_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"$id": "https://example.test/t", "type": "array", "minItems": 1, "items": {"type": ["null"]}}
    counted = coverage(monkeypatch, schema)
    assert counted.branches == {"[*]: null"}
    counted.see([None])
    assert counted.missing == []


def test_a_condition_holds_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {
        "$id": "https://example.test/if",
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "required": ["a"],
        "if": {"properties": {"a": {"const": "x"}}},
    }
    counted = coverage(monkeypatch, schema)
    assert counted.branches == {" if", " else", ".a present"}
    counted.see({"a": "y"})
    assert counted.missing == [" if"]
    counted.see({"a": "x"})
    assert counted.missing == []


def test_what_the_schema_does_not_know_is_no_branch(tea: Coverage) -> None:
    tea.see({"name": "a"})
    before = taken(tea)
    tea.see({"name": "a", "sugar": 1})
    assert taken(tea) == before


@settings(max_examples=50)
@given(
    values(
        {
            **TEA,
            "properties": {
                **TEA["properties"],
                "cups": {"type": "array", "items": {"type": ["integer", "null"]}},
            },
        },
        "tea",
    )
)
def test_no_value_goes_through_a_branch_that_is_not_there(value: Any) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        counted = coverage(monkeypatch, TEA)
        counted.see(value)
        assert counted._seen <= counted.branches
        assert 0 < counted.share <= 1


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["compat", "native-text"]), st.data())
def test_no_request_goes_through_a_branch_that_its_schema_has_not(surface: str, data: st.DataObject) -> None:
    name = f"{surface}.request"
    counted = Coverage(name)
    counted.see(data.draw(from_schema(name)))
    assert counted._seen <= counted.branches
