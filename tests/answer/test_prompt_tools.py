"""Tools that a prompt describes in words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer.prompt_tools import tools_in

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
