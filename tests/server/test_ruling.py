"""`/_mock/rules`: every rule with its effect, changed for the server or for one key."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.base.masking import mask
from mockserver.rules import all_rules
from tests.server.talk import COMPAT

BODY = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}], "tea": 1}


def effects(client: TestClient, **query: str) -> dict[str, str]:
    """What is done about each rule."""
    rules = client.get("/_mock/rules", params=query).json()["rules"]
    return {rule["id"]: rule["effect"] for rule in rules}


def status(client: TestClient, key: str) -> int:
    return client.post(COMPAT, json=BODY, headers={"Authorization": f"Bearer {key}"}).status_code


def test_every_rule_is_shown_with_its_effect(client: TestClient) -> None:
    shown = client.get("/_mock/rules").json()
    assert (shown["key"], shown["mode"], shown["switches"]) == (None, "cloud", {})
    assert [rule["id"] for rule in shown["rules"]] == [rule.id for rule in all_rules()]
    (unknown,) = [rule for rule in shown["rules"] if rule["id"] == "parameters.unknown"]
    assert unknown == {
        "id": "parameters.unknown",
        "severity": "harmful",
        "effect": "report",
        "fixed": False,
        "surfaces": ["anthropic", "compat", "native-multimodal", "native-text", "responses"],
        "refusals": [],
        "fix": "Correct the name, or leave it out.",
        "source": "Model Studio docs, API references, 2026: only listed parameters are processed",
        "museum": None,
    }


def test_a_key_gets_rules_of_its_own(client: TestClient) -> None:
    given = {"key": "sk-strict", "mode": "strict", "rules": {"usage.not-asked": "off"}}
    answer = client.put("/_mock/rules", json=given)
    assert answer.status_code == 200
    assert answer.json()["key"] == mask("sk-strict")
    assert (answer.json()["mode"], answer.json()["switches"]) == ("strict", {"usage.not-asked": "off"})
    assert (status(client, "sk-strict"), status(client, "sk-other")) == (400, 200)
    assert effects(client, key="sk-strict")["usage.not-asked"] == "off"
    assert effects(client)["usage.not-asked"] == "report"
    client.put("/_mock/rules", json={"key": "sk-strict", "rules": {"parameters.unknown": "report"}})
    assert status(client, "sk-strict") == 200


def test_what_is_left_out_stays_and_a_reset_takes_it_all_back(client: TestClient) -> None:
    client.put("/_mock/rules", json={"mode": "strict"})
    client.put("/_mock/rules", json={"rules": {"ranges.max-tokens": "report"}})
    assert client.get("/_mock/rules").json()["mode"] == "strict"
    assert status(client, "sk-any") == 400
    client.post("/_mock/reset")
    assert client.get("/_mock/rules").json()["mode"] == "cloud"
    assert status(client, "sk-any") == 200


def test_a_policy_lets_no_key_in(client: TestClient) -> None:
    client.put("/_mock/rules", json={"key": "sk-invalid", "mode": "lenient"})
    assert status(client, "sk-invalid") == 401


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mod": "strict"}, "the body has no field 'mod'; the nearest known one is 'mode'"),
        ({"mode": "loud"}, "mode: 'loud' is not one of ['cloud', 'strict', 'lenient']"),
        (
            {"rules": {"range.n": "refuse"}},
            "there is no rule 'range.n'; the nearest known one is 'ranges.n'",
        ),
        (
            {"rules": {"messages.content-missing": "off"}},
            "rule 'messages.content-missing' cannot be off: a request that breaks it cannot be answered",
        ),
    ],
)
def test_what_there_is_not_is_refused_with_the_nearest(
    given: dict[str, Any], message: str, client: TestClient
) -> None:
    answer = client.put("/_mock/rules", json=given)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == message
    assert client.get("/_mock/rules").json()["switches"] == {}


def test_only_the_key_is_asked_for(client: TestClient) -> None:
    answer = client.get("/_mock/rules", params={"keys": "sk-1"})
    assert answer.json()["error"]["message"] == "there is no parameter 'keys'; the nearest known one is 'key'"


def test_the_rules_of_a_key_take_no_more_than_a_key_does(client: TestClient) -> None:
    # Ten thousand keys may have rules of their own; a quota's key is as long (`schemas/control.quota`).
    for length, expected in ((253, 200), (254, 400)):
        answer = client.put("/_mock/rules", json={"key": "sk-".ljust(length, "a"), "mode": "strict"})
        assert answer.status_code == expected, answer.text
    assert "is longer than 253 characters" in answer.json()["error"]["message"]
