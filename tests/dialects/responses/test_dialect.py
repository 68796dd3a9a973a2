"""The Responses API on its whole way: who is let in, what is refused, what is kept, scripts and faults."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.answer.wordlist import WordList
from mockserver.catalogue.models import Models
from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.responses.surface import RESPONSES, ROOTS
from mockserver.dialects.table import around, at, detect, dialect_of
from mockserver.meter.quotas import read_quota
from mockserver.rules.schemas import violations
from mockserver.server.app import App
from tests import folding
from tests.conftest import KEY, NOW, make_headers

PATH = "/compatible-mode/v1/responses"
ASKED = {"model": "qwen3-coder-plus", "input": "Which tea?"}
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
TOOL = {
    "type": "function",
    "name": "brew_tea",
    "description": "Brew a cup of tea",
    "parameters": {"type": "object", "properties": {"leaf": {"type": "string"}}},
}
BEARER = {"authorization": f"Bearer {KEY}"}


def chat(engine: Engine, *, headers: dict[str, str] | None = None, **extra: Any) -> Answer:
    """A chat with an engine; `extra` are keys of its body, None for one that is left out."""
    body = {name: value for name, value in {**ASKED, **extra}.items() if value is not None}
    return engine.chat(RESPONSES, make_headers(headers), json.dumps(body).encode(), arrived=NOW)


def response_of(answer: Answer) -> dict[str, Any]:
    """The response of an answer, whole or in its last event."""
    assert answer.status == 200, answer.body
    stream = b"".join(answer.frames) or (answer.body if answer.body.startswith(b"id:") else b"")
    found: dict[str, Any] = (
        folding.response_events(stream)[-1]["response"] if stream else json.loads(answer.body)
    )
    assert violations("responses.response", found) == []
    return found


def said(answer: Answer) -> str:
    (message,) = [item for item in response_of(answer)["output"] if item["type"] == "message"]
    text: str = message["content"][0]["text"]
    return text


def told(answer: Answer) -> tuple[int, str, str]:
    """Status, code and message of a refusal, flat or in a response that failed."""
    body = json.loads(answer.body.partition(b"data:")[2] or answer.body)
    error = (body.get("response") or body).get("error") or body
    return answer.status, error["code"], error["message"]


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    with TestClient(App(engine)) as own:
        yield own


@pytest.mark.parametrize(
    "path",
    [f"{root}/responses" for root in ROOTS] + ["/api/v2/apps/agent/tea-app/compatible-mode/v1/responses"],
)
def test_it_is_spoken_on_three_paths(client: TestClient, path: str) -> None:
    assert at(path) is around(path) is RESPONSES
    answer = client.post(path, json=ASKED, headers=BEARER)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    streamed = client.post(path, json={**ASKED, "stream": True}, headers=BEARER)
    assert streamed.headers["content-type"] == "text/event-stream;charset=UTF-8"
    assert folding.response_stream(streamed.content).choices[0].content


@pytest.mark.parametrize("root", ROOTS)
def test_another_method_is_not_allowed(client: TestClient, root: str) -> None:
    for method, path in (("GET", "responses"), ("PUT", "responses/resp_1"), ("GET", "conversations")):
        answer = client.request(method, f"{root}/{path}", headers=BEARER)
        assert answer.status_code == 405
        body = answer.json()
        assert list(body) == ["request_id", "code", "message"]
        assert body["code"] == "Method Not Allowed"
        assert body["message"] == f"Method '{method}' is not allowed for '{root}/{path}'."


@pytest.mark.parametrize("path", ["responses/resp_1/cancel", "responses/resp_1/x/y", "conversations/c/tea"])
def test_an_unknown_child_is_not_supported(client: TestClient, path: str) -> None:
    answer = client.post(f"{ROOTS[0]}/{path}", headers=BEARER)
    assert answer.status_code == 404
    assert (answer.json()["code"], answer.json()["message"]) == ("Not Found", "Not support")


@BOTH
@pytest.mark.parametrize(
    ("key", "message"), [("", "No API-key provided."), ("Bearer no-key", "Invalid API-key provided.")]
)
def test_without_a_key_nobody_is_let_in(engine: Engine, key: str, message: str, *, stream: bool) -> None:
    headers = {"authorization": key} if key else {}
    body = json.dumps({**ASKED, "stream": stream}).encode()
    answer = engine.chat(RESPONSES, headers, body, arrived=NOW)
    assert told(answer) == (401, "InvalidApiKey", message)


EFFORTS = "('none','minimal','low','medium','high','xhigh','max')"
BOTH_IDS = "Ensure you are only providing one of: previous_response_id or conversation."
NESTED = "The parameters, when provided as a dict, must confirm to a valid openai-compatible JSON schema."
OFF = "please confirm that you have activated products and try again after activation."
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": "tea"}, "Unsupported model: 'tea'"),
    ({"model": "qwen-turbo"}, "Unsupported model: 'qwen-turbo'"),
    ({"temperature": 5}, "Invalid 'temperature': 5. Expected a value between [0,2), but got 5 instead."),
    ({"top_p": 9}, "Invalid 'top_p': 9. Expected a value between (0,1], but got 9 instead."),
    ({"max_output_tokens": 1}, "Invalid 'max_output_tokens': must be greater than or equal to 16, got 1."),
    ({"reasoning": {"effort": "X"}}, f"Invalid 'reasoning.effort': X. Supported values are: {EFFORTS}."),
    ({"store": "NOT_A_BOOL"}, "Invalid 'store': NOT_A_BOOL. Must be a boolean."),
    ({"previous_response_id": "resp_x"}, "Not found previous_response_id: resp_x"),
    (
        {"previous_response_id": "resp_x", "conversation": "conv_x"},
        f"Mutually exclusive parameters: {BOTH_IDS}",
    ),
    (
        {"tools": [{"type": "function", "function": {"name": "brew_tea", "parameters": {}}}]},
        f"<400> InternalError.Algo.InvalidParameter: {NESTED}",
    ),
    ({"model": "MiniMax/MiniMax-M2.5"}, f"The product is not activated, {OFF}"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_a_mistake_is_refused_in_the_words_of_the_service(
    engine: Engine, change: dict[str, Any], message: str
) -> None:
    assert told(chat(engine, **change)) == (400, "InvalidParameter", message)
    (entry,) = engine.journal
    assert entry.findings
    assert told(chat(engine, **change, stream=True)) == (200, "InvalidParameter", message)


@BOTH
def test_a_request_without_a_model_is_told_so(engine: Engine, *, stream: bool) -> None:
    answer = chat(engine, model=None, stream=stream)
    assert told(answer)[2] == "[400] missing_required_parameter: Missing required parameter: 'model'."


@pytest.mark.parametrize(
    ("change", "rule", "path"),
    [
        ({"input": None}, "messages.missing", ""),
        ({"input": []}, "messages.empty", "input"),
        ({"input": 7}, "messages.missing", "input"),
        ({"input": ["tea"]}, "messages.not-object", "input[0]"),
        ({"input": [{"role": "chef", "content": "Tea"}]}, "messages.role", "input[0].role"),
        ({"input": [{"role": "user"}]}, "messages.content-missing", "input[0]"),
        ({"input": [{"role": "user", "content": 7}]}, "messages.content-form", "input[0].content"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages.content-form",
            "input[0].content[0].type",
        ),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "parameters.value", "input[0].type"),
        ({"tools": [{"type": "function"}]}, "tools.definition", "tools[0]"),
        ({"tool_choice": "tea"}, "tools.choice", "tool_choice"),
        ({"store": 7}, "parameters.type", "store"),
        ({"max_output_tokens": 3}, "ranges.other", "max_output_tokens"),
        ({"max_output_tokens": 10**7}, "ranges.max-tokens", "max_output_tokens"),
        ({"conversation": "conv_x"}, "threads.unknown", "conversation"),
    ],
)
def test_a_finding_stands_at_its_place(engine: Engine, change: dict[str, Any], rule: str, path: str) -> None:
    body = {name: value for name, value in {**ASKED, **change}.items() if value is not None}
    answer = engine.chat(RESPONSES, make_headers(), json.dumps(body).encode(), arrived=NOW)
    assert answer.status == 400
    (entry,) = engine.journal
    assert (entry.findings[0].rule, entry.findings[0].path) == (rule, path)


def test_a_result_without_its_call_is_refused_at_its_item(engine: Engine) -> None:
    items = [
        {"role": "user", "content": "Tea!"},
        {"type": "function_call_output", "call_id": "c", "output": "A cup."},
    ]
    assert chat(engine, input=items).status == 400
    (entry,) = engine.journal
    assert [(finding.rule, finding.path) for finding in entry.findings] == [
        ("messages.tool-without-call", "input[1].call_id")
    ]


@pytest.mark.parametrize(
    "model",
    ["qwen3.8-max", "qwen3.7-max", "qwen-plus", "qwen3-coder-flash", "glm-5.3", "kimi-k3", "deepseek-v4-pro"],
)
def test_a_model_that_is_served_answers(engine: Engine, model: str) -> None:
    assert response_of(chat(engine, model=model))["model"] == model


def test_which_models_are_served(models: Models) -> None:
    served = {model.name for model in models if model.responses}
    assert {"qwen3.5-ocr", "qwen-flash-character", "deepseek-v4.1-flash", "qwen3.8-flash"} <= served
    assert served.isdisjoint({"qwen-max", "qwen-turbo", "qwq-plus", "qwen3-vl-plus", "text-embedding-v4"})


@BOTH
def test_a_request_goes_on_from_a_response(engine: Engine, *, stream: bool) -> None:
    first = response_of(chat(engine, input="The word is sencha.", instructions="Brew.", stream=stream))
    second = response_of(chat(engine, input="Which word?", previous_response_id=first["id"], stream=stream))
    assert "sencha" in json.dumps(second["output"])
    assert second["previous_response_id"] == first["id"]
    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    third = response_of(chat(engine, input="Thanks.", previous_response_id=second["id"]))
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"]
    assert [entry.findings for entry in engine.journal] == [(), (), ()]
    assert "instructions" not in second


def test_a_thought_goes_back_as_it_came(engine: Engine) -> None:
    first = response_of(chat(engine, model="qwen3.7-plus"))
    assert first["output"][0]["type"] == "reasoning"
    history = [
        {"role": "user", "content": ASKED["input"]},
        *first["output"],
        {"role": "user", "content": "?"},
    ]
    chat(engine, model="qwen3.7-plus", input=history)
    chat(engine, model="qwen3.7-plus", previous_response_id=first["id"])
    assert [entry.findings for entry in engine.journal] == [(), (), ()]


def test_what_is_not_stored_is_not_there(engine: Engine) -> None:
    first = response_of(chat(engine, store=False))
    assert first["store"] is False
    assert told(chat(engine, previous_response_id=first["id"])) == (
        400,
        "InvalidParameter",
        f"Not found previous_response_id: {first['id']}",
    )


def test_a_response_of_another_key_is_not_there(engine: Engine) -> None:
    first = response_of(chat(engine))
    foreign = {"Authorization": "Bearer sk-other"}
    assert chat(engine, headers=foreign, previous_response_id=first["id"]).status == 400


def test_a_request_goes_on_from_a_conversation(client: TestClient, engine: Engine) -> None:
    item = {"type": "message", "role": "user", "content": "The word is sencha."}
    begun = client.post(f"{ROOTS[0]}/conversations", json={"items": [item]}, headers=BEARER).json()
    first = response_of(chat(engine, input="Which word?", conversation=begun["id"], store=False))
    assert "sencha" in json.dumps(first["output"])
    assert first["conversation"] == {"id": begun["id"]}
    second = response_of(chat(engine, input="Thanks.", conversation={"id": begun["id"]}))
    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    listed = client.get(f"{ROOTS[0]}/conversations/{begun['id']}/items?order=asc", headers=BEARER).json()
    assert [one["role"] for one in listed["data"]] == ["user", "user", "assistant", "user", "assistant"]


@BOTH
def test_a_function_is_called_and_its_result_read(engine: Engine, *, stream: bool) -> None:
    first = response_of(chat(engine, input="Please brew a cup of tea.", tools=[TOOL], stream=stream))
    (call,) = first["output"]
    assert (call["type"], call["name"]) == ("function_call", "brew_tea")
    assert call["call_id"].startswith("call_")
    assert call["id"].startswith("msg_")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "A cup."}
    for more in (
        {"input": [output], "previous_response_id": first["id"]},
        {"input": [{"role": "user", "content": "Please brew a cup of tea."}, call, output]},
    ):
        second = response_of(chat(engine, **more, tools=[TOOL], stream=stream))
        assert second["output"][-1]["type"] == "message"
    assert [entry.findings for entry in engine.journal] == [(), (), ()]


def test_an_unknown_tool_is_taken_and_does_nothing(engine: Engine) -> None:
    plain = said(chat(engine))
    answer = chat(engine, tools=[{"type": "computer_use_preview"}])
    assert said(answer) == plain
    assert [finding.path for finding in list(engine.journal)[1].findings] == ["tools[0]"]


def test_a_search_has_sources_and_is_counted(engine: Engine) -> None:
    response = response_of(chat(engine, tools=[{"type": "web_search"}]))
    search, message = response["output"]
    assert search["action"]["sources"][0] == {"type": "url", "url": "https://mock.invalid/1"}
    assert message["type"] == "message"
    assert response["usage"]["x_tools"] == {"web_search": {"count": 1}}


@pytest.mark.parametrize("kind", ["file_search", "mcp", "image_search"])
@BOTH
def test_a_tool_of_the_service_is_used_and_counted(engine: Engine, kind: str, *, stream: bool) -> None:
    response = response_of(chat(engine, tools=[{"type": kind}], stream=stream))
    assert [item["type"] for item in response["output"]] == [f"{kind}_call", "message"]
    assert response["usage"]["x_tools"] == {kind: {"count": 1}}


def test_a_script_says_what_a_tool_of_the_service_did(engine: Engine) -> None:
    act = {"type": "file_search_call", "queries": ["tea"], "results": []}
    engine.scripts.add({"reply": {"content": "Sencha.", "acts": [act]}}, engine.errors)
    output = response_of(chat(engine))["output"]
    assert output[0] == {"id": output[0]["id"], "status": "completed", **act}


def test_a_text_format_is_repeated_and_not_heeded(engine: Engine) -> None:
    schema = {"type": "object", "properties": {"leaf": {"type": "string"}}}
    text = {"format": {"type": "json_schema", "name": "tea", "schema": schema}}
    answer = chat(engine, text=text)
    assert not said(answer).startswith("{")
    assert response_of(answer)["text"] == {
        "format": {"type": "json_schema", "name": "tea", "schema_": schema}
    }


def test_an_answer_ends_at_its_limit(engine: Engine) -> None:
    response = response_of(chat(engine, max_output_tokens=16))
    assert (response["status"], response["incomplete_details"]) == (
        "incomplete",
        {"reason": "max_output_tokens"},
    )
    assert response["usage"]["output_tokens"] == 16
    whole = response_of(chat(engine, model="qwen3.8-max", max_output_tokens=32))
    assert whole["usage"]["output_tokens"] <= 40
    assert whole["usage"]["output_tokens_details"]["reasoning_tokens"] > 16


def test_the_effort_is_a_switch_and_a_budget(engine: Engine) -> None:
    def types(effort: str) -> list[str]:
        asked = chat(engine, model="qwen3.7-plus", reasoning={"effort": effort})
        return [item["type"] for item in response_of(asked)["output"]]

    assert types("none") == ["message"]
    assert types("low") == ["reasoning", "message"]


def test_the_service_has_a_system_prompt_of_its_own(engine: Engine) -> None:
    here = response_of(chat(engine))["usage"]["input_tokens"]
    body = {"model": ASKED["model"], "messages": [{"role": "user", "content": ASKED["input"]}]}
    there = json.loads(engine.chat(COMPAT, make_headers(), json.dumps(body).encode(), arrived=NOW).body)
    assert here - there["usage"]["prompt_tokens"] == 24
    assert 34 <= here <= 57


def test_too_long_an_input_is_cut_and_not_refused(engine: Engine) -> None:
    response = response_of(
        chat(engine, model="qwen3.5-397b-a17b", input="tea " * 100_000, reasoning={"effort": "none"})
    )
    assert response["usage"]["input_tokens"] == 89_500
    (entry,) = engine.journal
    assert [finding.rule for finding in entry.findings] == ["prompt.cut"]
    assert "89500" in entry.findings[0].message


def test_a_session_is_cached_by_a_header(engine: Engine) -> None:
    headers = {"x-dashscope-session-cache": "enable"}
    asked: dict[str, Any] = {"instructions": "Brew well. " * 400, "headers": headers}
    first = response_of(chat(engine, **asked))
    created = first["usage"]["x_details"][0]["prompt_tokens_details"]
    assert created["cache_type"] == "ephemeral"
    assert created["cache_creation_input_tokens"] > 1024
    second = response_of(chat(engine, **asked, previous_response_id=first["id"], input="And now?"))
    read = second["usage"]["input_tokens_details"]["cached_tokens"]
    assert read == created["cache_creation_input_tokens"]
    without = response_of(chat(engine))
    assert "cache_type" not in without["usage"]["x_details"][0]["prompt_tokens_details"]


def test_who_reads_no_markers_has_no_session_cache(engine: Engine) -> None:
    asked: dict[str, Any] = {"instructions": "Brew well. " * 400, "model": "glm-5.3"}
    for _ in range(2):
        answer = response_of(chat(engine, **asked, headers={"x-dashscope-session-cache": "enable"}))
        assert "cache_type" not in answer["usage"]["x_details"][0]["prompt_tokens_details"]


@pytest.mark.parametrize(
    ("model", "block"),
    [("glm-5.3", 128), ("deepseek-v4.1-flash", 128), ("kimi-k3", 1024), ("deepseek-v4-pro", 1024)],
)
def test_what_is_read_from_a_cache_comes_in_the_blocks_of_the_model(
    engine: Engine, model: str, block: int
) -> None:
    first, second = (
        response_of(chat(engine, instructions="Brew well. " * 1000, model=model))["usage"] for _ in range(2)
    )
    read = second["input_tokens_details"]["cached_tokens"]
    assert first["input_tokens_details"]["cached_tokens"] == 0
    assert second["input_tokens"] - block < read + block <= second["input_tokens"] + block
    assert read % block == 0


@BOTH
def test_a_script_answers_and_is_journalled(engine: Engine, *, stream: bool) -> None:
    engine.scripts.add(
        {"match": {"surface": "responses"}, "reply": {"content": "Sencha.", "reasoning_content": "Hm."}},
        engine.errors,
    )
    assert said(chat(engine, stream=stream)) == "Sencha."
    (entry,) = engine.journal
    shown = entry.shown()
    assert (shown["surface"], shown["answered_by"], shown["stream"]) == ("responses", "reply-1", stream)
    assert shown["answer"][0]["content"] == "Sencha."


def test_a_script_chooses_the_form_of_a_stream(engine: Engine) -> None:
    reply = {"content": "Sencha.", "reasoning_content": "Hm.", "dialect": "summary"}
    engine.scripts.add({"reply": reply}, engine.errors)
    events = folding.response_events(b"".join(chat(engine, stream=True).frames))
    assert "response.reasoning_summary_text.delta" in {event["type"] for event in events}


@BOTH
def test_a_scripted_error_has_its_code(engine: Engine, *, stream: bool) -> None:
    engine.scripts.add({"reply": {"error": {"code": "DataInspectionFailed"}}}, engine.errors)
    status, code, _ = told(chat(engine, stream=stream))
    assert (status, code) == (200 if stream else 400, "DataInspectionFailed")


@BOTH
def test_a_quota_is_a_response_that_failed(engine: Engine, *, stream: bool) -> None:
    engine.quotas.put(read_quota(f"{ASKED['model']}=rpm:1"))
    assert response_of(chat(engine))["status"] == "completed"
    response = response_of(chat(engine, stream=stream))
    assert (response["status"], response["error"]["code"]) == ("failed", "server_error")


def test_moderation_breaks_a_stream_off_with_a_response_that_failed(engine: Engine) -> None:
    engine.moderation.output = WordList(("sencha",))
    engine.scripts.add({"reply": {"content": "Tea: sencha."}}, engine.errors)
    answer = chat(engine, stream=True)
    last = folding.response_events(b"".join(answer.frames))[-1]
    assert (last["type"], last["response"]["error"]["code"]) == ("response.failed", "DataInspectionFailed")
    assert last["response"]["created_at"] == int(NOW)
    assert told(chat(engine))[1] == "DataInspectionFailed"


@pytest.mark.parametrize(
    "fault", ["reset", "usage-only-chunk", "heartbeat", "error=InternalError;after=2", "no-usage", "crlf"]
)
def test_faults_strike_here_too(engine: Engine, fault: str) -> None:
    answer = chat(engine, stream=True, headers={"x-mock-fault": fault})
    assert answer.plan is not None
    (entry,) = engine.journal
    assert entry.fault is not None


@BOTH
def test_a_usage_may_be_missing(engine: Engine, *, stream: bool) -> None:
    answer = chat(engine, stream=stream, headers={"x-mock-fault": "no-usage"})
    assert answer.plan is not None
    sent = b"".join(piece.data for piece in answer.plan.pieces)
    last = folding.response_events(sent)[-1]["response"] if stream else json.loads(sent)
    assert last["status"] == "completed"
    assert "usage" not in last


def test_a_body_is_known_by_an_input_that_is_no_object() -> None:
    assert detect({"input": "Tea?"}) is dialect_of(RESPONSES)
    assert detect({"input": {"messages": []}}).name == "native"
    dialect = dialect_of(RESPONSES)
    assert [message.text for message in dialect.messages({"input": "Tea?", "instructions": "Brew."})] == [
        "Brew.",
        "Tea?",
    ]
    assert dialect.options({"input": "Tea?", "max_output_tokens": 64}) == {"max_tokens": 64}


def test_media_behind_a_text_have_no_place(engine: Engine) -> None:
    content = [{"text": "Sencha."}, {"image": "https://tea.invalid/1.png"}]
    for stream in (False, True):
        engine.scripts.add({"reply": {"content": content}, "times": 1}, engine.errors)
        assert said(chat(engine, stream=stream)) == "Sencha."
