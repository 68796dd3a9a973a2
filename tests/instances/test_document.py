"""A schema, compiled: its places, its references, and a yes or no to a value."""

from math import inf
from typing import Any

import pytest

from mockserver.instances.document import _KNOWN, _MOST, Document, compiled, formatted
from mockserver.instances.impossible import ImpossibleSchemaError, TakesLongError
from mockserver.instances.places import Place


def test_a_value_is_judged_at_its_place() -> None:
    document = compiled(
        {"properties": {"a": {"type": "integer", "$ref": "#/$defs/%C3%A9"}}, "$defs": {"é": {"minimum": 5}}}
    )
    place = document.root.named("properties")["a"]
    assert document.fits(place, 5, formats=True)
    assert not document.fits(place, 4, formats=True)
    assert document.explain(place, 4) == "4 is less than the minimum of 5"
    assert document.explain(place, 5) == "it is refused"
    assert document.fits(Place(schema=True), 5, formats=True)


def test_text_that_is_not_unicode_is_never_valid() -> None:
    document = compiled({"type": "string"})
    assert not document.fits(document.root, "\ud800", formats=True)
    assert "surrogates" in document.explain(document.root, "\ud800")
    assert not document.matches("a", "\ud800")


def test_a_pattern_is_looked_for_in_a_text() -> None:
    document = compiled(True)
    assert document.matches("b+", "abc")
    assert not document.matches("^b", "abc")
    assert not document.matches("(", "abc")


def test_formats_bind_only_when_they_are_to() -> None:
    document = compiled({"format": "date"})
    assert document.formats
    assert not document.fits(document.root, "soon", formats=True)
    assert document.fits(document.root, "soon", formats=False)
    assert not compiled({"type": "string"}).formats


def test_the_same_schema_is_compiled_once() -> None:
    assert compiled({"const": "once"}) is compiled({"const": "once"})


def test_names_beyond_ascii_may_be_referred_to_as_they_are_written() -> None:
    document = compiled({"$defs": {"温度": {"const": 5}}, "allOf": [{"$ref": "#/$defs/温度"}]})
    assert document.fits(document.root, 5, formats=True)
    assert [place.path for place in document.targets(document.root.each("allOf")[0])] == ["$defs.温度"]


def test_anchors_are_found_wherever_they_are() -> None:
    document = Document({"$defs": {"a": {"$anchor": "one"}, "b": {"$dynamicAnchor": "two"}}})
    assert [document.follow(ref, document.root).path for ref in ("#one", "#two", "#")] == [
        "$defs.a",
        "$defs.b",
        "schema",
    ]
    with pytest.raises(ImpossibleSchemaError, match="names no place that the mock can follow"):
        document.follow("#three", document.root)


def test_the_height_is_that_of_the_shallowest_instance() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
        "required": ["next"],
    }
    endless = {"type": "array", "items": {"$ref": "#/$defs/endless"}, "minItems": 1}
    document = compiled(
        {"$defs": {"node": node, "endless": endless}, "anyOf": [{"$ref": "#/$defs/node"}, False]}
    )
    places = document.root.named("$defs")
    assert document.height(places["node"]) == 1
    assert document.height(places["endless"]) == inf
    assert (document.size(places["node"]), document.size(places["endless"])) == (2, inf)
    assert document.height(document.root) == 0


def test_a_long_schema_weighs_more() -> None:
    document = compiled({"enum": [f"member {index}" for index in range(1000)]})
    assert document.weight(document.root) > 3
    assert compiled({}).weight(compiled({}).root) == 1


def test_heavy_members_of_a_chain_are_measured_in_one_go() -> None:
    links = {f"d{index}": {"allOf": [{"$ref": f"#/$defs/d{index + 1}"}]} for index in range(3_000)}
    document = Document({"$defs": {**links, "d3000": {"type": "null"}}})
    assert document.height(document.root.named("$defs")["d0"]) == 0


def test_a_pattern_that_compiles_only_without_the_u_flag_is_read() -> None:
    document = compiled({"$schema": "http://json-schema.org/draft-07/schema#", "pattern": "^[a-z]{2}]?$"})
    assert [document.fits(document.root, text, formats=True) for text in ("ab", "ab]", "ab[")] == [
        True,
        True,
        False,
    ]


