"""What a page is told: what is new, one exchange whole, the nearest script, recordings."""

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.corridor.engine import Engine
from mockserver.corridor.replay import Playing, Recorded
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.rules.schemas import validator
from mockserver.server.app import App
from tests.recording.exchanges import interaction
from tests.server.talk import COMPAT, MODELS


def ask(client: TestClient, said: str = "Tea?", **body: Any) -> None:
    content = {"model": "qwen-plus", "messages": [{"role": "user", "content": said}], **body}
    client.post(COMPAT, json=content)


def changes(client: TestClient, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/_mock/changes", params=query).raise_for_status().json()
    assert validator("control.changes").is_valid(found)
    return found


def whole(client: TestClient, number: int = 1, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/_mock/requests/{number}", params=query).raise_for_status().json()
    assert validator("control.exchange").is_valid(found)
    return found


def test_who_follows_hears_of_each_change_once(client: TestClient) -> None:
    begun = changes(client)
    assert (begun["first"], begun["exchanges"]) == (None, [])
    ask(client, "Tea?")
    ask(client, "Coffee?")
    found = changes(client, revision=begun["revision"])
    assert [(one["number"], one["asked"]) for one in found["exchanges"]] == [(1, "Tea?"), (2, "Coffee?")]
    assert found["first"] == 1
    assert found["epoch"] == begun["epoch"]
    assert changes(client, revision=found["revision"])["exchanges"] == []


def test_what_is_forgotten_begins_another_epoch(client: TestClient) -> None:
    ask(client)
    before = changes(client)
    client.post("/_mock/reset")
    after = changes(client)
    assert after["epoch"] != before["epoch"]
    assert after["exchanges"] == []


def test_another_server_on_the_same_port_is_another_epoch(client: TestClient, engine: Engine) -> None:
    other = TestClient(App(engine), base_url="http://localhost")
    assert changes(client)["epoch"] != changes(other)["epoch"]


def test_changes_are_filtered_as_the_journal_is(client: TestClient) -> None:
    ask(client, "Tea?")
    ask(client, "Coffee?")
    assert [one["number"] for one in changes(client, contains="Coffee")["exchanges"]] == [2]
    client.get(MODELS)
    assert [one["endpoint"] for one in changes(client, endpoint="*")["exchanges"]] == ["models"]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/_mock/changes?revision=-1", 400, "revision is '-1'"),
        ("/_mock/changes?revisions=1", 400, "the nearest known one is 'revision'"),
        ("/_mock/requests/1", 404, "has no exchange '1'"),
        ("/_mock/requests/tea", 404, "has no exchange 'tea'"),
        ("/_mock/requests/%C2%B2", 404, "has no exchange '²'"),
        ("/_mock/requests/99999999999999999999999", 404, "it never was, or others took its place"),
        ("/_mock/requests/1/copy", 404, "has no exchange '1'"),
        ("/_mock/requests/1/copy?form=cobol", 400, "there is no form 'cobol'; it is one of curl,"),
        ("/_mock/recordings?key=1", 400, "there is no parameter 'key'"),
    ],
)
def test_what_is_wrong_is_said(client: TestClient, path: str, status: int, words: str) -> None:
    found = client.get(path)
    assert found.status_code == status
    assert words in found.json()["error"]["message"]


def test_an_exchange_shows_the_frames_that_went_out(client: TestClient) -> None:
    client.post("/_mock/replies", json={"reply": {"content": "Oolong."}})
    ask(client, stream=True)
    sent = whole(client)["sent"]
    assert sent["ending"] == "end"
    assert sent["frames"][-1]["text"] == "data: [DONE]\n\n"
    assert len(sent["frames"]) > 3


def test_the_plan_of_a_fault_is_shown_as_it_was_carried_out(client: TestClient) -> None:
    content = {"model": "qwen-plus", "stream": True, "messages": [{"role": "user", "content": "Tea?"}]}
    client.post(COMPAT, json=content, headers={"x-mock-fault": "stall;ms=20"})
    sent = whole(client)["sent"]
    assert {frame["at_ms"] for frame in sent["frames"]} == {0.0, 20.0}


def test_neither_frames_nor_headers_show_the_key_of_a_client(client: TestClient) -> None:
    ask(client, "My key is sk-test, is it not?", stream=True)
    told = client.get("/_mock/requests/1").text
    assert "sk-test" not in told
    assert "sk-***" in told


