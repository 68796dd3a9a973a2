"""Odd but legal frames: what stands between the others, and that nothing else changed."""

import json
from typing import Any

import pytest

from mockserver.faults import odd
from mockserver.faults.kinds import kinds
from mockserver.faults.planned import Frame, Planned
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ToolCall
from mockserver.wire.sse import Reader
from tests.faults.careful import planned
from tests.wire.exchanges import (
    TOOLS,
    anthropic_exchange,
    compat_exchange,
    native_exchange,
    responses_exchange,
)

TEXT = Reply((Choice("Three minutes at eighty degrees."),))
CALLS = Reply(
    (Choice(tool_calls=(ToolCall("brew", '{"leaf": "sencha"}', "call_1"),), finish_reason="tool_calls"),)
)
NATIVE: dict[str, Any] = {"result_format": "message", "incremental_output": True}


def inserted(answer: Planned, frames: tuple[Frame, ...]) -> list[dict[str, Any]]:
    """The payloads that an answer did not have before."""
    before = [frame.payload for frame in answer.frames]
    return [frame.payload for frame in frames if frame.payload and frame.payload not in before]


def ids(frames: tuple[Frame, ...]) -> list[bytes]:
    """The first lines of native frames."""
    return [frame.data.partition(b"\n")[0] for frame in frames]


def test_a_heartbeat_goes_before_each_frame(tokenizer: Tokenizer) -> None:
    answer = planned(compat_exchange("qwen-plus", TEXT, tokenizer))
    frames = odd.with_heartbeats(answer)
    assert [frame.data for frame in frames[::2]] == [b": heartbeat\n\n"] * len(answer.frames)
    assert frames[1::2] == answer.frames


def test_a_compat_usage_comes_without_choices(tokenizer: Tokenizer) -> None:
    answer = planned(compat_exchange("qwen-plus", TEXT, tokenizer))
    frames = odd.with_usage_only(answer)
    assert frames[:1] + frames[2:] == answer.frames
    payload = frames[1].payload
    assert payload is not None
    assert payload["choices"] == []
    assert payload["usage"] == {"prompt_tokens": 20, "completion_tokens": 0, "total_tokens": 20}


def test_a_native_usage_comes_without_choices_or_text(tokenizer: Tokenizer) -> None:
    answer = planned(native_exchange("qwen-max", TEXT, tokenizer, **NATIVE))
    frames = odd.with_usage_only(answer)
    assert inserted(answer, frames)[0]["output"] == {"choices": []}
    assert ids(frames) == [b"id:%d" % at for at in range(1, len(answer.frames) + 2)]
    text = planned(native_exchange("qwen-turbo", TEXT, tokenizer, incremental_output=True))
    assert inserted(text, odd.with_usage_only(text))[0]["output"] == {"text": "", "finish_reason": "null"}


@pytest.mark.parametrize("parameters", [{"incremental_output": True}, {}, NATIVE])
def test_no_usage_comes_behind_a_native_finish(parameters: dict[str, Any], tokenizer: Tokenizer) -> None:
    empty = planned(native_exchange("qwen-turbo", Reply((Choice(),)), tokenizer, **parameters))
    assert len(empty.frames) == 1
    only, finish = odd.with_usage_only(empty)
    assert inserted(empty, (only,))
    assert finish.payload == empty.frames[0].payload
    assert ids((only, finish)) == [b"id:1", b"id:2"]


def test_a_compat_delta_has_no_id_and_no_name(tokenizer: Tokenizer) -> None:
    answer = planned(compat_exchange("qwen-plus", CALLS, tokenizer, tools=TOOLS))
    for arguments in ("", None):
        frames = odd.with_tool_delta(answer, arguments)
        (payload,) = inserted(answer, frames)
        delta = {"index": 0, "id": "", "type": "function", "function": {"arguments": arguments}}
        assert payload["choices"] == [{"delta": {"tool_calls": [delta]}, "index": 0}]
        assert len(frames) == len(answer.frames) + 1


