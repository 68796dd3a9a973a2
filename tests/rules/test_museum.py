"""Every class of known client bugs is caught by the rule that names it."""

import pytest

from mockserver.base.jsontext import dumps
from mockserver.corridor.engine import Engine
from mockserver.rules import all_rules
from mockserver.rules.registry import rules_by_id
from tests.conftest import NOW, make_headers
from tests.rules.museum import EXHIBITS, Exhibit

SEEN_OTHERWISE = {
    "history.changed": "tests/rules/test_past.py",
    "history.doubled": "tests/rules/test_past.py",
    "tools.arguments-missing": "tests/rules/table.py",
    "tools.calls-empty": "tests/rules/table.py",
    "access.asynchronous": "tests/rules/test_conversation.py",
    "messages.tool-unknown-id": "tests/rules/table.py",
}
"""Rules that name a case of the museum, but not a class of their own."""


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.bug)
def test_the_rule_that_names_the_bug_catches_it(exhibit: Exhibit, engine: Engine) -> None:
    sse = {"X-DashScope-SSE": "enable"} if exhibit.stream else {}
    answer = engine.chat(exhibit.surface, make_headers(sse), dumps(exhibit.body), arrived=NOW)
    assert answer.entry is not None
    assert (exhibit.rule, exhibit.path) in {(found.rule, found.path) for found in answer.entry.findings}
    assert exhibit.case in (rules_by_id()[exhibit.rule].museum or "").split(", ")
    shown = dict(answer.headers)[b"x-mock-findings"].decode().split(", ")
    assert exhibit.rule in shown
    assert (answer.entry.refusal is not None) is bool(rules_by_id()[exhibit.rule].refusals)


def test_every_rule_with_a_case_has_an_exhibit() -> None:
    named = {rule.id for rule in all_rules() if rule.museum}
    assert named == {exhibit.rule for exhibit in EXHIBITS} | set(SEEN_OTHERWISE)
