"""The forms of a response as tables."""

import pytest

from mockserver.base import resources
from mockserver.dialects.responses.serializer import names, serializer


def test_a_form_is_named_by_a_script_or_the_current_one() -> None:
    assert names() == ("current", "summary", "arguments", "summary-arguments")
    assert serializer() is not None
    assert serializer("classic").pieces.keys() == serializer().pieces.keys() == {"reasoning", "message"}


@pytest.mark.parametrize(
    ("name", "thought", "arguments"),
    [
        ("current", "response.reasoning_text.delta", False),
        ("summary", "response.reasoning_summary_text.delta", False),
        ("arguments", "response.reasoning_text.delta", True),
        ("summary-arguments", "response.reasoning_summary_text.delta", True),
    ],
)
def test_both_names_of_a_thought_and_the_pieces_of_arguments(
    name: str, thought: str, *, arguments: bool
) -> None:
    pieces = serializer(name).pieces
    assert pieces["reasoning"].delta.shape["type"] == thought
    assert ("function_call" in pieces) is arguments
    assert pieces["message"].delta.shape["type"] == "response.output_text.delta"


def test_each_form_tells_its_source() -> None:
    entries = resources.fixture("serializers")["responses"]
    assert all(entry["source"] for entry in entries.values())