def test_a_native_delta_takes_the_finish_with_it(tokenizer: Tokenizer) -> None:
    calls = Reply((Choice(tool_calls=(ToolCall("brew", "", "call_1"),), finish_reason="tool_calls"),))
    answer = planned(native_exchange("qwen-max", calls, tokenizer, tools=TOOLS, **NATIVE))
    frames = odd.with_tool_delta(answer, None)
    opener, delta = [frame.payload["output"]["choices"][0] for frame in frames if frame.payload]
    assert (opener["finish_reason"], delta["finish_reason"]) == ("null", "tool_calls")
    assert opener["message"]["tool_calls"][0]["id"] == "call_1"
    assert delta["message"]["tool_calls"][0]["function"] == {"arguments": None}
    assert ids(frames) == [b"id:1", b"id:2"]


def test_without_calls_or_deltas_all_stays(tokenizer: Tokenizer) -> None:
    text = planned(compat_exchange("qwen-plus", TEXT, tokenizer))
    assert odd.with_tool_delta(text, "") == text.frames
    growing = planned(native_exchange("qwen-max", CALLS, tokenizer, tools=TOOLS, result_format="message"))
    assert growing.cumulative
    assert odd.with_tool_delta(growing, "") == growing.frames


def test_a_json_on_two_lines_of_data_is_read_as_one(tokenizer: Tokenizer) -> None:
    answer = planned(compat_exchange("qwen-plus", TEXT, tokenizer))
    frames = odd.with_data_lines(answer)
    (event,) = Reader().feed(frames[0].data)
    assert frames[0].data.count(b"data:") == 2
    assert event.data is not None
    assert json.loads(event.data) == answer.frames[0].payload
    assert frames[-1] == answer.frames[-1]


def test_other_fields_stand_before_the_data(tokenizer: Tokenizer) -> None:
    answer = planned(native_exchange("qwen-max", TEXT, tokenizer, **NATIVE))
    first = odd.with_other_fields(answer)[0]
    assert first.data == b"retry: 3000\nx-node: 7\n" + answer.frames[0].data


def test_only_the_last_blank_line_is_missing(tokenizer: Tokenizer) -> None:
    answer = planned(compat_exchange("qwen-plus", TEXT, tokenizer))
    *frames, last = odd.without_last_blank(answer)
    assert tuple(frames) == answer.frames[:-1]
    assert last.data == b"data: [DONE]\n"


def test_a_large_event_says_what_it_said(tokenizer: Tokenizer) -> None:
    answer = planned(compat_exchange("qwen-plus", TEXT, tokenizer))
    frames = odd.with_large_event(answer)
    large = [at for at, frame in enumerate(frames) if len(frame.data) > 1 << 20]
    assert [frames[at].tokens for at in large] == [1]
    assert [frame.payload for frame in frames] == [frame.payload for frame in answer.frames]


def test_what_is_beyond_ascii_is_escaped_and_reads_the_same(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("Grüner Tee 龙井 \U0001f375", tool_calls=CALLS.choices[0].tool_calls),))
    for stream in (True, False):
        for exchange in (compat_exchange, native_exchange, anthropic_exchange, responses_exchange):
            answer = planned(exchange("qwen-plus", reply, tokenizer), stream=stream)
            frames = odd.with_escapes(answer)
            assert all(frame.data.isascii() for frame in frames)
            assert [frame.payload for frame in frames] == [frame.payload for frame in answer.frames]


def test_an_id_alone_goes_before_each_frame(tokenizer: Tokenizer) -> None:
    answer = planned(native_exchange("qwen-plus", TEXT, tokenizer, **NATIVE))
    frames = odd.with_ids_alone(answer)
    assert {frame.data for frame in frames[::2]} == {b"id: 7\n: heartbeat\n\n"}
    assert frames[1::2] == answer.frames


def test_a_running_usage_grows_to_the_last_one(tokenizer: Tokenizer) -> None:
    answer = planned(compat_exchange("qwen-plus", TEXT, tokenizer))
    payloads = [frame.payload for frame in odd.with_running_usage(answer) if frame.payload]
    told = [payload["usage"]["completion_tokens"] for payload in payloads]
    assert told == sorted(told)
    assert told[0] < told[-1]
    assert all(usage["total_tokens"] > usage["completion_tokens"] for usage in (p["usage"] for p in payloads))


def test_native_events_keep_the_usage_that_they_have(tokenizer: Tokenizer) -> None:
    answer = planned(native_exchange("qwen-plus", TEXT, tokenizer, **NATIVE))
    assert odd.with_running_usage(answer) == answer.frames


