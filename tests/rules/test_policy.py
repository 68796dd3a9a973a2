"""What is done about findings: modes, switches, and the policies of keys."""

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules.policy import Action, Mode, Policies, RulePolicy, RulePolicyError
from mockserver.rules.registry import rules_by_id
from mockserver.talk.finding import Finding, Severity
from tests.conftest import NOW, make_headers

HARMFUL = Finding("parameters.unknown", Severity.HARMFUL, "tea", "")


def chat(engine: Engine, *, key: str = "sk-test", **body: Any) -> Answer:
    """A chat on the compatible surface."""
    said = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}], **body}
    return engine.chat(COMPAT, make_headers(key=key), json.dumps(said).encode(), arrived=NOW)


def ids(answer: Answer) -> list[str]:
    """The rules that an answer's journal entry names."""
    assert answer.entry is not None
    return [finding.rule for finding in answer.entry.findings]


@pytest.mark.parametrize(
    ("mode", "rules", "harmful", "refused"),
    [
        (Mode.CLOUD, {}, "report", "refuse"),
        (Mode.STRICT, {}, "refuse", "refuse"),
        (Mode.LENIENT, {}, "report", "report"),
        (Mode.STRICT, {"parameters.unknown": "off", "ranges.max-tokens": "report"}, "off", "report"),
        (Mode.LENIENT, {"parameters.unknown": "refuse", "ranges.max-tokens": "off"}, "refuse", "off"),
    ],
)
def test_a_switch_beats_the_mode(
    mode: str, rules: dict[str, str], harmful: str, refused: str, engine: Engine
) -> None:
    policy = RulePolicy(mode=mode, rules=rules)
    refusal = engine.errors.refuse("parameter.max-tokens-range", max=1)
    finding = Finding("ranges.max-tokens", Severity.REFUSED, "max_tokens", "", refusal)
    assert (policy.action(HARMFUL), policy.action(finding)) == (harmful, refused)


