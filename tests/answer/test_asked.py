"""Which format the words of a prompt ask for."""

from typing import Any

import pytest

from mockserver.answer.asked import asked_format
from mockserver.answer.course import known
from tests.asking import ask


@pytest.mark.parametrize("entry", known()["formats"]["known"], ids=lambda entry: entry["id"])
def test_all_markers_of_a_format_tell_it(entry: dict[str, Any]) -> None:
    assert asked_format(ask(" ".join(entry["markers"]))) == entry["id"]
    assert asked_format(ask(" ".join(entry["markers"][1:]) or "Hello")) == ""


def test_what_the_model_said_asks_for_nothing() -> None:
    turns = [("user", "Hi"), ("assistant", "As json"), ("user", "So?")]
    assert asked_format(ask([{"role": role, "content": text} for role, text in turns])) == ""
