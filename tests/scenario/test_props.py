"""Faults and quotas of a scenario: entered with it, taken out with it, back after a reset."""

import subprocess
import sys

import pytest

from mockserver.base import resources
from mockserver.scenario.document import Scenario
from mockserver.scripts.script import FILES
from tests.scenario.playing import ask, fresh, playable, say, scenario, told

QUOTA = "quotas: [{model: 'qwen-*', rpm: 1}]"


def test_the_schema_is_made_of_those_of_the_control_api() -> None:
    script = resources.folder("schemas").parent / "scripts" / "scenario-schema"
    result = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, check=False)  # noqa: S603
    assert result.returncode == 0, result.stdout


def test_a_quota_is_played_for_each_key_by_itself_and_leaves_with_its_scenario() -> None:
    engine = fresh()
    engine.play(FILES, playable(QUOTA))
    assert [say(engine, "Tea?", key=key)[:14] for key in ("sk-a", "sk-a")][1] == "limit_requests"
    engine.reset()
    assert [say(engine, "Tea?", key="sk-a") == "limit_requests" for _ in range(2)] == [False, True]
    engine.play(FILES, Scenario())
    assert say(engine, "Tea?", key="sk-a") != "limit_requests"
    assert not engine.quotas


def test_props_of_one_key_concern_no_other() -> None:
    engine = fresh()
    engine.play(
        "sk-a", playable(f"{QUOTA}\nfaults: [{{fault: 'error=InternalError.Algo', match: {{turn: 1}}}}]")
    )
    assert say(engine, "Tea?", key="sk-a") != say(engine, "Tea?", key="sk-b")
    engine.reset("sk-a")
    assert say(engine, "Tea?", key="sk-a") == say(engine, "Tea?", key="sk-b")
    assert list(engine.faults) == []


def test_faults_are_entered_and_begin_anew_with_a_reset() -> None:
    engine = fresh()
    engine.play(
        FILES, playable("keys: [sk-a]\nfaults: [{fault: 'error=Throttling.RateQuota', times: 1}]\n" + QUOTA)
    )
    assert [each.match.key for each in engine.faults] == ["sk-a"]
    assert [quota.key for quota in engine.quotas] == ["sk-a"]
    first = list(engine.faults)
    engine.reset()
    assert len(list(engine.faults)) == 1
    assert list(engine.faults) != first
    engine.play(None, playable("faults: [{fault: 'error=Throttling.RateQuota'}]"))
    engine.reset()
    assert len(list(engine.faults)) == 1
    engine.play(FILES, playable(""))
    assert list(engine.faults) == []


def test_a_quota_that_was_set_since_is_left_alone() -> None:
    engine = fresh()
    engine.play(FILES, playable(QUOTA))
    (quota,) = engine.quotas
    engine.quotas.put(type(quota)(model=quota.model, rpm=7))
    engine.play(FILES, playable(""))
    assert [each.limits for each in engine.quotas] == [{"rpm": 7}]


STRICT = "rules: {mode: strict}"
UNKNOWN = {"colour": "green"}


def test_rules_are_played_and_leave_with_their_scenario() -> None:
    engine = fresh()
    assert "choices" in ask(engine, "Tea?", **UNKNOWN)
    engine.play(FILES, playable(STRICT))
    assert "error" in ask(engine, "Tea?", **UNKNOWN)
    engine.reset()
    assert "error" in ask(engine, "Tea?", **UNKNOWN)
    engine.play(FILES, Scenario())
    assert "choices" in ask(engine, "Tea?", **UNKNOWN)


def test_rules_of_one_key_concern_no_other() -> None:
    engine = fresh()
    engine.play("sk-a", playable(STRICT))
    engine.play(FILES, playable("keys: [sk-b]\nrules: {mode: strict}"))
    assert ["error" in ask(engine, "Tea?", key=f"sk-{name}", **UNKNOWN) for name in "abc"] == [
        True,
        True,
        False,
    ]
    engine.reset("sk-a")
    assert ["error" in ask(engine, "Tea?", key=f"sk-{name}", **UNKNOWN) for name in "abc"] == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "name: a\nrules: {rules: {messages.tool: 'off'}}",
            "main.yaml:2:1: error: there is no rule 'messages.tool'",
        ),
        ("rules: {mode: stict}", "(did you mean 'strict'?)"),
        ("faults:\n  - fault: error=Tea", "main.yaml:2:5: error: "),
        ("faults:\n  - {fault: 'error=Throttling', match: {system: {regex: '('}}}", "is not a regular"),
        ("quotas: [{model: x}]", "main.yaml:1:10: error: quotas[0]"),
    ],
)
def test_props_that_cannot_be_are_explained(text: str, words: str) -> None:
    whole = scenario(text)
    assert whole.broken
    assert any(words in line for line in told(whole)), told(whole)


def test_a_reply_may_have_a_fault() -> None:
    engine = fresh()
    engine.play(FILES, playable("replies: [{reply: {content: Tea., fault: 'error=Throttling.RateQuota'}}]"))
    assert say(engine, "Tea?") == "limit_requests"
