"""The control API: each call, each filter, and faults that name the field and the nearest known one."""

import gzip
import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.base import jsontext
from mockserver.base.masking import mask
from mockserver.base.version import __version__
from mockserver.corridor.engine import Engine
from mockserver.rules.schemas import violations
from mockserver.scripts.script import Script
from mockserver.server import control, openapi
from tests.conftest import KEY, NOW
from tests.server.talk import COMPAT, MODELS, MULTIMODAL, TEXT, TOKENIZER

TEA = [{"role": "user", "content": "Which tea?"}]


def ask(
    client: TestClient, *, key: str = KEY, model: str = "qwen-plus", said: str = "Which tea?", **extra: Any
) -> Any:
    """A chat on the compatible surface; its answer."""
    body = {"model": model, "messages": [{"role": "user", "content": said}], **extra}
    return client.post(COMPAT, json=body, headers={"Authorization": f"Bearer {key}"}).json()


def said_by(answer: Any) -> str:
    """The text of an answer."""
    return str(answer["choices"][0]["message"]["content"])


def requests(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    """The journal, filtered."""
    response = client.get("/_mock/requests", params=query)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["requests"]
    return found


def test_health_says_ok_and_the_version(client: TestClient) -> None:
    response = client.get("/_mock/health")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"status": "ok", "version": __version__}


def test_the_control_api_needs_no_key(engine: Engine) -> None:
    from mockserver.server.app import App  # noqa: PLC0415

    client = TestClient(App(engine))
    for call in ("health", "replies", "requests", "usage"):
        assert client.get(f"/_mock/{call}").status_code == 200


def test_a_scripted_reply_is_entered_used_listed_and_removed(client: TestClient) -> None:
    entered = client.post(
        "/_mock/replies", json={"match": {"turn": 1}, "reply": {"content": "Oolong."}, "times": 2}
    )
    assert entered.status_code == 201
    assert entered.json() == {"id": "reply-1"}
    assert said_by(ask(client)) == "Oolong."
    assert client.get("/_mock/replies").json() == {
        "replies": [
            {"id": "reply-1", "match": {"turn": 1}, "reply": {"content": "Oolong."}, "times": 2, "used": 1}
        ]
    }
    assert client.delete("/_mock/replies/reply-1").status_code == 204
    assert client.get("/_mock/replies").json() == {"replies": []}
    assert said_by(ask(client)) != "Oolong."


def test_removing_what_is_not_there_is_not_found(client: TestClient) -> None:
    response = client.delete("/_mock/replies/reply-7")
    assert response.status_code == 404
    assert response.json() == {"error": {"message": "no scripted reply has the id 'reply-7'", "field": None}}


def test_a_sequence_is_said_in_order_and_its_last_one_repeats(client: TestClient) -> None:
    client.post("/_mock/replies", json={"reply": [{"content": "One."}, {"content": "Two."}], "times": 3})
    assert [said_by(ask(client)) for _ in range(3)] == ["One.", "Two.", "Two."]
    assert said_by(ask(client)) not in ("One.", "Two.")


def test_a_scripted_error_is_answered_by_its_code(client: TestClient) -> None:
    client.post("/_mock/replies", json={"reply": {"error": {"code": "Throttling.RateQuota"}}})
    assert ask(client)["error"]["code"] == "limit_requests"


