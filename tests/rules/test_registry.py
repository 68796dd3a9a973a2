"""The registry of the rules, and what they find."""

import re
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.table import SURFACES
from mockserver.rules import Moment, all_rules, check, check_at, parameters, registry
from mockserver.rules.registry import ACCEPTED, Broken, Rule, concerned, rules_by_id
from mockserver.talk.finding import Severity
from mockserver.talk.surface import Surface
from tests.asking import ask

KNOWN_FROM = (
    "Model Studio docs, ",
    "Model Studio users, ",
    "recording",
    "form of ",
    "issue reports",
    "OpenAI",
)


def tea(**more: Any) -> Rule:
    """A rule about tea."""
    fields = {"id": "tea", "severity": Severity.REFUSED, "source": "", "fix": "Boil water.", **more}
    return Rule(**fields)


def test_every_rule_says_where_it_is_known_from_and_what_helps() -> None:
    assert len(rules_by_id()) == len(all_rules())
    for rule in all_rules():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*", rule.id)
        assert "20" in rule.source, rule.id
        assert rule.fix.endswith("."), rule.id


def test_every_rule_has_a_refusal_or_teaches(errors: Errors) -> None:
    for rule in all_rules():
        for entry in rule.refusals:
            assert errors[entry]
        assert bool(rule.refusals) is (rule.severity is Severity.REFUSED) or rule.teaches or rule.refusals
        if rule.severity is Severity.HARMFUL:
            assert rule.teaches
            assert rule.refusals == ()
        assert (rule.check is None) is (rule.moment is Moment.READING)
        assert not rule.fixed or rule.refusals


def test_a_museum_case_names_public_issues() -> None:
    for rule in all_rules():
        for case in (rule.museum or "").split(", "):
            assert case == "" or re.fullmatch(r"([\w.-]+/)?[\w.-]+#\d+", case)


def test_the_rules_are_always_the_same_ones() -> None:
    assert all_rules() is all_rules()
    assert rules_by_id() is rules_by_id()


def test_what_is_asked_of_a_surface_is_looked_up_once() -> None:
    for surface in SURFACES.values():
        assert registry._plan(surface) is registry._plan(surface)
        assert registry._checks(surface, ("seed",)) is registry._checks(surface, ("seed",))
        assert registry._asked_at(Moment.PROMPT, surface) is registry._asked_at(Moment.PROMPT, surface)


@pytest.mark.parametrize(
    ("surface", "message"),
    [
        (COMPAT, "The model `tea` does not exist or you do not have access to it."),
        (NATIVE_TEXT, "Model can not be found."),
    ],
)
def test_a_finding_speaks_the_words_of_the_surface(surface: Surface, message: str, errors: Errors) -> None:
    rule = tea(refusals=("model.unknown",), check=lambda _: [Broken("model", {"model": "tea"})])
    (finding,) = rule.findings(errors, ask("Hi", surface=surface))
    assert (finding.rule, finding.severity, finding.path) == ("tea", Severity.REFUSED, "model")
    assert finding.message == message
    assert finding.refusal == errors.refuse("model.unknown", model="tea")


def test_what_is_accepted_here_is_found_without_a_refusal(errors: Errors) -> None:
    rule = tea(refusals=("model.unknown",), teaches="{model} is hot.")
    finding = rule.finding(Broken("model", {"model": "Tea"}, ACCEPTED), COMPAT, errors)
    assert (finding.message, finding.refusal) == ("Tea is hot.", None)


def test_all_findings_of_a_request_are_reported_in_the_order_of_the_rules(errors: Errors) -> None:
    request = ask("Hi", model="qwen-max", enable_thinking=True, max_tokens=0, thinking_budget=0)
    found = [finding.rule for finding in check(request, errors)]
    assert found == ["thinking.unsupported", "thinking.budget", "ranges.max-tokens"]


@pytest.mark.parametrize(
    ("surface", "rules"),
    [
        (COMPAT, {"model.surface", "parameters.unknown", "usage.not-asked"}),
        (
            NATIVE_TEXT,
            {
                "model.surface",
                "parameters.unknown",
                "parameters.misplaced",
                "messages.last-role",
                "incremental-output.unset",
            },
        ),
    ],
)
def test_an_ordinary_request_is_asked_by_few_rules(surface: Surface, rules: set[str], errors: Errors) -> None:
    bare = ask("Hi", model="qwen-max", surface=surface)
    assert {rule.id for rule in concerned(bare)} == rules
    assert check(bare, errors) == []


def test_a_rule_is_asked_when_a_parameter_or_a_mark_concerns_it() -> None:
    with_seed = {rule.id for rule in concerned(ask("Hi", model="qwen-max", max_tokens=5))}
    assert "ranges.max-tokens" in with_seed
    with_empty = {rule.id for rule in concerned(ask("", model="qwen-max"))}
    assert {"messages.empty-content", "messages.empty-answer"} <= with_empty


def test_later_rules_are_asked_with_their_facts(errors: Errors) -> None:
    (found,) = check_at(Moment.PROMPT, errors, ask("Hi", model="qwen-math-plus"), 3073)
    assert (found.rule, found.message) == ("prompt.too-long", "Range of input length should be [1, 3072]")


def test_what_no_mode_waives_is_the_wrong_path() -> None:
    assert [rule.id for rule in all_rules() if rule.check is not None and rule.fixed] == ["model.surface"]


def test_a_rule_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(rules_by_id()["ranges.n"], "fix", "")  # noqa: B010 - what the types forbid


def test_a_rule_that_is_broken_without_end_is_told_of_a_few_times(errors: Errors) -> None:
    asked = []

    def without_end(_: Any) -> Any:
        while True:
            asked.append(1)
            yield Broken("messages")

    endless = tea(severity=Severity.HARMFUL, teaches="Tea is endless.", check=without_end)
    assert len(endless.findings(errors, ask("Tea?"))) == registry.MOST_PLACES
    assert len(asked) == registry.MOST_PLACES


def test_of_8000_unknown_parameters_a_few_are_looked_up(
    errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up = []

    def near(name: str, _: Any) -> str:
        looked_up.append(name)
        return "temperature"

    monkeypatch.setattr(parameters, "nearest", near)
    unknown: Any = {f"tea_{number}": 1 for number in range(8_000)}
    found = check(ask("Tea?", **unknown), errors)
    assert len(looked_up) == registry.MOST_PLACES
    assert sum(finding.rule == "parameters.unknown" for finding in found) == registry.MOST_PLACES
