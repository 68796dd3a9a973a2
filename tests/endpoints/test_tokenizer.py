"""The tokenizer endpoint: the tokens of a text, and nothing around it."""

from mockserver.corridor.engine import Engine
from mockserver.endpoints.tokenizer import tokenize
from mockserver.rules.schemas import validator
from tests.endpoints.calls import call


def test_a_text_is_cut_into_the_tokens_of_its_model(engine: Engine) -> None:
    answer = tokenize(engine, call(engine, {"model": "qwen-plus", "input": {"prompt": "Which tea?"}}))
    validator("tokenizer.response").validate(answer)
    assert answer["output"]["tokens"] == ["Which", " tea", "?"]
    assert answer["usage"] == {"input_tokens": 3}