@pytest.mark.parametrize(
    ("document", "field", "words"),
    [
        ({"repli": {}}, None, "the nearest known one is 'reply'"),
        (
            {"reply": {"contents": ""}},
            "reply",
            "reply has no field 'contents'; the nearest known one is 'content'",
        ),
        ({"reply": {}, "match": {"last_usr": ""}}, "match", "the nearest known one is 'last_user'"),
        ({"reply": {"pace": {"per_token": 1}}}, "reply.pace", "the nearest known one is 'per_token_ms'"),
        ({"reply": [{}, {"contnet": ""}]}, "reply[1]", "the nearest known one is 'content'"),
        ({"reply": {"choices": [{"contnet": ""}]}}, "reply.choices[0]", "the nearest known one is 'content'"),
        (
            {"reply": {"error": {"cod": ""}}},
            "reply.error",
            "has no field 'cod'; the nearest known one is 'code'",
        ),
        ({"reply": {"error": {}}}, "reply.error", "'code' is a required property"),
        ({"match": {}}, None, "'reply' is a required property"),
        (
            {"reply": {"content": 7}},
            "reply.content",
            "reply.content: 7 is not of type 'string', 'array', 'null'",
        ),
        ({"reply": {"finish_reason": "tea"}}, "reply.finish_reason", "'tea' is not one of"),
        ({"reply": {}, "times": 0}, "times", "times: 0 is less than the minimum of 1"),
        ({"reply": []}, "reply", "reply: [] should be non-empty"),
        (
            {"reply": {}, "match": {"system": {"contains": "", "regex": ""}}},
            "match.system",
            "too many properties",
        ),
        # Python reads a glob of open brackets in the square of its length; one of a million never ends.
        ({"reply": {}, "match": {"model": "q" * 201}}, "match.model", "is longer than 200 characters"),
        ({"reply": {}, "template": None}, "template", "template: null is not of type 'boolean'"),
        (
            {"reply": {"content": True}},
            "reply.content",
            "content: true is not of type 'string', 'array'",
        ),
        (
            {"reply": {"tool_calls": [{"name": "tea", "ids": "odd"}]}},
            "reply.tool_calls[0].ids",
            "'odd' is not one of ['restated', 'late', null]",
        ),
        ({"reply": {"template": True}}, "reply", "reply has no field 'template'; the body has one"),
        ({"reply": {}, "key": "sk-a"}, None, "the body has no field 'key'; a match has one"),
        ({"reply": {"ids": "late"}}, "reply", "reply has no field 'ids'; a call has one"),
        ({"reply": {"status": 204, "body": "tea"}}, None, "reply.body: a 204 has none: take it out"),
        ({"reply": {"status": 304, "frames": ["tea"]}}, None, "reply.frames: a 304 has none: take it out"),
        ([], None, "the body: [] is not of type 'object'"),
        (7, None, "the body: 7 is not of type 'object'"),
        ({"reply": {}, "match": {"system": {"regex": "("}}}, None, "match.system.regex '(' is not a regular"),
        ({"reply": {"error": {"code": "Throttlin"}}}, None, "the nearest known one is 'Throttling'"),
    ],
)
def test_a_fault_names_its_field_and_what_would_be_right(
    document: Any, field: str | None, words: str, client: TestClient
) -> None:
    response = client.post("/_mock/replies", json=document)
    assert response.status_code == 400
    error = response.json()["error"]
    assert words in error["message"]
    assert error["field"] == field
    assert client.get("/_mock/replies").json() == {"replies": []}


def test_a_body_that_is_no_json_says_why(client: TestClient) -> None:
    error = client.post("/_mock/replies", content=b'{"reply":').json()["error"]
    assert error["message"].startswith("the body is not JSON: ")
    deep = b'{"reply":{"tool_info":' + b"[" * 300 + b"]" * 300 + b"}}"
    error = client.post("/_mock/replies", content=deep).json()["error"]
    assert error["message"] == "the body is not JSON: nested more than 200 levels deep"


def test_a_packed_document_is_read_or_refused_with_the_reason(client: TestClient) -> None:
    document = gzip.compress(b'{"reply": {"content": "tea"}}')
    said = {"Content-Encoding": "gzip"}
    assert client.post("/_mock/replies", content=document, headers=said).status_code == 201
    other = client.post("/_mock/replies", content=document, headers={"Content-Encoding": "tea"})
    assert other.status_code == 415
    assert other.headers["connection"] == "close"
    assert other.json()["error"]["message"].endswith("send it plain, or as one of gzip, deflate, br, zstd")
    plain = client.post("/_mock/replies", content=b'{"reply": {}}', headers=said)
    assert plain.status_code == 400
    assert (
        plain.json()["error"]["message"] == "the body's content-encoding is 'gzip', but it is not packed so"
    )


def test_a_body_of_more_than_10_mb_is_refused_and_the_connection_closed(client: TestClient) -> None:
    response = client.post("/_mock/replies", content=b" " * (10 * 1024**2 + 1))
    assert response.status_code == 413
    assert response.headers["connection"] == "close"
    assert response.json()["error"]["message"] == "the body is too large: a control request may hold 10 MB"


