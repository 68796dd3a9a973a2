"""The native dialect, text and multimodal: whatever a model says arrives whole, in every form."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.dialects.native import render
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.meter.tokenizer import Tokenizer
from mockserver.rules import schemas
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ToolCall
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker
from tests import folding
from tests.wire.exchanges import RID, TOOLS, Exchange, native_exchange, spoken, told, with_logprobs
from tests.wire.strategies import replies

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
FORMS = [
    ("qwen-plus", TEXT),
    ("qwen-turbo", TEXT),
    ("qwen-max", TEXT),
    ("qwen3-max", TEXT),
    ("qwen-plus-character", TEXT),
    ("qwen3-vl-plus", MULTIMODAL),
    ("qwen-vl-ocr", MULTIMODAL),
    ("qwen3.6-plus", MULTIMODAL),
    ("qwen3.8-max", MULTIMODAL),
]
Form = tuple[str, Surface]
forms = st.sampled_from(FORMS)
tools = st.sampled_from([{}, {"tools": TOOLS}])
SINGLE = ("qwen3.6-plus", MULTIMODAL)
"""A form without an index, so without several choices (recording: cnblogs/dashscope-sdk, 2026-04)."""


@st.composite
def answers(draw: st.DrawFn, *, calls: bool = True) -> tuple[Form, Reply]:
    """A form with a reply that it has room for."""
    form = draw(forms)
    return form, draw(replies(most=1 if form == SINGLE else 4, calls=calls))


def exchange(form: Form, reply: Reply, tokenizer: Tokenizer, **parameters: Any) -> Exchange:
    model, surface = form
    parameters.setdefault("result_format", "message")
    return native_exchange(model, reply, tokenizer, surface=surface, **parameters)


def check_usage(usage: dict[str, Any], expected: Usage) -> None:
    assert usage["input_tokens"] == expected.input
    assert usage["output_tokens"] == expected.output
    assert usage["total_tokens"] == expected.input + expected.output
    reasoning = usage.get("output_tokens_details", {}).get("reasoning_tokens")
    assert reasoning == expected.reasoning


@given(answer=answers(), tools=tools)
def test_a_body_holds_the_reply(
    tokenizer: Tokenizer, answer: tuple[Form, Reply], tools: dict[str, Any]
) -> None:
    form, reply = answer
    said = exchange(form, reply, tokenizer, **tools)
    body = said.body()
    assert schemas.violations(f"{form[1].name}.response", json.loads(body)) == []
    folded = folding.native_body(body)
    assert (folded.choices, folded.id) == (reply.choices, RID)
    assert folded.usage is not None
    check_usage(folded.usage, said.usage)


@given(answer=answers(), tools=tools, incremental=st.booleans())
def test_a_stream_folds_back_to_the_reply(
    tokenizer: Tokenizer, answer: tuple[Form, Reply], tools: dict[str, Any], *, incremental: bool
) -> None:
    form, reply = answer
    said = exchange(form, reply, tokenizer, incremental_output=incremental, **tools)
    folded = folding.native_stream(said.stream().frames, incremental=incremental)
    for event in folded.chunks:
        assert schemas.violations(f"{form[1].name}.chunk", event) == []
    assert (folded.choices, folded.id) == (reply.choices, RID)


@given(answer=answers(), tools=tools, incremental=st.booleans(), written=st.sampled_from(["message", "text"]))
def test_events_made_together_are_those_made_one_by_one(
    tokenizer: Tokenizer,
    answer: tuple[Form, Reply],
    tools: dict[str, Any],
    *,
    incremental: bool,
    written: str,
) -> None:
    form, reply = answer
    options = {"incremental_output": incremental, "result_format": written, **tools}
    said = exchange(form, reply, tokenizer, **options)
    together = said.stream()

    def singly(self: Any, run: Any, start: int, content: str, reasoning: str) -> tuple[str, str]:
        assert start == len(run.texts)
        return content, reasoning

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            render._ChoiceStream, "_singly", property(lambda _: True, lambda *_: None), raising=False
        )
        patch.setattr(render._ChoiceStream, "_many", singly)
        one_by_one = said.stream()
    assert (together.frames, together.tokens) == (one_by_one.frames, one_by_one.tokens)


@given(form=forms, reply=replies(most=1), tools=tools, incremental=st.booleans())
def test_usage_grows_with_every_event_and_ends_with_the_whole(
    tokenizer: Tokenizer, form: Form, reply: Reply, tools: dict[str, Any], *, incremental: bool
) -> None:
    said = exchange(form, reply, tokenizer, incremental_output=incremental, **tools)
    events = folding.native_stream(said.stream().frames, incremental=incremental).chunks
    outputs = [event["usage"]["output_tokens"] for event in events]
    assert outputs == sorted(outputs)
    for event in events:
        usage = event["usage"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        assert usage.get("output_tokens_details", {}).get("reasoning_tokens", 0) <= usage["output_tokens"]
    check_usage(events[-1]["usage"], said.usage)


@given(answer=answers(calls=False))
def test_deltas_are_the_pieces_of_the_models_ramp(tokenizer: Tokenizer, answer: tuple[Form, Reply]) -> None:
    form, reply = answer
    said = exchange(form, reply, tokenizer, incremental_output=True)
    stream = said.stream()
    events = folding.native_stream(stream.frames, incremental=True).chunks
    chunker, ramp = Chunker(tokenizer), said.request.model.family.ramp
    tokens = 0
    for index, choice in enumerate(reply.choices):
        sent = [choice for event in events for choice in event["output"]["choices"]]
        messages = [choice["message"] for choice in sent if choice.get("index", 0) == index]
        pieces, sizes = chunker.pieces(choice.content, ramp)
        contents = [folding.text_of(message["content"]) for message in messages]
        assert tuple(content for content in contents if content) == pieces
        tokens += sum(sizes)
        pieces, sizes = chunker.pieces(choice.reasoning, ramp)
        thoughts = [message.get("reasoning_content") for message in messages]
        assert tuple(thought for thought in thoughts if thought) == pieces
        tokens += sum(sizes)
    assert sum(stream.tokens) == tokens


@given(reply=replies(most=1, calls=False, thinks=False), incremental=st.booleans())
def test_in_text_format_the_text_stands_alone(
    tokenizer: Tokenizer, reply: Reply, *, incremental: bool
) -> None:
    said = exchange(
        ("qwen-turbo", TEXT), reply, tokenizer, result_format="text", incremental_output=incremental
    )
    assert schemas.violations("native-text.response", json.loads(said.body())) == []
    assert set(json.loads(said.body())["output"]) == {"finish_reason", "text"}
    assert folding.native_body(said.body()).choices == reply.choices
    folded = folding.native_stream(said.stream().frames, incremental=incremental)
    for event in folded.chunks:
        assert schemas.violations("native-text.chunk", event) == []
        assert set(event["output"]) == {"finish_reason", "text"}
    assert folded.choices == reply.choices
    assert folded.usage is not None
    check_usage(folded.usage, said.usage)


@pytest.mark.parametrize("incremental", [True, False])
def test_text_format_has_room_for_one_choice_only(tokenizer: Tokenizer, *, incremental: bool) -> None:
    reply = Reply((Choice("Three minutes."), Choice("Two minutes.", finish_reason="length")))
    said = exchange(
        ("qwen-turbo", TEXT), reply, tokenizer, result_format="text", incremental_output=incremental
    )
    assert folding.native_body(said.body()).choices == reply.choices[:1]
    folded = folding.native_stream(said.stream().frames, incremental=incremental)
    assert folded.choices == reply.choices[:1]


@given(reply=replies(most=1, calls=False, thinks=False), incremental=st.booleans())
@pytest.mark.parametrize(("model", "surface"), [("qwen-mt-plus", TEXT), ("qwen-audio-turbo", MULTIMODAL)])
def test_the_older_forms_of_translation_and_audio(
    tokenizer: Tokenizer, model: str, surface: Surface, reply: Reply, *, incremental: bool
) -> None:
    said = exchange((model, surface), reply, tokenizer, incremental_output=incremental)
    assert schemas.violations(f"{surface.name}.response", json.loads(said.body())) == []
    assert folding.native_body(said.body()).choices == reply.choices
    folded = folding.native_stream(said.stream().frames, incremental=incremental)
    for event in folded.chunks:
        assert schemas.violations(f"{surface.name}.chunk", event) == []
    assert folded.choices == reply.choices


def test_a_translation_repeats_its_finish_and_names_its_model(tokenizer: Tokenizer) -> None:
    said = exchange(("qwen-mt-plus", TEXT), Reply((Choice("Tea."),)), tokenizer, usage=Usage(9, 2))
    assert said.body().decode() == (
        '{"output":{"finish_reason":"stop","model_name":"qwen-mt-plus","choices":[{"finish_reason":"stop",'
        '"message":{"role":"assistant","content":"Tea."}}]},'
        '"usage":{"total_tokens":11,"output_tokens":2,"input_tokens":9},'
        f'"request_id":"{RID}"}}'
    )


def test_the_audio_form_of_2024_has_no_total(tokenizer: Tokenizer) -> None:
    usage = Usage(786, 3, audio=752)
    said = exchange(("qwen-audio-turbo", MULTIMODAL), Reply((Choice("Steam."),)), tokenizer, usage=usage)
    assert said.body().decode() == (
        '{"output":{"choices":[{"finish_reason":"stop","message":{"role":"assistant",'
        '"content":[{"text":"Steam."}]}}]},'
        '"usage":{"audio_tokens":752,"output_tokens":3,"input_tokens":786},'
        f'"request_id":"{RID}"}}'
    )


CALL = ToolCall("brew_tea", "{}", "call_0123456789abcdef012345")


@pytest.mark.parametrize("incremental", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_an_answer_that_is_cut_while_it_thinks_keeps_all_of_its_thinking(
    tokenizer: Tokenizer, form: Form, *, incremental: bool
) -> None:
    reply = Reply((Choice(reasoning="They want tea. Keep it short.", finish_reason="length"),))
    said = exchange(form, reply, tokenizer, incremental_output=incremental)
    assert folding.native_stream(said.stream().frames, incremental=incremental).choices == reply.choices


@pytest.mark.parametrize(
    ("form", "counts"),
    [
        (("qwen-plus-latest", TEXT), [(3, 1), (5, 3), (7, 5)]),
        (("qwen3.6-plus", MULTIMODAL), [(3, 3), (4, 4), (5, 5)]),
        (("qwen3.8-flash", MULTIMODAL), [(1, 1), (3, 3), (6, 6)]),
    ],
)
def test_where_the_opening_of_the_thinking_is_counted(
    tokenizer: Tokenizer, form: Form, counts: list[tuple[int, int]]
) -> None:
    reply = Reply((Choice("Three minutes.", "They want tea. Keep it short."),))
    events = folding.native_stream(exchange(form, reply, tokenizer).stream().frames, incremental=True).chunks
    usages = [event["usage"] for event in events[:3]]
    assert [(u["output_tokens"], u["output_tokens_details"]["reasoning_tokens"]) for u in usages] == counts


def test_the_thinking_steps_back_where_the_answer_begins(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("Three minutes.", "They want tea.\n"),))
    said = exchange(("qwen-plus-latest", TEXT), reply, tokenizer, usage=Usage(20, 11, reasoning=3))
    events = folding.native_stream(said.stream().frames, incremental=True).chunks
    usages = [event["usage"] for event in events]
    thought = [usage["output_tokens_details"]["reasoning_tokens"] for usage in usages]
    assert (max(thought), thought[-1]) == (4, 3)
    assert usages[-1]["output_tokens"] == 11


@pytest.mark.parametrize("incremental", [True, False])
def test_the_last_piece_of_a_call_carries_the_finish(tokenizer: Tokenizer, *, incremental: bool) -> None:
    said = Choice("Let me see.", tool_calls=(CALL, CALL), finish_reason="tool_calls")
    frames = exchange(("qwen-max", TEXT), Reply((said,)), tokenizer, incremental_output=incremental).stream()
    folded = folding.native_stream(frames.frames, incremental=incremental)
    assert folded.choices == (said,)
    last = folded.chunks[-1]["output"]["choices"][0]
    assert last["finish_reason"] == "tool_calls"
    assert len(last["message"]["tool_calls"]) == (1 if incremental else 2)


@pytest.mark.parametrize(
    ("form", "choices", "sent", "shown"),
    [
        (("qwen-plus", TEXT), 1, {}, False),
        (("qwen-plus", TEXT), 1, {"tools": TOOLS}, True),
        (("qwen-plus", TEXT), 2, {}, True),
        (("qwen-plus-character", TEXT), 1, {}, True),
        (("qwen3-vl-plus", MULTIMODAL), 1, {}, False),
        (("qwen3-vl-plus", MULTIMODAL), 1, {"tools": TOOLS}, True),
        (SINGLE, 1, {"tools": TOOLS}, False),
        (("qwen3.8-max", MULTIMODAL), 1, {"tools": TOOLS}, True),
    ],
)
def test_choices_show_their_index_when_there_are_tools_or_several(
    tokenizer: Tokenizer, form: Form, choices: int, sent: dict[str, Any], *, shown: bool
) -> None:
    said = exchange(form, Reply((Choice("Tea."),) * choices), tokenizer, **sent)
    outputs = [json.loads(said.body())["output"]]
    outputs += [
        event["output"] for event in folding.native_stream(said.stream().frames, incremental=True).chunks
    ]
    for output in outputs:
        assert all(("index" in choice) is shown for choice in output["choices"])


def test_two_choices_take_turns(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("One two."), Choice("Three four.")))
    said = exchange(("qwen-turbo", TEXT), reply, tokenizer, incremental_output=True)
    events = folding.native_stream(said.stream().frames, incremental=True).chunks
    turns = [event["output"]["choices"][0]["index"] for event in events]
    assert turns == [0, 0, 1, 0, 1, 0, 1, 1]


@pytest.mark.parametrize("incremental", [True, False])
def test_prescribed_pieces_are_sent_as_they_are(tokenizer: Tokenizer, *, incremental: bool) -> None:
    reply = Reply((Choice("Three minutes."),), chunks=("Thr", "ee min", "utes."))
    said = exchange(("qwen-plus", TEXT), reply, tokenizer, incremental_output=incremental)
    events = folding.native_stream(said.stream().frames, incremental=incremental).chunks
    contents = [event["output"]["choices"][0]["message"]["content"] for event in events]
    whole = ["Thr", "Three min", "Three minutes."]
    assert contents == (["Thr", "ee min", "utes.", ""] if incremental else whole)


def test_the_numbers_of_a_script_lie_over_the_computed_usage_at_the_end(tokenizer: Tokenizer) -> None:
    over = {"input_tokens": 1000, "prompt_tokens_details": {"cached_tokens": 896}}
    said = exchange(("qwen-plus", TEXT), Reply((Choice("Green tea."),), usage=over), tokenizer)
    first, *_, last = folding.native_stream(said.stream().frames, incremental=False).chunks
    assert first["usage"]["input_tokens"] == said.usage.input
    for usage in (json.loads(said.body())["usage"], last["usage"]):
        assert usage["input_tokens"] == 1000
        assert usage["prompt_tokens_details"] == {"cached_tokens": 896}
        assert usage["output_tokens"] == said.usage.output


SEARCH = {"search_results": [{"index": 1, "title": "茶", "url": "https://tea.example/"}]}
RUNS = [{"type": "code_interpreter", "code_interpreter": {"code": "3 * 60"}}]


@pytest.mark.parametrize("form", [("qwen-plus", TEXT), ("qwen3.6-plus", MULTIMODAL)])
def test_sources_and_tool_runs_are_carried_in_the_output(tokenizer: Tokenizer, form: Form) -> None:
    reply = Reply((Choice("180 seconds [1]."),), search_info=SEARCH, tool_info=RUNS)
    body = json.loads(exchange(form, reply, tokenizer).body())
    assert schemas.violations(f"{form[1].name}.response", body) == []
    assert list(body["output"]) == ["choices", "search_info", "tool_info"]
    assert (body["output"]["search_info"], body["output"]["tool_info"]) == (SEARCH, RUNS)


def test_a_search_of_the_text_models_has_a_form_and_a_count_of_its_own(tokenizer: Tokenizer) -> None:
    plugins = {"search": {"count": 1, "strategy": "turbo"}}
    reply = Reply((Choice("180 seconds [1]."),), search_info=SEARCH, plugins=plugins)
    said = exchange(("qwen-plus", TEXT), reply, tokenizer, usage=Usage(20, 7), enable_search=True)
    assert said.body().decode() == (
        '{"output":{"choices":[{"message":{"content":"180 seconds [1].","role":"assistant"},'
        '"finish_reason":"stop"}],"search_info":{"search_results":[{"index":1,"title":"茶",'
        '"url":"https://tea.example/"}]}},'
        '"usage":{"total_tokens":27,"output_tokens":7,"input_tokens":20,'
        '"plugins":{"search":{"count":1,"strategy":"turbo"}},"prompt_tokens_details":{"cached_tokens":0}},'
        f'"request_id":"{RID}"}}'
    )


def test_a_model_without_a_form_for_searches_keeps_its_own(tokenizer: Tokenizer) -> None:
    said = exchange(("qwen-turbo", TEXT), Reply((Choice("Tea."),)), tokenizer, enable_search=True)
    assert list(json.loads(said.body())["output"]["choices"][0]) == ["finish_reason", "message"]


def test_the_older_form_of_qwen_max_without_tools(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("Three minutes."),))
    said = exchange(("qwen-max", TEXT), reply, tokenizer, usage=Usage(20, 3))
    assert said.body().decode() == (
        '{"output":{"choices":[{"finish_reason":"stop","message":{"role":"assistant",'
        '"content":"Three minutes."}}]},'
        '"usage":{"total_tokens":23,"output_tokens":3,"input_tokens":20},'
        f'"request_id":"{RID}"}}'
    )
    said = exchange(("qwen-max", TEXT), reply, tokenizer, usage=Usage(20, 3), tools=TOOLS)
    assert said.body().decode() == (
        '{"output":{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"Three minutes.",'
        '"role":"assistant"}}]},'
        '"usage":{"input_tokens":20,"output_tokens":3,"prompt_tokens_details":{"cached_tokens":0},'
        '"total_tokens":23},'
        f'"request_id":"{RID}"}}'
    )


def test_sources_are_carried_in_text_format(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("180 seconds [1]."),), search_info=SEARCH)
    body = json.loads(exchange(("qwen-plus", TEXT), reply, tokenizer, result_format="text").body())
    assert schemas.violations("native-text.response", body) == []
    assert body["output"]["search_info"] == SEARCH


@pytest.mark.parametrize("form", [("qwen-plus", TEXT), ("qwen3-vl-plus", NATIVE_MULTIMODAL)])
def test_a_stream_that_ran_a_tool_begins_with_its_runs(tokenizer: Tokenizer, form: Form) -> None:
    said = exchange(
        form, Reply((Choice("180 seconds."),), tool_info=RUNS), tokenizer, incremental_output=True
    )
    first, *rest = folding.native_stream(said.stream().frames, incremental=True).chunks
    assert schemas.violations(f"{form[1].name}.chunk", first) == []
    assert (first["output"]["tool_info"], first["usage"]) == (RUNS, {})
    assert all("tool_info" not in event["output"] for event in rest)


@given(answer=answers(), tools=tools, top=st.integers(0, 5))
def test_a_body_holds_the_logprobs_of_its_contents(
    tokenizer: Tokenizer, answer: tuple[Form, Reply], tools: dict[str, Any], *, top: int
) -> None:
    form, reply = answer
    said = exchange(form, with_logprobs(reply, tokenizer, top=top), tokenizer, **tools)
    body = said.body()
    assert schemas.violations(f"{form[1].name}.response", json.loads(body)) == []
    assert folding.native_body(body).choices == reply.choices
    for shown, choice in zip(json.loads(body)["output"]["choices"], said.reply.choices, strict=True):
        assert shown["logprobs"] == {"content": told(choice)}
        assert spoken(shown["logprobs"]["content"]) == choice.content


@given(answer=answers(), tools=tools, incremental=st.booleans())
def test_the_logprobs_of_a_stream_are_those_of_the_text_beside_them(
    tokenizer: Tokenizer, answer: tuple[Form, Reply], tools: dict[str, Any], *, incremental: bool
) -> None:
    form, reply = answer
    said = exchange(form, with_logprobs(reply, tokenizer), tokenizer, incremental_output=incremental, **tools)
    folded = folding.native_stream(said.stream().frames, incremental=incremental)
    assert folded.choices == reply.choices
    entries: dict[int, list[Any]] = {index: [] for index in range(len(reply.choices))}
    for event in folded.chunks:
        assert schemas.violations(f"{form[1].name}.chunk", event) == []
        for piece in event["output"]["choices"]:
            text = folding.text_of(piece["message"]["content"])
            assert ("logprobs" in piece) == bool(text)
            if text:
                so_far = entries[piece.get("index", 0)] if incremental else []
                entries[piece.get("index", 0)] = so_far + piece["logprobs"]["content"]
    for index, choice in enumerate(said.reply.choices):
        assert entries[index] == told(choice)


@pytest.mark.parametrize(("incremental", "counts"), [(True, [1, 1, 1]), (False, [1, 2, 3])])
def test_deltas_bring_new_logprobs_and_whole_texts_all_so_far(
    tokenizer: Tokenizer, counts: list[int], *, incremental: bool
) -> None:
    reply = with_logprobs(Reply((Choice("Three minutes."),)), tokenizer)
    said = exchange(("qwen-turbo", TEXT), reply, tokenizer, incremental_output=incremental)
    events = folding.native_stream(said.stream().frames, incremental=incremental).chunks
    shown = [event["output"]["choices"][0].get("logprobs") for event in events]
    assert [len(found["content"]) for found in shown if found] == counts


@pytest.mark.parametrize("incremental", [True, False])
@pytest.mark.parametrize("runs", [None, RUNS])
@pytest.mark.parametrize("form", FORMS)
def test_a_stream_that_searched_begins_with_the_sources_and_no_text(
    tokenizer: Tokenizer, form: Form, runs: Any, *, incremental: bool
) -> None:
    for sent in ({}, {"tools": TOOLS}):
        reply = Reply((Choice("180 seconds [1]."),), search_info=SEARCH, tool_info=runs)
        said = exchange(form, reply, tokenizer, incremental_output=incremental, **sent)
        stream = said.stream()
        folded = folding.native_stream(stream.frames, incremental=incremental)
        first, *rest = folded.chunks
        for event in folded.chunks:
            assert schemas.violations(f"{form[1].name}.chunk", event) == []
        assert (first["usage"], stream.tokens[0]) == ({}, 0)
        assert (first["output"]["search_info"], first["output"].get("tool_info")) == (SEARCH, runs)
        assert folding.text_of(first["output"]["choices"][0]["message"]["content"]) == ""
        assert first["output"]["choices"][0]["finish_reason"] == "null"
        indices = {"index" in event["output"]["choices"][0] for event in folded.chunks}
        assert len(indices) == 1, "the first event has an index exactly when the others have"
        assert not any("search_info" in event["output"] for event in rest)
        assert folded.choices == reply.choices


def test_the_first_event_of_a_search_in_message_format_with_tools(tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("180."),), search_info=SEARCH, tool_info=RUNS)
    said = exchange(("qwen-plus", TEXT), reply, tokenizer, tools=TOOLS)
    assert said.stream().frames[0].decode() == (
        "id:1\nevent:result\n:HTTP_STATUS/200\n"
        'data:{"output":{"choices":[{"message":{"content":"","role":"assistant"},"index":0,'
        '"finish_reason":"null"}],"search_info":{"search_results":[{"index":1,"title":"茶",'
        '"url":"https://tea.example/"}]},"tool_info":[{"type":"code_interpreter",'
        '"code_interpreter":{"code":"3 * 60"}}]},"usage":{},'
        f'"request_id":"{RID}"}}\n\n'
    )


@pytest.mark.parametrize("incremental", [True, False])
def test_the_first_event_of_a_search_in_text_format(tokenizer: Tokenizer, *, incremental: bool) -> None:
    reply = Reply((Choice("180."),), search_info=SEARCH)
    said = exchange(
        ("qwen-plus", TEXT), reply, tokenizer, result_format="text", incremental_output=incremental
    )
    folded = folding.native_stream(said.stream().frames, incremental=incremental)
    for event in folded.chunks:
        assert schemas.violations("native-text.chunk", event) == []
    assert folded.chunks[0] == {
        "output": {"text": "", "finish_reason": "null", "search_info": SEARCH},
        "usage": {},
        "request_id": RID,
    }
    assert folded.choices == reply.choices


@pytest.mark.parametrize("incremental", [True, False])
def test_every_event_of_a_stream_counts_the_plugins_that_ran(
    tokenizer: Tokenizer, *, incremental: bool
) -> None:
    plugins = {"search": {"count": 1, "strategy": "turbo"}}
    reply = Reply((Choice("180 seconds [1]."),), search_info=SEARCH, plugins=plugins)
    said = exchange(("qwen-plus", TEXT), reply, tokenizer, incremental_output=incremental)
    first, *rest = folding.native_stream(said.stream().frames, incremental=incremental).chunks
    assert first["usage"] == {}
    for event in rest:
        assert schemas.violations("native-text.chunk", event) == []
        assert event["usage"]["plugins"] == plugins


@pytest.mark.parametrize("incremental", [True, False])
@pytest.mark.parametrize("form", [("qwen-plus", TEXT), ("qwen3-vl-plus", MULTIMODAL)])
def test_every_usage_tells_of_an_explicit_cache(
    tokenizer: Tokenizer, form: Form, *, incremental: bool
) -> None:
    usage = Usage(1600, 3, cached=256, created=1280)
    reply = Reply((Choice("Three minutes."),))
    said = exchange(form, reply, tokenizer, usage=usage, incremental_output=incremental)
    events = folding.native_stream(said.stream().frames, incremental=incremental).chunks
    body = json.loads(said.body())
    assert schemas.violations(f"{form[1].name}.response", body) == []
    for event in events:
        assert schemas.violations(f"{form[1].name}.chunk", event) == []
    for shown in [body["usage"], *(event["usage"] for event in events)]:
        assert shown["input_tokens"] == 1600
        assert shown["prompt_tokens_details"] == {
            "cached_tokens": 256,
            "cache_type": "ephemeral",
            "cache_creation_input_tokens": 1280,
            "cache_creation": {"ephemeral_5m_input_tokens": 1280},
        }
