"""The corridor without a server: keys, pace, headers, the ledger, and what is remembered."""

import gzip
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.wordlist import WordList
from mockserver.base import resources
from mockserver.base.masking import mask
from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.settings import Settings
from mockserver.corridor.threads import Thread
from mockserver.corridor.work import pause
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.dialects.table import named
from mockserver.faults.kinds import kinds
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.rules.schemas import validator
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface
from mockserver.wire import sse
from mockserver.wire.ids import Ids
from tests.asking import COMPLETIONS
from tests.collecting import nothing_left
from tests.conftest import KEY, NOW, make_headers

TEA = [{"role": "user", "content": "Which tea?"}]
BODIES: dict[Surface, dict[str, Any]] = {
    COMPAT: {"model": "qwen-plus", "messages": TEA},
    NATIVE_TEXT: {"model": "qwen-plus", "input": {"messages": TEA}},
    NATIVE_MULTIMODAL: {
        "model": "qwen3-vl-plus",
        "input": {"messages": [{"role": "user", "content": [{"text": "Which tea?"}]}]},
    },
}
ON_EACH_SURFACE = pytest.mark.parametrize("surface", COMPLETIONS)


def chat(
    engine: Engine,
    surface: Surface = COMPAT,
    *,
    headers: Mapping[str, str] | None = None,
    key: str | None = KEY,
    stream: bool = False,
    **extra: Any,
) -> Answer:
    """A chat with an engine; `extra` are keys of its body."""
    given = dict(headers or {})
    body = {**BODIES[surface], **extra}
    if stream and surface.dialect == "native":
        given["X-DashScope-SSE"] = "enable"
    elif stream:
        body["stream"] = True
    return engine.chat(surface, make_headers(given, key=key), json.dumps(body).encode(), arrived=NOW)


def script(engine: Engine, reply: Any, **match: Any) -> None:
    """Scripts a reply."""
    document = {"match": match, "reply": reply}
    validator("control.reply").validate(document)
    engine.scripts.add(document, engine.errors)


@ON_EACH_SURFACE
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_paced_answer_begins_late_and_says_so(surface: Surface, *, stream: bool, engine: Engine) -> None:
    script(engine, {"content": "tea tea tea tea", "pace": {"first_ms": 250, "per_token_ms": 100}})
    answer = chat(engine, surface, stream=stream)
    assert answer.entry is not None
    assert answer.entry.usage is not None
    spoken = 0.1 * (answer.entry.usage.output - 1)
    headers = dict(answer.headers)
    if stream:
        assert answer.delay == 0.25
        assert len(answer.due) == len(answer.frames)
        assert 0 < answer.due[-1] <= spoken + 1e-9
    else:
        assert answer.delay == pytest.approx(0.25 + spoken)
    late = int((NOW + answer.delay) * 1000)
    assert headers[b"req-arrive-time"] == b"%d" % int(NOW * 1000)
    assert headers[b"resp-start-time"] == b"%d" % late
    assert headers[b"req-cost-time"] == b"%d" % (late - int(NOW * 1000))


def test_a_paced_answer_without_a_token_is_not_late(engine: Engine) -> None:
    script(engine, {"content": "", "pace": {"per_token_ms": 100}})
    assert chat(engine).delay == 0.0


@ON_EACH_SURFACE
def test_an_answer_without_pace_goes_out_at_once(surface: Surface, engine: Engine) -> None:
    for stream in (False, True):
        answer = chat(engine, surface, stream=stream)
        assert (answer.delay, list(answer.due)) == (0.0, [])


@ON_EACH_SURFACE
def test_the_answer_of_a_stream_is_the_answer_of_a_body(surface: Surface, engine: Engine) -> None:
    body = json.loads(chat(engine, surface).body)
    validator(f"{surface.name}.response").validate(body)
    answer = chat(engine, surface, stream=True)
    frames = [frame for data in answer.frames for frame in sse.read(data)]
    for frame in frames:
        if frame.data != "[DONE]":
            validator(f"{surface.name}.chunk").validate(json.loads(frame.data or ""))
    plain, streamed = engine.journal
    assert plain.reply == streamed.reply
    assert plain.usage == streamed.usage