def test_what_stands_beside_a_reference_of_an_old_draft_binds_unless_it_is_read_loosely() -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {"text": {"type": "string"}},
        "properties": {"url": {"$ref": "#/definitions/text", "pattern": "^https?://"}},
    }
    strict, loose = compiled(schema), compiled(schema, loose=True)
    assert (strict.siblings, loose.siblings) == (True, True)
    assert not strict.fits(strict.root, {"url": ""}, formats=True)
    assert loose.fits(loose.root, {"url": ""}, formats=True)


def test_in_haste_only_what_is_compiled_already_is_there() -> None:
    with pytest.raises(TakesLongError):
        compiled({"const": "in haste"}, hasty=True)
    made = compiled({"const": "in haste"})
    assert compiled({"const": "in haste"}, hasty=True) is made


def test_of_many_schemas_the_one_that_was_not_used_longest_goes() -> None:
    first, used = compiled({"const": "first"}), compiled({"const": "used"})
    for number in range(_MOST - 1):
        compiled({"const": number, "title": "many"})
        assert compiled({"const": "used"}) is used
    assert compiled({"const": "first"}) is not first


def test_patterns_that_take_too_long_to_compile_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"properties": {str(count): {"pattern": f"^a{{{count}}}$"} for count in range(5)}}
    monkeypatch.setattr("mockserver.instances.document._READING", 0)
    with pytest.raises(ImpossibleSchemaError, match="to compile it takes too long"):
        Document(schema)


def test_the_size_is_that_of_the_smallest_instance() -> None:
    row = {"type": "array", "items": {"type": "integer"}, "minItems": 10}
    pair = {"type": "object", "properties": {"a": row, "b": {"$ref": "#/$defs/row"}}, "required": ["a", "b"]}
    document = compiled({"$defs": {"row": row}, "allOf": [{"anyOf": [pair, row]}, {"minItems": 1}]})
    (both,) = [place for place in document.root.each("allOf") if place.get("anyOf")]
    assert [document.size(place) for place in both.each("anyOf")] == [1 + 11 + 11, 11]
    assert document.size(document.root) == 11


def test_a_value_is_of_a_format_or_the_format_is_not_known() -> None:
    assert [formatted("uri-reference", text) for text in ("/a", "make one")] == [True, False]
    assert formatted("uri-reference", 5)
    assert formatted("tea", "any")


@pytest.mark.parametrize("pattern", [r"\s+" * 400, r"^[A-Z]{2}-\d{3}$" * 400, r"\d" * 900, "." * 20_001])
def test_a_pattern_that_nobody_could_stop_compiling_is_not_begun(
    pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def matches(_: Document, pattern: str, __: str) -> bool:
        begun.append(pattern)
        return True

    monkeypatch.setattr(Document, "matches", matches)
    with pytest.raises(ImpossibleSchemaError, match="to compile it takes too long"):
        Document({"type": "string", "pattern": pattern})
    assert begun == []


@pytest.mark.parametrize("pattern", [r"\s+" * 100, r"^[A-Z]{2}-\d{3}$" * 100, "a" * 10_000])
def test_a_long_pattern_is_compiled(pattern: str) -> None:
    assert not Document({"type": "string", "pattern": pattern}).matches(pattern, "")


def test_what_follows_from_the_schema_alone_is_found_once_and_not_for_ever() -> None:
    document = Document({"type": "string"})
    found: list[int] = []

    def find() -> int:
        found.append(len(found))
        return found[-1]

    assert [document.known("a", find), document.known("a", find)] == [0, 0]
    assert [document.known(("b", number), find) for number in range(_KNOWN - 1)] == [*range(1, _KNOWN)]
    assert document.known("a", find) == 0
    assert document.known("c", find) == _KNOWN  # one too many: all is forgotten
    assert document.known("a", find) == _KNOWN + 1


def test_what_cannot_be_found_is_looked_for_anew() -> None:
    document = Document({"type": "string"})
    for _ in range(2):
        with pytest.raises(KeyError):
            document.known("a", lambda: dict[str, int]()["b"])


def test_of_all_that_is_wrong_with_a_schema_only_the_first_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    class Judge:
        """Who has no way to list what is wrong."""

        def is_valid(self, _: Any) -> bool:
            return False

        def validate(self, schema: Any) -> None:
            msg = f"the first of {len(schema['$defs'])}"
            raise ValueError(msg)

    monkeypatch.setattr("mockserver.instances.document._meta", lambda _: Judge())
    with pytest.raises(ImpossibleSchemaError, match="the first of 2"):
        Document({"$defs": {"a": 1, "b": 2}})