@pytest.mark.parametrize(
    ("method", "call", "field", "words"),
    [
        ("POST", "reset?kee=sk-a", "kee", "there is no parameter 'kee'; the nearest known one is 'key'"),
        ("GET", "requests?models=tea", "models", "the nearest known one is 'model'"),
        (
            "GET",
            "requests?surface=compact",
            "surface",
            "no surface 'compact'; the nearest known one is 'compat'",
        ),
        ("GET", "requests?limit=-1", "limit", "limit is '-1': it must be a whole number"),
        ("GET", "requests?limit=2.5", "limit", "limit is '2.5'"),
        ("GET", "requests?limit=", "limit", "limit is ''"),
        ("GET", "requests?since=noon", "since", "since is 'noon': it must be a time in seconds since 1970"),
        ("GET", "requests?since=nan", "since", "since is 'nan'"),
        ("GET", "requests?since=-inf", "since", "since is '-inf'"),
        ("GET", "usage?key=sk-a", "key", "there is no parameter 'key'; this call takes none"),
        ("GET", "usage?key=sk-a", "key", "this call takes none"),
        ("POST", "replies?key=sk-a", "key", "this call takes none"),
    ],
)
def test_a_wrong_query_is_a_fault_and_changes_nothing(
    method: str, call: str, field: str, words: str, client: TestClient
) -> None:
    ask(client)
    response = client.request(method, f"/_mock/{call}")
    assert response.status_code == 400
    assert words in response.json()["error"]["message"]
    assert response.json()["error"]["field"] == field
    assert len(requests(client)) == 1


@pytest.mark.parametrize(
    ("method", "call", "status", "words"),
    [
        ("GET", "repliez", 404, "there is no /_mock/repliez; the nearest known call is '/_mock/replies'"),
        ("GET", "requests/7/tea", 404, "the nearest known call is '/_mock/requests'"),
        ("GET", "reset", 405, "/_mock/reset does not take GET; it takes POST"),
        ("PUT", "usage", 405, "/_mock/usage does not take PUT; it takes"),
    ],
)
def test_a_call_that_there_is_not_names_the_nearest(
    method: str, call: str, status: int, words: str, client: TestClient
) -> None:
    response = client.request(method, f"/_mock/{call}")
    assert response.status_code == status
    assert words in response.json()["error"]["message"]


def test_the_journal_shows_an_exchange_whole(client: TestClient) -> None:
    client.post("/_mock/replies", json={"reply": {"content": "Oolong.", "reasoning_content": "Hm."}})
    answer = ask(client)
    (entry,) = requests(client)
    assert entry == {
        "id": answer["id"].removeprefix("chatcmpl-"),
        "number": 1,
        "time": NOW,
        "key": mask(KEY),
        "surface": "compat",
        "model": "qwen-plus",
        "stream": False,
        "body": {"model": "qwen-plus", "messages": TEA},
        "findings": [],
        "answered_by": "reply-1",
        "status": 200,
        "answer": [{"content": "Oolong.", "finish_reason": "stop", "reasoning_content": "Hm."}],
        "error": None,
        "usage": entry["usage"],
        "fault": None,
        "timings": {"first_byte_ms": 0.0, "finished_ms": 0.0},
    }
    assert entry["usage"]["total_tokens"] == answer["usage"]["total_tokens"]


def test_the_journal_shows_a_refusal_with_its_findings(client: TestClient) -> None:
    ask(client, temperature="hot")
    client.post(COMPAT, content=b"{not JSON")
    judged, malformed = requests(client)
    assert (judged["status"], judged["answer"], judged["model"]) == (400, None, None)
    assert judged["error"]["status"] == 400
    assert judged["findings"][0]["rule"] == "parameters.type"
    assert judged["findings"][0]["path"] == "temperature"
    assert malformed["body"] == "{not JSON"
    assert malformed["error"]["message"].startswith("Required body invalid")


def test_the_journal_can_be_filtered(engine: Engine, client: TestClient) -> None:
    moment = NOW
    engine.clock = lambda: moment
    ask(client, key="sk-ann", said="one")
    moment += 1
    ask(client, key="sk-ben", model="qwen-max", said="two")
    moment += 1
    native = {"model": "qwen-plus", "input": {"messages": TEA}}
    client.post(TEXT, json=native, headers={"Authorization": "Bearer sk-ann"})

    def found(**query: Any) -> list[int]:
        return [int(entry["time"] - NOW) for entry in requests(client, **query)]

    assert found() == [0, 1, 2]
    assert found(key="sk-ann") == [0, 2]
    assert found(key="sk-never") == []
    assert found(surface="compat") == [0, 1]
    assert found(surface="native-multimodal") == []
    assert found(model="qwen-plus") == [0, 2]
    assert found(model="qwen-*") == []
    assert found(since=NOW + 1) == [1, 2]
    assert found(limit=2) == [1, 2]
    assert found(limit=0) == []
    assert found(limit=999) == [0, 1, 2]
    assert found(key="sk-ann", surface="native-text", since=NOW, limit=1) == [2]


