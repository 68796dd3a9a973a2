"""Anthropic's dialect on its whole way: who is let in, what is refused, and what scripts and faults do."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.answer.wordlist import WordList
from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.table import detect, dialect_of
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules.schemas import validator
from mockserver.scenario.export import scenario_of
from mockserver.server.app import App
from tests import folding
from tests.conftest import KEY, NOW, make_headers

PATH = "/apps/anthropic/v1/messages"
ASKED = {
    "model": "qwen3.7-plus",
    "max_tokens": 256,
    "thinking": {"type": "disabled"},
    "messages": [{"role": "user", "content": "Which tea?"}],
}
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
TOOLS = [
    {
        "name": "brew_tea",
        "description": "Brew a cup of tea",
        "input_schema": {"type": "object", "properties": {"leaf": {"type": "string"}}},
    }
]


def chat(engine: Engine, *, headers: dict[str, str] | None = None, **extra: Any) -> Answer:
    """A chat with an engine; `extra` are keys of its body, None for one that is left out."""
    body = {name: value for name, value in {**ASKED, **extra}.items() if value is not None}
    return engine.chat(ANTHROPIC, make_headers(headers), json.dumps(body).encode(), arrived=NOW)


def folded(answer: Answer) -> folding.Folded:
    """What an answer says, whole or streamed."""
    assert answer.status == 200, answer.body
    if answer.frames:
        return folding.anthropic_stream(answer.frames)
    return folding.anthropic_body(answer.body)


def refusal_of(answer: Answer) -> dict[str, Any]:
    """The body of a refusal, alone or in its frame."""
    told: dict[str, Any] = json.loads(answer.body.partition(b"data:")[2] or answer.body)
    validator("native.error").validate(told)
    return told


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    with TestClient(App(engine)) as own:
        yield own


@pytest.mark.parametrize(
    "headers", [{"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}, {"x-api-key": f" {KEY} "}]
)
@pytest.mark.parametrize("version", [{}, {"anthropic-version": "2023-06-01"}])
def test_a_key_is_let_in_by_either_header(
    client: TestClient, engine: Engine, headers: dict[str, str], version: dict[str, str]
) -> None:
    assert client.post(PATH, json=ASKED, headers={**headers, **version}).status_code == 200
    assert client.post(f"{PATH}/count_tokens", json=ASKED, headers=headers).json()["input_tokens"] > 0
    (entry,) = engine.journal
    assert entry.world.key == KEY
    assert KEY not in json.dumps(entry.shown())


def test_without_a_key_nobody_is_let_in(client: TestClient) -> None:
    told = client.post(PATH, json=ASKED)
    assert (told.status_code, told.json()["code"]) == (401, "InvalidApiKey")
    other = client.post("/compatible-mode/v1/chat/completions", json=ASKED, headers={"x-api-key": KEY})
    assert other.status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/apps/anthropic/v1/models"),
        ("POST", "/apps/anthropic/messages"),
    ],
)
def test_what_is_not_there_is_not_supported(client: TestClient, method: str, path: str) -> None:
    told = client.request(method, path, headers={"x-api-key": KEY})
    assert told.status_code == 404
    assert (told.json()["code"], told.json()["message"]) == ("InvalidParameter", "Not support")


def test_another_root_is_not_there(client: TestClient) -> None:
    bearer = {"authorization": f"Bearer {KEY}"}
    assert client.post("/anthropic/v1/messages", json=ASKED, headers=bearer).status_code == 404


@BOTH
@pytest.mark.parametrize("model", ["qwen-max", "kimi/kimi-k2.5"])
def test_a_model_that_is_not_served_does_not_exist(engine: Engine, model: str, *, stream: bool) -> None:
    answer = chat(engine, model=model, stream=stream)
    assert answer.status == 400
    assert refusal_of(answer)["message"] == "Model not exist."


@BOTH
def test_a_model_that_there_is_not_is_named(engine: Engine, *, stream: bool) -> None:
    answer = chat(engine, model="claude-sonnet-4-5", stream=stream)
    told = refusal_of(answer)
    assert (answer.status, told["code"]) == (400, "InvalidParameter")
    assert told["message"] == "The model `claude-sonnet-4-5` does not exist or you do not have access to it."


SEEN = """
glm-4.7 glm-5.1 glm-5.2 kimi-k2.5 qwen3-max qwen3.6-plus MiniMax-M2.5 deepseek-v4-flash deepseek-v4-pro
qwen-plus qwen3.7-plus qwen3.8-flash
"""


@pytest.mark.parametrize("model", [*SEEN.split(), "qwen3-coder-plus"])
def test_a_model_that_was_seen_to_answer_does_and_names_itself(engine: Engine, model: str) -> None:
    assert folded(chat(engine, model=model, thinking=None)).model == model


@pytest.mark.parametrize(
    ("key", "host"),
    [
        (KEY, "coding.dashscope.aliyuncs.com"),
        (KEY, "token-plan.ap-southeast-1.maas.aliyuncs.com"),
        ("sk-sp-tea", "dashscope.aliyuncs.com"),
        ("sk-sp-tea", "ws-1.cn-beijing.maas.aliyuncs.com"),
    ],
)
def test_a_key_on_the_wrong_kind_of_host_is_invalid(client: TestClient, key: str, host: str) -> None:
    told = client.post(PATH, json=ASKED, headers={"x-api-key": key, "host": host})
    assert (told.status_code, told.json()["message"]) == (401, "invalid access token or token expired")


def test_the_hosts_of_a_plan_let_in_its_keys_and_the_coding_plan_agents_only(client: TestClient) -> None:
    plan, coding = "token-plan.cn-beijing.maas.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com"
    key = {"x-api-key": "sk-sp-tea"}
    assert client.post(PATH, json=ASKED, headers={**key, "host": plan}).status_code == 200
    told = client.post(PATH, json=ASKED, headers={**key, "host": coding})
    assert told.status_code == 405
    assert told.json() == {"error": "Coding Plan is currently only available for Coding Agents"}
    validator(dialect_of(ANTHROPIC).error_schema(told.json())).validate(told.json())
    agent = {**key, "host": coding, "user-agent": "claude-cli/2.1.0 (external, cli)"}
    assert client.post(PATH, json=ASKED, headers=agent).status_code == 200


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("model", "Request body format invalid"),
        ("messages", 'Either "prompt" or "messages" must exist and cannot both be none'),
        ("max_tokens", "Field required: max_tokens"),
    ],
)
def test_what_is_demanded_is_refused_when_it_is_missing(engine: Engine, missing: str, message: str) -> None:
    answer = chat(engine, **{missing: None})
    assert (answer.status, refusal_of(answer)["message"]) == (400, message)


@BOTH
def test_calls_have_ids_of_the_dialect(engine: Engine, *, stream: bool) -> None:
    said = [{"role": "user", "content": "Please brew a cup of tea."}]
    (choice,) = folded(chat(engine, messages=said, tools=TOOLS, stream=stream)).choices
    assert [call.name for call in choice.tool_calls] == ["brew_tea"]
    kind, _, digits = choice.tool_calls[0].id.partition("_")
    assert (kind, len(digits), int(digits, 16) >= 0) == ("toolu", 24, True)
    assert choice.finish_reason == "tool_calls"


@BOTH
@pytest.mark.parametrize(
    ("dialect", "prefix", "digits"),
    [("older-calls", "call_", 22), ("longer-calls", "toolu_tool-", 32), ("recorded", "toolu_", 24)],
)
def test_a_script_may_ask_for_the_ids_of_older_calls(
    engine: Engine, dialect: str, prefix: str, digits: int, *, stream: bool
) -> None:
    call = {"name": "brew_tea", "arguments": {}}
    asked = {} if dialect == "recorded" else {"dialect": dialect}
    engine.scripts.add({"reply": {"tool_calls": [call], **asked}}, engine.errors)
    (choice,) = folded(chat(engine, tools=TOOLS, stream=stream)).choices
    found = choice.tool_calls[0].id
    assert found.startswith(prefix)
    assert len(found) == len(prefix) + digits
    assert int(found.removeprefix(prefix), 16) >= 0


@BOTH
def test_a_stop_sequence_ends_a_turn(engine: Engine, *, stream: bool) -> None:
    whole = folded(chat(engine)).choices[0].content
    begin, end, _ = whole.partition(whole[20:24])
    (choice,) = folded(chat(engine, stop_sequences=[end], stream=stream)).choices
    assert (choice.content, choice.finish_reason) == (begin, "stop")


@BOTH
def test_an_answer_is_cut_by_max_tokens(engine: Engine, *, stream: bool) -> None:
    answer = folded(chat(engine, max_tokens=3, stream=stream))
    assert answer.choices[0].finish_reason == "length"


def test_a_plain_and_a_streamed_answer_say_and_cost_the_same(engine: Engine) -> None:
    plain, stream = (folded(chat(engine, stream=asked)) for asked in (False, True))
    assert plain.choices == stream.choices
    assert plain.usage == stream.usage


def test_who_thinks_says_so_before_it_answers_and_streams_or_not(engine: Engine) -> None:
    for stream in (False, True):
        answer = chat(engine, thinking={"type": "enabled", "budget_tokens": 8}, stream=stream)
        assert folded(answer).choices[0].reasoning


def test_a_long_prompt_with_a_marker_is_read_from_the_cache(engine: Engine) -> None:
    system = [{"type": "text", "text": "Steep it well. " * 600, "cache_control": {"type": "ephemeral"}}]
    first, second = (folded(chat(engine, system=system)).usage or {} for _ in range(2))
    assert first["cache_creation_input_tokens"] == second["cache_read_input_tokens"] > 1024
    assert first["cache_creation"] == {"ephemeral_5m_input_tokens": first["cache_creation_input_tokens"]}
    assert second["input_tokens"] < 100


def test_who_reads_no_markers_has_the_cache_that_needs_none(engine: Engine) -> None:
    system = [{"type": "text", "text": "Steep it well. " * 600, "cache_control": {"type": "ephemeral"}}]
    first, second = (
        folded(chat(engine, model="glm-5.3", thinking=None, system=system)).usage or {} for _ in range(2)
    )
    assert "cache_creation" not in first
    assert first["cache_read_input_tokens"] == first["cache_creation_input_tokens"] == 0
    assert second["cache_read_input_tokens"] > 1024


@BOTH
def test_without_a_marker_what_is_read_from_the_cache_comes_in_whole_blocks(
    engine: Engine, *, stream: bool
) -> None:
    system = "Steep it well. " * 600
    first, second = (folded(chat(engine, system=system, stream=stream)).usage or {} for _ in range(2))
    read = second["cache_read_input_tokens"]
    assert (first["cache_read_input_tokens"], read > 0, read % 64) == (0, True, 0)
    assert second["input_tokens"] + read == first["input_tokens"]


def test_a_marker_on_a_short_prompt_makes_no_cache(engine: Engine) -> None:
    system = [{"type": "text", "text": "Steep it well.", "cache_control": {"type": "ephemeral"}}]
    for _ in range(2):
        usage = folded(chat(engine, system=system)).usage or {}
        assert usage["cache_creation_input_tokens"] == usage["cache_read_input_tokens"] == 0


def test_the_start_of_a_stream_names_the_whole_prompt_whatever_a_cache_had(engine: Engine) -> None:
    system = [{"type": "text", "text": "Steep it well. " * 600, "cache_control": {"type": "ephemeral"}}]
    chat(engine, system=system)
    start, *_, end, _ = folding.anthropic_events(b"".join(chat(engine, system=system, stream=True).frames))
    split = end["usage"]
    parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert start["message"]["usage"]["input_tokens"] == sum(split[part] for part in parts)
    assert split["cache_read_input_tokens"] > split["input_tokens"]


def test_an_input_that_is_too_long_is_told_with_the_models_limit(engine: Engine) -> None:
    limit = engine.models["glm-4.7"].max_input
    said = [{"role": "user", "content": "tea " * (limit + 10)}]
    answer = chat(engine, model="glm-4.7", messages=said)
    assert answer.status == 400
    assert refusal_of(answer)["message"].endswith(f"Range of input length should be [1, {limit}]")


def test_a_stream_has_one_ping_no_numbers_no_comments_and_no_done(engine: Engine) -> None:
    frames = chat(engine, stream=True).frames
    names = [frame.partition(b"\n")[0] for frame in frames]
    assert names.index(b"event:ping") == 1
    assert names.count(b"event:ping") == 1
    assert names[-1] == b"event:message_stop"
    for frame in frames:
        assert frame.startswith(b"event:")
        assert frame.count(b"\n") == 3
        assert b"\ndata:{" in frame


@BOTH
def test_a_script_is_said_in_blocks(engine: Engine, *, stream: bool) -> None:
    call = {"name": "brew_tea", "arguments": {"leaf": "龙井"}, "id": "toolu_7"}
    reply = {"content": "Hm.", "reasoning_content": "Tea.", "tool_calls": [call]}
    engine.scripts.add({"match": {"last_user": {"contains": "tea"}}, "reply": reply}, engine.errors)
    (choice,) = folded(chat(engine, stream=stream)).choices
    assert (choice.content, choice.reasoning, choice.finish_reason) == ("Hm.", "Tea.", "tool_calls")
    (one,) = choice.tool_calls
    assert (one.id, json.loads(one.arguments)) == ("toolu_7", {"leaf": "龙井"})


def test_a_miss_is_told_with_the_nearest_script(engine: Engine) -> None:
    engine.stage.change(None, on_miss="error")
    engine.scripts.add({"match": {"last_user": "Which teas?"}, "reply": {}}, engine.errors)
    answer = chat(engine)
    assert (answer.status, refusal_of(answer)["code"]) == (404, "mock_no_script")
    assert "nearest" in refusal_of(answer)["message"]


def test_a_scripted_error_is_flat(engine: Engine) -> None:
    engine.scripts.add({"reply": {"error": {"code": "Throttling.RateQuota"}}}, engine.errors)
    answer = chat(engine)
    assert (answer.status, refusal_of(answer)["code"]) == (429, "Throttling.RateQuota")


@pytest.mark.parametrize(
    "fault",
    [
        "slow;ms=1",
        "stall;ms=1",
        "trickle;ms=1",
        "reset-mid-chunk",
        "reset-before-done",
        "truncated-json",
        "garbage",
        "no-usage",
        "duplicate-chunk",
        "lost-chunk",
        "heartbeat",
        "empty-tool-id",
        "null-arguments",
        "usage-only-chunk",
        "split",
        "crlf",
    ],
)
def test_every_fault_strikes_without_a_fault_of_its_own(engine: Engine, fault: str) -> None:
    said = [{"role": "user", "content": "Please brew a cup of tea."}]
    for stream in (False, True):
        answer = chat(engine, headers={"x-mock-fault": fault}, messages=said, tools=TOOLS, stream=stream)
        assert answer.entry is not None
        assert answer.entry.fault is not None
        assert answer.plan is not None


def test_a_usage_that_is_lost_is_lost_at_the_end(engine: Engine) -> None:
    answer = chat(engine, headers={"x-mock-fault": "no-usage"}, stream=True)
    assert answer.plan is not None
    start, *_, delta, stop = folding.anthropic_events(b"".join(piece.data for piece in answer.plan.pieces))
    assert (start["message"]["usage"]["output_tokens"], stop["type"]) == (0, "message_stop")
    assert delta == {"delta": {"stop_reason": "end_turn"}, "type": "message_delta"}


def test_a_stall_may_come_where_the_answer_begins(engine: Engine) -> None:
    engine.scripts.add({"reply": {"content": "Hi", "reasoning_content": "Hm"}}, engine.errors)
    answer = chat(engine, headers={"x-mock-fault": "stall;at=answer;ms=500"}, stream=True)
    assert answer.plan is not None
    late = [piece.data for piece in answer.plan.pieces if piece.at >= 0.5]
    assert b'"text_delta"' in late[0]
    assert not any(b'"thinking_delta"' in data for data in late)


def test_what_this_dialect_has_no_place_for_is_left_out(engine: Engine) -> None:
    call = {"name": "brew_tea", "arguments": "{}", "id": "toolu_7", "ids": "restated"}
    picture = {"image": "https://tea.example/cup.png"}
    for reply in ({"tool_calls": [call]}, {"content": [{"text": "Here:"}, picture]}, {"empty_finish": True}):
        engine.reset()
        engine.scripts.add({"reply": reply}, engine.errors)
        for stream in (False, True):
            answer = chat(engine, stream=stream)
            assert folded(answer).choices
            assert b"cup.png" not in answer.body + b"".join(answer.frames)


def test_what_a_body_of_unknown_origin_shows() -> None:
    dialect = dialect_of(ANTHROPIC)
    body = {**ASKED, "system": "You brew."}
    assert (detect(body), detect(ASKED)) == (dialect, dialect_of(COMPAT))
    assert [message.role for message in dialect.messages(body)] == ["system", "user"]
    assert dialect.options(body) == {"max_tokens": 256, "enable_thinking": False}
    assert dialect.error_schema({}) == "native.error"


@pytest.mark.parametrize(
    "more",
    [
        {"system": "You brew."},
        {"stop_sequences": []},
        {"tools": TOOLS},
        {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]},
    ],
)
def test_a_body_of_unknown_origin_is_known_by_what_no_other_dialect_has(more: dict[str, Any]) -> None:
    assert detect({**ASKED, **more}) is dialect_of(ANTHROPIC)
    assert detect({**ASKED, **more, "max_tokens": None}) is dialect_of(ANTHROPIC)
    without = {name: value for name, value in {**ASKED, **more}.items() if name != "max_tokens"}
    assert detect(without) is dialect_of(COMPAT)


@pytest.mark.parametrize("odd", [7, "x", [7], [{"content": 7}], [{"content": [7, None]}], None])
def test_a_body_that_is_odd_is_not_known(odd: Any) -> None:
    assert detect({**ASKED, "messages": odd, "tools": odd}) is dialect_of(COMPAT)


@BOTH
def test_a_script_may_wait_for_the_very_request(engine: Engine, *, stream: bool) -> None:
    body = {**ASKED, "stream": stream}
    match = {"surface": "anthropic", "request": body}
    engine.scripts.add({"match": match, "reply": {"content": "That one."}}, engine.errors)
    engine.stage.change(None, on_miss="error")
    assert folded(chat(engine, stream=stream)).choices[0].content == "That one."
    others: list[dict[str, Any]] = [{"stream": not stream}, {"model": "glm-4.7"}, {"max_tokens": 9}]
    for other in others:
        assert chat(engine, **{"stream": stream, **other}).status == 404


@BOTH
def test_a_scenario_of_the_journal_answers_the_same_again(engine: Engine, *, stream: bool) -> None:
    said = [{"role": "user", "content": [{"type": "text", "text": "Please brew a cup of tea."}]}]
    before = folded(chat(engine, messages=said, tools=TOOLS, stream=stream))
    scenario = scenario_of(list(engine.journal), engine.errors)
    engine.reset()
    engine.stage.change(None, on_miss="error")
    for script in scenario["replies"]:
        engine.scripts.add(script, engine.errors)
    assert folded(chat(engine, messages=said, tools=TOOLS, stream=stream)).choices == before.choices
    assert chat(engine, messages=said, tools=TOOLS, stream=not stream).status == 404


@pytest.mark.parametrize(("fault", "piece"), [("empty-tool-id", ""), ("null-arguments", None)])
def test_odd_pieces_of_a_call_come_behind_its_start(engine: Engine, fault: str, piece: str | None) -> None:
    said = [{"role": "user", "content": "Please brew a cup of tea."}]
    answer = chat(engine, headers={"x-mock-fault": fault}, messages=said, tools=TOOLS, stream=True)
    assert answer.plan is not None
    events = folding.anthropic_events(b"".join(piece.data for piece in answer.plan.pieces))
    kinds = [(event.get("content_block") or {}).get("type") for event in events]
    opened = kinds.index("tool_use")
    delta = {"partial_json": piece, "type": "input_json_delta"}
    index = events[opened]["index"]
    assert events[opened + 1] == {"delta": delta, "type": "content_block_delta", "index": index}
    assert (events[opened + 2].get("delta") or {}).get("partial_json") == ""


def test_a_usage_in_the_middle_is_an_event_of_its_own_name(engine: Engine) -> None:
    answer = chat(engine, headers={"x-mock-fault": "usage-only-chunk"}, stream=True)
    assert answer.plan is not None
    events = folding.anthropic_events(b"".join(piece.data for piece in answer.plan.pieces))
    assert [event["type"] for event in events[:3]] == ["message_start", "message_delta", "ping"]


def test_a_stall_may_come_where_a_call_begins_behind_a_thought(engine: Engine) -> None:
    call = {"name": "brew_tea", "arguments": "{}", "id": "toolu_7"}
    engine.scripts.add({"reply": {"reasoning_content": "Hm", "tool_calls": [call]}}, engine.errors)
    answer = chat(engine, headers={"x-mock-fault": "stall;at=answer;ms=500"}, tools=TOOLS, stream=True)
    assert answer.plan is not None
    late = [piece.data for piece in answer.plan.pieces if piece.at >= 0.5]
    assert b'"tool_use"' in late[0]


def test_an_error_inside_a_stream_is_a_native_frame(engine: Engine) -> None:
    answer = chat(engine, headers={"x-mock-fault": "error;code=Throttling;after=2"}, stream=True)
    assert answer.plan is not None
    assert answer.plan.status == 200
    last = answer.plan.pieces[-1].data.decode()
    assert last.startswith("id:1\nevent:error\n:HTTP_STATUS/429\ndata:{")


def test_moderation_cuts_a_stream_before_the_word(engine: Engine) -> None:
    reply = {"content": "one two bad four", "chunks": ["one ", "two ", "bad ", "four"]}
    engine.scripts.add({"reply": reply}, engine.errors)
    engine.moderation.output = WordList(("bad",))
    *kept, last = chat(engine, stream=True).frames
    assert b"two " in kept[-1]
    assert b"DataInspectionFailed" in last


def test_the_journal_shows_what_was_asked_and_said(engine: Engine) -> None:
    chat(engine, stream=True)
    (entry,) = engine.journal
    shown = entry.shown()
    assert (shown["surface"], shown["stream"], shown["body"]["max_tokens"]) == ("anthropic", True, 256)
    assert shown["findings"] == []


def rules(answer: Answer) -> list[tuple[str, str]]:
    assert answer.entry is not None
    return [(finding.rule, finding.path) for finding in answer.entry.findings]


CALL = {"type": "tool_use", "id": "toolu_1", "name": "brew_tea", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
USER = {"role": "user", "content": "Tea!"}
ANSWERED = {"role": "user", "content": [RESULT]}
HM = {"type": "text", "text": "Hm."}


@pytest.mark.parametrize(
    ("extra", "rule", "path"),
    [
        ({"temperature": 2}, "ranges.temperature", "temperature"),
        ({"max_tokens": 0}, "ranges.max-tokens", "max_tokens"),
        ({"max_tokens": "7"}, "parameters.type", "max_tokens"),
        ({"enable_thinking": True}, "parameters.unknown", "enable_thinking"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "parameters.unknown", "tools[0]"),
        ({"tool_choice": {"type": "tool"}}, "tools.choice", "tool_choice"),
        ({"tools": [{"name": ""}]}, "tools.definition", "tools[0].name"),
        ({"messages": []}, "messages.empty", "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages.role", "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages.content-missing", "messages[0]"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.content-form", "messages[0].content"),
        (
            {"messages": [USER, {"role": "assistant", "content": [CALL]}, USER]},
            "messages.call-without-tool",
            "messages[1].content",
        ),
        (
            {"messages": [{"role": "user", "content": [RESULT]}]},
            "messages.tool-without-call",
            "messages[0].content[0].tool_use_id",
        ),
        (
            {"messages": [USER, {"role": "assistant", "content": [HM, {**CALL, "id": ""}]}, ANSWERED]},
            "tools.call-id",
            "messages[1].content[1].id",
        ),
        (
            {
                "messages": [
                    USER,
                    {"role": "assistant", "content": [HM, CALL, {**CALL, "name": ""}]},
                    ANSWERED,
                ]
            },
            "tools.call-name",
            "messages[1].content[2].name",
        ),
        ({"thinking": {"type": "enabled", "budget_tokens": 0}}, "thinking.budget", "thinking.budget_tokens"),
        ({"thinking": {"type": "sometimes"}}, "thinking.kind", "thinking.type"),
    ],
)
def test_bad_input_is_told_by_its_rule_and_place(
    engine: Engine, extra: dict[str, Any], rule: str, path: str
) -> None:
    assert (rule, path) in rules(chat(engine, **extra))


@pytest.mark.parametrize(
    ("model", "thinks"), [("qwen3.8-flash", True), ("kimi-k2.5", False), ("qwen-turbo", False)]
)
def test_an_agent_leaves_the_thinking_to_the_model(engine: Engine, model: str, *, thinks: bool) -> None:
    answer = chat(engine, model=model, thinking={"type": "adaptive", "display": "summarized"})
    (choice,) = folded(answer).choices
    assert bool(choice.reasoning) is thinks


@pytest.mark.parametrize("extra", [{"thinking": {"type": "sometimes"}}, {"tools": [[]]}])
def test_a_body_of_another_form_is_refused_in_the_reported_words(
    engine: Engine, extra: dict[str, Any]
) -> None:
    told = refusal_of(chat(engine, **extra))
    assert (told["code"], told["message"]) == ("InvalidParameter", "Request body format invalid")


def test_a_budget_leaves_room_for_the_answer(engine: Engine) -> None:
    budget = {"type": "enabled", "budget_tokens": 512}
    told = chat(engine, model="qwen3.8-max", max_tokens=512, thinking=budget)
    message = "max_completion_tokens [512] must be greater than thinking_budget [512]"
    assert (told.status, refusal_of(told)["message"]) == (400, message)
    assert ("thinking.budget-above-completion", "max_tokens") in rules(told)
    assert chat(engine, model="qwen3.8-max", max_tokens=513, thinking=budget).status == 200


@pytest.mark.parametrize(("model", "thinks"), [("qwen3-vl-plus", True), ("qwen-turbo", False)])
def test_which_models_think_unasked_here(engine: Engine, model: str, *, thinks: bool) -> None:
    asked = folded(chat(engine, model=model, thinking=None))
    assert bool(asked.choices[0].reasoning) is thinks
    off = folded(chat(engine, model=model, thinking={"type": "disabled"}))
    assert not off.choices[0].reasoning


def test_a_lenient_server_answers_a_coding_agent(lazy_tokenizer: LazyTokenizer) -> None:
    engine = Engine(Settings(rules="lenient"), tokenizer=lazy_tokenizer, clock=lambda: NOW)
    said = [USER, {"role": "system", "content": "Be short."}]
    answer = chat(engine, thinking={"type": "adaptive", "display": "omitted"}, messages=said)
    assert answer.status == 200
    assert answer.entry is not None
    assert [finding.rule for finding in answer.entry.findings] == ["messages.role"]
