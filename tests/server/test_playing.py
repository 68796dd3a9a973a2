"""Scenarios and misses by the control API, and scripts changed in their place."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import KEY
from tests.server.talk import COMPAT


def say(client: TestClient, said: str = "Tea?", *, key: str = KEY) -> str:
    """The text of an answer, or the code of a refusal."""
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": said}]}
    heard = client.post(COMPAT, json=body, headers={"Authorization": f"Bearer {key}"}).json()
    return str(heard["error"]["code"] if "error" in heard else heard["choices"][0]["message"]["content"])


def put(client: TestClient, body: Any, call: str = "scenario", **query: str) -> Any:
    """A PUT, and what is answered."""
    response = client.put(f"/_mock/{call}", json=body, params=query)
    return response.status_code, response.json() if response.content else None


def test_a_scenario_is_played_for_a_key_and_taken_away(client: TestClient) -> None:
    files = {"a.yaml": "include: [b.yaml]", "b.yaml": "replies: [{reply: {content: Oolong.}}]"}
    assert put(client, {"files": files}, key="sk-a") == (200, {"replies": 1, "warnings": []})
    assert say(client, key="sk-a") == "Oolong."
    assert say(client, key="sk-b") != "Oolong."
    assert client.delete("/_mock/scenario?key=sk-a").status_code == 204
    assert say(client, key="sk-a") != "Oolong."


def test_a_scenario_for_all_keys_is_forgotten_with_a_reset(client: TestClient) -> None:
    files = {
        "a.json": '{"replies": [{"reply": {"content": "A."}}]}',
        "b.yaml": "replies: [{reply: {content: B.}}]",
    }
    assert put(client, {"files": files, "play": ["b.yaml", "a.json"]})[1]["replies"] == 2
    assert say(client) == "B."
    replies = client.get("/_mock/replies").json()["replies"]
    assert [(reply["id"], reply["used"]) for reply in replies] == [("b.yaml:1", 1), ("a.json:1", 0)]
    client.post("/_mock/reset")
    assert say(client) != "B."


def test_a_broken_scenario_changes_nothing(client: TestClient) -> None:
    put(client, {"files": {"a.yaml": "replies: [{reply: {content: One.}}]"}})
    status, said = put(client, {"files": {"a.yaml": "replies:\n  - repl: {}"}})
    assert status == 400
    assert said["error"]["field"] == "files"
    assert (
        "a.yaml:2:5: error: replies[0] has no field 'repl' (did you mean 'reply'?)"
        in said["error"]["message"]
    )
    assert say(client) == "One."


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "a.json",
            r'{"replies": [{"reply": {"content": "\ud800"}}]}',
            r"a.json:1:25: error: '\ud800' holds half a surrogate pair, which UTF-8 cannot carry",
        ),
        (
            "a.yaml",
            "replies: [{reply: {body: {x: 18446744073709551616}}}]",
            "a.yaml:1:27: error: 18446744073709551616 is no whole number of 64 bits",
        ),
        ("a.json", '{"replies": [{"times": ' + "9" * 5000 + "}]}", " is no whole number of 64 bits"),
        ("a.json", '{"variables": {"x": NaN}}', "a.json:1:16: error: nan is no JSON number"),
        ("a.yaml", 'a: !!int ""', "a.yaml:1:4: error: '' cannot be read: it is no int"),
    ],
)
def test_what_could_not_be_written_again_is_refused_with_its_place(
    client: TestClient, name: str, text: str, words: str
) -> None:
    status, said = put(client, {"files": {name: text}})
    assert status == 400
    assert words in said["error"]["message"]
    assert client.get("/_mock/replies").json() == {"replies": []}


def test_warnings_are_told(client: TestClient) -> None:
    _, said = put(client, {"files": {"a.yaml": "replies: [{match: {model: qwen-plis}, reply: {}}]"}})
    assert said["replies"] == 1
    assert "no model is named 'qwen-plis'" in said["warnings"][0]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "'files' is a required property"),
        ({"files": {"../../etc/passwd": "include: [shadow]"}}, "../../etc/shadow was not handed over"),
        ({"files": {"a.yaml": "include: [/etc/passwd]"}}, "leads out of the folder"),
        ({"files": {"a.yaml": ""}, "play": ["/etc/passwd"]}, "/etc/passwd was not handed over"),
        ({"files": {"a.yaml": "x: !!python/name:os.system"}}, "is not read"),
    ],
)
def test_no_file_is_ever_opened_for_a_request(client: TestClient, body: Any, words: str) -> None:
    status, said = put(client, body)
    assert status == 400
    assert words in said["error"]["message"]


def test_what_answers_a_miss_is_set_for_a_key_or_for_all(client: TestClient) -> None:
    assert put(client, {"on_miss": "error"}, "on-miss", key="sk-a") == (204, None)
    assert say(client, key="sk-a") == "mock_no_script"
    assert say(client, key="sk-b") != "mock_no_script"
    put(client, {"on_miss": "error"}, "on-miss")
    assert say(client, key="sk-b") == "mock_no_script"
    client.post("/_mock/reset")
    assert say(client) != "mock_no_script"
    status, said = put(client, {"on_miss": "eror"}, "on-miss")
    assert (status, "on_miss" in said["error"]["message"]) == (400, True)


def test_a_scripted_reply_is_changed_in_its_place(client: TestClient) -> None:
    client.post("/_mock/replies", json={"reply": [{"content": "a"}]})
    assert say(client) == "a"
    assert put(client, {"reply": [{"content": "a"}, {"content": "b"}]}, "replies/reply-1") == (
        200,
        {"id": "reply-1"},
    )
    assert say(client) == "b"
    status, said = put(client, {"reply": {}}, "replies/reply-9")
    assert (status, said["error"]["message"]) == (404, "no scripted reply has the id 'reply-9'")
    status, said = put(client, {"reply": {"error": {"code": "Tea"}}}, "replies/reply-1")
    assert (status, "reply.error.code 'Tea'" in said["error"]["message"]) == (400, True)


def test_a_template_that_says_half_a_character_costs_its_own_answer_alone(client: TestClient) -> None:
    client.post(
        "/_mock/replies", json={"template": True, "times": 1, "reply": {"content": r"{{ '\ud800' }}"}}
    )
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}]}
    heard = client.post(COMPAT, json=body, headers={"Authorization": f"Bearer {KEY}"})
    assert heard.status_code == 500
    assert "it says half a surrogate pair" in heard.json()["error"]["message"]
    for path in ("requests", "changes", "requests?format=scenario", "replies"):
        assert client.get(f"/_mock/{path}").status_code == 200


def test_templates_are_filled_when_a_script_says_so(client: TestClient) -> None:
    client.post("/_mock/replies", json={"template": True, "reply": {"content": "{{ request.last_user }}!"}})
    assert say(client, "Tea") == "Tea!"
    client.post("/_mock/reset")
    client.post("/_mock/replies", json={"reply": {"content": "{{ request.last_user }}!"}})
    assert say(client, "Tea") == "{{ request.last_user }}!"
    response = client.post("/_mock/replies", json={"template": True, "reply": {"content": "{{ 1 + }}"}})
    assert (response.status_code, "is not a template" in response.text) == (400, True)


def test_what_was_never_used_is_listed(client: TestClient) -> None:
    client.post(
        "/_mock/replies", json={"match": {"key": KEY, "last_user": "Tea?"}, "reply": {"content": "a"}}
    )
    client.post("/_mock/replies", json={"match": {"key": "sk-b"}, "reply": {"content": "b"}})
    client.post("/_mock/replies", json={"reply": {"content": "c"}})

    def listed(**query: str) -> list[str]:
        return [reply["id"] for reply in client.get("/_mock/replies", params=query).json()["replies"]]

    say(client)
    assert listed() == ["reply-1", "reply-2", "reply-3"]
    assert listed(unused="true") == ["reply-2", "reply-3"]
    assert listed(key=KEY) == ["reply-1", "reply-3"]
    assert listed(key=KEY, unused="true") == ["reply-3"]
    assert client.get("/_mock/replies?unused=yes").status_code == 400


REPLIES = "replies:\n" + "".join(
    f"- {{match: {{last_user: q{at}}}, reply: {{content: Tea.}}}}\n" for at in range(20)
)
"""Each of its scripts counts about 2,300 bytes."""


def test_what_is_scripted_has_a_bound_and_says_what_to_take_away(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.server.control.MOST_BYTES", 100_000)
    assert put(client, {"files": {"a.yaml": REPLIES}}, key="sk-a")[0] == 200
    assert put(client, {"files": {"a.yaml": REPLIES}}, key="sk-a")[0] == 200, "it takes the place of another"
    assert put(client, {"files": {"a.yaml": REPLIES}}, key="sk-b")[0] == 200
    status, said = put(client, {"files": {"a.yaml": REPLIES}}, key="sk-c")
    assert (status, say(client, "q1", key="sk-c") != "Tea.", say(client, "q1", key="sk-a")) == (
        400,
        True,
        "Tea.",
    )
    assert "/_mock/scenario" in said["error"]["message"]
    reply = {"reply": {"content": "Oolong. " * 2_000}}
    assert client.post("/_mock/replies", json=reply).status_code == 400
    client.delete("/_mock/scenario?key=sk-b")
    assert client.post("/_mock/replies", json=reply).status_code == 201
    assert client.put("/_mock/replies/reply-1", json=reply).status_code == 200
    larger = {"reply": {"content": "Oolong. " * 8_000}}
    assert client.put("/_mock/replies/reply-1", json=larger).status_code == 400
    fault = {"fault": "stall", "match": {"last_user": "Oolong. " * 8_000}}
    assert client.post("/_mock/faults", json=fault).status_code == 400
    client.post("/_mock/reset")
    entered = client.post("/_mock/replies", json=larger)
    assert entered.status_code == 201
    assert client.post("/_mock/faults", json=fault).status_code == 400
    assert client.delete(f"/_mock/replies/{entered.json()['id']}").status_code == 204
    found = client.post("/_mock/faults", json=fault)
    assert found.status_code == 201, found.text


def test_a_scenario_that_takes_too_much_is_not_read_to_its_end(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockserver.scenario.document.Texts.most", 10_000)
    status, said = put(client, {"files": {"a.yaml": REPLIES}})
    assert status == 400
    assert said["error"]["message"].startswith("a.yaml:6:3: error: the replies up to here take more than")


def test_a_scenario_may_have_as_many_values_as_any_json(client: TestClient) -> None:
    status, said = put(client, {"files": {"a.yaml": f"variables: {{tea: [{'1,' * 250_000}]}}"}})
    assert status == 400
    assert "it may have 250,000 values" in said["error"]["message"]