def test_the_journal_keeps_so_many_exchanges(client: TestClient, engine: Engine) -> None:
    engine.journal._most = 2
    for said in ("one", "two", "three"):
        ask(client, said=said)
    assert [entry["body"]["messages"][0]["content"] for entry in requests(client)] == ["two", "three"]


def test_what_is_not_chat_is_not_in_the_journal(client: TestClient) -> None:
    client.get(MODELS)
    client.post(TOKENIZER, json={"model": "qwen-plus", "input": {"prompt": "tea"}})
    client.get("/_mock/usage")
    assert requests(client) == []


def test_the_ledger_adds_up_by_key_and_model(client: TestClient) -> None:
    answers = [ask(client, key="sk-ann") for _ in range(3)]
    ask(client, key="sk-ann", temperature="hot")
    ask(client, key="sk-ben", model="qwen-max")
    rows = {(row["key"], row["model"]): row for row in client.get("/_mock/usage").json()["usage"]}
    row = rows[mask("sk-ann"), "qwen-plus"]
    assert row["requests"] == 4
    assert row["refusals"] == 1
    assert row["input_tokens"] == sum(answer["usage"]["prompt_tokens"] for answer in answers)
    assert row["output_tokens"] == sum(answer["usage"]["completion_tokens"] for answer in answers)
    assert row["total_tokens"] == row["input_tokens"] + row["output_tokens"]
    assert row["cached_tokens"] == 0
    assert rows[mask("sk-ben"), "qwen-max"]["requests"] == 1


def test_reset_forgets_everything(client: TestClient) -> None:
    client.post("/_mock/replies", json={"reply": {"content": "Oolong."}})
    ask(client)
    assert client.post("/_mock/reset").status_code == 204
    assert requests(client) == []
    assert client.get("/_mock/replies").json() == {"replies": []}
    assert client.get("/_mock/usage").json() == {"usage": []}


def test_reset_of_a_key_that_was_never_used_forgets_its_scripts_only(client: TestClient) -> None:
    client.post("/_mock/replies", json={"match": {"key": "sk-new"}, "reply": {}})
    client.post("/_mock/replies", json={"reply": {}})
    ask(client)
    assert client.post("/_mock/reset", params={"key": "sk-new"}).status_code == 204
    assert [reply["id"] for reply in client.get("/_mock/replies").json()["replies"]] == ["reply-2"]
    assert len(requests(client)) == 1


def test_a_key_in_a_match_is_shown_masked(client: TestClient) -> None:
    client.post("/_mock/replies", json={"match": {"key": "sk-secret"}, "reply": {}})
    client.post("/_mock/replies", json={"match": None, "reply": {}})
    shown = client.get("/_mock/replies")
    assert [reply["match"] for reply in shown.json()["replies"]] == [{"key": mask("sk-secret")}, {}]
    assert "sk-secret" not in shown.text


def test_a_multimodal_request_is_in_the_journal_of_its_surface(client: TestClient) -> None:
    body = {
        "model": "qwen3-vl-plus",
        "input": {"messages": [{"role": "user", "content": [{"text": "Which tea?"}]}]},
    }
    client.post(MULTIMODAL, json=body)
    (entry,) = requests(client, surface="native-multimodal")
    assert entry["body"] == body