@ON_EACH_SURFACE
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_headers_are_those_of_the_set(surface: Surface, *, stream: bool, engine: Engine) -> None:
    name = ("native" if surface.dialect == "native" else "compat") + ("-sse" if stream else "-json")
    pairs = resources.fixture("headers")["sets"][name]
    answer = chat(engine, surface, stream=stream)
    assert [key.decode() for key, _ in answer.headers if key != b"x-mock-findings"] == [
        key for key, _ in pairs if key != "content-encoding"
    ]


@pytest.mark.parametrize(
    ("refused", "name"),
    [
        ({"key": None}, "compat-door"),
        ({"model": "qwen-tea"}, "compat-door"),
        ({"temperature": "hot"}, "compat-json"),
        ({"temperature": "hot", "model": "qwen3.7-plus"}, "compat-json-2026"),
        ({"temperature": "hot", "surface": NATIVE_TEXT, "input": 7}, "native-json"),
        ({"surface": NATIVE_TEXT, "key": None}, "native-door"),
    ],
)
def test_a_refusal_has_the_headers_of_where_it_arose(
    refused: dict[str, Any], name: str, engine: Engine
) -> None:
    surface = refused.pop("surface", COMPAT)
    answer = chat(engine, surface, **refused)
    assert answer.status >= 400
    pairs = resources.fixture("headers")["sets"][name]
    assert [key.decode() for key, _ in answer.headers if key != b"x-mock-findings"] == [
        key for key, _ in pairs if key != "content-encoding"
    ]


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("br , GZIP, gzip", True),
        ("gzip;q=1.0", True),
        ("", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("x-gzip", False),
        ("identity", False),
    ],
)
def test_a_body_is_gzipped_when_asked(accepted: str, *, packed: bool, engine: Engine) -> None:
    extras: list[dict[str, Any]] = [{}, {"temperature": "hot"}]
    for extra in extras:
        answer = chat(engine, headers={"Accept-Encoding": accepted}, **extra)
        assert ((b"content-encoding", b"gzip") in answer.headers) is packed
        body = gzip.decompress(answer.body) if packed else answer.body
        assert json.loads(body)["request_id" if extra else "object"]


def test_a_stream_and_its_refusal_are_never_gzipped(engine: Engine) -> None:
    extras: list[dict[str, Any]] = [{}, {"input": {}}]
    for extra in extras:
        answer = chat(engine, NATIVE_TEXT, stream=True, headers={"Accept-Encoding": "gzip"}, **extra)
        assert b"content-encoding" not in dict(answer.headers)
        assert b"data:" in (answer.body or b"".join(answer.frames))


def test_an_added_model_answers_like_the_known_one(lazy_tokenizer: LazyTokenizer) -> None:
    engine = Engine(Settings(models={"my-tea": "qwen-plus"}), tokenizer=lazy_tokenizer, ids=Ids(1))
    assert json.loads(chat(engine, model="my-tea").body)["model"] == "my-tea"
    assert chat(engine, model="your-tea").status == 404


def test_the_seed_of_the_settings_fixes_the_ids(lazy_tokenizer: LazyTokenizer) -> None:
    bodies = [
        chat(Engine(Settings(seed=seed), tokenizer=lazy_tokenizer, clock=lambda: NOW)).body
        for seed in (7, 7, 8)
    ]
    assert bodies[0] == bodies[1] != bodies[2]


def test_the_default_clock_and_ids_are_real() -> None:
    one, other = Engine(), Engine()
    assert one.clock() > NOW - 1e9
    assert one.ids.request_id() != other.ids.request_id()


def test_a_call_without_id_gets_one_in_the_form_of_the_model(engine: Engine) -> None:
    calls = [
        {"name": "brew", "arguments": {"tea": "oolong"}},
        {"name": "pour", "arguments": "{}", "id": "call_mine"},
    ]
    script(engine, {"tool_calls": calls})
    for model, digits in (("qwen-plus", 22), ("qwen3-max", 24)):
        message = json.loads(chat(engine, model=model).body)["choices"][0]["message"]
        brew, pour = message["tool_calls"]
        assert brew["id"].startswith("call_")
        assert len(brew["id"]) == len("call_") + digits
        assert brew["function"] == {"name": "brew", "arguments": '{"tea":"oolong"}'}
        assert pour["id"] == "call_mine"


