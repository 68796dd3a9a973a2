"""The grid: its table is sound, its operators do what they say, and the suite catches a sample of it."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.grid.held import Fate, Plan, judged, spied
from contract_tests.grid.mutant import Memory, Watching, looked_at, meant
from contract_tests.grid.operators import KINDS, OPERATORS, TEXT, Before, copied, differs
from contract_tests.grid.places import sites
from contract_tests.grid.show import Share
from contract_tests.grid.table import Mutation, impossible, mutations, table
from mockserver.contract import Choice, Report, Stage, built_in, requirements
from mockserver.contract.protocol import Call

SAMPLE = mutations()[::240]
"""One of each hundred and twenty; `scripts/nightly grid` takes all. Some of them are never played yet."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(patience=1.5) as running:
        yield running


@pytest.fixture(scope="module")
def plan(stage: Stage) -> Plan:
    cases = [case for case in built_in() if case.id not in ("turns.long", "text.large")]
    return spied(stage, cases, SAMPLE)


def test_the_table_names_what_there_is() -> None:
    parts = table()
    tags = {tag for rule in parts["exclusive"] for tag in rule["tags"]}
    for what in parts["what"]:
        assert set(what["requirements"]) <= set(requirements()), what["id"]
        assert what["kind"] in KINDS, what["id"]
        assert set(what["layers"]) <= set(parts["layers"]), what["id"]
        assert what["title"]
    assert {how["id"] for how in parts["how"]} == set(OPERATORS)
    assert all(set(how["kinds"]) <= set(KINDS) for how in parts["how"])
    known = {
        tag
        for row in (*parts["what"], *parts["when"])
        for name in ("tags", "needs")
        for tag in row.get(name, ())
    }
    assert tags <= known
    assert all(rule["why"].endswith(".") for rule in (*parts["exclusive"], *parts["invisible"]))


def test_there_are_thousands_and_each_has_a_name() -> None:
    names = [one.id for one in mutations()]
    assert len(names) > 6000
    assert len(set(names)) == len(names)
    assert [one.id for one in mutations()] == names


def test_what_contradicts_itself_is_hidden_with_its_reason() -> None:
    hidden = {one.id: one.hidden for one in impossible()}
    assert hidden["prefix-text/strip/thinking"] == "No model thinks behind a prefix."
    assert hidden["model/stale/always"] == "It always has the same value."
    assert "said-text/strip/always" not in hidden


@given(st.sampled_from(sorted(TEXT)), st.text())
def test_a_text_stays_a_text(name: str, text: str) -> None:
    (after,) = OPERATORS[name](text, Before())
    assert isinstance(after, str)


@given(
    st.sampled_from(sorted(OPERATORS)),
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists),
)
def test_an_operator_never_changes_what_it_was_given(name: str, value: Any) -> None:
    kept = repr(value)
    Mutation(
        "request", {"id": "x", "layers": ["request"]}, {"id": name}, {"id": "always", "tags": []}
    ).change(value, Before(stale=value, other=1))
    assert repr(value) == kept


@pytest.mark.parametrize(
    ("name", "value", "after"),
    [
        ("drop", "a", ()),
        ("twice", {"a": 1}, ({"a": 1}, {"a": 1})),
        ("empty", ["a"], ([],)),
        ("retype", True, (1,)),
        ("retype", 0.5, ("0.5",)),
        ("retype", {"a": "茶"}, ('{"a": "茶"}',)),
        ("round", 0.7, (1,)),
        ("round", '{"a": 9007199254740993}', ('{"a": 9007199254740992}',)),
        ("reserialise", '{ "a" : 1.50 }', ('{"a":1.5}',)),
        ("reserialise", "no JSON", ("no JSON",)),
        ("fill-template", "a {{b}} ${c} $d {e} %s", ("a     ",)),
        ("drop-control", "\x1b[31mred\x07", ("red",)),
        ("plain-quotes", "“it’s”", ('"it\'s"',)),
    ],
)
def test_what_an_operator_makes(name: str, value: Any, after: tuple[Any, ...]) -> None:
    assert OPERATORS[name](value, Before()) == after


def test_one_and_true_are_not_the_same() -> None:
    assert differs(1, (True,))
    assert differs([1], ([True],))
    assert not differs("a", ("a",))


def test_a_copy_is_another_one() -> None:
    kept: dict[str, Any] = {"a": [{"b": 1}]}
    copy = copied(kept)
    assert copy == kept
    copy["a"][0]["b"] = 2
    assert kept == {"a": [{"b": 1}]}


def test_arguments_are_reported_by_their_meaning() -> None:
    def report(arguments: str) -> Report:
        return meant(Report((Choice(tool_calls=(Call("call_1", "weather", arguments),)),)))

    assert report('{"at": 1}') == report('{\r\n "at": 1.0}')
    assert report('{"at": 1}') != report('{"at": 2}')
    assert report("no JSON") != report("no JSON\n")


def test_what_stood_before_is_the_last_that_was_there() -> None:
    client = cast("Watching", SimpleNamespace(memory=Memory(), begin=SimpleNamespace(conversation="1")))
    what = {"id": "told-error", "path": ["error"], "kind": "object"}
    for error in ({"code": "A"}, None):
        looked_at("report", what, {"error": error}, client)
    [(site, before)] = looked_at("report", what, {"error": {"code": "B"}}, client)
    assert (site.value, before.stale) == ({"code": "B"}, {"code": "A"})


def test_every_broken_client_is_of_one_share() -> None:
    shares = [Share(drawn=3, part=40, first=7, examples=0, job=job, jobs=3) for job in range(3)]
    names = [one.id for share in shares for one in share.chosen]
    assert sorted(names) == sorted(one.id for one in mutations()[7::40])


BODY: dict[str, Any] = {
    "input": {
        "messages": [
            {"role": "system", "content": [{"text": "Be brief."}]},
            {"role": "user", "content": "One."},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "call_1"}, {"id": "call_2"}]},
            {"role": "tool", "content": "fine"},
            {"role": "user", "content": [{"image": "data:,"}, {"text": "Two."}]},
        ]
    },
    "parameters": {"seed": 1},
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (["@messages", {"role": "system"}, "@text"], ["Be brief."]),
        (["@messages", {"role": "user", "at": "before"}, "@text"], ["One."]),
        (["@messages", {"role": "user", "at": "last"}, "@text"], []),
        (["@messages", {"parts": True}, "content", "*", "text"], ["Two."]),
        (["@messages", {"calls": True}, "tool_calls", "*", "id"], ["call_2", "call_1"]),
        (["@messages", "+"], [None]),
        (["@options", "seed"], [1]),
        (["@options", "+seed"], []),
        (["@options", "+top_p"], [None]),
        (["@messages"], [BODY["input"]["messages"]]),
    ],
)
def test_a_path_names_its_sites(path: list[Any], values: list[Any]) -> None:
    assert [site.value for site in sites(BODY, path)] == values


def test_the_watched_reference_passes(plan: Plan) -> None:
    assert [one.explanation for one in plan.held if one.failures] == []


@pytest.mark.parametrize("mutation", SAMPLE, ids=lambda one: one.id)
def test_the_suite_catches_it(mutation: Mutation, stage: Stage, plan: Plan) -> None:
    fallen = judged(stage, plan, mutation)
    assert fallen.fate is not Fate.SURVIVED, fallen.where
    assert fallen.fate is not Fate.ASIDE, f"{fallen.by} in {fallen.where}"
