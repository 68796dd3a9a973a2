"""Valid conversations are never refused, and whatever a rule's mutator makes of one is found by that rule."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules import all_rules
from mockserver.rules.policy import Mode
from mockserver.state.journal import Entry
from tests.asking import COMPLETIONS
from tests.conftest import NOW, RULE_EXAMPLES, make_headers
from tests.rules.strategies import MUTATIONS, Talk, talks
from tests.rules.table import LATER


def asked(engine: Engine, talk: Talk) -> Entry:
    """What the journal keeps of a conversation."""
    sse = {"X-DashScope-SSE": "enable"} if talk.stream and talk.surface.dialect == "native" else {}
    answer = engine.chat(talk.surface, make_headers(sse), dumps(talk.body), arrived=NOW)
    assert answer.entry is not None
    return answer.entry


@pytest.fixture(scope="module", params=Mode)
def judging(request: pytest.FixtureRequest, lazy_tokenizer: LazyTokenizer) -> Engine:
    """An engine of each mode."""
    return Engine(Settings(rules=request.param), tokenizer=lazy_tokenizer, clock=lambda: NOW)


@RULE_EXAMPLES
@given(talk=talks())
def test_a_valid_conversation_breaks_no_rule_in_any_mode(judging: Engine, talk: Talk) -> None:
    judging.reset()
    entry = asked(judging, talk)
    assert (entry.status, entry.refusal, entry.findings) == (200, None, ())


@RULE_EXAMPLES
@given(talk=talks(), rule=st.sampled_from(sorted(MUTATIONS)))
def test_what_a_mutator_makes_of_it_is_found_by_its_rule(judging: Engine, talk: Talk, rule: str) -> None:
    judging.reset()
    mutation = MUTATIONS[rule]
    if talk.surface not in mutation.surfaces:
        return
    entry = asked(judging, mutation.change(deepcopy(talk)))
    assert rule in {finding.rule for finding in entry.findings}
    entry.shown()


def test_every_rule_has_a_mutator() -> None:
    # What is no JSON is no mutation of a conversation, and a header is none.
    here = set(map(str, COMPLETIONS))
    rules = {rule.id for rule in all_rules() if not here.isdisjoint(rule.surfaces)}
    assert set(MUTATIONS) == rules - LATER - {"auth.key", "request.json", "access.asynchronous"}