def test_a_scripted_refusal_is_answered_and_booked(engine: Engine) -> None:
    script(engine, {"error": {"code": "Throttling.RateQuota"}})
    answer = chat(engine)
    assert answer.status == 429
    (entry,) = engine.journal
    assert (entry.answered_by, entry.status) == ("reply-1", 429)
    account = entry.world.ledger["qwen-plus"]
    assert (account.requests, account.refusals, account.output_tokens) == (1, 1, 0)


@ON_EACH_SURFACE
def test_a_broken_rule_is_refused_and_remembered(surface: Surface, engine: Engine) -> None:
    limit = {"max_tokens": 10**9}
    answer = chat(engine, surface, **(limit if surface is COMPAT else {"parameters": limit}))
    assert answer.status == 400
    assert b"Range of max_tokens should be [1, " in answer.body
    (entry,) = engine.journal
    assert "ranges.max-tokens" in {finding.rule for finding in entry.findings}


def test_a_broken_schema_is_remembered_with_its_place(engine: Engine) -> None:
    chat(engine, messages=[{"role": "user", "content": 7}])
    (entry,) = engine.journal
    (finding,) = entry.findings
    assert finding.rule == "messages.content-form"
    assert finding.path == "messages[0].content"


def test_a_request_nested_too_deep_is_malformed(engine: Engine) -> None:
    body = b'{"model":"qwen-plus","messages":' + b"[" * 300 + b"]" * 300 + b"}"
    assert b"Required body invalid" in engine.chat(COMPAT, make_headers(), body, arrived=NOW).body
    (entry,) = engine.journal
    assert entry.shown()["body"] == body.decode()


def test_200_levels_of_nesting_are_answered_and_shown(engine: Engine) -> None:
    deep: Any = "tea"
    for _ in range(199):
        deep = [deep]
    assert chat(engine, note=deep).status == 200
    (entry,) = engine.journal
    assert entry.shown()["body"]["note"] == deep


@given(st.text(min_size=1).filter(str.isprintable))
def test_a_key_in_the_body_is_masked_wherever_it_stands(text: str) -> None:
    key = "sk-secret"
    engine = Engine(tokenizer=LazyTokenizer(lambda: pytest.fail("nothing is counted")))
    said = f"{text}{key}{text}{key}"
    body = json.dumps({"model": said, "messages": TEA}).encode()
    engine.chat(COMPAT, make_headers(key=key), body, arrived=NOW)
    (entry,) = engine.journal
    assert key.encode() not in entry.body
    assert entry.body.count(mask(key).encode()) == said.count(key)


def handed_out(
    engine: Engine, body: Any, surface: Surface = COMPAT, headers: Mapping[str, str] | None = None
) -> list[str]:
    """The names of the work that a request hands out because it may take long."""
    names = []
    steps = engine.steps(surface, make_headers(headers), json.dumps(body).encode(), arrived=NOW)
    with suppress(StopIteration):
        work = next(steps)
        while True:
            if work is not pause:
                assert isinstance(work, partial)
                names.append(work.func.__name__)
            try:
                done = work()
            except Refused as refused:
                work = steps.throw(refused)
            else:
                work = steps.send(done)
    return names


def test_a_vocabulary_is_loaded_aside(tokenizer: Tokenizer) -> None:
    engine = Engine(tokenizer=LazyTokenizer(lambda: tokenizer))
    assert handed_out(engine, BODIES[COMPAT]) == ["get"]
    assert handed_out(engine, BODIES[COMPAT]) == []
    assert len(engine.journal) == 2


@pytest.mark.parametrize(
    ("broken", "handed"),
    [({"temperature": "warm"}, "_read"), ({"tools": {}}, "_read"), ({"model": "qwen-pluss"}, "model")],
)
def test_what_is_wrong_with_a_small_request_is_explained_aside(
    broken: dict[str, Any], handed: str, engine: Engine
) -> None:
    assert handed_out(engine, {**BODIES[COMPAT], **broken}) == [handed]
    (entry,) = engine.journal
    assert entry.refusal is not None
    assert handed_out(engine, BODIES[COMPAT]) == []


