"""The index of scripts finds what a plain scan finds, and does not slow down as scripts are added."""

import random
import re
import tracemalloc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import finalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import errors as error_catalogue
from mockserver.scripts.index import Index, keys_of, literal
from mockserver.scripts.match import Match
from mockserver.scripts.script import FILES, Cast, Script, Scripts, let_go
from mockserver.talk.request import ChatRequest
from tests.asking import ask

ERRORS = error_catalogue.load()
WORDS = ("tea", "green tea", "oolong", "a pot of oolong tea", "茶", "")


@dataclass(eq=False)
class Filed:
    """A match, filed."""

    order: int
    conditions: Mapping[str, Any]

    def holds(self, request: ChatRequest) -> bool:
        return Match.read(self.conditions).holds("sk-test", request)


words = st.sampled_from(WORDS) | st.text("ate 茶", max_size=12)
text_specs: st.SearchStrategy[Any] = st.one_of(
    words,
    words.map(lambda part: {"contains": part}),
    st.sampled_from(["tea", "te?a", "o+long", "^a pot", "gr..n", "a|b", "[td]ea", "x*", "t.a$", ""]).map(
        lambda pattern: {"regex": pattern}
    ),
)
matches: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "last_user": text_specs,
        "system": text_specs,
        "any_message": text_specs,
        "tool_result": text_specs,
        "header": st.dictionaries(st.sampled_from(["X-Tea", "x-cup"]), text_specs, max_size=2),
        "model": st.sampled_from(["qwen-plus", "qwen-*", "qwen-max"]),
        "turn": st.integers(1, 2),
        "stream": st.booleans(),
        "surface": st.sampled_from(["compat", "native-text"]),
        "tools": st.lists(st.sampled_from(["brew", "pour"]), max_size=2),
        "conversation": st.lists(text_specs.map(lambda text: {"user": text}), min_size=1, max_size=2),
        "parameters": st.just({"seed": 7}),
    },
)
requests = st.builds(
    lambda texts, stream, cup: ask(
        [{"role": "system", "content": texts[0]}, *({"role": "user", "content": text} for text in texts[1:])],
        stream=stream,
        headers={"x-cup": cup},
        tools=[{"type": "function", "function": {"name": "brew"}}],
    ),
    st.lists(words, min_size=2, max_size=3),
    st.booleans(),
    words,
)


@given(st.lists(matches, max_size=12), requests, st.data())
def test_what_a_plain_scan_finds_is_found_in_the_same_order(
    specs: list[dict[str, Any]], request: ChatRequest, data: st.DataObject
) -> None:
    filed = [Filed(order, spec) for order, spec in enumerate(specs)]
    index = Index(filed)
    gone = data.draw(st.sets(st.sampled_from(range(len(filed))))) if filed else set()
    for at in gone:
        index.remove(filed[at])
        index.remove(filed[at])
    left = [one for one in filed if one.order not in gone]
    candidates = list(index.candidates(request))
    assert len(index) == len(left)
    assert [one.order for one in candidates] == sorted({one.order for one in candidates})
    assert [one for one in candidates if one.holds(request)] == [one for one in left if one.holds(request)]


@given(st.lists(st.tuples(matches, st.sampled_from([None, "sk-test", "sk-b"])), max_size=10), requests)
def test_scripts_answer_as_a_plain_scan_of_them_says(
    specs: list[tuple[dict[str, Any], str | None]], request: ChatRequest
) -> None:
    scripts = Scripts()
    for match, key in specs:
        scripts.add({"match": match if key is None else {**match, "key": key}, "reply": {}}, ERRORS)
    scan = (script for script in scripts if script.match.holds("sk-test", request))
    assert scripts.find("sk-test", request) is next(scan, None)


