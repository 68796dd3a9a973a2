"""Types as people write them in prompts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.typed import like, type_by_name, type_named, type_of
from mockserver.base.jsontext import dumps
from tests.wire.strategies import json_values


def field(text: str) -> Any:
    """The schema of the only property of a type."""
    schema = type_of("{ x: " + text + " }", {"Pot": {"type": "null"}})
    return None if schema is None else schema["properties"]["x"]


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("string", {"type": "string"}),
        ("int;", {"type": "integer"}),
        ("float,", {"type": "number"}),
        ("bool", {"type": "boolean"}),
        ("null", {"type": "null"}),
        ("string[]", {"type": "array", "items": {"type": "string"}}),
        ("Array<number>", {"type": "array", "items": {"type": "number"}}),
        ("List[int]", {"type": "array", "items": {"type": "integer"}}),
        ("Optional[int]", {"type": "integer"}),
        ("list of strings", {"type": "array", "items": {"type": "string"}}),
        ("list", {"type": "array", "items": {"type": "string"}}),
        ("[string, ...]", {"type": "array", "items": {"type": "string"}}),
        ("[]", {"type": "array", "items": {"type": "string"}}),
        ("'a' | 'b'", {"enum": ["a", "b"]}),
        ("'a' or 'b'", {"enum": ["a", "b"]}),
        ("string | null", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        (
            "(string | int)[]",
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        ),
        ("Pot[]", {"type": "array", "items": {"type": "null"}}),
        ("<a name>", {"type": "string"}),
        ("<a|b>", {"enum": ["a", "b"]}),
        ("<int>", {"type": "integer"}),
        ("'int'", {"type": "integer"}),
        ("'what it is made of'", {"type": "string", "description": "what it is made of"}),
        ("'...'", {"type": "string"}),
        ("...", {"type": "string"}),
        ("3", {"type": "integer"}),
        ("0.5", {"type": "number"}),
        ("Unknown", {"type": "string", "description": "Unknown"}),
        ("{ y: int }", {"type": "object", "properties": {"y": {"type": "integer"}}, "required": ["y"]}),
    ],
)
def test_a_type_is_read(text: str, schema: dict[str, Any]) -> None:
    assert field(text) == schema


def test_properties_have_marks_and_comments() -> None:
    text = """{
      // which one
      tea: string; // ignored
      "cups"?: int, /* how many */
      hot: bool
      ...
    }"""
    assert type_of(text) == {
        "type": "object",
        "properties": {
            "tea": {"type": "string", "description": "which one"},
            "cups": {"type": "integer", "description": "how many"},
            "hot": {"type": "boolean"},
        },
        "required": ["tea", "hot"],
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "{ x }",
        "{ x: }",
        "{ x: int",
        "{ x: [int }",
        "{ x: int[ }",
        "{ x: (int }",
        "{ x: Array<int }",
        "{ x: ! }",
        "{ 3: int }",
        "{ x: int } and",
        "{ x: " * 20 + "int" + " }" * 20,
        "{ x: " + "(" * 20 + "int" + ")" * 20 + " }",
        "{ x: " + "int | " * 5_000 + "int }",
    ],
)
def test_what_is_no_type_is_none(text: str) -> None:
    assert type_of(text) is None


@pytest.mark.parametrize(("words", "schema"), [("an integer", {"type": "integer"}), ("tea", {})])
def test_words_name_types(words: str, schema: dict[str, Any]) -> None:
    assert type_named(words) == schema


@pytest.mark.parametrize(
    ("name", "kind"),
    [("age", "integer"), ("price", "number"), ("is_hot", "boolean"), ("tea", "string"), ("", "string")],
)
def test_names_tell_their_type(name: str, kind: str) -> None:
    assert type_by_name(name) == {"type": kind}


@given(json_values)
def test_every_example_has_a_schema(value: Any) -> None:
    assert dumps(like(value))


@given(st.text(alphabet="{}[]()<>:;,|?\"'.ab 1\n/", max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    found = type_of("{" + text + "}")
    assert found is None or dumps(found)


@pytest.mark.parametrize("piece", ['\\"', "\\'", '"', "/*", "/* ", "<", "\n", "a", "1", '"\\', "'a "])
@pytest.mark.parametrize("begins", ['{"a":', "{", "{a: '"])
def test_a_text_is_no_type_in_time_that_grows_with_its_length(begins: str, piece: str) -> None:
    assert type_of(begins + piece * (200_000 // len(piece))) is None


def test_a_comment_that_never_ends_is_part_of_no_type() -> None:
    assert type_of("{a: string /* tea */}")
    assert type_of("{a: string} /* tea") is None
    assert type_of("{a: string /* tea}") is None
