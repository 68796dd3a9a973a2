"""What was said before to the same request is filled in, to the byte as if it were written anew."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.corridor.again import MARKS, Form, Said, fits
from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.known import Known
from mockserver.corridor.settings import Settings
from mockserver.dialects.rendering import Envelope
from mockserver.dialects.table import SURFACES
from mockserver.meter.caches import CacheUse
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import Part
from tests.conftest import NOW, make_headers

TEA = [{"role": "user", "content": "Which tea?"}]
TOOL = {"type": "function", "function": {"name": "brew", "parameters": {"type": "object"}}}
DELTAS = {"parameters": {"incremental_output": True}}
USAGE = {"stream": True, "stream_options": {"include_usage": True}}
BREW = {"tool_choice": {"type": "function", "function": {"name": "brew"}}}

ASKED: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "chat": ("compat", {"messages": TEA}, {}),
    "packed": ("compat", {"messages": TEA}, {"accept-encoding": "gzip"}),
    "stream": ("compat", {"messages": TEA, **USAGE}, {}),
    "two": ("compat", {"messages": TEA, "n": 2, **USAGE}, {}),
    "thinking": ("compat", {"messages": TEA, "enable_thinking": True, **USAGE}, {}),
    "tools": ("compat", {"messages": TEA, "tools": [TOOL], **BREW, **USAGE}, {}),
    "logprobs": ("compat", {"messages": TEA, "logprobs": True}, {}),
    "native": ("native-text", {"input": {"messages": TEA}}, {}),
    "native stream": ("native-text", {"input": {"messages": TEA}, **DELTAS}, {"x-dashscope-sse": "enable"}),
    "anthropic": ("anthropic", {"messages": TEA, "max_tokens": 50, "stream": True}, {}),
    "responses": ("responses", {"input": "Which tea?", "stream": True}, {}),
    "struck": ("compat", {"messages": TEA, "stream": True}, {"x-mock-fault": "duplicate-chunk"}),
}
REPLIES: list[dict[str, Any]] = [
    {"content": "Oolong, 100 %."},
    {"content": f"{MARKS.request_id} at {MARKS.created}"},
    {"chunks": ["Oo", "long"], "pace": {"first_ms": 1, "per_token_ms": 1}},
    {"content": "A {{ use }}. cup"},
    {"content": "Sencha.", "usage": {"total_tokens": 1}},
    {"content": "Sencha.", "usage": {"total_tokens": 1.0}},
    {"content": "", "tool_calls": [{"name": "brew", "arguments": {}}]},
]

asked = st.tuples(st.just("ask"), st.sampled_from(sorted(ASKED)), st.integers(1, 5))
scripted = st.tuples(st.just("script"), st.sampled_from(REPLIES), st.booleans())


def made(tokenizer: Tokenizer, now: float = NOW) -> Engine:
    engine = Engine(Settings(seed=7), tokenizer=LazyTokenizer(lambda: tokenizer), clock=lambda: now)
    engine.tokenizer.get()
    return engine


def ask(engine: Engine, name: str) -> Answer:
    surface, body, headers = ASKED[name]
    sent = json.dumps({"model": "qwen-plus", **body}).encode()
    answer = engine.chat(SURFACES[surface], make_headers(headers, key="sk-ann"), sent, arrived=engine.clock())
    engine.ended(answer)
    return answer


def told(engine: Engine, step: tuple[Any, ...]) -> Any:
    """What a step gives, in full."""
    if step[0] == "script":
        engine.scripts.add({"match": {}, "reply": step[1], "template": step[2]}, engine.errors)
        return None
    heard: list[Any] = []
    for _ in range(step[2]):
        answer = ask(engine, step[1])
        assert answer.entry is not None
        sent = None if answer.entry.sent is None else answer.entry.sent.shown()
        heard.append((answer.status, answer.headers, answer.body, list(answer.frames), answer.tokens, sent))
        heard.append(answer.entry.shown())
    return [heard, [answer.due, answer.delay]]


@settings(max_examples=60)
@given(steps=st.lists(st.one_of(asked, asked, scripted), min_size=1, max_size=8))
def test_what_is_said_again_is_the_same_to_the_byte(
    tokenizer: Tokenizer, steps: list[tuple[Any, ...]]
) -> None:
    one, other = made(tokenizer), made(tokenizer)
    other.known = Known(most=0)
    for step in steps:
        assert json.dumps(told(one, step), default=repr) == json.dumps(told(other, step), default=repr)


@pytest.fixture
def engine(tokenizer: Tokenizer) -> Engine:
    return made(tokenizer)


def count(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was rendered by now, one for each time."""
    rendered: list[str] = []
    for name in ("body", "stream"):
        render = getattr(engine.answers, name)

        def counts(*given: Any, name: str = name, render: Any = render) -> Any:
            rendered.append(name)
            return render(*given)

        monkeypatch.setattr(engine.answers, name, counts)
    return rendered


