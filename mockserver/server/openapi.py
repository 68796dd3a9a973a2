"""The OpenAPI page of the server, `/_mock/openapi.json`: made of a table of endpoints and the schemas.

`fixtures/endpoints.json` has one row for each endpoint. A row names its schemas; whatever they refer to is
bundled under `components`, so the page refers to nothing outside of itself.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mockserver.base import resources
from mockserver.base.jsontext import dumps
from mockserver.base.version import __version__

_SUFFIX = ".schema.json"
_COMPONENTS = "#/components/schemas/"
Media = Mapping[str, str | list[str] | None]
"""What a row says of a body: by media type, the name of its schema, or those of an event of a stream."""

_PLACE = re.compile(r"\{(\w+)\}")


def _bundled(name: str, schema: Any) -> Any:
    """A part of the schema of that name, its references turned to the components of the page."""
    if isinstance(schema, list):
        return [_bundled(name, part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: _bundled(name, part) for key, part in schema.items() if key not in ("$id", "$schema")}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        document, _, place = reference.partition("#")
        parts["$ref"] = f"{_COMPONENTS}{document.removesuffix(_SUFFIX) or name}{place}"
    return parts


def _referred(schema: Any) -> Iterator[str]:
    """The names of the components that a part of the page refers to."""
    if isinstance(schema, dict):
        if str(schema.get("$ref", "")).startswith(_COMPONENTS):
            yield schema["$ref"].removeprefix(_COMPONENTS).partition("/")[0]
        for part in schema.values():
            yield from _referred(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _referred(part)


def _components(paths: Any) -> dict[str, Any]:
    """All schemas that the paths refer to, and those that these refer to, by name."""
    found: dict[str, Any] = {}
    missing = set(_referred(paths))
    while missing:
        for name in missing:
            found[name] = _bundled(name, resources.schema(name))
        missing = set(_referred(found)) - set(found)
    return dict(sorted(found.items()))


def _event(names: list[str]) -> dict[str, Any]:
    """One event of a stream: its data is JSON of one of these schemas, or the word that ends a stream."""
    one_of = {"anyOf": [{"$ref": f"{_COMPONENTS}{name}"} for name in names]}
    json = {"contentMediaType": "application/json", "contentSchema": one_of}
    data = {"type": "string", "if": {"const": "[DONE]"}, "else": json}
    return {"type": "object", "required": ["data"], "properties": {"data": data}}


def _content(media: Media) -> dict[str, Any]:
    """The content of an answer by media type: a schema, the schemas of an event, a text, or nothing known."""
    content: dict[str, Any] = {}
    for kind, names in media.items():
        if isinstance(names, list):
            content[kind] = {"schema": _event(names)}
        elif names is not None:
            content[kind] = {"schema": {"$ref": f"{_COMPONENTS}{names}"}}
        else:
            content[kind] = {"schema": {"type": "string"}} if kind.startswith("text/") else {}
    return content


def _answer(description: str, media: Media) -> dict[str, Any]:
    return {"description": description} | ({"content": _content(media)} if media else {})


def _parameters(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters of an endpoint: those of its path, its query and its headers."""
    described = {
        "path": {name: {"type": "string", "minLength": 1} for name in _PLACE.findall(row["path"])},
        "query": row.get("query", {}),
        "header": row.get("headers", {}),
    }
    required = row.get("required", ())
    return [
        {"name": name, "in": place, "required": place == "path" or name in required, "schema": schema}
        for place, schemas in described.items()
        for name, schema in schemas.items()
    ]


def _operation(row: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": row["id"],
        "tags": [row["tag"]],
        "summary": row["summary"],
        "security": table["access"][row["access"]],
        "parameters": _parameters(row),
    }
    if "body" in row:
        operation["requestBody"] = {"required": True, "content": _content({"application/json": row["body"]})}
    elif "form" in row:
        form = {"type": "object", "properties": row["form"]}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    answers = {status: _answer(row["summary"], media) for status, media in row["answers"].items()}
    operation["responses"] = answers | {"default": _answer("A refusal", table["refusals"][row["refusal"]])}
    return operation


def document(table: Mapping[str, Any]) -> dict[str, Any]:
    """The page of a table of endpoints, as OpenAPI 3.1 has it."""
    paths: dict[str, Any] = {}
    for row in table["endpoints"]:
        paths.setdefault(row["path"], {})[row["method"]] = _operation(row, table)
    return {
        "openapi": "3.1.0",
        "info": {**table["info"], "version": __version__},
        "servers": [{"url": "/"}],
        "tags": table["tags"],
        "paths": paths,
        "components": {"schemas": _components(paths), "securitySchemes": table["securitySchemes"]},
    }


@cache
def control_calls() -> list[str]:
    """The paths of the control API, without the ids of what they are about."""
    rows = resources.fixture("endpoints")["endpoints"]
    return sorted({row["path"].partition("/{")[0] for row in rows if row["tag"] == "control"})


@cache
def page() -> bytes:
    """The page of this server, as JSON; made when first asked for."""
    return dumps(document(resources.fixture("endpoints")))
