"""The folder of schemas: each is a JSON Schema that two libraries read in the same way."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from mockserver.base import resources
from mockserver.base.jsontext import dumps
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.table import SURFACES
from mockserver.rules import schemas

NAMES = resources.schema_names()
DRAFT = "https://json-schema.org/draft/2020-12/schema"
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in map(resources.schema, NAMES)
)


def references(schema: Any) -> Iterator[str]:
    """Every `$ref` inside a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for inner in schema.values():
            yield from references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from references(inner)


def surface_lists(schema: Any) -> Iterator[list[Any]]:
    """Every list of values that names surfaces."""
    if isinstance(schema, dict):
        values = schema.get("enum")
        if isinstance(values, list) and NATIVE_TEXT.name in values:
            yield values
        for inner in schema.values():
            yield from surface_lists(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from surface_lists(inner)


@pytest.mark.parametrize("name", NAMES)
def test_where_surfaces_are_named_all_are(name: str) -> None:
    for values in surface_lists(resources.schema(name)):
        assert set(SURFACES) <= set(values)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_in_its_draft_for_both_libraries(name: str) -> None:
    schema = resources.schema(name)
    assert schema["$schema"] == DRAFT
    Draft202012Validator.check_schema(schema)
    jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_says_what_it_is(name: str) -> None:
    schema = resources.schema(name)
    assert schema["$id"] == f"https://dashscope-mock.invalid/schemas/{name}.schema.json"
    assert len(schema["title"]) > 5
    assert schema["description"].endswith((".", ".)"))


def test_titles_are_told_apart() -> None:
    titles = [resources.schema(name)["title"] for name in NAMES]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_compiles_in_both_libraries_and_every_reference_leads_somewhere(name: str) -> None:
    schema = resources.schema(name)
    resolver = REGISTRY.resolver(base_uri=schema["$id"])
    for reference in references(schema):
        assert resolver.lookup(reference).contents, reference
    fast, explaining = schemas.validator(name), Draft202012Validator(schema, registry=REGISTRY)
    documents: list[Any] = [{}, [], None, 7, "tea", {"model": 7}, {"choices": [{}]}, {"output": {}}]
    for document in documents:
        assert fast.is_valid(document) is explaining.is_valid(document)


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_written_as_json_that_reads_back_the_same(name: str) -> None:
    path = resources.folder("schemas") / f"{name}.schema.json"
    text = path.read_text(encoding="utf-8")
    assert text.isascii()
    assert text.endswith("}\n")
    assert dumps(resources.schema(name))
