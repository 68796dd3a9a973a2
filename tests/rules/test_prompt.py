"""The rules of a prompt's length, to the token."""

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.catalogue.models import Models
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.rules import Moment, check_at
from mockserver.rules.prompt import far_from_limit
from mockserver.talk.surface import Surface
from tests.asking import Messages, ask

ASK = {"role": "user", "content": "Sing."}
TURNS = [ASK, {"role": "assistant", "content": "La."}, ASK]


def found(
    said: Messages, model: str, tokens: int, errors: Errors, surface: Surface = COMPAT
) -> list[tuple[str, str]]:
    findings = check_at(Moment.PROMPT, errors, ask(said, model=model, surface=surface), tokens)
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


@pytest.mark.parametrize(
    ("model", "kept"), [("qwen3.5-397b-a17b", 89_500), ("qwen3.8-flash", 800_056), ("qwen-plus", 792_907)]
)
def test_where_an_input_is_cut_it_is_shown_as_far_as_was_measured(
    model: str, kept: int, errors: Errors, models: Models
) -> None:
    """Probes of pi-alibaba-models on the Responses API, 2026-10: head and tail stay, nothing is refused."""
    cut = f"The input has {{}} tokens: {model} is shown {kept} of them, the middle is cut away."
    assert found([ASK], model, kept, errors, RESPONSES) == []
    for tokens in (kept + 1, 2_000_000):
        assert found([ASK], model, tokens, errors, RESPONSES) == [("prompt.cut", cut.format(tokens))]
        assert "prompt.cut" not in {rule for rule, _ in found([ASK], model, tokens, errors)}
        assert not far_from_limit(models[model], RESPONSES, tokens)


def test_far_from_the_cut_no_rule_has_to_be_asked(models: Models) -> None:
    model = models["qwen3.5-397b-a17b"]
    for surface, tokens, far in (
        (RESPONSES, 89_500, True),
        (RESPONSES, 89_501, False),
        (COMPAT, 89_501, True),
    ):
        assert far_from_limit(model, surface, tokens) is far
