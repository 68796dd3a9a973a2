"""The OpenAPI page: it is whole, refers to nothing outside, and says what the server really serves."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from mockserver.base import resources
from mockserver.base.version import __version__
from mockserver.corridor.engine import Engine
from mockserver.dialects.table import SURFACES
from mockserver.endpoints import asked
from mockserver.rules.schemas import validator
from mockserver.server import openapi
from mockserver.server.app import App
from tests.conftest import KEY
from tests.server.talk import COMPAT
from tests.test_schemas_folder import references

PAGE: dict[str, Any] = json.loads(openapi.page())
TABLE = resources.fixture("endpoints")


def _resolved(reference: str) -> Any:
    part: Any = PAGE
    assert reference.startswith("#/")
    for step in reference[2:].split("/"):
        part = part[step]
    return part


def test_the_page_is_served_as_it_is_made(client: TestClient) -> None:
    response = client.get("/_mock/openapi.json")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.content == openapi.page()
    assert openapi.page() is openapi.page()


def test_the_page_says_what_it_is() -> None:
    assert PAGE["openapi"] == "3.1.0"
    assert PAGE["info"]["version"] == __version__
    assert {tag["name"] for tag in PAGE["tags"]} == {row["tag"] for row in TABLE["endpoints"]}


def test_every_reference_leads_to_a_place_in_the_page() -> None:
    found = list(references(PAGE))
    assert len(found) > 100
    for reference in found:
        assert isinstance(_resolved(reference), dict), reference
    assert "dashscope-mock.invalid" not in json.dumps(PAGE["components"])


def test_what_is_bundled_is_needed() -> None:
    named = {reference.split("/")[3] for reference in references(PAGE)}
    assert set(PAGE["components"]["schemas"]) == named


@pytest.mark.parametrize("name", sorted(PAGE["components"]["schemas"]))
def test_a_bundled_schema_judges_as_its_original_does(name: str) -> None:
    bundled = {"$ref": f"#/components/schemas/{name}", "components": PAGE["components"]}
    judge = jsonschema_rs.Draft202012Validator(bundled)
    tea = [{"role": "user", "content": "Which tea?"}]
    documents: list[Any] = [
        {},
        [],
        None,
        7,
        {"model": "qwen-plus", "messages": tea},
        {"model": "qwen-plus", "input": {"messages": tea}},
        {"reply": {"content": "tea"}},
        {"reply": {"contents": "tea"}},
        {"error": {"message": "no", "field": None}},
        {"status": "ok", "version": "1"},
    ]
    for document in documents:
        assert judge.is_valid(document) is validator(name).is_valid(document), document


def test_every_operation_is_named_once_and_described() -> None:
    operations = [operation for path in PAGE["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert len(operations) == len(TABLE["endpoints"])
    for operation in operations:
        assert len(operation["summary"]) > 5
        assert "default" in operation["responses"]


def _served(engine: Engine) -> set[str]:
    """Every path that the application has a route for, as the page writes paths."""
    found = {asked.PATH, *(path for surface in SURFACES.values() for path in surface.paths)}
    for route in App(engine).others().routes:
        inner = route.routes if isinstance(route, Mount) else [route]
        prefix = route.path if isinstance(route, Mount) else ""
        found |= {f"{prefix}{each.path}" for each in inner if isinstance(each, Route)}
    return {re.sub(r":\w+}", "}", path) for path in found} - {"/{path}"}


def test_the_page_shows_every_path_there_is_and_no_other(engine: Engine) -> None:
    assert set(PAGE["paths"]) == _served(engine)


@pytest.mark.parametrize("row", TABLE["endpoints"], ids=lambda row: f"{row['method']} {row['path']}")
def test_an_endpoint_takes_its_method_and_guards_its_access(row: dict[str, Any], engine: Engine) -> None:
    path = row["path"].replace("{model}", "qwen-plus").replace("{id}", "reply-1")
    client = TestClient(App(engine), base_url="http://localhost")
    # The Coding Plan lets in agents only.
    client.headers["User-Agent"] = "QwenCode/0.24.4"
    with_key = client.request(row["method"], path, headers={"Authorization": f"Bearer {KEY}"})
    assert "method" not in with_key.text.lower()
    assert with_key.status_code not in (405, 500)
    without = client.request(row["method"], path)
    assert (without.status_code == 401) is (row["access"] in ("key", "either"))


def test_a_row_adds_a_path() -> None:
    row = {
        "method": "put",
        "path": "/_mock/tea/{leaf}",
        "id": "tea",
        "tag": "control",
        "summary": "Brews tea",
        "access": "control",
        "headers": {"X-Tea": {"type": "string"}},
        "query": {"cups": {"type": "integer"}, "milk": {"type": "boolean"}},
        "required": ["cups"],
        "answers": {"200": {"text/event-stream": ["compat.chunk"]}, "204": {}},
        "refusal": "control",
    }
    page = openapi.document({**TABLE, "endpoints": [row]})
    operation = page["paths"]["/_mock/tea/{leaf}"]["put"]
    assert [(given["in"], given["name"], given["required"]) for given in operation["parameters"]] == [
        ("path", "leaf", True),
        ("query", "cups", True),
        ("query", "milk", False),
        ("header", "X-Tea", False),
    ]
    assert set(operation["responses"]["200"]["content"]) == {"text/event-stream"}
    assert operation["responses"]["204"] == {"description": "Brews tea"}
    assert set(page["components"]["schemas"]) == {"common", "compat.chunk", "control.error"}


def test_a_stream_is_described_by_the_schema_of_its_events() -> None:
    content = PAGE["paths"][COMPAT]["post"]["responses"]["200"]["content"]
    data = content["text/event-stream"]["schema"]["properties"]["data"]
    assert data["else"]["contentSchema"]["anyOf"][0] == {"$ref": "#/components/schemas/compat.chunk"}
