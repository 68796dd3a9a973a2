"""Plans: what each kind does to an answer, and what a careful client then has of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.catalogue import errors as error_catalogue
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.faults import Frame, Planned, plan
from mockserver.faults.kinds import kinds
from mockserver.faults.reading import read_fault
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.fault import Fault
from mockserver.talk.reply import Choice, Pace, Reply
from mockserver.talk.request import ToolCall
from tests.faults.careful import BrokenAnswerError, faulty, heard, planned, untouched
from tests.wire.exchanges import TOOLS, Exchange, compat_exchange, native_exchange
from tests.wire.strategies import replies

THOUGHT = Reply((Choice("绿茶用八十度的水, three minutes.", "They want tea. Keep it short."),))
CALLS = Reply(
    (
        Choice(
            tool_calls=(ToolCall("brew", '{"leaf": "龙井", "minutes": 3}', "call_1"),),
            finish_reason="tool_calls",
        ),
    )
)
FORMS = ("compat", "native", "native-cumulative", "native-text", "multimodal")
SPEECH = ("native-text", "multimodal")
"""Forms that are asked without tools here."""
PACE = Pace(per_token_ms=1000)


def exchange(form: str, reply: Reply, tokenizer: Tokenizer) -> Exchange:
    """An exchange on a surface, in one of the forms of its stream."""
    if form == "compat":
        return compat_exchange("qwen-plus", reply, tokenizer, tools=TOOLS)
    if form == "native-text":
        return native_exchange("qwen-turbo", reply, tokenizer, incremental_output=True)
    if form == "multimodal":
        return native_exchange(
            "qwen3-vl-plus", reply, tokenizer, surface=NATIVE_MULTIMODAL, incremental_output=True
        )
    parameters: dict[str, Any] = {"result_format": "message", "tools": TOOLS}
    if any(choice.reasoning for choice in reply.choices):
        parameters["enable_thinking"] = True
    incremental = form == "native" or "enable_thinking" in parameters
    return native_exchange("qwen-plus-latest", reply, tokenizer, incremental_output=incremental, **parameters)


def fault(text: str) -> Fault:
    """A fault, read."""
    return read_fault(text, error_catalogue.load())


def sample(name: str) -> Fault:
    """A fault of a kind."""
    return fault("DataInspectionFailed;after=2" if name == "error" else name)


BENIGN = sorted(kind.name for kind in kinds().values() if kind.harm == "none" and kind.name != "ok")
HARMFUL = sorted(kind.name for kind in kinds().values() if kind.harm in ("incomplete", "error"))


@settings(max_examples=30)
@pytest.mark.parametrize("name", BENIGN)
@given(data=st.data(), after=st.integers(0, 5000), stream=st.booleans())
def test_under_a_benign_fault_a_careful_client_reads_the_same(
    name: str,
    data: st.DataObject,
    after: int,
    *,
    stream: bool,
    tokenizer: Tokenizer,
) -> None:
    form = data.draw(st.sampled_from(FORMS))
    plain = form in SPEECH
    reply = data.draw(replies(most=1 if plain else 2, calls=not plain, thinks=False))
    answer = planned(exchange(form, reply, tokenizer), stream=stream)
    struck = replace(sample(name), after=after) if "after" in sample(name).kind.options else sample(name)
    read, good = faulty(answer, struck), untouched(answer)
    assert read.said == good.said
    if name == "cached-input":  # what caches had of the input is told, and changes none of its numbers
        read.usage = {**read.usage, "prompt_tokens_details": good.usage.get("prompt_tokens_details")}
        good.usage = {**good.usage, "prompt_tokens_details": good.usage.get("prompt_tokens_details")}
    assert read.usage == good.usage


@settings(max_examples=30)
@pytest.mark.parametrize("name", HARMFUL)
@given(data=st.data(), after=st.none() | st.integers(0, 60), stream=st.booleans())
def test_under_a_harmful_fault_a_careful_client_knows_that_something_is_missing(
    name: str,
    data: st.DataObject,
    after: int | None,
    *,
    stream: bool,
    tokenizer: Tokenizer,
) -> None:
    form = data.draw(st.sampled_from(FORMS))
    plain = form in SPEECH
    reply = data.draw(replies(most=1 if plain else 2, calls=not plain, thinks=False))
    answer = planned(exchange(form, reply, tokenizer), stream=stream)
    struck = sample(name)
    if "after" in struck.kind.options and name != "error":
        struck = replace(struck, after=after)
    if name == "error":
        struck, answer = replace(struck, after=after or 0), planned(exchange(form, reply, tokenizer))
    with pytest.raises(BrokenAnswerError):
        faulty(answer, struck)


@pytest.mark.parametrize("form", ["compat", "native"])
@pytest.mark.parametrize("name", ["duplicate-chunk", "lost-chunk"])
def test_a_chunk_too_many_or_too_few_changes_the_answer(form: str, name: str, tokenizer: Tokenizer) -> None:
    answer = planned(exchange(form, THOUGHT, tokenizer))
    if form == "native":
        # Its events are numbered; who looks at the numbers sees it.
        with pytest.raises(BrokenAnswerError, match="stands in the place of"):
            faulty(answer, sample(name))
        return
    read, good = faulty(answer, sample(name)), untouched(answer)
    assert read.said != good.said
    assert len(plan(answer, sample(name)).pieces) == len(answer.frames) + (1 if "dup" in name else -1)


@pytest.mark.parametrize("form", ["compat", "native", "native-cumulative"])
def test_a_finish_that_nobody_knows_changes_nothing_else(form: str, tokenizer: Tokenizer) -> None:
    answer = planned(exchange(form, THOUGHT, tokenizer))
    read, good = faulty(answer, sample("unknown-finish")), untouched(answer)
    assert {at: said[:-1] for at, said in read.said.items()} == {
        at: said[:-1] for at, said in good.said.items()
    }
    assert {said[-1] for said in read.said.values()} == {"pause"}


@pytest.mark.parametrize("form", ["compat", "native"])
@pytest.mark.parametrize("stream", [True, False])
def test_the_final_usage_is_missing_and_nothing_else(
    form: str, *, stream: bool, tokenizer: Tokenizer
) -> None:
    answer = planned(exchange(form, THOUGHT, tokenizer), stream=stream)
    read, good = faulty(answer, sample("no-usage")), untouched(answer)
    assert read.said == good.said
    last = [payload for frame in answer.frames if (payload := frame.payload)][-1]
    sent = [
        payload for piece in plan(answer, sample("no-usage")).pieces if (payload := Frame(piece.data).payload)
    ]
    assert last["usage"]
    assert not sent[-1].get("usage")
    # A native stream says on the way what it cost so far; without its end nobody knows the whole.
    assert (read.usage is None) is not (form == "native" and stream)


def test_the_wrong_label_is_all_that_changes(tokenizer: Tokenizer) -> None:
    answer = planned(exchange("compat", THOUGHT, tokenizer))
    said = plan(answer, sample("wrong-content-type"))
    assert said.headers == [(b"x-request-id", b"1"), (b"content-type", b"text/html; charset=utf-8")]
    assert heard(answer, said).said == untouched(answer).said


def times(answer: Planned, text: str) -> list[float]:
    """When the pieces of an answer leave."""
    return [piece.at for piece in plan(answer, fault(text)).pieces]


def test_a_slow_answer_is_late_as_a_whole(tokenizer: Tokenizer) -> None:
    answer = planned(exchange("compat", THOUGHT, tokenizer), pace=PACE)
    said = plan(answer, fault("slow=2s"))
    assert said.head_at == 2.0
    assert [piece.at for piece in said.pieces] == [2.0 + frame.due for frame in answer.frames]


@pytest.mark.parametrize("form", ["compat", "native"])
def test_a_stall_is_silence_in_one_place(form: str, tokenizer: Tokenizer) -> None:
    answer = planned(exchange(form, THOUGHT, tokenizer))
    count = len(answer.frames)

    def late(text: str) -> int:
        at = times(answer, text)
        assert sorted(set(at)) == [0.0, 5.0] or at == [5.0] * count
        return at.index(5.0)

    assert late("stall=5s") == answer.answer_begins()
    assert late("stall=5s;at=first") == answer.struck(0)
    assert late("stall=5s;at=end") == count - 1
    assert late("stall=5s;after=3") == answer.struck(3)
    assert plan(answer, fault("stall")).head_at == 0.0


def test_a_trickle_is_one_chunk_after_the_other(tokenizer: Tokenizer) -> None:
    stream = planned(exchange("compat", THOUGHT, tokenizer))
    assert times(stream, "trickle=500ms") == [0.5 * at for at in range(len(stream.frames))]
    body = planned(exchange("compat", THOUGHT, tokenizer), stream=False)
    assert times(body, "trickle=1s") == [float(at) for at in range(10)]


@pytest.mark.parametrize("stream", [True, False])
def test_nothing_is_sent_before_the_headers(*, stream: bool, tokenizer: Tokenizer) -> None:
    said = plan(
        planned(exchange("compat", THOUGHT, tokenizer), stream=stream), sample("reset-before-headers")
    )
    assert (said.head_at, said.pieces, said.ending) == (None, (), "reset")


@pytest.mark.parametrize(("name", "ending"), [("reset-mid-chunk", "reset"), ("close-mid-chunk", "close")])
def test_a_chunk_is_torn_in_two(name: str, ending: str, tokenizer: Tokenizer) -> None:
    answer = planned(exchange("compat", THOUGHT, tokenizer))
    said = plan(answer, fault(f"{name}=3"))
    at = answer.struck(3)
    assert said.ending == ending
    assert [piece.data for piece in said.pieces[:-1]] == [frame.data for frame in answer.frames[:at]]
    last, frame = said.pieces[-1], answer.frames[at]
    assert frame.data.startswith(last.data)
    assert len(last.data) == len(frame.data) // 2
    assert last.missing == len(frame.data) - len(last.data)


@pytest.mark.parametrize("form", FORMS)
def test_everything_but_the_last_event_is_sent(form: str, tokenizer: Tokenizer) -> None:
    reply = Reply((Choice("Three minutes."),))
    answer = planned(exchange(form, reply, tokenizer))
    said = plan(answer, sample("reset-before-done"))
    assert [piece.data for piece in said.pieces] == [frame.data for frame in answer.frames[:-1]]
    assert said.ending == "reset"
    if form == "compat":
        assert answer.frames[-1].data == b"data: [DONE]\n\n"
    body = planned(exchange(form, reply, tokenizer), stream=False)
    assert [piece.data for piece in plan(body, sample("reset-before-done")).pieces] == [body.frames[0].data]


def test_json_ends_half_way(tokenizer: Tokenizer) -> None:
    answer = planned(exchange("compat", THOUGHT, tokenizer))
    said = plan(answer, fault("truncated-json=2"))
    frame = answer.frames[answer.struck(2)].data
    assert said.pieces[-1].data.endswith(b"\n\n")
    assert frame.startswith(said.pieces[-1].data.removesuffix(b"\n\n"))
    assert said.ending == "end"


def test_garbage_is_the_same_for_the_same_seed_and_no_text(tokenizer: Tokenizer) -> None:
    answer = planned(exchange("compat", THOUGHT, tokenizer), stream=False)
    one, same, other = (plan(answer, fault(f"garbage;seed={seed}")).pieces[0].data for seed in (1, 1, 2))
    assert one == same != other
    assert len(one) == 64
    with pytest.raises(UnicodeDecodeError):
        one.decode()


def test_an_empty_answer_has_headers_and_no_byte(tokenizer: Tokenizer) -> None:
    said = plan(planned(exchange("compat", THOUGHT, tokenizer)), sample("empty"))
    assert (said.status, said.head_at, said.pieces, said.ending) == (200, 0.0, (), "end")


@pytest.mark.parametrize("name", sorted(kind.name for kind in kinds().values() if kind.where != "any"))
def test_what_strikes_streams_leaves_a_body_alone(name: str, tokenizer: Tokenizer) -> None:
    answer = planned(exchange("compat", CALLS, tokenizer), stream=False)
    assert [piece.data for piece in plan(answer, sample(name)).pieces] == [answer.frames[0].data]


@pytest.mark.parametrize("name", BENIGN)
@pytest.mark.parametrize("form", ["compat", "native", "native-cumulative"])
def test_calls_and_thinking_survive_benign_faults(name: str, form: str, tokenizer: Tokenizer) -> None:
    for reply in (CALLS, THOUGHT):
        answer = planned(exchange(form, reply, tokenizer))
        assert faulty(answer, sample(name)).said == untouched(answer).said