def test_a_raw_reply_reaches_the_client_as_it_was_scripted(client: TestClient) -> None:
    reply = {"status": 405, "headers": {"Server": "plan", "x-tea": ["a", "b"]}, "error": "Agents only"}
    assert client.post("/_mock/replies", json={"reply": reply}).status_code == 201
    heard = client.post(COMPAT, json={"model": "qwen-plus", "messages": TEA})
    assert (heard.status_code, heard.content) == (405, b'{"error":"Agents only"}')
    assert heard.headers["server"] == "plan"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers.get_list("x-tea") == ["a", "b"]
    (entry,) = requests(client, status=405)
    assert entry["raw"]["body"] == {"error": "Agents only"}
    assert client.get("/_mock/replies").json()["replies"][0]["reply"] == reply


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"headers": {"x-tea": "a\r\nset-cookie: b=c"}}, "reply.headers: x-tea cannot be"),
        ({"headers": {"content-length": "9"}, "body": "tea"}, "content-length cannot be set"),
        ({"status": 100}, "less than the minimum of 200"),
        ({"frames": []}, "reply.frames"),
        ({"content": [{"video": "a"}]}, "has no field 'video'"),
    ],
)
def test_a_raw_reply_that_cannot_be_sent_is_refused(
    client: TestClient, reply: dict[str, Any], words: str
) -> None:
    refused = client.post("/_mock/replies", json={"reply": reply})
    assert refused.status_code == 400
    assert words in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    "match",
    [
        {"header": {"Authorization": "Bearer sk-most-secret"}},
        {"header": {"authorization": {"contains": "sk-most-secret"}}},
        {"header": {"X-Api-Key": {"regex": "sk-most-secret"}}},
        {"key": "sk-most-secret"},
    ],
)
def test_what_is_scripted_shows_no_key_that_it_waits_for(client: TestClient, match: dict[str, Any]) -> None:
    reply = {"content": "Your key is sk-most-secret."}
    for path, body in (
        ("/_mock/replies", {"match": match, "reply": reply}),
        ("/_mock/faults", {"match": match, "fault": "slow"}),
    ):
        assert client.post(path, json=body).status_code == 201
        heard = client.get(path)
        assert b"most-secret" not in heard.content
        assert b"sk-***" in heard.content


def test_other_conditions_are_shown_as_they_are(client: TestClient) -> None:
    match = {"header": {"user-agent": {"contains": "curl"}, "accept": "*/*"}, "turn": 1}
    client.post("/_mock/replies", json={"match": match, "reply": {"content": "a"}})
    assert client.get("/_mock/replies").json()["replies"][0]["match"] == match


def test_a_large_document_is_read_aside_and_a_template_compiled_there(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for the loop waits for neither."""
    threads: dict[str, str] = {}
    loads, read = jsontext.loads_bounded, Script.read

    def reads(body: bytes) -> Any:
        threads["loads"] = threading.current_thread().name
        return loads(body)

    def scripts(*given: Any) -> Script:
        threads["read"] = threading.current_thread().name
        return read(*given)

    monkeypatch.setattr(control, "loads_bounded", reads)
    monkeypatch.setattr(Script, "read", scripts)
    for content, more, loaded, made in (
        ("tea", {}, False, False),
        ("tea " * 1000, {}, False, False),
        ("tea " * 1100, {}, False, True),
        ("tea " * 20_000, {}, True, True),
        ("{{ use }}", {"template": True}, False, True),
        ("tea", {"match": {"conversation": [{"user": {"regex": "tea"}}]}}, False, True),
        ("tea", {"match": {"conversation": [{"user": "tea"}] * 400}}, False, True),
    ):
        reply = {"reply": {"content": content}, **more}
        assert client.post("/_mock/replies", json=reply).status_code == 201
        assert [threads[name] == "aside" for name in ("loads", "read")] == [loaded, made]
    broken = client.post("/_mock/replies", content=b"[" + b" " * 100_000)
    assert (broken.status_code, threads["loads"]) == (400, "aside")
    assert "is not JSON" in broken.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/_mock/quotas", {"key": "sk-a\n", "model": "qwen-plus", "rpm": 1}),
        ("PUT", "/_mock/rules", {"mode": "stern"}),
        ("POST", "/_mock/replies", {"reply": {"content": 5}}),
        ("POST", "/_mock/faults", {}),
    ],
)
def test_what_is_wrong_with_a_small_document_is_explained_aside(
    method: str, path: str, body: Any, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What explains is imported for the first no, which would keep everybody waiting."""
    threads = []

    def explained(schema: str, document: Any) -> Any:
        threads.append(threading.current_thread().name)
        return violations(schema, document)

    monkeypatch.setattr(control, "violations", explained)
    assert client.request(method, path, json=body).status_code == 400
    assert threads == ["aside"]


def test_the_page_of_all_calls_is_made_aside(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def made() -> bytes:
        return threading.current_thread().name.encode()

    monkeypatch.setattr(openapi, "page", made)
    assert client.get("/_mock/openapi.json").content == b"aside"