@pytest.mark.parametrize(
    ("mode", "effects"),
    [
        ("cloud", ("report", "refuse", "by-model", "refuse")),
        ("strict", ("refuse", "refuse", "refuse", "refuse")),
        ("lenient", ("report", "report", "report", "refuse")),
    ],
)
def test_the_effect_of_a_mode_on_each_kind_of_rule(mode: str, effects: tuple[str, ...]) -> None:
    names = ("parameters.unknown", "ranges.max-tokens", "thinking.json-mode", "messages.content-missing")
    policy = RulePolicy(mode=mode)
    assert tuple(policy.effect(rules_by_id()[name]) for name in names) == effects
    switched = RulePolicy(mode=mode, rules={"ranges.max-tokens": "off"})
    assert switched.effect(rules_by_id()["ranges.max-tokens"]) == "off"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mode": "loud"}, "there is no mode 'loud'; the nearest known one is 'cloud'"),
        ({"mode": "strict" * 20}, f"there is no mode '{'strict' * 13}st'; the nearest known one is 'strict'"),
        (
            {"rules": {"range.max-token": "off"}},
            "there is no rule 'range.max-token'; the nearest known one is 'ranges.max-tokens'",
        ),
        ({"rules": {"ranges.n": "of"}}, "there is no action 'of'; the nearest known one is 'off'"),
        (
            {"rules": {"messages.content-missing": "off"}},
            "rule 'messages.content-missing' cannot be off: a request that breaks it cannot be answered",
        ),
    ],
)
def test_what_there_is_not_is_named_with_the_nearest(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(RulePolicyError) as raised:
        RulePolicy(**fields)
    assert str(raised.value) == message
    settings = Settings(rules=fields.get("mode", "cloud"), rule_switches=fields.get("rules", {}))
    with pytest.raises(RulePolicyError):
        Engine(settings)


def test_a_fixed_rule_may_be_told_to_refuse() -> None:
    told = {"messages.content-missing": "refuse"}
    assert RulePolicy(rules={"messages.content-missing": Action.REFUSE}).rules == told


def test_a_policy_changes_by_what_is_named() -> None:
    first = RulePolicy(mode="strict", rules={"ranges.n": "refuse"})
    assert first.changed() == first
    assert first.changed(mode="lenient").rules == first.rules
    both = first.changed(rules={"ranges.max-tokens": "off"})
    assert (both.mode, both.rules) == ("strict", {"ranges.n": "refuse", "ranges.max-tokens": "off"})


def test_a_key_has_the_servers_policy_until_it_has_one_of_its_own() -> None:
    cloud, strict, lenient = (RulePolicy(mode=mode) for mode in Mode)
    policies = Policies(cloud)
    policies.put(strict, "sk-one")
    policies.put(lenient)
    assert (policies.of("sk-one"), policies.of("sk-two"), policies.default) == (strict, lenient, lenient)
    policies.reset("sk-one")
    policies.reset("sk-never")
    assert policies.of("sk-one") == lenient
    policies.put(strict, "sk-one")
    policies.reset()
    assert (policies.of("sk-one"), policies.default) == (cloud, cloud)


def test_what_is_changed_for_a_key_or_for_all_leaves_the_rest() -> None:
    policies = Policies(RulePolicy(rules={"ranges.n": "off"}))
    policies.change(key="sk-one", mode="strict")
    assert policies.of("sk-one") == RulePolicy(mode="strict", rules={"ranges.n": "off"})
    policies.change(mode="lenient")
    policies.change(key="sk-one", rules={"ranges.seed": "report"})
    assert policies.default == RulePolicy(mode="lenient", rules={"ranges.n": "off"})
    own = RulePolicy(mode="strict", rules={"ranges.n": "off", "ranges.seed": "report"})
    assert (policies.of("sk-one"), policies.of("sk-two")) == (own, policies.default)


def test_beyond_ten_thousand_the_oldest_policies_go() -> None:
    policies, strict = Policies(RulePolicy()), RulePolicy(mode="strict")
    for number in range(10_000):
        policies.put(strict, f"sk-{number}")
    assert policies.of("sk-0") == strict
    policies.put(strict, "sk-10000")
    assert [policies.of(f"sk-{number}").mode for number in (0, 1, 10_000)] == ["cloud", "strict", "strict"]


def test_strict_refuses_what_the_cloud_accepts_and_says_why(lazy_tokenizer: LazyTokenizer) -> None:
    engine = Engine(Settings(rules="strict"), tokenizer=lazy_tokenizer)
    answer = chat(engine, temprature=1)
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"]) == (400, "invalid_parameter_error")
    assert error["message"] == (
        "Rule parameters.unknown is broken at temprature: 'temprature' is no parameter of this surface and "
        "does nothing; the nearest known one is 'temperature'. Correct the name, or leave it out."
    )


def test_lenient_answers_what_can_be_answered_and_reports_it(lazy_tokenizer: LazyTokenizer) -> None:
    engine = Engine(Settings(rules="lenient"), tokenizer=lazy_tokenizer)
    answer = chat(engine, temperature=3, max_tokens=0)
    assert (answer.status, ids(answer)) == (200, ["ranges.temperature", "ranges.max-tokens"])
    assert dict(answer.headers)[b"x-mock-findings"] == b"ranges.temperature, ranges.max-tokens"
    assert chat(engine, messages="Hi").status == 400


def test_a_rule_that_is_off_finds_nothing(lazy_tokenizer: LazyTokenizer) -> None:
    switches = {"ranges.temperature": "off", "parameters.unknown": "off"}
    engine = Engine(Settings(rule_switches=switches), tokenizer=lazy_tokenizer)
    answer = chat(engine, temperature=3, tea=1)
    assert (answer.status, ids(answer)) == (200, [])
    assert b"x-mock-findings" not in dict(answer.headers)


def test_the_cloud_answers_a_broken_request_with_its_first_broken_rule(engine: Engine) -> None:
    answer = chat(engine, tea=1, max_tokens=0, thinking_budget=0)
    assert ids(answer) == ["thinking.budget", "ranges.max-tokens", "parameters.unknown"]
    assert b"thinking_budget" in answer.body
    assert answer.entry is not None
    assert [finding["rule"] for finding in answer.entry.shown()["findings"]] == ids(answer)


def test_a_policy_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(RulePolicy(), "mode", "strict")  # noqa: B010 - what the types forbid