def test_a_large_request_is_read_and_answered_aside(engine: Engine) -> None:
    tea = [{"role": "user", "content": "Which tea? " * 8_000}]
    handed = handed_out(engine, {**BODIES[COMPAT], "messages": tea})
    assert handed == ["without_key", "parse", "_read", "prompt_tokens", "_built_in", "marked"]


def test_the_texts_of_a_large_request_are_looked_through_aside(engine: Engine) -> None:
    for text in ("no such tea", "Which tea?"):
        script(engine, {"content": "Oolong."}, last_user={"contains": text})
    engine.faults.add({"match": {"last_user": {"contains": "no such tea"}}, "fault": "empty"})
    engine.moderation.input = WordList(("coffee",))
    tea = [{"role": "user", "content": "Which tea? " * 8_000}]
    handed = handed_out(engine, {**BODIES[COMPAT], "messages": tea})
    looked = ["matching", "blocks", "prompt_tokens", "first", "marked"]
    assert handed == ["without_key", "parse", "_read", *looked]
    (entry,) = engine.journal
    assert entry.answered_by == "reply-2"


def test_a_script_that_others_used_up_meanwhile_does_not_answer(engine: Engine) -> None:
    once, then = (engine.scripts.add({"reply": {"content": "Tea."}, "times": 1}, engine.errors) for _ in "12")
    tea = [{"role": "user", "content": "Which tea? " * 8_000}]
    body = json.dumps({**BODIES[COMPAT], "messages": tea}).encode()
    steps = engine.steps(COMPAT, make_headers(), body, arrived=NOW)
    work = next(steps)
    with suppress(StopIteration):
        while True:
            found = work()
            if isinstance(work, partial) and work.func.__name__ == "first":
                once.used = 1
            work = steps.send(found)
    assert [entry.answered_by for entry in engine.journal] == [then.id]


def test_a_long_reply_is_counted_and_written_aside(engine: Engine) -> None:
    script(engine, {"content": "tea " * 20_000})
    asked = {**BODIES[COMPAT], "logprobs": True}
    assert handed_out(engine, asked) == ["_written", "heard"]
    asked = {**BODIES[COMPAT], "tools": [{"type": "function", "function": {"name": "brew"}}]}
    engine.reset()
    script(engine, {"tool_calls": [{"name": "brew", "arguments": {"tea": "o" * 70_000}}]})
    assert handed_out(engine, asked) == ["_written", "heard"]


@pytest.mark.parametrize(("logprobs", "aside"), [(True, ["_written", "heard"]), (False, [])])
def test_log_probabilities_make_a_short_reply_long(
    engine: Engine, *, logprobs: bool, aside: list[str]
) -> None:
    script(engine, {"content": "tea " * 1_000})
    assert handed_out(engine, {**BODIES[COMPAT], "logprobs": logprobs}) == aside


@pytest.mark.parametrize(
    ("surface", "sse", "aside"), [(NATIVE_TEXT, "enable", 2), (NATIVE_TEXT, "no", 0), (COMPAT, "no", 0)]
)
def test_what_repeats_itself_in_each_event_is_long(
    engine: Engine, surface: Surface, sse: str, aside: int
) -> None:
    script(engine, {"content": "tea " * 1_500})
    body = {**BODIES[surface], "stream": True}
    assert len(handed_out(engine, body, surface, {"X-DashScope-SSE": sse})) == aside


def test_reset_forgets_one_world_or_all(engine: Engine) -> None:
    script(engine, {"content": "For all."})
    script(engine, {"content": "For Ann."}, key="sk-ann")
    for key in ("sk-ann", "sk-ben"):
        chat(engine, key=key)
    engine.reset("sk-ann")
    assert [entry.world.key for entry in engine.journal] == ["sk-ben"]
    assert [kept.id for kept in engine.scripts] == ["reply-1"]
    assert engine.worlds.known("sk-ann") is None
    engine.reset("sk-never")
    assert len(engine.journal) == 1
    engine.reset()
    assert (len(engine.journal), list(engine.scripts), list(engine.worlds)) == (0, [], [])