@pytest.mark.parametrize(
    "name", ["chat", "packed", "stream", "two", "thinking", "native", "native stream", "anthropic"]
)
def test_what_was_said_twice_is_written_no_more(
    name: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = count(engine, monkeypatch)
    for _ in range(4):
        ask(engine, name)
    before = len(rendered)
    for _ in range(3):
        ask(engine, name)
    assert len(rendered) == before


@pytest.mark.parametrize("name", ["logprobs", "tools"])
def test_what_is_not_the_same_again_is_written_each_time(
    name: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        ask(engine, name)
    rendered = count(engine, monkeypatch)
    for _ in range(3):
        ask(engine, name)
    assert len(rendered) == 3


@pytest.mark.parametrize("said", [MARKS.request_id, str(MARKS.created)])
@pytest.mark.parametrize("name", ["chat", "stream", "native stream"])
def test_an_answer_that_says_a_mark_has_no_form_which_is_found_once(
    name: str, said: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.scripts.add({"match": {}, "reply": {"chunks": [f"Tea {said}."]}}, engine.errors)
    for _ in range(4):
        ask(engine, name)
    rendered = count(engine, monkeypatch)
    for _ in range(3):
        answer = ask(engine, name)
        assert said.encode() in b"".join([answer.body, *answer.frames])
    assert len(rendered) == 3


def test_a_second_of_another_length_is_written_anew(tokenizer: Tokenizer) -> None:
    early, late = made(tokenizer, 1.0), made(tokenizer, 1.0)
    late.known = Known(most=0)
    for _ in range(6):
        assert ask(early, "stream").frames == ask(late, "stream").frames
    assert not fits(Envelope(MARKS.request_id, 1))


def test_forms_are_weighed(engine: Engine) -> None:
    for _ in range(3):
        ask(engine, "stream")
    before = engine.known.size
    for _ in range(3):
        ask(engine, "stream")
    assert engine.known.size > before + 1000


def test_a_form_is_filled_with_what_an_exchange_has_for_itself() -> None:
    marked = b'{"id":"%b","created":%d,"rate":"5 %%"}' % (MARKS.request_id.encode(), MARKS.created)
    assert Form.of_body(marked).body(Envelope("a", 2)) == b'{"id":"a","created":2,"rate":"5 %"}'
    form = Form.of_stream([marked, b"end"], [1, 0])
    other = Envelope(MARKS.request_id[::-1], 1_000_000_000)
    first, last = form.frames(other)
    assert json.loads(first) == {"id": other.request_id, "created": other.created, "rate": "5 %"}
    assert last == b"end"
    assert form.tokens == (1, 0)


def test_only_the_same_to_the_letter_is_the_same() -> None:
    tea = Reply((Choice("Oolong."),), usage={"total_tokens": 1})
    said = Said(tea, CacheUse(), Usage(1, 1))
    assert said.same(tea, CacheUse())
    assert said.same(replace(tea, choices=(Choice("Oolong."),)), CacheUse())
    assert not said.same(tea, CacheUse(cached=1))
    assert not said.same(replace(tea, choices=(Choice("Sencha."),)), CacheUse())
    assert not said.same(replace(tea, usage={"total_tokens": 1.0}), CacheUse())
    sound = Reply((Choice(media=(Part("audio", {"rate": 1}),)),))
    said = Said(sound, CacheUse(), Usage(1, 1))
    assert said.same(sound, CacheUse())
    assert not said.same(Reply((Choice(media=(Part("audio", {"rate": 1.0}),)),)), CacheUse())