@given(st.text("ab.^$+*?", max_size=8), st.text("ab", max_size=10))
def test_whatever_fits_a_pattern_holds_its_literal(pattern: str, text: str) -> None:
    try:
        found = re.search(pattern, text)
    except re.error:
        return
    if found:
        assert literal(pattern) in text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^6.5 inch$", "5 inch"),
        ("colou?r red", "r red"),
        ("a|b", ""),
        ("[ab]cd", ""),
        ("x+yz", "yz"),
        ("", ""),
    ],
)
def test_the_literal_of_a_pattern_is_its_longest_sure_run(pattern: str, text: str) -> None:
    assert literal(pattern) == text


def test_a_glob_and_a_prefix_of_any_text_are_filed_nowhere() -> None:
    assert list(keys_of({"model": "qwen-*", "parameters": {}})) == []
    assert list(keys_of({"last_user": {"contains": ""}})) == []


def test_a_conversation_is_filed_under_the_number_of_its_steps_too() -> None:
    """Lines that all say the same tell nothing apart; that a turn is the last of so many does."""
    same = [{"user": None}, {"assistant": None}] * 4
    assert list(keys_of({"conversation": same[:3]})) == [("steps", 3)]
    index = Index([Filed(at, {"conversation": same[:at]}) for at in range(1, 9, 2)])
    talk = [{"role": next(iter(step)), "content": "Go on."} for step in same[:5]]
    assert [one.order for one in index.candidates(ask(talk))] == [5]
    assert [one.order for one in index.candidates(ask([{"role": "system", "content": "S"}, *talk]))] == [5]


@pytest.mark.parametrize(
    "match",
    [
        lambda at: {"last_user": f"Question {at}?"},
        lambda at: {"last_user": {"contains": f"Question {at}?"}},
        lambda at: {"last_user": {"regex": f"^Question {at}.$"}},
        lambda at: {"conversation": [{"user": "Hello"}, {"assistant": None}, {"user": f"Question {at}?"}]},
        lambda at: {"header": {"X-Case": f"case-{at}"}, "model": "qwen-*"},
        lambda at: {"key": f"sk-{at}", "model": "qwen-*"},
    ],
    ids=["equal", "contains", "regex", "conversation", "header", "key"],
)
def test_a_request_tries_no_more_of_ten_thousand_scripts_than_of_ten(match: Any) -> None:
    scripts = Scripts()
    for at in range(10_000):
        scripts.add({"match": match(at), "reply": {}}, ERRORS)
    said = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "Question 9876?"},
    ]
    request = ask(said, headers={"x-case": "case-9876"})
    assert scripts.find("sk-9876", request) is list(scripts)[9876]
    assert len(list(scripts._candidates("sk-9876", request))) <= 20


def test_spent_scripts_are_tried_no_more() -> None:
    scripts = Scripts()
    for _ in range(100):
        scripts.add({"reply": {}, "times": 1}, ERRORS)
    request = ask("Tea?")
    taken = [scripts.find("sk-test", request) for _ in range(100) if take(scripts, request)]
    assert len(taken) == 50
    assert len(list(scripts._candidates("sk-test", request))) <= 1


def take(scripts: Scripts, request: ChatRequest) -> bool:
    """Uses up two scripts; whether there were two."""
    found = [scripts.find("sk-test", request)]
    if found[0] is not None:
        found[0].take("sk-test")
        found.append(scripts.find("sk-test", request))
    if len(found) > 1 and found[1] is not None:
        found[1].take("sk-test")
        return True
    return False


def test_of_ten_thousand_scripts_a_handful_is_looked_at() -> None:
    def looked_at(count: int) -> int:
        scripts = Scripts()
        for at in range(count):
            scripts.add({"match": {"last_user": {"contains": f"Question {at}?"}}, "reply": {}}, ERRORS)
        return len(list(scripts._candidates("sk-test", ask("Please answer: Question 7?"))))

    assert 1 <= looked_at(10) <= looked_at(10_000) < 10