def test_refusals_are_logged_without_keys(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mockserver")
    chat(engine, key="sk-secret", model="qwen-tea")
    said = "The model `qwen-tea` does not exist or you do not have access to it."
    refused, rule = [record.getMessage() for record in caplog.records]
    assert refused == f"refused {mask('sk-secret')} compat: {said}"
    assert rule.startswith(f"rule {mask('sk-secret')} compat: model.unknown at model: {said} Use ")


@ON_EACH_SURFACE
@pytest.mark.parametrize(
    ("body", "entry_id"),
    [
        (b"{", "body.malformed"),
        (b"[]", "body.malformed"),
        (b"{}", "model.missing"),
        (b'{"model":7}', "model.missing"),
    ],
)
def test_what_is_no_request_is_refused(surface: Surface, body: bytes, entry_id: str, engine: Engine) -> None:
    answer = engine.chat(surface, make_headers(), body, arrived=NOW)
    assert answer.status == 400
    (entry,) = engine.journal
    assert entry.refusal == engine.errors.refuse(entry_id)


def test_more_than_the_model_takes_is_refused(engine: Engine) -> None:
    limit = engine.models["qwen-max"].max_input
    answer = chat(engine, model="qwen-max", messages=[{"role": "user", "content": "tea " * limit}])
    assert answer.status == 400
    assert f"[1, {limit}]".encode() in answer.body


def test_probabilities_are_given_when_asked(engine: Engine) -> None:
    script(engine, {"content": "Oolong tea."})
    answer = chat(engine, model="qwen3-vl-plus", logprobs=True, top_logprobs=2)
    content = json.loads(answer.body)["choices"][0]["logprobs"]["content"]
    assert "".join(token["token"] for token in content) == "Oolong tea."
    assert [len(token["top_logprobs"]) for token in content] == [2] * len(content)


def test_a_schema_that_nothing_can_fulfil_is_refused(engine: Engine) -> None:
    schema = {"type": "integer", "minimum": 2, "maximum": 1}
    form = {"type": "json_schema", "json_schema": {"name": "tea", "schema": schema, "strict": True}}
    said = [{"role": "user", "content": "Tea as JSON, please."}]
    assert chat(engine, messages=said, response_format=form).status == 400


def test_what_a_character_remembers_belongs_to_its_key(engine: Engine) -> None:
    said = [{"role": "system", "content": "You are Lu Yu."}, {"role": "user", "content": "Which tea?"}]
    headers = {"x-dashscope-aca-session": "s1"}
    extra: dict[str, Any] = {
        "character_options": {"memory": {"enable_long_term_memory": True, "memory_entries": 50}}
    }
    for key in ("sk-ann", "sk-ann", "sk-ben"):
        answer = chat(engine, model="qwen-plus-character", messages=said, headers=headers, key=key, **extra)
        assert answer.status == 200
    first, second, elsewhere = (entry.usage.input for entry in engine.journal if entry.usage)
    assert second > first == elsewhere


def test_a_search_has_sources_on_the_native_surface(engine: Engine) -> None:
    asked = {"enable_search": True, "search_options": {"enable_source": True, "forced_search": True}}
    answer = chat(engine, NATIVE_TEXT, parameters={**asked, "result_format": "message"})
    found = json.loads(answer.body)["output"]["search_info"]["search_results"]
    assert found[0]["url"]


def test_a_finding_that_the_cloud_lets_pass_is_remembered_only(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = Finding("tea.cold", Severity.HARMFUL, "messages[0]", "The tea is cold.")
    monkeypatch.setattr("mockserver.corridor.door.check", lambda *_: [finding])
    assert chat(engine).status == 200
    (entry,) = engine.journal
    assert entry.findings == (finding,)


def test_a_marked_prompt_is_cached_for_its_key(engine: Engine) -> None:
    part = {"type": "text", "text": "tea " * 2000, "cache_control": {"type": "ephemeral"}}
    said = [{"role": "system", "content": [part]}, *TEA]
    for key in ("sk-ann", "sk-ann", "sk-ben"):
        assert chat(engine, model="qwen3-max", messages=said, key=key).status == 200
    first, second, elsewhere = (entry.usage.cached for entry in engine.journal if entry.usage)
    assert first == elsewhere == 0
    assert second > 0


def test_every_model_for_chat_answers_where_it_speaks(engine: Engine) -> None:
    for model in engine.models:
        if not model.chat:
            continue
        surface = COMPAT if model.compat else named(f"native-{model.native}")
        answer = chat(engine, surface, stream=True, model=model.name)
        assert answer.status == 200, model.name
        assert answer.frames or b"error" in answer.body, model.name


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", sorted(set(kinds()) - {"error"}))
def test_a_raw_reply_costs_nothing_and_bears_any_fault(
    engine: Engine,
    fault: str,
    stream: bool,  # noqa: FBT001 - a table
) -> None:
    reply = {"frames": ["data: {}\n\n", "id:1\n\n"]} if stream else {"status": 503, "body": "busy"}
    engine.scripts.add({"reply": reply}, engine.errors)
    body = json.dumps({**BODIES[COMPAT], "stream": stream}).encode()
    asked = make_headers({"x-mock-fault": fault})
    answer = engine.chat(COMPAT, asked, body, arrived=NOW)
    assert answer.entry is not None
    assert (answer.entry.usage, answer.status) == (None, 200 if stream else 503)
    (account,) = engine.worlds.of("sk-test").ledger.values()
    assert (account.requests, account.refusals, account.input_tokens) == (1, int(not stream), 0)


def test_a_condition_that_goes_back_without_end_is_refused_in_the_envelope(engine: Engine) -> None:
    endless = {"last_user": {"regex": "^(?=a)(a|aa)+$(?!x)"}}
    engine.scripts.add({"match": endless, "reply": {"content": "a"}}, engine.errors)
    body = {**BODIES[COMPAT], "messages": [{"role": "user", "content": "a" * 60 + "b"}]}
    answer = engine.chat(COMPAT, make_headers(), json.dumps(body).encode(), arrived=NOW)
    assert answer.status == 500
    error = json.loads(answer.body)["error"]
    assert error["code"] == "mock_match"
    assert "match.last_user.regex" in error["message"]
    assert answer.entry is not None
    assert answer.entry.status == 500


@pytest.mark.parametrize(
    "said",
    [
        {"key": None},
        {"key": "tea"},
        {"model": "tea"},
        {"model": 1},
        {"messages": "tea"},
        {"messages": []},
        {"temperature": 9},
        {"messages": [{"role": "user", "content": "Which tea do you like best? " * 320_000}]},
        {"headers": {"x-mock-fault": "tea"}},
        {"headers": {"x-mock-fault": "error=429"}},
        {"stop": "\ud800"},
    ],
    ids=[
        "no key",
        "a wrong key",
        "an unknown model",
        "no model",
        "a broken list",
        "no messages",
        "a broken range",
        "too long",
        "an unknown fault",
        "a fault",
        "no JSON",
    ],
)
def test_what_is_refused_keeps_nothing_of_its_request(said: dict[str, Any], engine: Engine) -> None:
    # Ten megabytes each, that is: only the collector would find them, and it waits for 100 million objects.
    with nothing_left(Refused):
        answer = chat(engine, **said)
        assert answer.status >= 400
        del answer


@pytest.mark.parametrize(("turns", "aside"), [(1, False), (2_000, True)])
def test_what_is_kept_of_a_large_request_is_written_aside(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, *, turns: int, aside: bool
) -> None:
    answered, working, written = Thread.answered, False, list[bool]()

    def told(thread: Thread, body: bytes) -> None:
        written.append(working)
        answered(thread, body)

    monkeypatch.setattr(Thread, "answered", told)
    body = json.dumps({"model": "qwen-plus", "input": TEA * turns}).encode()
    steps = engine.steps(RESPONSES, make_headers(), body, arrived=NOW)
    with suppress(StopIteration):
        work = next(steps)
        while True:
            working = True
            done = work()
            working = False
            work = steps.send(done)
    assert written == [aside]
