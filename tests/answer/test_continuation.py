"""Going on with what was begun: JSON cut anywhere, code blocks, speakers, prose."""

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mockserver.answer.continuation import close_code, close_json, continued, joined, speaks_for
from mockserver.base.jsontext import loads
from tests.wire.strategies import json_values, texts

containers: st.SearchStrategy[Any] = st.lists(json_values, max_size=3) | st.dictionaries(
    texts, json_values, max_size=3
)
"""JSON that may be begun: arrays and objects."""


@st.composite
def written(draw: st.DrawFn) -> str:
    """The text of an array or object: compact or wide, its characters raw or escaped."""
    ascii_only, wide = draw(st.booleans()), draw(st.booleans())
    return json.dumps(draw(containers), ensure_ascii=ascii_only, indent=2 if wide else None)


@st.composite
def begun(draw: st.DrawFn) -> tuple[str, int]:
    """The text of an array or object, and where it is cut."""
    text = draw(written())
    return text, draw(st.integers(1, len(text) - 1))


def close(prefix: str) -> Any:
    """The value of a prefix and its continuation."""
    rest = close_json(prefix)
    assert rest is not None, prefix
    return loads(prefix + rest)


@given(begun())
def test_json_cut_anywhere_becomes_json_of_the_same_kind(cut: tuple[str, int]) -> None:
    text, at = cut
    assert type(close(text[:at])) is type(loads(text))


def test_an_empty_block_of_json_holds_json_in_the_end() -> None:
    assert close_code("Here it is:\n```json\n") == '{"mock": true}\n```'


@pytest.mark.parametrize(
    "text",
    [
        '{"tea": [1, -2.5e+10, true, false, null, "\\u8336\\n\\"\\\\ \\ud83c\\udf75"], "cup": {"of": []}}',
        '\n { "\\u0041b" : "v" , "\\ud83c\\udf75" : -0.5E-3 }',
        "[ -1 , [ 1e5 , [ true ] , [ false ] , [ null ] ] , { } ]",
        '["\\/\\b\\f\\r\\t{[", "茶🍵}]", {"": ""}]',
    ],
)
def test_each_cut_of_a_text_with_every_form_of_json_is_closed(text: str) -> None:
    kind = type(loads(text))
    for at in range(text.index(text.strip()[0]) + 1, len(text)):
        assert type(close(text[:at])) is kind


@pytest.mark.parametrize(
    ("prefix", "rest"),
    [
        ("{", "}"),
        ("[", "]"),
        ('{"tea', 'mock": "mock"}'),
        ('{"tea"', ': "mock"}'),
        ('{"tea":', '"mock"}'),
        ('{"tea": "gre', 'mock"}'),
        ('{"tea": 1,', '"mock": "mock"}'),
        ('{"tea": {"cups": [1', "]}}"),
        ('["a",', '"mock"]'),
        ('["\\', 'nmock"]'),
        ('["\\u', '0041mock"]'),
        ('["\\ud83c', '\\udc00mock"]'),
        ('["\\ud83c\\', 'udc00mock"]'),
        ('["\\ud83c\\u', 'dc00mock"]'),
        ("[-", "0]"),
        ("[1.", "0]"),
        ("[2e", "0]"),
        ("[t", "rue]"),
        ("[fal", "se]"),
        ("[n", "ull]"),
    ],
)
def test_the_shortest_end_is_taken(prefix: str, rest: str) -> None:
    assert close_json(prefix) == rest
    loads(prefix + rest)


@pytest.mark.parametrize("prefix", ["", "tea", '"tea', "12", "  ", "[1}", "]", "{]", "[tea", '["\\q', "[1 2"])
def test_what_is_no_beginning_of_json_is_not_closed(prefix: str) -> None:
    assert close_json(prefix) is None


@given(written(), st.sampled_from(["", "\n", " and more"]))
def test_whole_json_is_not_closed_again(text: str, behind: str) -> None:
    assert close_json(text + behind) is None


@given(texts)
def test_any_text_can_be_given_and_what_is_closed_is_json(text: str) -> None:
    for prefix in ("{" + text, "[" + text, '["' + text, '{"' + text):
        rest = close_json(prefix)
        assert rest is None or loads(prefix + rest) is not None


@given(begun(), st.sampled_from(["json", "", "JSON"]))
def test_json_cut_in_a_code_block_is_closed_and_then_the_block(cut: tuple[str, int], name: str) -> None:
    text, at = cut
    assume("```" not in text)
    rest = close_code(f"Here it is:\n```{name}\n{text[:at]}")
    assert rest is not None
    assert rest.endswith("\n```")
    loads(text[:at] + rest.removesuffix("```"))


@pytest.mark.parametrize(
    ("prefix", "rest"),
    [
        ("```python\ndef brew():\n", "# mock\n```"),
        ("```python\ndef brew():\n    return 1", "\n# mock\n```"),
        ("```python", "\n# mock\n```"),
        ("```", "\n# mock\n```"),
        ("```\na\n```\nand\n```sh\nls", "\n# mock\n```"),
        ('```json\n{"tea": 1', "}\n```"),
        ('```json\n{"tea": 1}', "\n```"),
        ('```json\n{"tea": 1}\n', "```"),
    ],
)
def test_an_open_code_block_is_closed(prefix: str, rest: str) -> None:
    assert close_code(prefix) == rest


@pytest.mark.parametrize("prefix", ["", "tea", "```\na\n```", "```a``` and `b`", "``"])
def test_where_no_code_block_is_open_none_is_closed(prefix: str) -> None:
    assert close_code(prefix) is None


@pytest.mark.parametrize(
    ("prefix", "sentence", "rest"),
    [
        ("Tea is", "hot.", " hot."),
        ("Tea is ", "hot.", "hot."),
        ("Tea is\n", "hot.", "hot."),
        ("", "Hot.", "Hot."),
        ("茶是", "热的。", "热的。"),
        ("tea 茶", "hot.", "hot."),
        ("tea", "热的。", "热的。"),
    ],
)
def test_a_blank_stands_where_words_would_run_together(prefix: str, sentence: str, rest: str) -> None:
    assert joined(prefix, sentence) == rest


@pytest.mark.parametrize(
    "prefix", ["Ling Lu:", "Ling Lu: ", "凌路：", "凌路:", "He said. And then\n凌路：", "「店主」："]
)
def test_a_name_and_a_colon_are_a_speaker(prefix: str) -> None:
    assert speaks_for(prefix)


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        ":",
        "：",
        "Ling Lu",
        "凌路",
        "Listen. He said:",
        "他来了。他说：",
        "Why? Because:",
        "Ling Lu:\nTea",
    ],
)
def test_a_sentence_or_a_bare_colon_is_no_speaker(prefix: str) -> None:
    assert not speaks_for(prefix)


@pytest.mark.parametrize(
    ("prefix", "rest"),
    [
        ('{"tea": ', '"mock"}'),
        ("```json\n[1, ", '"mock"]\n```'),
        ("[see below]", " it goes on."),
        ("Tea is good, and", " it goes on."),
        ("凌路：", "it goes on."),
    ],
)
def test_a_text_goes_on_with_what_it_left_open_and_else_with_prose(prefix: str, rest: str) -> None:
    assert continued(prefix, "it goes on.") == rest
