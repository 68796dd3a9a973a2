"""Answers in the form that a script asks for: media, ids that come again or late, empty last events."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects import reshaping
from mockserver.dialects.compat import render as compat
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native import render as native
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest, Part, ToolCall
from mockserver.talk.surface import Surface
from mockserver.wire import sse
from mockserver.wire.chunking import Chunker
from tests.asking import COMPLETIONS, ask
from tests.wire.strategies import replies

ENVELOPE = Envelope("0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f", 1_770_000_000)
USAGE = Usage(9, 5)
CUP = Part("image", "https://tea.example/cup.png")
SONG = Part("audio", "UklGRg==")
BREW = ToolCall("brew", '{"leaf": "sencha", "minutes": 3}', "call_1")
ONCE = ToolCall("brew", "", "call_1")
TOOLS = [{"type": "function", "function": {"name": "brew"}}]


def asked(surface: Surface = COMPAT, model: str = "qwen-plus", **parameters: Any) -> ChatRequest:
    return ask("Tea?", surface=surface, model=model, stream=True, **parameters)


def streamed(request: ChatRequest, reply: Reply, tokenizer: Tokenizer) -> Stream:
    """A stream, rendered and taken up once more."""
    dialect = native if request.surface.dialect == "native" else compat
    rendered = dialect.render_stream(request, reply, USAGE, ENVELOPE, Chunker(tokenizer))
    shaped = reshaping.stream(rendered, reply, request, ENVELOPE)
    assert sum(shaped.tokens) == sum(rendered.tokens)
    return shaped


def payloads(stream: Stream) -> list[dict[str, Any]]:
    """The events of a stream, parsed; native ones are numbered from 1."""
    frames = sse.read(b"".join(stream.frames))
    numbers = [frame.id for frame in frames if frame.id]
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    return [json.loads(frame.data or "") for frame in frames if frame.data != "[DONE]"]


def said(stream: Stream) -> list[dict[str, Any]]:
    """The deltas or messages of a stream's events."""
    return [
        choice.get("delta") or choice.get("message") or {}
        for payload in payloads(stream)
        for choice in payload.get("output", payload).get("choices", ())
    ]


def ids(stream: Stream) -> list[Any]:
    """The ids of the pieces of function calls; `-` where there is no such key."""
    return [call.get("id", "-") for message in said(stream) for call in message.get("tool_calls", ())]


def arguments(stream: Stream) -> list[str]:
    """The arguments of the pieces of function calls."""
    pieces = [call for message in said(stream) for call in message.get("tool_calls", ())]
    return [piece["function"].get("arguments", "") for piece in pieces]


def finishes(stream: Stream) -> list[Any]:
    """The finish reasons of the events."""
    found = []
    for payload in payloads(stream):
        output = payload["output"]
        found += [choice["finish_reason"] for choice in output.get("choices", [output])]
    return found


@pytest.mark.parametrize(
    ("reply", "asks"),
    [
        (Reply((Choice("tea"),)), False),
        (Reply((Choice(tool_calls=(BREW,)),)), False),
        (Reply((Choice("tea", media=(CUP,)),)), True),
        (Reply((Choice(), Choice(tool_calls=(BREW, ToolCall("a", "", "b", (), "late"))))), True),
        (Reply((Choice("tea"),), empty_finish=True), True),
    ],
)
def test_few_replies_are_taken_up_again(reply: Reply, asks: bool) -> None:  # noqa: FBT001 - a table
    assert reshaping.wanted(reply) is asks


def test_an_id_is_restated_by_the_second_piece_and_then_left_out(tokenizer: Tokenizer) -> None:
    call = ToolCall("brew", '{"a":1}', "call_1", ('{"a"', ":1", "}"), "restated")
    stream = streamed(asked(tools=TOOLS, model="qwen3-max"), Reply((Choice(tool_calls=(call,)),)), tokenizer)
    assert ids(stream)[:4] == ["call_1", "call_1", "-", "-"]
    assert "".join(arguments(stream)) == '{"a":1}'


def test_the_case_of_the_field_has_all_arguments_beside_the_restated_id(tokenizer: Tokenizer) -> None:
    call = ToolCall("ls", '{"p":"."}', "call_x", ('{"p":"."}',), "restated")
    request = asked(tools=TOOLS, model="qwen3-vl-235b-a22b-thinking")
    stream = streamed(request, Reply((Choice(tool_calls=(call,), finish_reason="tool_calls"),)), tokenizer)
    assert ids(stream) == ["call_x", "call_x"]
    assert arguments(stream) == ["", '{"p":"."}']


