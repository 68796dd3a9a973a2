"""The subschemas of a schema, and where they stand."""

from typing import Any

from mockserver.instances.places import Place, children

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a/b": {"type": "integer"}, "n": {"$ref": "#/$defs/node"}},
    "$defs": {"node": {"$anchor": "node", "type": "object", "properties": {}, "items": [True, 5]}},
    "anyOf": [{"required": ["n"]}, 5, True],
}


def test_a_place_reads_what_is_schema_and_passes_over_the_rest() -> None:
    root = Place(SCHEMA)
    assert root.named("properties")["a/b"] == Place({"type": "integer"}, "/properties/a~1b")
    assert [place.pointer for place in root.each("anyOf")] == ["/anyOf/0", "/anyOf/2"]
    assert root.member("a/b") == [Place({"type": "integer"}, "/properties/a~1b")]
    assert root.member("none") == Place({"properties": 5}).member("a") == []
    assert root.one("properties") == [Place(SCHEMA["properties"], "/properties")]
    assert root.one("type") == root.each("type") == []
    assert root.named("type") == {}
    assert (root.texts("type"), root.texts("none")) == (["object"], [])
    assert Place({"a": 1, "b": True, "c": "1"}).number("a") == 1
    assert [Place({"b": True, "c": "1"}).number(name) for name in "bcd"] == [None] * 3
    assert Place(schema=True).get("type") is None
    assert [Place(SCHEMA, pointer).path for pointer in ("", "/properties/a~1b")] == [
        "schema",
        "properties.a/b",
    ]
    pointers = {place.pointer for place in children(root)}
    assert pointers == {"/anyOf/0", "/anyOf/2", "/properties/a~1b", "/properties/n", "/$defs/node"}