@pytest.mark.parametrize("parameters", [None, {"incremental_output": True}, NATIVE])
def test_an_unknown_finish_stands_where_the_finish_stood(
    parameters: dict[str, Any] | None, tokenizer: Tokenizer
) -> None:
    exchange = (
        compat_exchange("qwen-plus", TEXT, tokenizer)
        if parameters is None
        else native_exchange("qwen-plus", TEXT, tokenizer, **parameters)
    )
    data = b"".join(frame.data for frame in odd.with_unknown_finish(planned(exchange)))
    assert data.count(b'"finish_reason":"pause"') == 1
    assert b'"finish_reason":"stop"' not in data


def pieces(frames: tuple[Frame, ...]) -> list[tuple[str | None, str | None, str | None]]:
    """The id, the name and the arguments of each piece of a call."""
    found = []
    for frame in frames:
        payload = frame.payload or {}
        for choice in (payload.get("output") or payload).get("choices") or ():
            for piece in (choice.get("delta") or choice.get("message") or {}).get("tool_calls") or ():
                function = piece["function"]
                found.append((piece["id"], function.get("name"), function["arguments"]))
    return found


def both(reply: Reply, tokenizer: Tokenizer) -> list[Planned]:
    """An answer with calls in the compatible and in the native dialect."""
    return [
        planned(compat_exchange("qwen-plus", reply, tokenizer, tools=TOOLS)),
        planned(native_exchange("qwen-plus", reply, tokenizer, tools=TOOLS, **NATIVE)),
    ]


def test_restated_ids_stand_in_each_piece(tokenizer: Tokenizer) -> None:
    for answer in both(CALLS, tokenizer):
        before, after = pieces(answer.frames), pieces(odd.with_restated_ids(answer))
        assert {piece[0] for piece in before} > {piece[0] for piece in after} == {"call_1"}
        assert [piece[1:] for piece in before] == [piece[1:] for piece in after]


def test_restated_names_stand_in_each_piece(tokenizer: Tokenizer) -> None:
    for answer in both(CALLS, tokenizer):
        before, after = pieces(answer.frames), pieces(odd.with_restated_names(answer))
        assert {piece[1] for piece in before} > {piece[1] for piece in after} == {"brew"}
        assert [(piece[0], piece[2]) for piece in before] == [(piece[0], piece[2]) for piece in after]


def test_a_late_id_comes_with_the_second_piece(tokenizer: Tokenizer) -> None:
    for answer in both(CALLS, tokenizer):
        first, second, *_ = pieces(odd.with_late_ids(answer))
        assert first[:2] == ("", "brew")
        assert second == ("call_1", None, "")


def test_null_arguments_open_a_call_and_none_are_lost(tokenizer: Tokenizer) -> None:
    for answer in both(CALLS, tokenizer):
        told = pieces(odd.with_null_opening(answer))
        assert told[0][2] is None
        assert "".join(arguments or "" for *_, arguments in told) == '{"leaf": "sencha"}'


@pytest.mark.parametrize(
    "parted", [odd.with_restated_ids, odd.with_restated_names, odd.with_late_ids, odd.with_null_opening]
)
def test_without_calls_nothing_is_parted(parted: Any, tokenizer: Tokenizer) -> None:
    for answer in both(TEXT, tokenizer):
        assert parted(answer) == answer.frames


def test_texts_so_far_have_no_first_piece(tokenizer: Tokenizer) -> None:
    repeated = {**NATIVE, "incremental_output": False, "tools": TOOLS}
    answer = planned(native_exchange("qwen-plus", CALLS, tokenizer, **repeated))
    assert odd.with_late_ids(answer) == answer.frames


def test_an_input_is_guessed_where_an_anthropic_stream_begins(tokenizer: Tokenizer) -> None:
    answer = planned(anthropic_exchange("qwen-plus", TEXT, tokenizer))
    first, *others = odd.with_guessed_input(answer)
    assert first.payload is not None
    assert first.payload["message"]["usage"]["input_tokens"] == odd.GUESSED_INPUT
    assert tuple(others) == answer.frames[1:]
    for other in both(TEXT, tokenizer):
        assert odd.with_guessed_input(other) == other.frames