def test_a_late_id_comes_with_the_second_piece(tokenizer: Tokenizer) -> None:
    call = ToolCall(BREW.name, BREW.arguments, "call_1", (), "late")
    for request in (asked(tools=TOOLS), asked(NATIVE_TEXT, tools=TOOLS, incremental_output=True)):
        stream = streamed(request, Reply((Choice(tool_calls=(call, BREW)),)), tokenizer)
        assert ids(stream)[:2] == ["", "call_1"]
        assert set(ids(stream)) == {"", "call_1"}  # the second call has its id as ever


@pytest.mark.parametrize("how", reshaping.IDS)
@pytest.mark.parametrize("surface", [COMPAT, NATIVE_TEXT])
def test_a_call_of_one_piece_gets_another_for_its_id(
    tokenizer: Tokenizer, how: str, surface: Surface
) -> None:
    call = ToolCall("brew", "", "call_1", (), how)
    deltas = {"incremental_output": True} if surface.dialect == "native" else {}
    request = asked(surface, "qwen3-max", tools=TOOLS, **deltas)
    stream = streamed(request, Reply((Choice(tool_calls=(call,), finish_reason="tool_calls"),)), tokenizer)
    assert [one for one in ids(stream) if one] == (["call_1"] if how == "late" else ["call_1", "call_1"])
    assert "".join(arguments(stream)) == ""
    if surface.dialect == "native":
        assert finishes(stream) == ["null", "tool_calls"]


def test_events_that_repeat_everything_show_a_late_id_from_the_second_on(tokenizer: Tokenizer) -> None:
    call = ToolCall(BREW.name, BREW.arguments, "call_1", (), "late")
    request = asked(NATIVE_TEXT, tools=TOOLS)
    assert not request.incremental
    found = ids(streamed(request, Reply((Choice(tool_calls=(call,)),)), tokenizer))
    assert found[0] == ""
    assert set(found[1:]) == {"call_1"}


def test_a_cumulative_call_of_one_event_keeps_its_id(tokenizer: Tokenizer) -> None:
    call = ToolCall("brew", "", "call_1", (), "late")
    request = asked(NATIVE_TEXT, tools=TOOLS)
    assert ids(streamed(request, Reply((Choice(tool_calls=(call,)),)), tokenizer)) == ["call_1"]


def test_a_picture_stands_behind_the_text_of_a_native_answer(tokenizer: Tokenizer) -> None:
    request = asked(NATIVE_MULTIMODAL, model="qwen3-vl-plus", incremental_output=True)
    stream = streamed(request, Reply((Choice("Here:", media=(CUP, SONG)),)), tokenizer)
    contents = [message["content"] for message in said(stream)]
    assert contents[-1] == []
    assert contents[-2][-2:] == [{"image": CUP.value}, {"audio": SONG.value}]


@pytest.mark.parametrize("incremental", [True, False])
def test_a_picture_alone_stands_in_the_last_event(tokenizer: Tokenizer, incremental: bool) -> None:  # noqa: FBT001 - a table
    request = asked(NATIVE_MULTIMODAL, model="qwen3-vl-plus", incremental_output=incremental)
    stream = streamed(request, Reply((Choice(media=(CUP,)),)), tokenizer)
    assert said(stream)[-1]["content"] == [{"image": CUP.value}]


def test_media_of_a_whole_native_answer() -> None:
    reply = Reply((Choice("Here:", media=(CUP,)), Choice("Or this")))
    for surface, model, text in [
        (NATIVE_MULTIMODAL, "qwen3-vl-plus", [{"text": "Or this"}]),
        (NATIVE_TEXT, "qwen-plus", "Or this"),
    ]:
        request = ask("Tea?", surface=surface, model=model, result_format="message")
        rendered = native.render_body(request, reply, USAGE, ENVELOPE)
        document = json.loads(reshaping.body(rendered, reply, request, ENVELOPE))
        first, second = document["output"]["choices"]
        assert first["message"]["content"] == [{"text": "Here:"}, {"image": CUP.value}]
        assert second["message"]["content"] == text


def test_the_native_text_format_has_no_place_for_media(tokenizer: Tokenizer) -> None:
    request = ask("Tea?", surface=NATIVE_TEXT, model="qwen-plus", result_format="text", stream=True)
    reply = Reply((Choice("Here:", media=(CUP,)),))
    rendered = native.render_body(request, reply, USAGE, ENVELOPE)
    assert reshaping.body(rendered, reply, request, ENVELOPE) == rendered
    assert b"cup.png" not in b"".join(streamed(request, reply, tokenizer).frames)