def test_a_miss_stands_beside_the_script_that_almost_answered(client: TestClient) -> None:
    match = {"model": "qwen-*", "last_user": "Tea, please!"}
    client.post("/_mock/replies", json={"match": match, "reply": {"content": "Oolong."}})
    ask(client, "Tea, pleese!")
    near = whole(client)["near"]
    assert (near["script"]["id"], near["held"], near["total"]) == ("reply-1", 1, 2)
    assert near["conditions"] == [
        {"condition": "model", "holds": True, "expected": '"qwen-*"', "actual": "", "diff": ""},
        {
            "condition": "last_user",
            "holds": False,
            "expected": '"Tea, please!"',
            "actual": '"Tea, pleese!"',
            "diff": "Tea, ple[-a-][+e+]se!",
        },
    ]
    assert (near["answers_now"], near["spent"], near["source"]) == (False, False, None)


def test_a_script_that_came_later_would_answer_now_and_a_spent_one_would_not(client: TestClient) -> None:
    ask(client)
    script = {"match": {"last_user": "Tea?"}, "reply": {"content": "Oolong."}, "times": 1}
    client.post("/_mock/replies", json=script)
    assert (whole(client)["near"]["answers_now"], whole(client)["near"]["spent"]) == (True, False)
    ask(client)
    assert whole(client, 2)["near"] is None
    ask(client)
    assert (whole(client, 3)["near"]["answers_now"], whole(client, 3)["near"]["spent"]) == (False, True)


def test_a_place_in_a_file_is_the_source_of_what_almost_answered(client: TestClient) -> None:
    text = "replies:\n  - match: {last_user: Coffee}\n    reply: {content: Black.}\n"
    client.put("/_mock/scenario", json={"files": {"shop.yaml": text}})
    ask(client)
    assert whole(client)["near"]["source"].startswith("shop.yaml")


def test_where_nothing_is_scripted_nothing_is_near(client: TestClient) -> None:
    ask(client)
    assert whole(client)["near"] is None


def test_a_request_that_was_refused_and_one_that_cannot_be_decided_have_no_nearest(
    client: TestClient,
) -> None:
    client.post("/_mock/replies", json={"match": {"last_user": "x"}, "reply": {}})
    client.post(COMPAT, content=b"tea")
    assert whole(client)["near"] is None


def test_what_cannot_be_decided_is_near_to_nothing(client: TestClient, engine: Engine) -> None:
    ask(client, "a" * 60 + "b")
    regex = "^(?=a)(a|aa)+$(?!x)"
    client.post("/_mock/replies", json={"match": {"last_user": {"regex": regex}}, "reply": {}})
    assert whole(client)["near"] is None


def test_what_is_no_longer_a_request_is_near_to_nothing(client: TestClient, engine: Engine) -> None:
    client.post("/_mock/replies", json={"match": {"last_user": "x"}, "reply": {}})
    ask(client)
    next(iter(engine.journal)).body = b"{}"
    assert whole(client)["near"] is None


def test_a_call_beside_chat_is_shown_whole(client: TestClient) -> None:
    client.get(MODELS)
    found = whole(client, 1, endpoint="*")
    assert found["request"]["endpoint"] == "models"
    assert (found["sent"], found["near"]) == (None, None)


@pytest.mark.parametrize("form", ["curl", "pytest"])
def test_an_exchange_is_copied_for_this_server(client: TestClient, form: str) -> None:
    ask(client)
    found = client.get("/_mock/requests/1/copy", params={"form": form})
    assert found.headers["content-type"].startswith("text/plain")
    assert ("http://localhost/compatible-mode/v1" in found.text) is (form == "curl")


def test_a_server_without_a_cassette_has_no_recordings(client: TestClient) -> None:
    assert client.get("/_mock/recordings").json() == {"cassette": None, "recordings": []}


def test_recordings_are_listed_with_how_often_each_was_used(
    client: TestClient, engine: Engine, tmp_path: Path
) -> None:
    library = Library(tmp_path / "shop", create=True)
    name = library.add(interaction())
    library.used[name] += 2
    engine.recorded = Recorded(library, Redaction(), Playing())
    found = client.get("/_mock/recordings").json()
    assert validator("control.recordings").is_valid(found)
    assert found["cassette"] == "shop"
    assert [(one["name"], one["used"]) for one in found["recordings"]] == [(name, 3)]
