"""The public strategies: what is drawn is valid, what is broken is refused, every branch is reached."""

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mockserver.contract.branches import Coverage
from mockserver.contract.broken import wrong_values
from mockserver.contract.cases import Case, document_of, read_cases
from mockserver.contract.generate import UnknownKeywordError, from_schema, merged, values
from mockserver.contract.strategies import (
    broken_requests,
    chunkings,
    conversations,
    image,
    parameter,
    replies,
    requests,
    texts,
    tools,
)
from mockserver.rules.schemas import validator
from mockserver.talk.surface import Surface
from tests.asking import COMPLETIONS

DEEP = ("character_options", "response_format", "stop", "tool_choice", "tools")
"""The parameters whose branches lie deepest, or are taken least."""

ON_EACH_SURFACE = pytest.mark.parametrize("surface", COMPLETIONS)
MANY = settings(
    max_examples=1000,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@ON_EACH_SURFACE
def test_every_request_is_valid_and_every_branch_of_its_schema_is_reached(surface: Surface) -> None:
    name = f"{surface.name}.request"
    coverage = Coverage(name)

    # What lies deepest is drawn once more, so that the number of examples may be small.
    @MANY
    @given(
        requests(surface.name),
        st.fixed_dictionaries({key: parameter(key, surface=surface.name) for key in DEEP}),
    )
    def draw(request: dict[str, Any], deep: dict[str, Any]) -> None:
        for drawn in (
            request,
            {**request, **({"parameters": deep} if surface.dialect == "native" else deep)},
        ):
            assert validator(name).is_valid(drawn)
            coverage.see(drawn)

    draw()
    assert coverage.missing == []
    assert coverage.share == 1.0
    assert len(coverage.branches) > 150


@ON_EACH_SURFACE
@given(data=st.data())
def test_every_broken_request_is_refused(surface: Surface, data: st.DataObject) -> None:
    assert not validator(f"{surface.name}.request").is_valid(data.draw(broken_requests(surface.name)))


def test_a_branch_that_no_value_takes_is_named() -> None:
    coverage = Coverage("compat.request")
    coverage.see({"model": "qwen-plus", "messages": [{"role": "user", "content": "Hi"}]})
    assert ".stream present" in coverage.missing
    assert ".stream absent" not in coverage.missing
    assert 0 < coverage.share < 1


@given(conversations())
def test_every_conversation_is_a_case_that_can_be_written_and_read(case: Case) -> None:
    assert read_cases(document_of([case]), where="here") == (case,)


@given(tools())
def test_every_tool_is_valid(tool: dict[str, object]) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "tools": [tool]}
    assert validator("compat.request").is_valid(body)


@given(replies(names=["f"], thinking=True) | replies())
def test_every_reply_is_one_of_the_control_api(reply: dict[str, object]) -> None:
    assert validator("control.reply").is_valid({"reply": reply})


@given(chunkings(), texts())
def test_chunkings_are_sizes_and_texts_are_utf_8(sizes: tuple[int, ...], text: str) -> None:
    assert all(size > 0 for size in sizes)
    assert text.encode().decode() == text


def test_a_picture_is_a_png() -> None:
    head, _, data = image(0xFF0000).partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data).startswith(b"\x89PNG\r\n\x1a\n")


def test_a_keyword_that_nothing_can_be_drawn_for_is_named() -> None:
    with pytest.raises(UnknownKeywordError, match="x: no values can be drawn for the keyword 'contains'"):
        values({"type": "array", "contains": {}}, "x")


def test_schemas_are_drawn_by_their_demands() -> None:
    merged_schema = merged({"required": ["a"], "properties": {"a": {"minimum": 1}}}, {"required": ["b"]})
    assert merged_schema["required"] == ["a", "b"]
    assert merged({"properties": {"a": {"x": 1}}}, {"properties": {"a": {"y": 2}}})["properties"] == {
        "a": {"x": 1, "y": 2}
    }
    assert list(wrong_values({"type": "integer", "minimum": 1, "maximum": 4}, "x"))[-2:] == [0, 5]
    assert from_schema("compat.request") is from_schema("compat.request")
