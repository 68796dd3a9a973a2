"""The strict spelling of schemas: it means the same, and every validator reads it."""

import re
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.instances.spelling import pattern, reference, strictly, with_siblings


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("#/definitions/a", "#/definitions/a"),
        ("#/definitions/Map<A,number>", "#/definitions/Map%3CA,number%3E"),
        ("#/definitions/a|b[] {c}", "#/definitions/a%7Cb%5B%5D%20%7Bc%7D"),
        ("#/$defs/温度", "#/$defs/%E6%B8%A9%E5%BA%A6"),
        ("#/$defs/100%", "#/$defs/100%25"),
        ("#/$defs/d%25", "#/$defs/d%25"),
        ("#/$defs/a#b", "#/$defs/a%23b"),
        ("https://example.com/s t?q=1#/x", "https://example.com/s%20t?q=1#/x"),
        ("#", "#"),
        ("", ""),
    ],
)
def test_a_reference_is_a_uri(written: str, spelled: str) -> None:
    assert reference(written) == spelled
    assert reference(spelled) == spelled


@given(st.text())
def test_any_name_can_be_referred_to(name: str) -> None:
    try:
        spelled = reference(f"#/$defs/{name.replace('%', '%25')}")
    except UnicodeEncodeError:
        return
    assert unquote(spelled) == f"#/$defs/{name}"
    assert jsonschema_rs.is_valid({"format": "uri-reference"}, spelled, validate_formats=True)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("^[a-z]{2,3}$", "^[a-z]{2,3}$"),
        ("^a]$", r"^a\]$"),
        ("^{a}$", r"^\{a\}$"),
        ("{2}", r"\{2\}"),
        ("a{,3}", r"a\{,3\}"),
        ("a{x}", r"a\{x\}"),
        (r"^[\w-.]+$", r"^[\w\-.]+$"),
        (r"[.-\d]", r"[.\-\d]"),
        ("[[a]", r"[\[a]"),
        ("[^]", r"[\s\S]"),
        ("[]", r"[^\s\S]"),
        ("[^-a]", "[^-a]"),
        (r"\A[a-z]+\Z", "^[a-z]+$"),
        (r"[\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF]", r"[\uE000-\uFFFD\u{10000}-\u{10ffff}]"),
        (r"[a\uD800\uDBFF-\uDC00\uDFFF\t]", r"[a\t]"),
        (r"\p{L}\u{61}\k<n>\]", r"\p{L}\u{61}\k<n>\]"),
        (r"\cA\x41\u0041", r"\cA\x41\u0041"),
        ("[a", "[a"),
        ("[^", "[^"),
        ("a\\", "a\\"),
    ],
)
def test_signs_that_stand_for_themselves_are_escaped(written: str, spelled: str) -> None:
    assert pattern(written) == spelled
    assert pattern(spelled) == spelled


PIECES = st.sampled_from(
    ["a", "b]", "{", "}", "{2}x", "[ab]", "[^c]", r"[\w-.]", r"\d+", "(a|b)", "c?", r"\{"]
)


@given(st.lists(PIECES, max_size=6).map("".join), st.text(alphabet="ab]{}2x-.1c", max_size=8))
def test_a_spelled_pattern_matches_the_same(written: str, text: str) -> None:
    try:
        expected = re.search(written, text)
    except re.error:
        return
    spelled = pattern(written)
    assert bool(re.search(spelled, text)) == bool(expected)
    assert jsonschema_rs.is_valid({"format": "regex"}, spelled, validate_formats=True)


def test_what_only_looks_like_a_schema_is_left_alone() -> None:
    value = {"$ref": "#/a<b>", "pattern": "]"}
    schema: dict[str, Any] = {
        "const": value,
        "properties": {
            "pattern": {"pattern": "]"},
            "const": {"$ref": "#/a<b>"},
            "default": {"enum": [value]},
        },
        "patternProperties": {"^]": True},
        "allOf": [{"$ref": "#/a<b>"}],
    }
    strictly(schema)
    assert schema == {
        "const": {"$ref": "#/a<b>", "pattern": "]"},
        "properties": {
            "pattern": {"pattern": r"\]"},
            "const": {"$ref": "#/a%3Cb%3E"},
            "default": {"enum": [{"$ref": "#/a<b>", "pattern": "]"}]},
        },
        "patternProperties": {r"^\]": True},
        "allOf": [{"$ref": "#/a%3Cb%3E"}],
    }


def test_what_stands_beside_a_reference_binds_where_it_demands_anything() -> None:
    schema: dict[str, Any] = {
        "properties": {
            "plain": {"$ref": "#/definitions/a", "description": "Only a name."},
            "long": {"$ref": "#/definitions/a", "minLength": 3},
            "both": {"$ref": "#/definitions/a", "allOf": [{"maxLength": 9}]},
        },
        "definitions": {"a": {"type": "string"}},
    }
    assert with_siblings(strictly(schema))
    assert schema["properties"] == {
        "plain": {"$ref": "#/definitions/a", "description": "Only a name."},
        "long": {"allOf": [{"$ref": "#/definitions/a"}], "minLength": 3},
        "both": {"allOf": [{"maxLength": 9}, {"$ref": "#/definitions/a"}]},
    }
    old = {"$ref": "#/definitions/a", "title": "A", "minLength": 3}
    assert with_siblings([old], binding=False)
    assert old == {"$ref": "#/definitions/a", "title": "A"}
    assert not with_siblings(strictly({"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#"}}}))


def test_a_reference_and_a_pattern_are_read_in_time_that_grows_with_their_length() -> None:
    assert reference("a" * 200_000 + "!") == "a" * 200_000 + "!"
    assert len(pattern("\\p{" * 60_000)) >= 180_000
    assert len(pattern("\\k<" * 60_000)) >= 180_000
