"""Changes as documents: made anew from their JSON, they come to what the control API made of them."""

import asyncio
from typing import Any

import pytest

from mockserver.corridor.changes import CHANGES, changed, enter
from mockserver.corridor.engine import Engine
from mockserver.scripts.script import Script

SCENARIO = "replies:\n- match: {last_user: Tea?}\n  reply: {content: Oolong.}\n"

MADE: list[tuple[str, dict[str, Any]]] = [
    ("reply", {"reply": {"content": "A"}, "match": {"key": "sk-a"}}),
    ("reply", {"reply": {"content": "B"}, "times": 2}),
    ("reply-replaced", {"id": "reply-2", "reply": {"reply": {"content": "C"}}}),
    ("reply-removed", {"id": "reply-1"}),
    ("fault", {"fault": "reset-mid-chunk"}),
    ("fault", {"fault": "reset-mid-chunk", "match": {"key": "sk-a"}}),
    ("fault-removed", {"id": "fault-1"}),
    ("quota", {"model": "qwen-*", "rpm": 3}),
    ("quota", {"model": "*", "key": "sk-a", "rpm": 4}),
    ("quotas-removed", {"key": None, "model": "qwen-*"}),
    ("moderation", {"input": ["bomb"]}),
    ("rules", {"mode": "strict"}),
    ("rules", {"key": "sk-a", "rules": {"usage.not-asked": "off"}}),
    ("scenario", {"key": "sk-a", "files": {"tea.yaml": SCENARIO}}),
    ("on-miss", {"key": None, "on_miss": "error"}),
]


def state_of(engine: Engine) -> list[Any]:
    """What the changes of the list above touch."""
    policies = engine.door.policies
    return [
        [(script.id, script.spec) for script in engine.scripts],
        [(fault.id, fault.spec) for fault in engine.faults],
        list(engine.quotas),
        engine.moderation.input.words,
        (policies.default, policies.of("sk-a")),
        engine.stage.on_miss("sk-b"),
    ]


@pytest.fixture
def engine() -> Engine:
    return Engine()


def test_every_change_is_made_of_its_document(engine: Engine) -> None:
    assert {name for name, _ in MADE} | {"reset"} == set(CHANGES)
    results = [CHANGES[name](engine, document) for name, document in MADE]
    assert results[:7] == ["reply-1", "reply-2", True, True, "fault-1", "fault-2", True]
    scripts, faults, quotas, words, (default, own), on_miss = state_of(engine)
    assert [spec["reply"] for _, spec in scripts] == [{"content": "C"}, {"content": "Oolong."}]
    assert [name for name, _ in faults] == ["fault-2"]
    assert [(quota.key, quota.rpm) for quota in quotas] == [("sk-a", 4)]
    assert (list(words), on_miss) == (["bomb"], "error")
    assert (default.mode, own.mode, own.rules) == ("strict", "strict", {"usage.not-asked": "off"})


def test_a_change_is_made_the_same_twice(engine: Engine) -> None:
    other = Engine()
    for name, document in MADE:
        assert CHANGES[name](engine, document) == CHANGES[name](other, document)
    assert state_of(engine)[1:] == state_of(other)[1:]


def test_a_reset_takes_what_belongs_to_a_key_or_all(engine: Engine) -> None:
    for name, document in MADE:
        CHANGES[name](engine, document)
    CHANGES["reset"](engine, {"key": "sk-a"})
    assert [script.id for script in engine.scripts] == ["reply-2"]
    CHANGES["reset"](engine, {"key": None})
    assert state_of(engine)[:3] == [[], [], []]


def test_a_scenario_without_files_takes_the_one_before_away(engine: Engine) -> None:
    CHANGES["scenario"](engine, {"key": None, "files": {"tea.yaml": SCENARIO}})
    assert len(engine.scripts) == 1
    CHANGES["scenario"](engine, {"key": None})
    assert len(engine.scripts) == 0


def test_what_was_read_already_is_not_read_again(engine: Engine) -> None:
    spec = {"reply": {"content": "A"}}
    script = Script.read(spec, "", engine.errors)
    made = asyncio.run(changed(engine, "reply", spec, ready=lambda: enter(engine, script)))
    assert (made, list(engine.scripts)) == ("reply-1", [script])
    assert asyncio.run(changed(engine, "reply", spec)) == "reply-2"
