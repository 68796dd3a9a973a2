"""The registry of the rules, and what they find."""

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.rules import Severity, all_rules, check
from mockserver.rules.registry import Rule
from mockserver.wire.request import ChatRequest, Surface
from tests.asking import ask


def test_every_rule_has_an_id_of_its_own_and_says_where_it_is_known_from() -> None:
    rules = all_rules()
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.source.startswith(("Model Studio docs, ", "recording: "))
        assert "20" in rule.source


def test_the_rules_are_always_the_same_ones() -> None:
    assert all_rules() is all_rules()


def test_a_rule_without_needs_concerns_every_request() -> None:
    rule = Rule("tea", Severity.REFUSED, "", lambda _: ())
    assert rule.concerns(ask("Hi"))


def test_a_rule_with_needs_concerns_a_request_that_carries_one_of_them() -> None:
    rule = Rule("tea", Severity.REFUSED, "", lambda _: (), frozenset({"n", "seed"}))
    assert rule.concerns(ask("Hi", seed=1))
    assert not rule.concerns(ask("Hi", temperature=1))


@pytest.mark.parametrize(
    ("surface", "message"),
    [
        (Surface.COMPAT, "The model `tea` does not exist or you do not have access to it."),
        (Surface.NATIVE_TEXT, "Model can not be found."),
    ],
)
def test_a_finding_speaks_the_words_of_the_surface(surface: Surface, message: str, errors: Errors) -> None:
    rule = Rule("tea", Severity.REFUSED_BY_SOME, "", lambda _: [("model", "model.unknown", {"model": "tea"})])
    (finding,) = rule.findings(ask("Hi", surface=surface), errors)
    assert (finding.rule, finding.severity, finding.path) == ("tea", Severity.REFUSED_BY_SOME, "model")
    assert finding.message == message
    assert finding.refusal == errors.refuse("model.unknown", model="tea")


def test_all_findings_of_a_request_are_reported_in_the_order_of_the_rules(errors: Errors) -> None:
    request = ask("Hi", model="qwen-max", enable_thinking=True, max_tokens=0, thinking_budget=0)
    found = [finding.rule for finding in check(request, errors)]
    assert found == ["thinking.unsupported", "parameter.max-tokens", "parameter.thinking-budget"]


def test_a_rule_of_parameters_that_are_not_sent_is_not_even_asked(errors: Errors) -> None:
    bare: ChatRequest = ask("Hi", surface=Surface.NATIVE_TEXT)
    concerned = {rule.id for rule in all_rules() if rule.concerns(bare)}
    assert concerned == {
        "model.surface",
        "stream.required",
        "thinking.non-streaming",
        "messages.last-assistant",
        "partial.thinking",
        "partial.position",
        "messages.single-turn",
        "media.oss-unresolved",
    }
    assert check(bare, errors) == []
