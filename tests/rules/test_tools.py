"""What the table of cases does not say of tools: results that name no call, and long names."""

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.rules import check
from mockserver.talk.surface import Surface
from tests.asking import Messages, ask

CALL = {"id": "a", "type": "function", "function": {"name": "sing", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("surface", "expected"),
    [
        (
            COMPAT,
            [
                ("messages.tool-unknown-id", "messages[2].tool_call_id"),
                ("messages.call-without-tool", "messages[1].tool_calls"),
            ],
        ),
        (NATIVE_TEXT, []),
    ],
)
def test_a_result_that_names_no_call_goes_by_its_order_on_a_native_surface(
    surface: Surface, expected: list[tuple[str, str]], errors: Errors
) -> None:
    called = {"role": "assistant", "content": "", "tool_calls": [CALL]}
    messages: Messages = [{"role": "user", "content": "Sing."}, called, {"role": "tool", "content": "Sung."}]
    found = check(ask(messages, surface=surface), errors)
    assert [(finding.rule, finding.path) for finding in found] == expected


@pytest.mark.parametrize(
    ("ids", "place", "fault"),
    [
        ("aa", "messages[1].tool_calls[1].id", "with the id of another"),
        (" b", "messages[1].tool_calls[0].id", "without an id"),
    ],
)
def test_what_is_wrong_with_the_id_of_a_call_is_told(
    ids: str, place: str, fault: str, errors: Errors
) -> None:
    called = {"role": "assistant", "content": "", "tool_calls": [{**CALL, "id": id_.strip()} for id_ in ids]}
    (found,) = [
        one
        for one in check(ask([{"role": "user", "content": "Sing."}, called]), errors)
        if one.rule == "tools.call-id"
    ]
    assert found.path == place
    assert found.message == f"A call in the history {fault}: its result cannot be told from another's."


def test_of_a_long_name_eighty_characters_are_shown(errors: Errors) -> None:
    tools = [{"type": "function", "function": {"name": "x" * 100}}]
    choice = {"type": "function", "function": {"name": "y" * 100}}
    found = {one.rule: one.message for one in check(ask("Hi", tools=tools, tool_choice=choice), errors)}
    assert found == {
        "tools.name": f"The function name '{'x' * 80}' is not of the documented form.",
        "tools.choice-unknown": f"`tool_choice` asks for '{'y' * 80}', which is not offered.",
    }
