"""The texts around tools, calls, results and thinking, as the models are shown them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.meter.template import CallStyle, call_text, response_text, texts, thinking_text, tools_block
from tests.wire.strategies import json_values
from tests.wire.strategies import texts as any_text

BREW = {
    "type": "function",
    "function": {
        "name": "brew",
        "description": "Brews 茶.",
        "parameters": {"type": "object", "properties": {"leaf": {"type": "string"}}},
    },
}
BARE = {"type": "function", "function": {"name": "rest"}}


def test_the_texts_are_read_once_from_their_file() -> None:
    assert texts() is texts()
    assert texts() == resources.fixture("prompt")


@pytest.mark.parametrize("style", ["json", "xml"])
def test_signatures_stand_one_a_line_with_their_keys_sorted_between_head_and_foot(style: CallStyle) -> None:
    words = texts()["tools"][style]
    assert tools_block([BREW, BARE], style) == (
        words["head"] + '\n{"function": {"description": "Brews 茶.", "name": "brew", '
        '"parameters": {"properties": {"leaf": {"type": "string"}}, "type": "object"}}, "type": "function"}'
        '\n{"function": {"name": "rest"}, "type": "function"}' + words["foot"]
    )


def test_an_older_model_is_told_of_functions_in_its_own_way() -> None:
    words = texts()["tools"]["fncall"]
    block = tools_block([BREW, BARE], "fncall")
    described = block.removeprefix(words["head"])
    assert described.startswith(
        "\n\n### brew\n\nbrew: Brews 茶. Parameters: "
        '{"type": "object", "properties": {"leaf": {"type": "string"}}} '
        "Format the arguments as a JSON object."
        "\n\n### rest\n\nrest:  Parameters: null Format the arguments as a JSON object."
    )
    assert "brew,rest" in block
    assert "{names}" not in block


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("json", '<tool_call>\n{"name": "brew", "arguments": {"leaf": "龙井", "minutes": 3}}\n</tool_call>'),
        (
            "xml",
            (
                "<tool_call>\n<function=brew>\n<parameter=leaf>\n龙井\n</parameter>\n"
                "<parameter=minutes>\n3\n</parameter>\n</function>\n</tool_call>"
            ),
        ),
        ("fncall", '✿FUNCTION✿: brew\n✿ARGS✿: {"leaf":"龙井","minutes":3}'),
    ],
)
def test_a_call_is_written_in_the_style_of_its_model(style: CallStyle, text: str) -> None:
    assert call_text("brew", '{"leaf":"龙井","minutes":3}', style) == text


def test_the_blank_before_some_arguments_is_the_one_behind_the_colon() -> None:
    assert call_text("f", ' {"a": 1}', "json") == call_text("f", '{"a": 1}', "json")


@pytest.mark.parametrize("style", ["json", "xml"])
@pytest.mark.parametrize("closing", ["", "]"])
def test_arguments_nested_too_deeply_to_be_read_stand_as_they_are(style: CallStyle, closing: str) -> None:
    depths = (*range(900, 1000), 2000, 100_000)
    for arguments in ("[" * depth + closing * depth for depth in depths):
        shown = (
            f'{{"name": "f", "arguments": {arguments}}}' if style == "json" else "<function=f>\n</function>"
        )
        assert call_text("f", arguments, style) == f"<tool_call>\n{shown}\n</tool_call>"


def test_arguments_that_are_no_json_stand_as_they_are() -> None:
    assert (
        call_text("f", "{not json", "json")
        == '<tool_call>\n{"name": "f", "arguments": {not json}\n</tool_call>'
    )
    assert call_text("f", "{not json", "xml") == "<tool_call>\n<function=f>\n</function>\n</tool_call>"


def test_arguments_that_are_no_object_have_no_parameters_in_tags() -> None:
    assert call_text("f", "[1]", "xml") == "<tool_call>\n<function=f>\n</function>\n</tool_call>"
    assert call_text("f", "[1]", "json") == '<tool_call>\n{"name": "f", "arguments": [1]}\n</tool_call>'


@given(st.sampled_from(["json", "xml", "fncall"]), st.dictionaries(any_text, json_values, max_size=3))
def test_any_arguments_are_written_without_loss(style: CallStyle, arguments: dict[str, Any]) -> None:
    sent = json.dumps(arguments, ensure_ascii=False)
    text = call_text("f", sent, style)
    if style == "json":
        inner = text.removeprefix("<tool_call>\n").removesuffix("\n</tool_call>")
        assert json.loads(inner) == {"name": "f", "arguments": arguments}
    elif style == "fncall":
        assert text.endswith(sent)
    else:
        for key, value in arguments.items():
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            assert f"<parameter={key}>\n{shown}\n</parameter>\n" in text


def test_a_result_and_a_thought_stand_in_their_marks() -> None:
    assert (
        response_text("80", "json") == response_text("80", "xml") == "<tool_response>\n80\n</tool_response>"
    )
    assert response_text("80", "fncall") == "✿RESULT✿: 80\n✿RETURN✿"
    assert thinking_text("Hm.", "Yes.") == "<think>\nHm.\n</think>\n\nYes."