def scripted(spec: dict[str, Any]) -> Script:
    """A script of a scenario."""
    return Script.read(spec, "tea:1", ERRORS, source="tea.yaml:1")


def test_a_scenario_stands_behind_the_scripts_of_the_control_api_and_its_own_key_comes_first() -> None:
    scripts = Scripts()
    request = ask("Tea?")
    served, shared, mine = (scripted({"reply": {"content": text}}) for text in ("files", "all", "mine"))
    scripts.play(FILES, Cast.of([served]))
    assert scripts.find("sk-test", request) is served
    scripts.play(None, Cast.of([shared]))
    scripts.play("sk-test", Cast.of([mine]))
    assert scripts.find("sk-test", request) is mine
    assert scripts.find("sk-b", request) is shared
    added = scripts.add({"reply": {}}, ERRORS)
    assert scripts.find("sk-test", request) is added
    assert list(scripts.seen_by("sk-test")) == [added, mine, shared, served]
    assert len(scripts) == 4
    scripts.clear("sk-test")
    assert list(scripts) == [added, served, shared]
    scripts.clear()
    assert list(scripts) == [served]
    scripts.play(FILES, Cast.of([]))
    assert list(scripts) == []


def test_every_world_has_uses_of_its_own_of_a_scenario() -> None:
    scripts = Scripts()
    once = scripted({"reply": [{"content": "a"}, {"content": "b"}], "times": 1})
    scripts.play(FILES, Cast.of([once]))
    request = ask("Tea?")
    once.take("sk-a")
    assert scripts.find("sk-a", request) is None
    assert scripts.find("sk-b", request) is once
    assert (once.used, once.used_by("sk-a"), once.used_by("sk-b")) == (1, 1, 0)
    scripts.clear("sk-a")
    assert (once.used, once.used_by("sk-a")) == (0, 0)
    once.take("sk-b")
    scripts.clear()
    assert (once.used, once.used_by("sk-b")) == (0, 0)


def test_the_uses_of_a_scenario_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.scripts.script._MOST_WORLDS", 2)
    once = scripted({"reply": {}})
    for key in ("sk-a", "sk-b", "sk-c"):
        once.take(key)
    assert set(once.uses) == {"sk-b", "sk-c"}


def test_a_script_is_replaced_in_its_place() -> None:
    scripts = Scripts()
    first = scripts.add({"match": {"model": "qwen-plus"}, "reply": {}}, ERRORS)
    second = scripts.add({"match": {"last_user": "Tea?"}, "reply": {}}, ERRORS)
    first.take()
    new = Script.read({"match": {"turn": 1}, "reply": {"content": "New."}}, "", ERRORS)
    assert scripts.replace(first.id, new)
    assert (new.id, new.order, new.used) == (first.id, first.order, 1)
    assert list(scripts) == [new, second]
    assert scripts.find("sk-test", ask("Tea?")) is new
    assert not scripts.replace("reply-9", new)


def test_a_scenario_that_is_let_go_is_freed_but_for_what_somebody_still_holds() -> None:
    freed: list[int] = []
    made = [scripted({"reply": {"content": str(at)}}) for at in range(2500)]
    for at, script in enumerate(made):
        finalize(script.uses, freed.append, at)
    kept, held = made[7], [Cast.of(made), Cast.of(made[:3])]
    made.clear()
    del script
    let_go(held)
    assert held == []
    assert sorted(freed) == [at for at in range(2500) if at != 7]
    assert kept.answers


def test_filing_a_long_text_takes_no_more_than_a_short_one() -> None:
    draw = random.Random(1)
    script = scripted(
        {
            "reply": {},
            "match": {
                "last_user": {"contains": "".join(map(chr, draw.choices(range(1000, 9000), k=200_000)))}
            },
        }
    )
    tracemalloc.start()
    try:
        Index([script])
        assert tracemalloc.get_traced_memory()[1] < 500_000  # all its pieces are 25 MB
    finally:
        tracemalloc.stop()
