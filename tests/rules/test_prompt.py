"""The rules of a prompt's length, to the token."""

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.catalogue.models import Models
from mockserver.dialects.compat.surface import COMPAT
from mockserver.rules import Moment, check_at
from mockserver.rules.prompt import far_from_limit
from tests.asking import Messages, ask

ASK = {"role": "user", "content": "Sing."}
TURNS = [ASK, {"role": "assistant", "content": "La."}, ASK]


def found(said: Messages, model: str, tokens: int, errors: Errors) -> list[tuple[str, str]]:
    findings = check_at(Moment.PROMPT, errors, ask(said, model=model), tokens)
    return [(finding.rule, finding.message) for finding in findings]


def test_a_prompt_may_reach_the_limit(errors: Errors) -> None:
    assert found([ASK], "qwen-math-plus", 3072, errors) == []
    too_long = ("prompt.too-long", "Range of input length should be [1, 3072]")
    assert found([ASK], "qwen-math-plus", 3073, errors) == [too_long]


@pytest.mark.parametrize(("tokens", "percent"), [(700_001, 70), (795_000, 79)])
def test_beyond_seven_tenths_of_the_context_a_conversation_is_near_the_limit(
    tokens: int, percent: int, errors: Errors
) -> None:
    near = f"The conversation's prompt has {tokens} tokens, {percent} % of the 1000000 that qwen-plus holds."
    assert found(TURNS, "qwen-plus", tokens, errors) == [("prompt.near-limit", near)]
    assert found([ASK], "qwen-plus", tokens, errors) == []
    assert found(TURNS, "qwen-plus", 700_000, errors) == []


@pytest.mark.parametrize(
    ("model", "most"), [("qwen-plus", 700_000), ("qwen-math-plus", 2867), ("qwen-turbo", 98_304)]
)
def test_far_from_the_limit_no_rule_has_to_be_asked(model: str, most: int, models: Models) -> None:
    assert far_from_limit(models[model], COMPAT, most)
    assert not far_from_limit(models[model], COMPAT, most + 1)