def test_a_compatible_answer_carries_sounds_beside_its_content_and_pictures_in_it(
    tokenizer: Tokenizer,
) -> None:
    reply = Reply((Choice("Here:", media=(CUP, SONG, CUP)),))
    request = ask("Tea?")
    rendered = compat.render_body(request, reply, USAGE, ENVELOPE)
    message = json.loads(reshaping.body(rendered, reply, request, ENVELOPE))["choices"][0]["message"]
    picture = {"type": "image_url", "image_url": {"url": CUP.value}}
    assert message["content"] == [{"type": "text", "text": "Here:"}, picture, picture]
    audio = {"data": "UklGRg==", "expires_at": 1_770_003_600, "id": f"audio_{ENVELOPE.request_id}"}
    assert message["audio"] == audio
    deltas = said(streamed(asked(), reply, tokenizer))
    assert deltas[-4:-1] == [{"content": [picture]}, {"audio": audio}, {"content": [picture]}]


def test_the_object_of_a_sound_is_carried_as_it_is(tokenizer: Tokenizer) -> None:
    sound = {"data": "", "transcript": "Tea is ready", "id": "audio_7", "expires_at": 5}
    stream = streamed(asked(), Reply((Choice(media=(Part("audio", sound),)),)), tokenizer)
    assert {"audio": sound} in said(stream)


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("qwen3-vl-plus", {"incremental_output": True}),
        ("qwen3-vl-plus", {"incremental_output": False}),
        ("qwen3.6-plus", {"enable_thinking": False}),
    ],
)
def test_a_native_stream_ends_with_an_empty_event(
    tokenizer: Tokenizer, model: str, parameters: dict[str, Any]
) -> None:
    request = asked(NATIVE_MULTIMODAL, model=model, **parameters)
    stream = streamed(request, Reply((Choice("Steep it."),), empty_finish=True), tokenizer)
    assert said(stream)[-1]["content"] == []
    assert said(stream)[-2]["content"] != []
    assert finishes(stream)[-2:] == ["null", "stop"]


def test_an_empty_event_follows_calls_and_thinking_too(tokenizer: Tokenizer) -> None:
    request = asked(NATIVE_TEXT, tools=TOOLS, incremental_output=True)
    reply = Reply((Choice(tool_calls=(BREW,), finish_reason="tool_calls"),), empty_finish=True)
    stream = streamed(request, reply, tokenizer)
    assert "tool_calls" not in said(stream)[-1]
    assert finishes(stream)[-2:] == ["null", "tool_calls"]
    request = asked(NATIVE_MULTIMODAL, model="qwen3.6-plus", enable_thinking=True)
    stream = streamed(request, Reply((Choice("3", "1 + 2"),), empty_finish=True), tokenizer)
    assert said(stream)[-1].get("reasoning_content", "") == ""


def test_the_text_format_ends_with_an_empty_text(tokenizer: Tokenizer) -> None:
    request = asked(NATIVE_TEXT, result_format="text")
    stream = streamed(request, Reply((Choice("Steep it."),), empty_finish=True), tokenizer)
    assert payloads(stream)[-1]["output"] == {"finish_reason": "stop", "text": ""}
    assert finishes(stream)[-2:] == ["null", "stop"]


_REQUESTS = st.builds(
    lambda surface, incremental: ask(
        "Tea?",
        surface=surface,
        model="qwen3-vl-plus" if surface is NATIVE_MULTIMODAL else "qwen-plus",
        stream=True,
        **({"incremental_output": incremental} if surface.dialect == "native" else {}),
        tools=TOOLS,
    ),
    st.sampled_from(COMPLETIONS),
    st.booleans(),
)


@given(_REQUESTS, replies(), st.sampled_from([*reshaping.IDS, ""]), st.booleans(), st.booleans())
def test_whatever_is_asked_nothing_said_is_lost(
    tokenizer: Tokenizer,
    request: ChatRequest,
    reply: Reply,
    how: str,
    empty: bool,  # noqa: FBT001 - drawn
    pictured: bool,  # noqa: FBT001 - drawn
) -> None:
    choices = tuple(
        Choice(
            choice.content,
            choice.reasoning,
            tuple(ToolCall(call.name, call.arguments, call.id, (), how) for call in choice.tool_calls),
            choice.finish_reason,
            media=(CUP,) * pictured,
        )
        for choice in reply.choices
    )
    wide = Reply(choices, empty_finish=empty)
    shaped = streamed(request, wide, tokenizer)
    plain = streamed(request, reply, tokenizer)
    if request.incremental or request.surface.dialect != "native":
        assert "".join(arguments(shaped)) == "".join(arguments(plain))
    assert b"".join(shaped.frames).count(b"cup.png") >= (len(choices) if pictured else 0)
    wanted = {call.id for choice in choices for call in choice.tool_calls}
    assert wanted <= set(ids(shaped))
