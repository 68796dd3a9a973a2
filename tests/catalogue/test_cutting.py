"""How much of too long an input is kept."""

import pytest

from mockserver.catalogue.cutting import kept_of
from mockserver.catalogue.models import Models


@pytest.mark.parametrize(
    ("model", "kept"),
    [
        ("qwen3.7-plus", 792_907),
        ("qwen3.8-flash", 800_056),
        ("deepseek-v4.1-flash", 754_977),
        ("qwen3.5-plus", 89_500),
        ("qwen3-max", 207_855),
    ],
)
def test_sizes_are_those_that_were_reached_or_the_same_share(models: Models, model: str, kept: int) -> None:
    assert kept_of(models[model]) == kept
