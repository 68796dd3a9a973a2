"""Tools that a prompt describes in words."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer import prompt_tools
from mockserver.answer.course import known
from mockserver.answer.prompt_tools import tools_in
from tests.answer.lengths import PIECES, drive, long_texts, over_and_over

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        (
            (
                '{"name": "look", "description": "Looks.", "parameters": {"type": "object", '
                '"properties": {"city": {"type": "string"}}, "required": ["city"]}}'
            ),
            CITY,
        ),
        ("Tool Name: look\nTool Arguments: {'city': {'type': 'string'}}\nTool Description: Looks.", CITY),
        ('Tool Name: look\nTool Arguments: {"properties": {}}\nTool Description: Looks.', {"properties": {}}),
        ("Tool Name: look\nTool Arguments: none\nTool Description: Looks.", None),
        ("Tool Name: look\nTool Description: Looks.", None),
        ('def look(city: str) -> str:\n    """Looks."""', CITY),
        (
            "look(city, days: int = 3, *rest) -> str - Looks.",
            {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        ),
    ],
)
def test_a_tool_is_read(text: str, parameters: Any) -> None:
    (tool,) = tools_in(f"Tools:\n{text}\n")
    assert tool["function"]["name"] == "look"
    assert tool["function"]["description"] == "Looks."
    assert tool["function"].get("parameters") == parameters


def test_prose_and_data_describe_no_tools() -> None:
    assert tools_in('Hello (there).\n{"a": 1}\n{broken\n{"name": 3}') == []


@given(st.text(alphabet="def look(a: int):\n \"'{}-Tool Name", max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert all(isinstance(tool["function"]["name"], str) for tool in tools_in(text))


@pytest.mark.parametrize("pattern", prompt_tools._patterns(), ids=lambda pattern: pattern.pattern[:40])
def test_a_pattern_takes_as_long_as_its_text(pattern: re.Pattern[str]) -> None:
    assert drive(pattern) >= len(PIECES)


@pytest.mark.parametrize(
    "piece",
    [
        "def a(\n",
        "def a(b)\n",
        "a() -> ",
        "a() ->     ",
        "Tool Name: a\n",
        "Tool Name: a\nTool Description: b\n",
        "\n>",
    ],
)
def test_what_may_be_a_tool_takes_as_long_as_the_text(piece: str) -> None:
    assert {tool["function"]["name"] for tool in tools_in(over_and_over(piece))} <= {"a"}


def test_tools_take_as_long_as_their_text() -> None:
    for text in long_texts(*known()["formats"]["tools"]):
        tools_in(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("look(a) -> str - Looks - far", "Looks - far"),
        ("look(a) -> str: Looks: far", "far"),
        ("look(a) -> str: Looks -far", "Looks -far"),
        ("look(a)\n\n: Looks", "Looks"),
        ("\n\n  look(a): Looks", "Looks"),
        ("*\n look(a) -> Cup\n  - Looks", "Looks"),
        ("def look(\n    a: int,\n    b=2,\n) -> str:\n\n    '''Looks", "Looks"),
        ('def other(\n\n  def look(a):\n  """Looks', "Looks"),
        (">\n\n  Tool Name: look  \n\nTool Description: Looks", "Looks"),
    ],
)
def test_what_is_said_of_a_tool_stands_behind_its_signature(text: str, said: str) -> None:
    (tool,) = tools_in(text)
    assert (tool["function"]["name"], tool["function"]["description"]) == ("look", said)
