"""What was rendered folds to what was said; what cannot be understood says nothing."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.dialects.anthropic.render import tool_input
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.table import DIALECTS
from mockserver.meter.tokenizer import Tokenizer
from mockserver.recording import documents, fold, lanes
from mockserver.recording.coding import UnreadableCodingError, coding_of, decoded, header, packed
from mockserver.recording.usage import counts_of, overrides_for
from mockserver.talk.reply import Choice, Reply, Usage
from tests.recording.exchanges import USAGE, compat_body, dumped, interaction, native_body, native_frames
from tests.wire import strategies as drawn
from tests.wire.exchanges import (
    Exchange,
    anthropic_exchange,
    compat_exchange,
    native_exchange,
    responses_exchange,
)

SPOKEN: dict[str, Callable[[Reply, Tokenizer], Exchange]] = {
    "compat": lambda reply, tokenizer: compat_exchange("qwen-plus", reply, tokenizer),
    "native": lambda reply, tokenizer: native_exchange(
        "qwen-plus", reply, tokenizer, result_format="message", incremental_output=True
    ),
    "anthropic": lambda reply, tokenizer: anthropic_exchange("qwen-plus", reply, tokenizer),
    "responses": lambda reply, tokenizer: responses_exchange("qwen-plus", reply, tokenizer),
}
"""An exchange in each dialect."""


def recorded(dialect: str, reply: Reply, tokenizer: Tokenizer, *, stream: bool) -> fold.Folded:
    """What a recorded answer of a dialect folds to."""
    exchange = SPOKEN[dialect](reply, tokenizer)
    body = b"".join(exchange.stream().frames) if stream else exchange.body()
    return fold.fold(body, status=200, pieces=True)


def meant(reply: Reply) -> list[Choice]:
    """The choices of a reply, their arguments by what they mean: Anthropic's are objects.

    A response does not tell whether it was the calls that ended it.
    """
    return [
        replace(
            choice,
            finish_reason="tool_calls"
            if choice.tool_calls and choice.finish_reason == "stop"
            else choice.finish_reason,
            tool_calls=tuple(
                replace(call, arguments=json.dumps(tool_input(call.arguments))) for call in choice.tool_calls
            ),
        )
        for choice in reply.choices
    ]


def test_every_dialect_is_transcoded() -> None:
    assert set(SPOKEN) == set(DIALECTS)


@settings(max_examples=1000)
@given(
    reply=drawn.replies(most=1),
    spoken=st.sampled_from(sorted(SPOKEN)),
    asked=st.sampled_from(sorted(SPOKEN)),
    streams=st.tuples(st.booleans(), st.booleans()),
)
def test_what_was_recorded_in_one_dialect_is_said_in_another_and_means_the_same(
    reply: Reply, spoken: str, asked: str, streams: tuple[bool, bool], tokenizer: Tokenizer
) -> None:
    before = recorded(spoken, reply, tokenizer, stream=streams[0])
    after = recorded(asked, Reply(before.choices), tokenizer, stream=streams[1])
    assert meant(Reply(after.choices)) == meant(reply)
    counts = counts_of(before.usage or {})
    assert counts is not None
    if spoken != asked:
        told = overrides_for(DIALECTS[asked].surfaces[0], before.usage or {}, spoken=spoken)
        assert counts_of(told or {}) == Usage(counts.input, counts.output)


@given(
    reply=drawn.replies(),
    model=st.sampled_from(["qwen-plus", "qwen3-max", "qwen3.8-max-preview", "qwen-vl-max"]),
)
def test_a_compatible_answer_folds_to_what_was_said(reply: Reply, model: str, tokenizer: Tokenizer) -> None:
    exchange = compat_exchange("qwen-plus" if model.startswith("qwen3.8") else model, reply, tokenizer)
    for body in (exchange.body(), b"".join(exchange.stream().frames)):
        folded = fold.fold(body, status=200)
        assert folded.choices == reply.choices
        assert folded.error is None
        assert counts_of(folded.usage or {}) is not None


@given(reply=drawn.replies(most=1), incremental=st.booleans())
def test_a_native_answer_folds_to_what_was_said(
    reply: Reply, tokenizer: Tokenizer, *, incremental: bool
) -> None:
    exchange = native_exchange(
        "qwen-plus", reply, tokenizer, result_format="message", incremental_output=incremental
    )
    assert fold.fold(exchange.body(), status=200).choices == reply.choices
    stream = b"".join(exchange.stream().frames)
    folded = fold.fold(stream, status=200, pieces=incremental)
    assert folded.choices == reply.choices


def test_a_growing_stream_of_texts_is_known_by_its_texts() -> None:
    for growing in (False, True):
        body = b"".join(native_frames("春", "眠", "不觉晓", growing=growing))
        assert fold.fold(body, status=200).choices[0].content == "春眠不觉晓"


@pytest.mark.parametrize(
    ("body", "status", "shown"),
    [
        (b'{"code":"A","message":"m","request_id":"r"}', 401, {"status": 401, "code": "A", "message": "m"}),
        (
            b'{"error":{"code":null,"message":7,"type":"t"}}',
            400,
            {"status": 400, "code": None, "message": "", "type": "t"},
        ),
        (
            b'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"T","message":"m"}\n\n',
            200,
            {"status": 429, "code": "T", "message": "m"},
        ),
        (
            b'data: {"error":{"code":9,"message":"m","type":4}}\n\n',
            400,
            {"status": 400, "code": "9", "message": "m"},
        ),
    ],
)
def test_a_refusal_is_read_with_its_status(body: bytes, status: int, shown: object) -> None:
    assert fold.fold(body, status=status).shown() == {"error": shown}


def test_sources_and_calls_are_kept() -> None:
    body = native_body()
    body["output"] |= {"search_info": {"search_results": []}, "tool_info": []}
    assert fold.fold(dumped(body), status=200).shown() == {
        "choices": [{"content": "hello", "finish_reason": "stop"}],
        "usage": body["usage"],
        "search_info": {"search_results": []},
    }
    call = {"id": "c", "function": {"name": "f", "arguments": "{}"}}
    odd = {
        "choices": [
            {"message": {"content": [{"text": "a"}, {"image": 1}, 5], "tool_calls": [call, 7, {"index": 1}]}}
        ]
    }
    shown = fold.fold(dumped(odd), status=200).shown()
    assert shown == {
        "choices": [
            {
                "content": "a",
                "tool_calls": [
                    {"id": "c", "name": "f", "arguments": "{}"},
                    {"id": "", "name": "", "arguments": ""},
                ],
                "finish_reason": None,
            }
        ]
    }


@given(value=drawn.json_values, noise=st.binary(max_size=80), framed=st.booleans())
def test_nothing_is_too_odd_to_be_read(value: object, noise: bytes, *, framed: bool) -> None:
    for inner in (
        value,
        {"choices": value},
        {"output": value, "usage": value},
        {"choices": [value, {"delta": value}]},
    ):
        body = dumped(inner)
        fold.fold(b"data: " + body + b"\n\n" + noise if framed else body, status=200).shown()
    fold.fold(noise, status=200)
    fold.fold(b'{"choices":[{"message":{"content":5,"tool_calls":[{"function":5}]}}]}', status=200)


def test_usage_is_carried_between_the_dialects() -> None:
    assert counts_of({}) is None
    assert counts_of({"input_tokens": True}) is None
    counts = counts_of(
        {
            "input_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 2},
            "prompt_tokens_details": {"cached_tokens": 1},
        }
    )
    assert counts == Usage(5, 0, 2, 1)
    assert overrides_for(COMPAT, USAGE, spoken="compat") is USAGE
    assert overrides_for(NATIVE_TEXT, USAGE, spoken="compat") == {
        "input_tokens": 9,
        "output_tokens": 3,
        "total_tokens": 12,
    }
    native = {"input_tokens": 9, "output_tokens": 3}
    assert overrides_for(COMPAT, native, spoken="native") == {
        "prompt_tokens": 9,
        "completion_tokens": 3,
        "total_tokens": 12,
    }
    assert overrides_for(COMPAT, {"total_tokens": 3}, spoken="native") is None


@given(body=st.binary(max_size=300), name=st.sampled_from(["gzip", "deflate", "identity"]))
def test_what_is_packed_is_unpacked(body: bytes, name: str) -> None:
    assert decoded(packed(body, name), name) == body


def test_a_damaged_body_gives_what_it_holds() -> None:
    leaves = b"".join(b"tea %d " % (at * at) for at in range(20_000))
    whole = packed(leaves, "gzip")
    assert leaves.startswith(decoded(whole[: len(whole) // 2], "gzip"))
    at = len(whole) * 3 // 4
    broken = decoded(whole[:at] + b"\xff" * 400 + whole[at + 400 :], "gzip")
    assert broken[:1000] == leaves[:1000]
    assert decoded(b"not packed", "gzip") == b"not packed"


def test_codings_are_read_off_the_headers() -> None:
    assert header([("A", "x"), ("a", "y")], "a") == "x"
    assert coding_of([("Content-Encoding", "X-GZIP")]) == "gzip"
    with pytest.raises(UnreadableCodingError, match="'br'; only gzip, deflate, identity") as raised:
        coding_of([("content-encoding", "br")])
    assert raised.value.coding == "br"


def test_documents_are_found_spliced_and_written_in_the_style_of_others() -> None:
    assert documents.dump_like({"a": "é"}, '{"a": "x"}') == '{"a": "\\u00e9"}'
    assert documents.dump_like({"a": "é"}, '{"b":"é"}') == '{"a":"é"}'
    assert documents.splice(b"abcdef", [1, 3, 6], [(2, 4, b"XYZ")]) == (b"abXYZef", [1, 5, 7])
    assert documents.find(b"7") == []
    assert documents.choices_of([]) == documents.choices_of({"choices": 5}) == []
    assert not lanes.grows(["a"])
    assert interaction(None, compat_body()).folded().choices[0].content == "hello"
