"""Faults by the control API: entered, listed, taken out, and what a reply may say of them."""

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.base.masking import mask
from mockserver.scripts.match import Match
from tests.conftest import KEY
from tests.server.test_control import ask, requests, said_by


def test_a_fault_is_entered_used_listed_and_removed(client: TestClient) -> None:
    spec = {"match": {"key": KEY}, "fault": "Throttling.RateQuota", "times": 1}
    entered = client.post("/_mock/faults", json=spec)
    assert (entered.status_code, entered.json()) == (201, {"id": "fault-1"})
    assert ask(client)["error"]["code"] == "limit_requests"
    assert said_by(ask(client))
    (shown,) = client.get("/_mock/faults").json()["faults"]
    assert shown == {
        "id": "fault-1",
        "match": {"key": mask(KEY)},
        "fault": "Throttling.RateQuota",
        "times": 1,
        "used": 1,
    }
    assert [entry["fault"] for entry in requests(client)] == ["error=Throttling.RateQuota", None]
    assert client.delete("/_mock/faults/fault-1").status_code == 204
    assert client.get("/_mock/faults").json() == {"faults": []}
    assert (
        client.delete("/_mock/faults/fault-1").json()["error"]["message"] == "no fault has the id 'fault-1'"
    )


@pytest.mark.parametrize(
    ("spec", "message", "field"),
    [
        (
            {"fault": "reset-midchunk"},
            "there is no fault 'reset-midchunk'; the nearest known one is 'reset-mid-chunk'",
            "fault",
        ),
        (
            {"fault": {"kind": "slow", "sm": 3}},
            "fault has no field 'sm'; the nearest known one is 'ms'",
            "fault",
        ),
        ({"fualt": "slow"}, "the body has no field 'fualt'; the nearest known one is 'fault'", None),
        ({"fault": {"kind": "slow", "at": "end"}}, "the fault 'slow' has no option 'at'; the near", "fault"),
        ({"fault": []}, "fault: [] ", "fault"),
        ({"fault": "empty", "times": 0}, "times: 0 is less than the minimum of 1", "times"),
        ({"fault": "empty", "match": {"system": {"regex": "("}}}, "is not a regular expression", None),
    ],
)
def test_a_fault_that_cannot_be_understood_is_explained(
    client: TestClient, spec: dict[str, Any], message: str, field: str | None
) -> None:
    response = client.post("/_mock/faults", json=spec)
    assert response.status_code == 400
    error = response.json()["error"]
    assert message in error["message"]
    assert error["field"] == field
    assert client.get("/_mock/faults").json() == {"faults": []}


def test_reset_forgets_faults_of_one_key_or_all(client: TestClient) -> None:
    for key in ("sk-a", "sk-b"):
        client.post("/_mock/faults", json={"match": {"key": key}, "fault": "InternalError"})
    client.post("/_mock/reset?key=sk-a")
    assert [fault["id"] for fault in client.get("/_mock/faults").json()["faults"]] == ["fault-2"]
    client.post("/_mock/reset")
    assert client.get("/_mock/faults").json() == {"faults": []}


def test_a_reply_has_a_fault_of_its_own(client: TestClient) -> None:
    client.post(
        "/_mock/replies",
        json={"reply": [{"fault": "InternalError"}, {"content": "Oolong.", "fault": "no-usage"}], "times": 2},
    )
    assert ask(client)["error"]["code"] == "internal_error"
    answer = ask(client)
    assert said_by(answer) == "Oolong."
    assert "usage" not in answer
    assert [entry["answered_by"] for entry in requests(client)] == ["reply-1", "reply-1"]


def test_a_reply_that_is_only_a_fault_leaves_the_words_to_the_model(client: TestClient) -> None:
    well = said_by(ask(client))
    client.post("/_mock/replies", json={"reply": {"fault": "no-usage;times=1"}})
    answer = ask(client)
    assert (said_by(answer), "usage" in answer) == (well, False)
    assert "usage" in ask(client)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({"fault": "emtpy"}, "reply.fault: there is no fault 'emtpy'; the nearest known one is 'empty'"),
        ({"error": {"code": "InternalError"}, "fault": "slow"}, "reply.fault: an error has no fault; write"),
    ],
)
def test_a_reply_with_a_fault_that_cannot_be_is_explained(
    client: TestClient, reply: dict[str, Any], message: str
) -> None:
    response = client.post("/_mock/replies", json={"reply": reply})
    assert response.status_code == 400
    assert message in response.json()["error"]["message"]


def test_the_journal_shows_how_late_a_fault_made_the_first_byte(client: TestClient) -> None:
    client.post("/_mock/faults", json={"fault": "slow=4ms"})
    ask(client)
    (entry,) = requests(client)
    assert (entry["fault"], entry["timings"]["first_byte_ms"]) == ("slow=4ms", 4.0)


@pytest.mark.parametrize(
    ("match", "where"),
    [
        ({"last_user": "tea"}, None),
        ({"last_user": {"regex": "t.*a"}}, "aside"),
        ({"last_user": "tea" * 2_000}, "aside"),
    ],
    ids=["small", "compiled", "large"],
)
def test_a_fault_is_read_once_and_aside_where_that_may_take_long(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, match: dict[str, Any], where: str | None
) -> None:
    read, threads = Match.read, list[str]()

    def told(spec: Any) -> Match:
        threads.append(threading.current_thread().name)
        return read(spec)

    monkeypatch.setattr(Match, "read", told)
    assert client.post("/_mock/faults", json={"match": match, "fault": "slow"}).status_code == 201
    assert [name if name == "aside" else None for name in threads] == [where]