def test_a_usage_may_come_with_the_finish(tokenizer: Tokenizer) -> None:
    asked: dict[str, Any] = {"stream_options": {"include_usage": True}}
    answer = planned(compat_exchange("qwen-plus", TEXT, tokenizer, **asked))
    frames = odd.with_usage_in_finish(answer)
    assert len(frames) == len(answer.frames) - 1
    *_, last, done = frames
    assert last.payload is not None
    assert last.payload["choices"][0]["finish_reason"] == "stop"
    assert [last.payload["usage"]] == usages(answer.frames)
    assert done.payload is None


def test_a_usage_that_comes_with_the_finish_stays_there(tokenizer: Tokenizer) -> None:
    for answer in (
        planned(native_exchange("qwen-max", TEXT, tokenizer, **NATIVE)),
        planned(anthropic_exchange("qwen-plus", TEXT, tokenizer)),
        planned(compat_exchange("qwen-plus", TEXT, tokenizer), stream=False),
    ):
        assert odd.with_usage_in_finish(answer) == answer.frames


def usages(frames: tuple[Frame, ...]) -> list[dict[str, Any]]:
    """Every usage that an answer tells at its place."""
    payloads = [frame.payload or {} for frame in frames]
    told = [(one.get("response") or one).get("usage") for one in payloads]
    return [usage for usage in told if usage]


def test_what_caches_had_of_an_input_is_told_in_three_numbers_or_in_the_details(tokenizer: Tokenizer) -> None:
    details = {
        "cached_tokens": 6,
        "cache_type": "ephemeral",
        "cache_creation_input_tokens": 6,
        "cache_creation": {"ephemeral_5m_input_tokens": 6},
    }
    for streamed in (True, False):
        message = planned(anthropic_exchange("qwen-plus", TEXT, tokenizer), stream=streamed)
        (usage,) = usages(odd.with_cached_input(message))
        assert (usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]) == (6, 6)
        assert usage["input_tokens"] == 20 - 6 - 6
        assert usage["cache_creation"] == {"ephemeral_5m_input_tokens": 6}
        compat = planned(compat_exchange("qwen-plus", TEXT, tokenizer), stream=streamed)
        native = planned(native_exchange("qwen-plus", TEXT, tokenizer, **NATIVE), stream=streamed)
        for answer in (compat, native):
            before, now = usages(answer.frames), usages(odd.with_cached_input(answer))
            assert now
            assert now == [{**usage, "prompt_tokens_details": details} for usage in before]
        response = planned(responses_exchange("qwen-plus", TEXT, tokenizer), stream=streamed)
        (usage,) = usages(odd.with_cached_input(response))
        assert (usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"]) == (20, 6)
        assert [row["prompt_tokens_details"] for row in usage["x_details"]] == [details]


def test_an_answer_may_name_the_newest_snapshot_of_its_model(tokenizer: Tokenizer) -> None:
    for exchange in (
        compat_exchange("qwen-plus", TEXT, tokenizer),
        anthropic_exchange("qwen-plus", TEXT, tokenizer),
        responses_exchange("qwen-plus", TEXT, tokenizer),
    ):
        for streamed in (True, False):
            answer = planned(exchange, stream=streamed)
            frames = odd.with_named_snapshot(answer)
            named = [frame.data.count(b'"model":"qwen-plus-2025-12-01"') for frame in frames]
            assert named == [frame.data.count(b'"model":"qwen-plus"') for frame in answer.frames]
            assert any(named)
    native = planned(native_exchange("qwen-plus", TEXT, tokenizer, **NATIVE))
    assert odd.with_named_snapshot(native) == native.frames


def test_an_early_end_has_no_finish(tokenizer: Tokenizer) -> None:
    answer = planned(compat_exchange("qwen-plus", TEXT, tokenizer))
    frames = odd.without_end(answer)
    assert 0 < len(frames) < len(answer.frames)
    assert frames == answer.frames[: len(frames)]
    assert b"[DONE]" not in frames[-1].data


def test_an_early_end_stands_before_the_finish_of_the_first_of_several(tokenizer: Tokenizer) -> None:
    """A client that asked for one answer would take the first for all."""
    for answer in both(Reply((Choice(""), Choice(""))), tokenizer):
        frames = odd.without_end(answer)
        assert not any(b'"finish_reason":"stop"' in frame.data for frame in frames)


def test_every_odd_stream_is_a_fault_and_no_other_fault_plans_it() -> None:
    assert set(odd.ODD) <= set(kinds())
    assert len(set(map(repr, odd.ODD.values()))) == len(odd.ODD)
