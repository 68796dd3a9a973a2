"""Paths with a line feed in them are answered like all others, each in its own envelope."""

import pytest
from starlette.testclient import TestClient

from tests.server.talk import MODELS


@pytest.mark.parametrize(
    "path", ["/%0A", "/tea%0A", "/_mock%0A", "/api/v1/models%0A", "/api/v1/tokenizer%0A"]
)
def test_an_unknown_path_is_answered_as_the_cloud_does(path: str, client: TestClient) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "NotFound")


@pytest.mark.parametrize("name", ["tea%0Acup", "%0A", "qwen-plus%0A", "tea%0D%0A%0D%0Acup/%0Apot"])
def test_a_model_may_be_asked_for_by_any_name(name: str, client: TestClient) -> None:
    response = client.get(f"{MODELS}/{name}")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")
    native = client.get(f"/api/v1/models/{name}")
    assert native.json()["code"] == "ModelNotFound"


@pytest.mark.parametrize(
    "path", ["/_mock/%0A", "/_mock/tea%0Acup", "/_mock/replies/tea%0Acup", "/_mock/health%0A"]
)
def test_below_the_control_api_only_the_control_api_answers(path: str, client: TestClient) -> None:
    response = client.delete(path)
    assert response.status_code in (404, 405)
    assert set(response.json()["error"]) == {"message", "field"}
