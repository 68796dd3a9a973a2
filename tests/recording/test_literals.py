"""The literals of a text that is JSON, or was cut before it became some."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording.literals import Literal, literals
from tests.wire.strategies import json_values, texts


def test_a_literal_is_told_with_its_place_and_whether_it_is_a_name() -> None:
    text = r'{"tea" : "le\u0061f", "a":"b'
    assert list(literals(text)) == [
        Literal(2, 5, "tea", name=True, escaped=False),
        Literal(10, 19, "leaf", name=False, escaped=True),
        Literal(23, 24, "a", name=True, escaped=False),
        Literal(27, 28, "b", name=False, escaped=False),
    ]
    assert list(literals("no quotes")) == []


def test_an_escape_that_is_none_is_left_as_it_is() -> None:
    assert [literal.said for literal in literals(r'"\q" "\u12')] == [r"\q", r"\u12"]
    assert [literal.said for literal in literals('"tea\\')] == ["tea"]


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for name, inner in value.items() for text in (name, *strings(inner))]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@given(value=json_values, ascii_only=st.booleans())
def test_all_texts_of_a_document_are_told(value: Any, *, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    found = list(literals(text))
    assert [literal.said for literal in found] == strings(value)
    assert all(json.loads(f'"{text[one.start : one.stop]}"') == one.said for one in found)


@given(texts)
def test_any_text_is_read(text: str) -> None:
    assert all(text[one.start - 1] == '"' for one in literals(text))


def test_no_quote_is_read_twice() -> None:
    for piece in ('"', '\\"', '"a', '":', '" '):
        assert len(list(literals('"' + piece * 300_000))) >= 1
