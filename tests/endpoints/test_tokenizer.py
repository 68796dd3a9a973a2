"""The tokenizer endpoint: the tokens of a text, and nothing around it."""

import tracemalloc
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import loads
from mockserver.corridor.engine import Engine
from mockserver.endpoints.tokenizer import tokenize
from mockserver.rules.schemas import validator
from tests.endpoints.calls import call

ENGINE = Engine()


def asked(engine: Engine, prompt: str) -> Any:
    """What the endpoint says of a text."""
    return loads(tokenize(engine, call(engine, {"model": "qwen-plus", "input": {"prompt": prompt}})).body)


def test_a_text_is_cut_into_the_tokens_of_its_model(engine: Engine) -> None:
    answer = asked(engine, "Which tea?")
    validator("tokenizer.response").validate(answer)
    assert answer["output"]["tokens"] == ["Which", " tea", "?"]
    assert answer["usage"] == {"input_tokens": 3}


@given(st.text())
def test_what_is_written_piece_by_piece_is_what_the_tokenizer_reads(prompt: str) -> None:
    text = prompt or "tea"
    for repeated in (text, (text + " tea ") * 4_000):
        tokenizer = ENGINE.tokenizer.get()
        ids = tokenizer.read(repeated)
        answer = asked(ENGINE, repeated)
        assert answer["output"]["token_ids"] == ids
        assert answer["output"]["tokens"] == [
            token.decode("utf-8", "replace") for token in tokenizer.tokens(ids)
        ]
        assert answer["usage"] == {"input_tokens": len(ids)}


def test_an_answer_takes_a_few_times_what_is_asked(engine: Engine) -> None:
    # "tea, " is two tokens of at least 3 and 1 characters, so 5 characters of a text are about 21 of its
    # answer: as many bytes in two parts, and once more in one.
    asked(engine, "tea")
    request = call(engine, {"model": "qwen-plus", "input": {"prompt": "tea, " * 100_000}})
    tracemalloc.start()
    try:
        size = len(tokenize(engine, request).body)
        assert tracemalloc.get_traced_memory()[1] < 3 * size + 8 * len(request.body)
    finally:
        tracemalloc.stop()
