"""Each rule on each surface, asked as a client asks: what breaks it is found, what just does not is not."""

import pytest

from mockserver.base.jsontext import dumps
from mockserver.corridor.engine import Engine
from mockserver.dialects.table import SURFACES, named
from mockserver.rules import all_rules
from mockserver.rules.registry import rules_by_id
from mockserver.state.journal import Entry
from mockserver.talk.surface import Surface
from tests.asking import COMPLETIONS
from tests.conftest import NOW, make_headers
from tests.rules.table import LATER, Case, Side, body
from tests.rules.table_of_some import CASES, NO_CASE


def asked(engine: Engine, side: Side, surface: Surface) -> Entry:
    """What the journal keeps of a conversation."""
    sse = {"X-DashScope-SSE": "enable"} if side.stream and surface.dialect == "native" else {}
    answer = engine.chat(surface, make_headers(sse), dumps(body(side, surface)), arrived=NOW)
    assert answer.entry is not None
    return answer.entry


def case_id(case: Case) -> str:
    return f"{case.rule}-{case.surface.name}"


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_what_breaks_a_rule_is_found_at_its_place_and_the_near_miss_is_not(
    case: Case, engine: Engine
) -> None:
    found = [
        finding for finding in asked(engine, case.broken, case.surface).findings if finding.rule == case.rule
    ]
    assert [finding.path for finding in found] == [case.path]
    engine.reset()
    kept = asked(engine, case.kept, case.surface)
    assert case.rule not in {finding.rule for finding in kept.findings}


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_finding_refuses_with_one_of_the_rules_entries_or_with_none(case: Case, engine: Engine) -> None:
    entry = asked(engine, case.broken, case.surface)
    (found,) = [finding for finding in entry.findings if finding.rule == case.rule]
    rule = rules_by_id()[case.rule]
    assert found.severity is rule.severity
    if found.refusal is None:
        assert rule.teaches
    else:
        assert found.refusal.id in rule.refusals
        assert entry.refusal is not None
        assert entry.status >= 400 or entry.stream


def test_every_rule_has_a_case_on_every_surface() -> None:
    wanted = {
        (rule.id, named(surface))
        for rule in all_rules()
        for surface in map(str, COMPLETIONS)
        if surface in rule.surfaces and rule.id not in LATER
    }
    assert wanted - {(case.rule, case.surface) for case in CASES} == set(NO_CASE) & wanted


@pytest.mark.parametrize("surface", SURFACES.values())
@pytest.mark.parametrize("sent", [b"", b"{", b"[]", b"7"])
def test_a_body_that_is_no_json_object_breaks_a_rule(surface: Surface, sent: bytes, engine: Engine) -> None:
    answer = engine.chat(surface, make_headers(), sent, arrived=NOW)
    assert answer.entry is not None
    assert [(found.rule, found.path) for found in answer.entry.findings] == [("request.json", "")]
