"""The word by which a conversation of several is told that its work is done."""

import pytest

from mockserver.answer.closing import closed
from tests.asking import Messages, ask

USER = {"role": "user", "content": "Write a poem."}
POEM = {"role": "user", "content": "Leaves fall."}


def system(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ("Respond with 'APPROVE' to when your feedbacks are addressed.", "APPROVE"),
        ('Summarize the findings and end with "TERMINATE".', "TERMINATE"),
        ("Reply with TERMINATE when the task has been completed.", "TERMINATE"),
        ("Use TERMINATE when the travel planning is complete.", "TERMINATE"),
        ("Respond with JSON_LINES only.", ""),
        ("Respond with kindness.", ""),
        ("Be kind.", ""),
    ],
)
def test_the_word_that_the_system_wants_ends_what_is_said_to_another(told: str, word: str) -> None:
    assert closed(ask([system(told), USER, POEM]), "Fine.") == f"Fine. {word}".rstrip()
    assert closed(ask([system(told), USER]), "Fine.") == "Fine."


@pytest.mark.parametrize("messages", [[USER, POEM], [USER]])
def test_without_a_system_nothing_is_wanted(messages: Messages) -> None:
    assert closed(ask(messages), "Fine.") == "Fine."
