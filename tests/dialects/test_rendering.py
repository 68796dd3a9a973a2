"""What the renderers of both dialects share."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.dialects.rendering import (
    Stream,
    interleave,
    number,
    overridden,
    render_usage,
    usage_values,
)
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.wire.template import Template
from tests.wire.strategies import json_values, texts

OBJECTS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(texts, json_values, max_size=4)


@given(st.integers(-(2**70), 2**70))
def test_a_number_is_written_as_json_writes_it(value: int) -> None:
    assert number(value) == str(value).encode()


def test_counts_that_do_not_apply_are_absent() -> None:
    assert usage_values(Usage(12, 5)) == {
        "input": b"12",
        "output": b"5",
        "total": b"17",
        "cached": b"0",
        "input_text": b"12",
        "output_text": b"5",
    }


def test_counts_of_thinking_and_media_are_there_when_they_apply() -> None:
    usage = Usage(120, 9, reasoning=4, cached=64, image=92, video=10, audio=0)
    assert usage_values(usage) == {
        "input": b"120",
        "output": b"9",
        "total": b"129",
        "cached": b"64",
        "input_text": b"18",
        "output_text": b"5",
        "reasoning_tokens": b"4",
        "image": b"92",
        "video": b"10",
        "audio": b"0",
    }


SHAPE = Template({"prompt_tokens": "$input", "details": {"cached_tokens": "$cached"}})


def test_usage_fills_its_template() -> None:
    assert render_usage(SHAPE, usage_values(Usage(12, 5)), Usage(12, 5), Reply((Choice(),))) == (
        b'{"prompt_tokens":12,"details":{"cached_tokens":0}}'
    )


def test_the_numbers_of_a_script_lie_over_the_computed_ones_and_new_ones_behind() -> None:
    reply = Reply(
        (Choice(),), usage={"details": {"cached_tokens": 64, "text_tokens": 3}, "plugins": {"n": 1}}
    )
    assert render_usage(SHAPE, usage_values(Usage(12, 5)), Usage(12, 5), reply) == (
        b'{"prompt_tokens":12,"details":{"cached_tokens":64,"text_tokens":3},"plugins":{"n":1}}'
    )


@given(OBJECTS, OBJECTS)
def test_laying_over_keeps_what_is_not_named_and_the_order_of_the_keys(
    base: dict[str, Any], over: dict[str, Any]
) -> None:
    laid = loads(overridden(dumps(base), over))
    assert list(laid) == [*base, *(key for key in over if key not in base)]
    for key, value in base.items():
        if key not in over:
            assert laid[key] == value
    for key, value in over.items():
        if not isinstance(value, dict):
            assert laid[key] == value


@given(OBJECTS)
def test_laying_an_object_over_itself_changes_nothing(base: dict[str, Any]) -> None:
    assert overridden(dumps(base), base) == dumps(base)


def test_an_object_laid_over_a_plain_value_takes_its_place() -> None:
    assert overridden(b'{"usage":null}', {"usage": {"total": 1}}) == b'{"usage":{"total":1}}'


def test_choices_take_turns_each_one_turn_later_than_the_one_before() -> None:
    streams = [Stream([b"a1", b"a2", b"a3"], [0, 1, 2]), Stream([b"b1"], [5]), Stream([b"c1", b"c2"], [0, 7])]
    assert interleave(streams) == Stream(
        [b"a1", b"a2", b"b1", b"a3", b"c1", b"c2"],
        [0, 1, 5, 2, 0, 7],
    )


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=4))
def test_taking_turns_loses_nothing_and_keeps_each_choice_in_order(rows: list[list[int]]) -> None:
    streams = [
        Stream([b"%d/%d" % (at, turn) for turn in range(len(tokens))], tokens)
        for at, tokens in enumerate(rows)
    ]
    merged = interleave(streams)
    pairs = list(zip(merged.frames, merged.tokens, strict=True))
    for at, stream in enumerate(streams):
        own = [pair for pair in pairs if pair[0].startswith(b"%d/" % at)]
        assert own == list(zip(stream.frames, stream.tokens, strict=True))
    assert len(pairs) == sum(len(tokens) for tokens in rows)
