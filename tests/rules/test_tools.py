"""The rules of tools: what is told of long names."""

from mockserver.catalogue.errors import Errors
from mockserver.rules import check
from tests.asking import ask


def test_of_a_long_name_eighty_characters_are_shown(errors: Errors) -> None:
    tools = [{"type": "function", "function": {"name": "x" * 100}}]
    choice = {"type": "function", "function": {"name": "y" * 100}}
    found = {one.rule: one.message for one in check(ask("Hi", tools=tools, tool_choice=choice), errors)}
    assert found == {
        "tools.name": f"The function name '{'x' * 80}' is not of the documented form.",
        "tools.choice-unknown": f"`tool_choice` asks for '{'y' * 80}', which is not offered.",
    }
