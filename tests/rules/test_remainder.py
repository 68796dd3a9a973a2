"""What is still whole of a request that breaks its schema."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import models
from mockserver.catalogue.errors import load
from mockserver.dialects.compat.read import read_request as read_compat
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.read import read_request as read_native
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.rules import check, schemas
from mockserver.rules.remainder import remainder
from mockserver.talk.surface import Surface
from tests.asking import COMPLETIONS, body_of
from tests.rules.table import ASKED

TEXT = NATIVE_TEXT


def rest(surface: Surface, data: Any) -> dict[str, Any]:
    """The rest of a body, without what its schema finds in it."""
    found = schemas.findings(f"{surface.name}.request", data, surface, load())
    return remainder(surface, data, found)


def test_the_messages_and_parameters_that_are_whole_are_kept() -> None:
    data = body_of(
        [ASKED, {"role": "user"}, ASKED],
        model="qwen-plus",
        parameters={"top_p": "1", "max_tokens": 5, "tools": [7]},
    )
    assert rest(COMPAT, data) == {
        "model": "qwen-plus",
        "messages": [ASKED, ASKED],
        "stream": False,
        "max_tokens": 5,
    }
    nobody: Any = 7
    asked = body_of([nobody, ASKED], model="qwen-plus", surface=TEXT, parameters={"seed": -1, "n": 1})
    assert rest(TEXT, asked) == {"model": "qwen-plus", "input": {"messages": [ASKED]}, "parameters": {"n": 1}}


@pytest.mark.parametrize(
    ("surface", "data"),
    [
        (COMPAT, {"model": "qwen-plus"}),
        (COMPAT, {"model": "qwen-plus", "messages": []}),
        (COMPAT, {"model": "qwen-plus", "messages": {}}),
        (COMPAT, {"model": "qwen-plus", "messages": [7]}),
        (TEXT, {"model": "qwen-plus"}),
        (TEXT, {"model": "qwen-plus", "input": 7}),
        (TEXT, {"model": "qwen-plus", "input": {}}),
        (TEXT, {"model": "qwen-plus", "input": {"messages": 7}, "parameters": 7}),
    ],
)
def test_where_no_message_is_whole_one_stands_in(surface: Surface, data: Any) -> None:
    left = rest(surface, data)
    messages = left["messages"] if surface is COMPAT else left["input"]["messages"]
    assert messages == [{"role": "user", "content": ""}]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(list(COMPLETIONS)),
    st.lists(st.fixed_dictionaries({}, optional={"role": values, "content": values}) | values),
    st.dictionaries(st.sampled_from(["tools", "stop", "seed", "n", "tool_choice", "max_tokens"]), values),
)
def test_the_rest_can_be_read_and_judged(surface: Surface, messages: Any, parameters: Any) -> None:
    model = "qwen3-vl-plus" if surface is NATIVE_MULTIMODAL else "qwen-plus"
    data = body_of(messages, model=model, surface=surface, parameters=parameters)
    if schemas.validator(f"{surface.name}.request").is_valid(data):
        return
    left = rest(surface, data)
    assert schemas.validator(f"{surface.name}.request").is_valid(left)
    known = models.load()[model]
    if surface.dialect == "native":
        check(read_native(surface, left, known, {}), load())
    else:
        check(read_compat(left, known, {}), load())
