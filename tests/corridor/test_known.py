"""A request that came before, word for word, is answered as if it were new, and read only once."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.known import Known
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.meter.quotas import Quota
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.rules.policy import RulePolicy
from tests.conftest import NOW, make_headers

TEA = [{"role": "user", "content": "Which tea?"}]
TOOL = {"type": "function", "function": {"name": "brew", "parameters": {"type": "object"}}}
BODIES: list[dict[str, Any]] = [
    {"model": "qwen-plus", "messages": TEA},
    {"model": "qwen-plus", "messages": TEA, "stream": True},
    {"model": "qwen3-max", "messages": TEA, "enable_thinking": True, "stream": True},
    {"model": "qwen-plus", "messages": [*TEA, {"role": "assistant", "content": "Sencha."}, *TEA]},
    {"model": "qwen-plus", "messages": TEA, "tools": [TOOL], "tool_choice": "auto"},
    {"model": "qwen-plus", "messages": TEA, "steep": 3},
    {"model": "qwen-plus", "messages": [{"role": "user", "content": "My key is sk-ann."}]},
    {"model": "qwen-plus", "messages": []},
    {"model": "qwen-tea", "messages": TEA},
    {"model": "qwen-plus-character", "messages": TEA, "character_options": {"profile": "A tea master."}},
    {"model": "qwen-plus", "input": {"messages": TEA}},
]
HEADERS: list[dict[str, str]] = [
    {},
    {"host": "dashscope-us.aliyuncs.com"},
    {"X-DashScope-SSE": "enable"},
    {"x-mock-fault": "error-429"},
]
KEYS = ("sk-ann", "sk-ben", None)

chats = st.tuples(st.just("chat"), st.sampled_from(BODIES), st.sampled_from(HEADERS), st.sampled_from(KEYS))
changes = st.sampled_from(
    [
        ("policy", RulePolicy(mode="strict"), None),
        ("policy", RulePolicy(rules={"parameters.unknown": "off"}), "sk-ann"),
        ("quota", Quota(rpm=3)),
        ("script", {"match": {}, "reply": {"content": "Sencha."}, "times": 1}),
        ("reset", None),
        ("reset", "sk-ann"),
    ]
)


def chat(
    engine: Engine, body: dict[str, Any], headers: dict[str, str] | None = None, key: str | None = "sk-ann"
) -> Answer:
    surface = NATIVE_TEXT if "input" in body else COMPAT
    return engine.chat(surface, make_headers(headers or {}, key=key), json.dumps(body).encode(), arrived=NOW)


def told(engine: Engine, step: tuple[Any, ...]) -> Any:
    """What a step gives, in full: the bytes of an answer and its entry, or nothing."""
    match step:
        case ("chat", body, headers, key):
            answer = chat(engine, body, headers, key)
            engine.ended(answer)
            assert answer.entry is not None
            return answer.status, answer.headers, answer.body, answer.frames, answer.entry.shown()
        case ("policy", policy, key):
            engine.door.policies.put(policy, key)
        case ("quota", quota):
            engine.quotas.put(quota)
        case ("script", spec):
            engine.scripts.add(spec, engine.errors)
        case ("reset", key):
            engine.reset(key)
    return None


def made(tokenizer: Tokenizer) -> Engine:
    return Engine(Settings(seed=7), tokenizer=LazyTokenizer(lambda: tokenizer), clock=lambda: NOW)


@settings(max_examples=60)
@given(steps=st.lists(st.one_of(chats, chats, changes), max_size=25))
def test_an_engine_that_remembers_answers_like_one_that_does_not(
    tokenizer: Tokenizer, steps: list[tuple[Any, ...]]
) -> None:
    one, other = made(tokenizer), made(tokenizer)
    other.known = Known(most=0)
    for step in steps:
        assert told(one, step) == told(other, step)
    assert len(other.known) == 0


@pytest.fixture
def engine(tokenizer: Tokenizer) -> Engine:
    engine = made(tokenizer)
    engine.tokenizer.get()
    return engine


def test_a_sound_request_is_read_twice(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    chat(engine, BODIES[0])
    assert len(engine.known) == 0
    first = chat(engine, BODIES[0])
    monkeypatch.setattr(engine.door, "parse", pytest.fail)
    again = chat(engine, BODIES[0])
    assert again.body.partition(b"choices")[2] == first.body.partition(b"choices")[2] != b""
    assert len(engine.known) == 1


@pytest.mark.parametrize("body", BODIES[5:10])
def test_what_is_refused_reported_or_secret_is_read_each_time(engine: Engine, body: dict[str, Any]) -> None:
    for _ in range(3):
        chat(engine, body)
    assert len(engine.known) == 0


def test_a_large_request_is_read_each_time(engine: Engine) -> None:
    for _ in range(2):
        chat(engine, {"model": "qwen-plus", "messages": [{"role": "user", "content": "tea " * 20_000}]})
    assert len(engine.known) == 0


def test_a_reset_forgets_what_was_read(engine: Engine) -> None:
    for _ in range(2):
        chat(engine, BODIES[0])
    assert len(engine.known) == 1
    engine.reset("sk-ben")
    assert len(engine.known) == 0
    chat(engine, BODIES[0])
    assert len(engine.known) == 0, "it came for the first time again"


def test_so_many_requests_are_remembered_to_have_come(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.corridor.known._MARKS", 3)
    engine.known = Known()
    for seed in (0, 1, 2, 2, 3, 0, 3):
        chat(engine, {**BODIES[0], "seed": seed})
    assert len(engine.known) == 2, "2 and 3; that 0 had come was forgotten for 3"


def test_what_is_kept_is_bounded_in_number_and_in_bytes(engine: Engine) -> None:
    engine.known = Known(most=3)
    for steep in range(12):
        chat(engine, {**BODIES[0], "seed": steep // 2})
    assert len(engine.known) == 3
    engine.known = Known(size=30_000)
    for steep in range(12):
        chat(engine, {**BODIES[0], "seed": steep // 2, "stop": ["x" * 900]})
    assert len(engine.known) == 2
