"""Ranges that depend on the model: which of its relatives have them, and with what they begin and end."""

from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.rules import check
from tests.asking import ask

SAID = [{"role": "user", "content": "Hi"}]


def told(errors: Errors, model: str, **options: Any) -> list[str]:
    """The refusals of a question, in words."""
    request = ask(SAID, model=model, stream=True, **options)
    return [finding.message for finding in check(request, errors) if finding.refusal is not None]


@pytest.mark.parametrize(
    ("model", "most"),
    [("qwen3.6-max-preview", 65536), ("glm-5.2", 131072), ("glm-5.2-fast-preview", None), ("glm-5.1", None)],
)
def test_few_models_bound_what_is_written_and_thought(errors: Errors, model: str, most: int | None) -> None:
    bound = most or 10**8
    assert told(errors, model, max_completion_tokens=bound) == []
    found = told(errors, model, max_completion_tokens=bound + 1)
    assert found == ([f"Range of max_tokens should be [1, {most}]"] if most else [])


@pytest.mark.parametrize(
    ("model", "least", "most"), [("qwen-omni-turbo-latest", 10, 2048), ("qwen3-omni-flash", 1, 16384)]
)
def test_models_that_speak_write_ten_tokens_at_least(
    errors: Errors, model: str, least: int, most: int
) -> None:
    assert told(errors, model, max_tokens=least) == []
    message = f"Range of max_tokens should be [{least}, {most}]"
    assert told(errors, model, max_tokens=least - 1) == [message]


@pytest.mark.parametrize(("name", "value"), [("temperature", 0.7), ("top_p", 1)])
def test_a_model_that_samples_as_it_likes_says_so(errors: Errors, name: str, value: float) -> None:
    assert told(errors, "kimi-k3", **{name: 0}) == []
    message = f"Parameter '{name}'={value} is not supported for kimi-k3 model."
    assert told(errors, "kimi-k3", **{name: value}) == [message]
    for model in ("kimi-k2.6", "kimi-k2.7-code"):
        assert told(errors, model, **{name: value}) == []
