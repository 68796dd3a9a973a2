"""Which of several refusals a client hears: every pair of checks broken at once."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest

from mockserver.base import resources
from mockserver.base.jsontext import dumps
from mockserver.catalogue.errors import Errors
from mockserver.catalogue.errors import load as load_errors
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.rules.order import checks, first, rank
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.surface import Surface
from tests.asking import COMPLETIONS
from tests.conftest import NOW, make_headers
from tests.rules.table import CASES, MULTIMODAL, TEXT, Case, Side, body

Sent = dict[str, Any]
"""A request: its `key`, its `headers`, its `body`; a body of bytes is sent as it is."""


ELSEWHERE = {COMPAT: "text-embedding-v4", TEXT: "qwen-vl-max", MULTIMODAL: "qwen-plus"}
"""Models that a surface does not serve."""


def test_the_order_is_read_once() -> None:
    assert checks() is checks()


def good(surface: Surface) -> Sent:
    """A request that is answered."""
    return {"key": "sk-test", "headers": {}, "body": body(Side(), surface)}


def set_key(sent: Sent, _: Surface) -> None:
    sent["key"] = "tea"


def set_body(sent: Sent, _: Surface) -> None:
    sent["raw"] = b"{"


def set_model(sent: Sent, _: Surface) -> None:
    sent["body"]["model"] = "qwen-tea"


def set_task(sent: Sent, surface: Surface) -> None:
    if sent["body"]["model"] != "qwen-tea":
        sent["body"]["model"] = {COMPAT: "text-embedding-v4", TEXT: "qwen-vl-max", MULTIMODAL: "qwen-plus"}[
            surface
        ]


def set_calling(sent: Sent, _: Surface) -> None:
    sent["headers"]["X-DashScope-Async"] = "enable"


def set_parameters(sent: Sent, surface: Surface) -> None:
    options = sent["body"] if surface is COMPAT else sent["body"]["parameters"]
    options["max_tokens"] = "5"


def set_content(sent: Sent, surface: Surface) -> None:
    place = sent["body"] if surface is COMPAT else sent["body"]["input"]
    place["messages"] = [*place["messages"], {"role": "user"}]


BREAKS: dict[str, Callable[[Sent, Surface], None]] = {
    "key": set_key,
    "body": set_body,
    "model": set_model,
    "task": set_task,
    "calling": set_calling,
    "parameters": set_parameters,
    "content": set_content,
}
"""What makes each check refuse, of those that a chat request can fail."""

BESIDE = {"plan", "path"}
"""Checks of other paths: see the tests of the server."""


def told(engine: Engine, surface: Surface, sent: Sent) -> Any:
    """The refusal that a request gets."""
    raw = sent.get("raw") or dumps(sent["body"])
    answer = engine.chat(surface, make_headers(sent["headers"], key=sent["key"]), raw, arrived=NOW)
    assert answer.entry is not None
    return answer.entry.refusal


def check_of(refusal: Any) -> str:
    """The name of the check that a refusal comes from."""
    return next(check.check for check in checks() if check.holds(refusal))


def test_every_check_can_be_broken() -> None:
    assert [check.check for check in checks() if check.check not in BESIDE] == list(BREAKS)


@pytest.mark.parametrize("surface", COMPLETIONS)
@pytest.mark.parametrize("name", BREAKS)
def test_a_check_refuses_alone(name: str, surface: Surface, engine: Engine) -> None:
    sent = good(surface)
    BREAKS[name](sent, surface)
    refusal = told(engine, surface, sent)
    if name == "calling" and surface is COMPAT:
        assert refusal is None, "the header means nothing there"
    else:
        assert check_of(refusal) == name


@pytest.mark.parametrize("surface", COMPLETIONS)
@pytest.mark.parametrize("pair", list(combinations(BREAKS, 2)), ids="-".join)
def test_of_two_broken_checks_the_earlier_one_refuses(
    pair: tuple[str, str], surface: Surface, engine: Engine
) -> None:
    sent = good(surface)
    for name in pair:
        BREAKS[name](sent, surface)
    earlier = pair[1] if surface is COMPAT and pair[0] == "calling" else pair[0]
    assert check_of(told(engine, surface, sent)) == earlier


@pytest.mark.parametrize("surface", COMPLETIONS)
def test_a_request_that_is_broken_everywhere_is_refused_for_what_is_found_first(
    surface: Surface, engine: Engine
) -> None:
    sent = good(surface)
    place = sent["body"] if surface is COMPAT else sent["body"]["input"]
    place["messages"] = [{"role": "user", "content": 7}] * 1000
    set_calling(sent, surface)
    assert told(engine, surface, sent).status == 400


def plain(case: Case) -> bool:
    """Whether a case breaks its rule with nothing but messages, or nothing but parameters."""
    side = case.broken
    return not side.model and not side.top and (side.messages in ("Hi", "Hi, json.") or not side.parameters)


def refused_by(engine: Engine, case: Case) -> Any:
    """The refusal that a case gets alone."""
    raw = dumps(body(case.broken, case.surface))
    sse = {"X-DashScope-SSE": "enable"} if case.broken.stream and case.surface.dialect == "native" else {}
    answer = engine.chat(case.surface, make_headers(sse), raw, arrived=NOW)
    assert answer.entry is not None
    return answer.entry.refusal


@pytest.mark.parametrize("surface", COMPLETIONS)
def test_words_of_the_parameter_check_come_before_those_of_the_model_service(
    surface: Surface, engine: Engine
) -> None:
    cases = [case for case in CASES if case.surface is surface and plain(case)]
    by_messages = [case for case in cases if not case.broken.parameters]
    by_parameters = [case for case in cases if case.broken.parameters]
    pairs = 0
    for one in by_messages:
        for other in by_parameters:
            alone = [refused_by(engine, one), refused_by(engine, other)]
            if None in alone or check_of(alone[0]) == check_of(alone[1]):
                continue
            both = Case("", surface, other.broken._replace(messages=one.broken.messages), "", Side())
            expected = min(alone, key=lambda refusal: rank(Finding("", Severity.REFUSED, "", "", refusal)))
            assert check_of(refused_by(engine, both)) == check_of(expected), (one.rule, other.rule)
            pairs += 1
    assert pairs > 20


def test_every_entry_that_a_rule_refuses_with_belongs_to_a_check(errors: Errors) -> None:
    named = [name for check in checks() for name in check.entries]
    assert len(set(named)) == len(named)
    assert all(errors[name] for name in named)
    for entry in errors:
        if entry.origin in ("validator", "service"):
            assert any(check.holds(errors.refuse(entry.id)) for check in checks()), entry.id


def test_what_the_cloud_accepts_comes_last() -> None:
    late = load_errors().refuse("messages.no-user")
    early = load_errors().refuse("messages.empty")
    findings = [
        Finding("a", Severity.HARMFUL, "", ""),
        Finding("b", Severity.REFUSED, "", "", late),
        Finding("c", Severity.REFUSED, "", "", early),
        Finding("d", Severity.REFUSED, "", "", early),
    ]
    assert first(findings) is findings[2]
    assert first(findings[:1]) is findings[0]
    assert first([]) is None


def test_every_check_says_where_its_place_is_known_from() -> None:
    for row in resources.fixture("rules")["order"]:
        assert row["source"], row
        assert row["asks"], row
