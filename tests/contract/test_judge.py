"""The judge: a request against what is due, a report against what was answered."""

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps
from mockserver.contract.closer import at_place
from mockserver.contract.judge import (
    LASTING,
    TRANSIENT,
    Due,
    RequestJudge,
    blamed,
    changed,
    finish_of,
    judge_answer,
    judge_choice,
    judge_error,
    judge_refusal,
    judge_stopped,
    judge_sum,
    judge_unfinished,
    judge_unspent,
    of_form,
)
from mockserver.contract.protocol import Begin, Call, Choice, Error, Report, Tokens
from mockserver.contract.requirements import Failure
from mockserver.contract.requirements import Severity as Owed
from mockserver.contract.stage import Seen
from mockserver.contract.told import Told
from mockserver.corridor.engine import Engine
from mockserver.corridor.threads import Conversation
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.dialects.table import dialect_of
from mockserver.state.journal import Entry
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.reply import Choice as Said
from mockserver.talk.reply import Reply
from mockserver.talk.request import ToolCall
from mockserver.talk.surface import Surface
from tests.conftest import NOW, make_headers

TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "time", "parameters": {"type": "object", "properties": {}}},
}
FRAMES = {"stream": True, "stream_options": {"include_usage": True}}
MESSAGES = {"result_format": "message", "incremental_output": True}
HISTORY = [Told(role="user", text="Hi")]
VALUES = st.recursive(
    st.integers(0, 3),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from("abc"), below, max_size=3),
)


def entry(engine: Engine, surface: Surface = COMPAT, **body: Any) -> Entry:
    """What is kept of a request that says Hi."""
    messages = [{"role": "user", "content": "Hi"}]
    said = {"input": {"messages": messages}} if surface.dialect == "native" else {"messages": messages}
    sse = {"X-DashScope-SSE": "enable"} if body.pop("sse", False) else {}
    sent = dumps({"model": "qwen-plus", **said, **body})
    kept = engine.chat(surface, make_headers(sse), sent, arrived=NOW).entry
    assert kept is not None
    return kept


def judged(
    kept: Entry,
    *,
    headers: dict[str, str] | None = None,
    stream: bool = False,
    options: dict[str, Any] | None = None,
    history: list[Told] | None = None,
    thread_seen: Seen | None = None,
    **begin: Any,
) -> list[Failure]:
    """What the judge says of a request."""
    fields = {
        "conversation": "1",
        "surface": kept.surface,
        "openai_url": "",
        "native_url": "",
        "anthropic_url": "",
        "key": "sk-1",
    }
    due = Due(
        begin=Begin(**{**fields, "model": "qwen-plus", **begin}),
        stream=stream,
        options=options or {},
        history=history or HISTORY,
    )
    seen = thread_seen or Seen(kept, headers or {}, None)
    failures = RequestJudge(seen, due, number=3).failures()
    assert {failure.request for failure in failures} <= {3}
    return failures


def found(kept: Entry, **due: Any) -> list[tuple[str, str]]:
    """Which requirements a request breaks, and where."""
    return [(failure.requirement, failure.place) for failure in judged(kept, **due)]


TOOL_TURN = [
    {"role": "user", "content": "Hi"},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": ""},
            {"type": "tool_use", "id": "toolu_1", "name": "time", "input": {"zone": 1}},
        ],
    },
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "noon"}]},
]


def test_anthropics_dialect_is_judged_by_what_its_blocks_mean(engine: Engine) -> None:
    told = [
        *HISTORY,
        Told(role="assistant", calls=(ToolCall("time", '{ "zone": 1.0 }', "toolu_1"),)),
        Told(role="tool", text="noon", call_id="toolu_1"),
    ]
    tools = [{"name": "time", "input_schema": TOOL["function"]["parameters"]}]
    kept = entry(engine, ANTHROPIC, max_tokens=64, messages=TOOL_TURN, tools=tools)
    assert found(kept, history=told, tools=(TOOL,)) == []
    assert found(kept, history=[*told[:2], replace(told[2], text="night")], tools=(TOOL,)) == [
        ("tools.results", "messages[2].content[0].content")
    ]
    capped = entry(engine, ANTHROPIC, max_tokens=64, temperature=1)
    assert found(capped, options={"max_tokens": 65}) == [
        ("options.sent", "max_tokens"),
        ("options.unasked", "temperature"),
    ]


@pytest.mark.parametrize(
    ("said", "sent", "same"), [("1e30", 1e30, True), ("1e30", 1e31, False), ("true", 1, False)]
)
def test_the_input_of_a_tool_is_held_against_what_was_said_whatever_its_numbers(
    engine: Engine, said: str, sent: Any, *, same: bool
) -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "time", "input": {"zone": sent}}
    messages = [TOOL_TURN[0], {"role": "assistant", "content": [call]}, TOOL_TURN[2]]
    told = [
        *HISTORY,
        Told(role="assistant", calls=(ToolCall("time", f'{{"zone": {said}}}', "toolu_1"),)),
        Told(role="tool", text="noon", call_id="toolu_1"),
    ]
    tools = [{"name": "time", "input_schema": TOOL["function"]["parameters"]}]
    kept = entry(engine, ANTHROPIC, max_tokens=64, messages=messages, tools=tools)
    blamed_for = found(kept, history=told, tools=(TOOL,))
    assert [requirement for requirement, _ in blamed_for] == ([] if same else ["tools.arguments"])


WEATHER_TURN = [
    *HISTORY,
    Told(role="assistant", text="Let me see.", calls=(ToolCall("time", "{}", "call_1"),)),
    Told(role="tool", text="noon", call_id="call_1"),
]


def responded(engine: Engine, said: Any = "Hi", **body: Any) -> Seen:
    """What was seen of a request to the Responses API."""
    sent = dumps({"model": "qwen-plus", "input": said, **body})
    answer = engine.chat(RESPONSES, make_headers(), sent, arrived=NOW)
    assert answer.entry is not None
    return Seen(answer.entry, {}, None, thread=answer.thread)


def of_responses(seen: Seen, history: list[Told], **due: Any) -> list[tuple[str, str]]:
    """Which requirements it breaks, and where."""
    return found(seen.entry, thread_seen=seen, history=history, **due)


def test_responses_are_judged_by_what_their_items_mean(engine: Engine) -> None:
    said = [
        {"role": "user", "content": "Hi"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Let me see."}]},
        {"type": "function_call", "name": "time", "arguments": "{}", "call_id": "call_1"},
        {"type": "function_call_output", "call_id": "call_1", "output": "noon"},
    ]
    tools = [{"type": "function", **TOOL["function"]}]
    seen = responded(engine, said, tools=tools)
    assert of_responses(seen, WEATHER_TURN, tools=(TOOL,)) == []
    other = [*WEATHER_TURN[:2], replace(WEATHER_TURN[2], text="night")]
    assert of_responses(seen, other, tools=(TOOL,)) == [("tools.results", "input[4].content")]


def test_an_answer_may_come_back_in_several_items_and_not_in_several_messages(engine: Engine) -> None:
    pieces = [{"role": "user", "content": "Hi"}]
    pieces += [{"role": "assistant", "content": text} for text in ("Let me ", "see.")]
    pieces.append({"role": "user", "content": "Well?"})
    told = [*HISTORY, Told(role="assistant", text="Let me see."), Told(role="user", text="Well?")]
    assert of_responses(responded(engine, pieces), told) == []
    assert found(entry(engine, messages=pieces), history=told) != []


@pytest.mark.parametrize(
    ("given", "sent", "broken"),
    [
        ({"enable_thinking": True}, {"reasoning": {"effort": "low"}}, []),
        ({"enable_thinking": False}, {"reasoning": {"effort": "none"}}, []),
        ({"enable_thinking": False}, {"reasoning": {"effort": "low"}}, [("options.sent", "enable_thinking")]),
        ({"enable_thinking": True}, {"enable_thinking": True}, []),
        ({"reasoning_effort": "high"}, {"reasoning": {"effort": "high"}}, []),
        (
            {"reasoning_effort": "high"},
            {"reasoning": {"effort": "low"}},
            [("options.sent", "reasoning.effort")],
        ),
        ({}, {"reasoning": {"effort": "low"}}, [("options.unasked", "reasoning.effort")]),
        ({"max_tokens": 64}, {"max_output_tokens": 64}, []),
    ],
)
def test_an_effort_says_whether_there_is_to_be_thinking(
    engine: Engine, given: dict[str, Any], sent: dict[str, Any], broken: list[tuple[str, str]]
) -> None:
    assert of_responses(responded(engine, **sent), HISTORY, options=given) == broken


def test_what_a_request_goes_on_from_is_part_of_what_it_says(engine: Engine) -> None:
    first = responded(engine, "Hi")
    assert first.entry.reply is not None
    told = [*HISTORY, Told(role="assistant", text=first.entry.reply.choices[0].content)]
    asked = [*told, Told(role="user", text="Well?")]
    name = f"resp_{first.entry.request_id}"
    assert of_responses(first, HISTORY, thread="previous") == []
    assert of_responses(responded(engine, "Well?", previous_response_id=name), asked, thread="previous") == []
    assert of_responses(responded(engine, "Well?"), asked, thread="previous")[0] == (
        "threads.named",
        "previous_response_id",
    )
    twice = [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Well?"}]
    again = responded(engine, twice, previous_response_id=name)
    assert ("history.invented", "input[0]") in of_responses(again, asked, thread="previous")
    lost = responded(engine, "Well?", previous_response_id="resp_x")
    assert ("request.valid", "previous_response_id") in of_responses(lost, asked, thread="previous")


def test_a_conversation_is_named_from_the_first_turn_on(engine: Engine) -> None:
    engine.threads.put(engine.worlds.of("sk-1"), Conversation("conv_1", 0, {}), now=NOW)
    sent = dumps({"model": "qwen-plus", "input": "Hi", "conversation": "conv_1", "instructions": "Brew."})
    answer = engine.chat(RESPONSES, make_headers({"Authorization": "Bearer sk-1"}), sent, arrived=NOW)
    assert answer.entry is not None
    seen = Seen(answer.entry, {}, None, thread=answer.thread)
    told = [Told(role="system", text="Brew."), *HISTORY]
    assert of_responses(seen, told, thread="conversation") == []
    assert of_responses(responded(engine, "Hi"), HISTORY, thread="conversation") == [
        ("threads.named", "conversation")
    ]


def test_a_limit_is_told_in_the_words_of_a_response_that_failed(engine: Engine) -> None:
    engine.scripts.add({"reply": {"error": {"code": "Throttling.RateQuota"}}}, engine.errors)
    kept = responded(engine).entry
    message = "Operation model request rate limit exceeded, please try again later."
    assert judge_refusal(Report(error=Error("E", "server_error", None, message)), kept) == []
    wrong = judge_refusal(Report(error=Error("E", "Throttling.RateQuota", 429, "no")), kept)
    assert [failure.requirement for failure in wrong] == ["errors.code", "errors.message"]


def test_arguments_that_are_no_object_may_be_reported_as_the_object_they_stand_in() -> None:
    said = Said(tool_calls=(ToolCall("time", '{"zone', "toolu_1"),), finish_reason="tool_calls")
    for arguments in ('{"zone', '{"raw_arguments": "{\\"zone"}'):
        told = Choice(tool_calls=(Call("toolu_1", "time", arguments),), finish_reason="tool_calls")
        assert judge_choice(said, told, 0, dialect_of(ANTHROPIC)) == []


def test_a_request_as_it_is_due_breaks_nothing(engine: Engine) -> None:
    assert found(entry(engine)) == []
    native = entry(engine, NATIVE_TEXT, parameters={"temperature": 0.5})
    assert found(native, options={"temperature": 0.5}) == []
    assert found(entry(engine, stream=False, n=1, seed=None)) == []


@pytest.mark.parametrize(
    ("body", "due", "failure"),
    [
        ({}, {"surface": "native-text"}, ("request.surface", "")),
        ({}, {"model": "qwen-max"}, ("request.model", "model")),
        ({}, {"stream": True}, ("request.stream", "stream")),
        ({}, {"session": "one"}, ("session.header", "")),
        ({}, {"options": {"seed": 1}}, ("options.sent", "seed")),
        ({"seed": 2}, {"options": {"seed": 1}}, ("options.sent", "seed")),
        ({"seed": 1}, {}, ("options.unasked", "seed")),
        ({"tools": [TOOL]}, {}, ("tools.offered", "tools")),
        ({}, {"tools": (TOOL,)}, ("tools.offered", "tools")),
        ({}, {"history": [*HISTORY, *HISTORY]}, ("history.complete", "messages")),
        ({}, {"keep": 1, "history": [Told(role="user", text="Ho")]}, ("history.truncation", "messages")),
    ],
)
def test_each_difference_has_its_requirement(
    body: dict[str, Any], due: dict[str, Any], failure: tuple[str, str], engine: Engine
) -> None:
    assert found(entry(engine, **body), **due) == [failure]


@pytest.mark.parametrize(
    ("given", "sent", "broken"),
    [
        ("End", "End", []),
        ("End", ["End"], []),
        (["End"], "End", []),
        ("End", ["E", "n", "d"], [("options.sent", "stop")]),
        (["End", "Fin"], ["End"], [("options.sent", "stop")]),
    ],
)
def test_one_text_at_which_to_stop_may_stand_in_a_list_or_alone(
    given: Any, sent: Any, broken: list[tuple[str, str]], engine: Engine
) -> None:
    assert found(entry(engine, stop=sent), options={"stop": given}) == broken


@pytest.mark.parametrize(
    ("body", "due", "message"),
    [
        ({}, {"stream": True}, 'a stream was asked for; a stream is asked for by "stream": true'),
        (FRAMES, {}, 'no stream was asked for; a stream is asked for by "stream": true'),
        ({}, {"options": {"seed": 1}}, "seed was given as 1 and is missing"),
        ({"seed": 2}, {"options": {"seed": 1}}, "seed was given as 1 and is 2"),
        ({"tools": [TOOL]}, {}, "the tools [] were given, ['time'] are offered"),
        ({}, {"tools": (TOOL,)}, "the tools ['time'] were given, [] are offered"),
    ],
)
def test_each_difference_is_told_in_words(
    body: dict[str, Any], due: dict[str, Any], message: str, engine: Engine
) -> None:
    assert [failure.message for failure in judged(entry(engine, **body), **due)] == [message]


@pytest.mark.parametrize(
    ("given", "sent", "place", "text"),
    [
        ({"a": 1}, {}, "tools.a", "a was given as 1 and is missing"),
        ({}, {"a": []}, "tools.a", "nobody gave a: []"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "tools.a.b", "1 was given and 2 is sent"),
        ([{"a": 1}, {"a": 1}], [{"a": 1}, {"a": 3}], "tools[1].a", "1 was given and 3 is sent"),
        ([1], [1, 2], "tools", "[1] was given and [1, 2] is sent"),
        ({"a": 1, "b": 2}, {"b": 3, "a": 1}, "tools.b", "2 was given and 3 is sent"),
        ([1], {"a": 1}, "tools", "[1] was given and {'a': 1} is sent"),
    ],
)
def test_the_first_change_of_a_value_is_told_with_its_place(
    given: Any, sent: Any, place: str, text: str
) -> None:
    assert changed(given, sent, "tools") == (place, text)


def at(value: Any, place: str) -> Any:
    """What stands at a place of a value; KeyError or IndexError when nothing does."""
    for name, number in re.findall(r"\.(\w)|\[(\d)\]", place):
        value = value[name or int(number)]
    return value


@given(VALUES, VALUES)
def test_the_change_that_is_told_is_one(given: Any, sent: Any) -> None:
    assume(given != sent)
    place, text = changed(given, sent, "tools")
    found = []
    for value in (given, sent):
        with suppress(LookupError, TypeError):
            found.append(at(value, place.removeprefix("tools")))
    assert found
    assert len(found) == 1 or found[0] != found[1]
    assert any(repr(value) in text for value in found)


def test_a_tool_that_was_written_anew_is_told_by_its_first_change(engine: Engine) -> None:
    function = {**TOOL["function"], "strict": True}
    (failure,) = judged(entry(engine, tools=[{**TOOL, "function": function}]), tools=(TOOL,))
    assert (failure.requirement, failure.place) == ("tools.offered", "tools[0].function.strict")
    assert failure.message == "nobody gave strict: True"


def test_on_the_native_surface_the_words_are_its_own(engine: Engine) -> None:
    (stream,) = judged(entry(engine, NATIVE_TEXT), stream=True)
    assert stream.message == "a stream was asked for; a stream is asked for by header X-DashScope-SSE: enable"
    refused = entry(engine, NATIVE_TEXT, parameters={"temperature": 3})
    (refusal,) = judged(replace(refused, findings=()))
    assert refusal.message.startswith("the cloud refuses it: 400 InvalidParameter: ")


def test_on_the_native_surface_places_are_its_own(engine: Engine) -> None:
    sent = entry(engine, NATIVE_TEXT, sse=True, parameters={"seed": 1, **MESSAGES})
    headers = {"x-dashscope-sse": "enable"}
    assert found(sent, headers=headers, stream=True) == [("options.unasked", "parameters.seed")]
    assert found(entry(engine, NATIVE_TEXT), tools=(TOOL,)) == [("tools.offered", "parameters.tools")]


def test_the_id_of_a_call_means_nothing_on_what_the_user_says(engine: Engine) -> None:
    named = [{"role": "user", "content": "Hi", "tool_call_id": "call_1"}]
    assert found(entry(engine, messages=named)) == []


def test_a_session_sends_what_is_new(engine: Engine) -> None:
    headers = {"x-dashscope-aca-session": "one"}
    assert found(entry(engine), session="one", headers=headers) == []
    history = [{"role": "user", "content": text} for text in ("Before.", "Hi")]
    (wrong,) = judged(entry(engine, messages=history), session="one", headers=headers)
    assert (wrong.requirement, wrong.place) == ("session.incremental", "messages")
    assert wrong.message == "2 messages are sent, 1 of them new: the cloud remembers the rest"


def test_what_is_wrong_with_what_is_new_in_a_session_is_told_by_its_name(engine: Engine) -> None:
    headers = {"x-dashscope-aca-session": "one"}
    (other,) = judged(entry(engine), session="one", history=[Told(role="user", text="Ho")], headers=headers)
    assert other.requirement != "session.incremental"
    history = [Told(role="user", text="Hi"), Told(role="assistant", text="Yes, ", partial=True)]
    begun = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes, "}]
    lost = judged(entry(engine, messages=begun), session="one", history=history, headers=headers)
    assert "partial.sent" in {failure.requirement for failure in lost}
    assert "session.incremental" not in {failure.requirement for failure in lost}


def test_thinking_is_sent_back_only_where_it_is_kept(engine: Engine) -> None:
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Ho", "reasoning_content": "Hm"},
        {"role": "user", "content": "Hi"},
    ]
    sent = entry(engine, messages=messages)
    history = [*HISTORY, Told(role="assistant", text="Ho"), *HISTORY]
    assert ("thinking.not-sent-back", "messages[1].reasoning_content") in found(sent, history=history)
    for first in (0, 1):  # a window of the newest messages may begin with an answer
        kept = found(
            entry(engine, messages=messages[first:], preserve_thinking=True),
            history=history[first:],
            options={"preserve_thinking": True},
        )
        assert "thinking.not-sent-back" not in {requirement for requirement, _ in kept}


@pytest.mark.parametrize(
    ("model", "blamed_at"),
    [("qwen3.5-plus", ["1"]), ("qwen3.8-max", []), ("qwen-plus", ["1", "3"]), ("tea", ["1", "3"])],
)
def test_thinking_within_a_running_loop_of_tools_belongs_to_it(
    engine: Engine, model: str, blamed_at: list[str]
) -> None:
    engine.models = engine.models.with_model("tea", like="qwen-plus")
    call = {"id": "1", "type": "function", "function": {"name": "time", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Ho", "reasoning_content": "Hm"},
        {"role": "user", "content": "When?"},
        {"role": "assistant", "content": "", "reasoning_content": "Now", "tool_calls": [call]},
        {"role": "tool", "content": "noon", "tool_call_id": "1"},
    ]
    sent = entry(engine, model=model, messages=messages, tools=[TOOL], stream=True)
    places = [place for requirement, place in found(sent, model=model) if requirement.startswith("thinking")]
    assert places == [f"messages[{at}].reasoning_content" for at in blamed_at]


def test_what_the_cloud_refuses_is_not_valid_and_told_once(engine: Engine) -> None:
    refused = entry(engine, temperature=3)
    assert found(refused, options={"temperature": 3}) == [("request.valid", "temperature")]
    bare = replace(refused, findings=())
    assert found(bare, options={"temperature": 3}) == [("request.valid", "")]
    assert found(entry(engine, tea=1), options={"tea": 1}) == [("request.harmless", "tea")]
    assert found(replace(entry(engine), body=b"{")) == []


def test_of_a_body_that_no_schema_allows_nothing_else_is_said(engine: Engine) -> None:
    assert found(entry(engine, temperature=3), model="qwen-max") == [("request.valid", "temperature")]


@pytest.mark.parametrize(
    ("rule", "harmful", "is_the_clients"),
    [
        ("prompt.too-long", False, True),
        ("prompt.near-limit", True, False),
        ("usage.not-read", True, False),
        ("parameters.unknown", True, True),
        ("messages.empty-answer", True, False),
    ],
)
def test_a_client_is_blamed_for_what_it_decides(rule: str, *, harmful: bool, is_the_clients: bool) -> None:
    severity = Severity.HARMFUL if harmful else Severity.REFUSED
    assert blamed(Finding(rule, severity, "", "")) is is_the_clients


SAID = Said("Ho", reasoning="Hm", tool_calls=(ToolCall("time", "{}", "call_1"),), finish_reason="tool_calls")
TOLD = Choice(
    text="Ho", thinking="Hm", tool_calls=(Call("call_1", "time", "{}"),), finish_reason="tool_calls"
)


@pytest.mark.parametrize(
    ("fields", "requirement", "leaf"),
    [
        ({"text": "H"}, "report.text", "text"),
        ({"thinking": ""}, "report.thinking", "thinking"),
        ({"tool_calls": ()}, "report.tool-calls", "tool_calls"),
        ({"tool_calls": (Call("call_2", "time", "{}"),)}, "report.tool-calls", "tool_calls"),
        ({"tool_calls": (Call("call_1", "date", "{}"),)}, "report.tool-calls", "tool_calls"),
        ({"tool_calls": (Call("call_1", "time", "[]"),)}, "report.tool-calls", "tool_calls"),
        ({"finish_reason": "stop"}, "report.finish-reason", "finish_reason"),
    ],
)
def test_each_field_of_a_choice_is_compared(fields: dict[str, Any], requirement: str, leaf: str) -> None:
    assert judge_choice(SAID, TOLD, 1) == []
    assert judge_choice(SAID, replace(TOLD, tool_calls=(Call("call_1", "time", " { } "),)), 1) == []
    (failure,) = judge_choice(SAID, replace(TOLD, **fields), 1)
    assert (failure.requirement, failure.place) == (requirement, f"choices[1].{leaf}")


def test_an_answer_is_reported_whole_with_its_usage(engine: Engine) -> None:
    kept = entry(engine)
    assert kept.reply is not None
    assert kept.usage is not None
    (said,) = kept.reply.choices
    cost = Tokens(kept.usage.input, kept.usage.output)
    good = Report(choices=(Choice(text=said.content, finish_reason="stop"),), usage=cost)

    def told(*, stream: bool = False, **fields: Any) -> list[str]:
        return [one.requirement for one in judge_answer(replace(good, **fields), kept, stream=stream)]

    assert told() == []
    assert told(error=Error("APIError")) == ["report.success"]
    assert told(choices=(replace(good.choices[0], text="Ho"),)) == ["report.text"]
    assert told(choices=()) == ["report.choices"]
    assert told(choices=good.choices * 2) == ["report.choices"]
    assert told(usage=None) == ["usage.plain"]
    assert told(usage=None, stream=True) == ["usage.streamed"]
    for wrong in (replace(cost, input=cost.input + 1), replace(cost, output=cost.output - 1)):
        assert told(usage=wrong) == ["usage.exact"]


def test_an_error_is_reported_with_its_code_message_and_status() -> None:
    good = Error("APIError", code="Throttled", status=429, message="Error: too many requests")

    def told(**fields: Any) -> list[tuple[str, str]]:
        report = Report(**{"error": good, **fields})
        failures = judge_error(
            report, requirement="stream.error", code="Throttled", message="too many", status=429
        )
        return [(one.requirement, one.place) for one in failures]

    assert told() == []
    assert told(choices=(Choice("Ho"),)) == []
    assert told(choices=(Choice("Ho"), Choice("so too many"))) == [("errors.not-text", "choices")]
    assert told(error=None) == [("stream.error", "error")]
    assert told(error=None, choices=(Choice("too many"),)) == [
        ("errors.not-text", "choices"),
        ("stream.error", "error"),
    ]
    assert told(error=replace(good, code="B")) == [("errors.code", "error.code")]
    assert told(error=replace(good, message="few")) == [("errors.message", "error.message")]
    assert told(error=replace(good, status=500)) == [("errors.status", "error.status")]
    bare = Report(choices=(Choice("Ho"),), error=Error("APIError"))
    assert judge_error(bare, requirement="stream.cut") == []


def test_of_a_long_message_the_beginning_is_told(engine: Engine) -> None:
    (success,) = judge_answer(Report(error=Error("APIError", message="a" * 300)), entry(engine), stream=False)
    assert success.message == f"the answer was good, reported is APIError: {'a' * 200}"
    told = Report(choices=(Choice("b" * 300),), error=Error("APIError", message="a" * 300))
    text, message = judge_error(told, requirement="errors.reported", message="b" * 300)
    assert text.message == f"the error '{'b' * 120}' is reported as text"
    assert message.message == f"the wire says '{'b' * 120}', reported is '{'a' * 120}'"


@pytest.mark.parametrize(
    ("surface", "sse", "wanted"),
    [
        (COMPAT, False, ["errors.status"]),
        (NATIVE_TEXT, False, ["errors.status"]),
        (NATIVE_TEXT, True, []),
    ],
)
def test_the_status_of_a_native_stream_is_nobodys_to_know(
    surface: Surface, wanted: list[str], engine: Engine, *, sse: bool
) -> None:
    body: dict[str, Any] = (
        {"parameters": {"temperature": 3}} if surface.dialect == "native" else {"temperature": 3}
    )
    kept = entry(engine, surface, sse=sse, **body)
    assert kept.refusal is not None
    words = kept.refusal.words[surface.voice]
    report = Report(error=Error("APIError", code=words.code, message=words.message))
    assert [one.requirement for one in judge_refusal(report, kept)] == wanted


@pytest.mark.parametrize(
    ("surface", "told", "wanted"),
    [
        (NATIVE_TEXT, None, []),
        (NATIVE_TEXT, 400, []),
        (NATIVE_TEXT, 200, []),
        (NATIVE_TEXT, 500, ["errors.status-inside"]),
        (COMPAT, 500, []),
    ],
)
def test_a_status_that_is_told_of_a_stream_was_sent_by_http_or_by_the_line_of_its_event(
    surface: Surface, told: int | None, wanted: list[str], engine: Engine
) -> None:
    body: dict[str, Any] = (
        {"parameters": {"temperature": 3}} if surface.dialect == "native" else {"temperature": 3}
    )
    kept = replace(entry(engine, surface, sse=True, **body), status=200)
    assert kept.refusal is not None
    words = kept.refusal.words[surface.voice]
    report = Report(error=Error("APIError", words.code, told, words.message))
    found = judge_refusal(report, kept)
    assert [one.requirement for one in found] == wanted
    assert [one.message for one in found] == ["the wire says 200 and 400, reported is 500"] * len(wanted)


def test_the_status_of_a_refusal_within_a_200_is_nobodys_to_know(engine: Engine) -> None:
    kept = replace(entry(engine, COMPAT, temperature=3), status=200)
    assert kept.refusal is not None
    words = kept.refusal.words[COMPAT.voice]
    report = Report(error=Error("APIError", code=words.code, message=words.message))
    assert judge_refusal(report, kept) == []


def test_which_refusals_pass_and_which_stay() -> None:
    assert {429, 500, 502, 503, 504} == TRANSIENT
    assert {400, 401, 403, 404} == LASTING


STOPPED = Said(content="One, two.", reasoning="Hm.", tool_calls=(ToolCall("f", "{}", "call_1"),))


@pytest.mark.parametrize(
    ("report", "found"),
    [
        (Report((Choice("One"),), cancelled=True), []),
        (Report((Choice("One", "H"),), cancelled=True), []),
        (Report((Choice("", "", (Call("call_1", "f", "{"),)),), cancelled=True), []),
        (Report((), error=Error("AbortError")), []),
        (Report((Choice("One"), Choice("Uno", "Ah", (Call("call_2", "f", "{}"),))), cancelled=True), []),
        (Report((Choice("One…"),), cancelled=True), ["stream.cancel-text"]),
        (Report((Choice("One", "No"),), cancelled=True), ["stream.cancel-text"]),
        (Report((Choice("", "", (Call("call_2", "f", "{}"),)),), cancelled=True), ["stream.cancel-text"]),
        (Report((Choice("One"),)), ["report.stopped"]),
        (Report((Choice("One", finish_reason="stop"),), cancelled=True), ["report.stopped"]),
    ],
)
def test_a_stopped_answer_is_told_as_one(engine: Engine, report: Report, found: list[str]) -> None:
    for reply in (Reply((STOPPED,)), Reply((STOPPED, Said("Uno.")))):
        kept = replace(entry(engine), reply=reply)
        assert [failure.requirement for failure in judge_stopped(report, kept)] == found


def test_an_end_that_was_not_sent_yet_is_told_in_words(engine: Engine) -> None:
    kept = replace(entry(engine), reply=Reply((STOPPED,)))
    (failure,) = judge_stopped(Report((Choice("One", finish_reason="stop"),), cancelled=True), kept)
    assert failure.message == "the finish reason 'stop' is reported, and was not sent yet"


def test_of_a_stopped_answer_something_is_told(engine: Engine) -> None:
    kept = replace(entry(engine), reply=Reply((Said(content="One, two."),)))
    (failure,) = judge_stopped(Report((Choice(),), cancelled=True), kept)
    assert failure.requirement == "report.stopped"
    assert failure.message == "nothing is reported of the pieces that came before the stop"


def test_what_came_to_its_end_was_not_stopped(engine: Engine) -> None:
    kept = entry(engine)
    assert kept.reply is not None
    assert kept.usage is not None
    (said,) = kept.reply.choices
    told = Choice(said.content, said.reasoning, (), said.finish_reason)
    usage = Tokens(kept.usage.input, kept.usage.output)
    assert judge_answer(Report((told,), usage), kept, stream=False) == []
    (failure,) = judge_answer(Report((told,), usage, cancelled=True), kept, stream=False)
    assert failure.requirement == "report.stopped"


@pytest.mark.parametrize(
    ("told", "good"),
    [((5, 7), True), ((8, 9), True), ((6, 8), True), ((4, 7), False), ((5, 10), False), ((9, 7), False)],
)
def test_a_sum_may_hold_what_broke_off(told: tuple[int, int], *, good: bool) -> None:
    found = judge_sum(Tokens(*told), (5, 7), (3, 2))
    assert [failure.requirement for failure in found] == ([] if good else ["usage.sum"])
    assert all("and up to 3 and 2 more that broke off" in failure.message for failure in found)


def test_a_sum_that_is_wrong_is_told_with_the_right_one() -> None:
    (failure,) = judge_sum(Tokens(6, 8), (5, 7), (0, 0))
    assert failure.message == "the answers cost 5 tokens in and 7 out together; reported are 6 and 8"


def test_a_form_is_blamed_before_what_was_misread() -> None:
    found = [Failure("report.text", "said 'a', sent 'b'", place="choices[0].text")]
    form, text = of_form("crlf", found)
    assert (form.requirement, form.place) == ("form.line-ends", "choices[0].text")
    assert form.message == "of an answer in this form: said 'a', sent 'b'"
    assert text == found[0]
    assert of_form("crlf", []) == []
    assert of_form("trickle=1ms", found) == of_form(None, found) == found


def test_a_form_that_should_be_read_is_blamed_alone() -> None:
    error, text = Failure("report.success", "it is an error"), Failure("report.text", "said 'a', sent 'b'")
    (form,) = of_form("no-last-blank", [replace(error, place="error"), text])
    assert (form.requirement, form.severity) == ("form.last-blank", Owed.SHOULD)
    assert (form.message, form.place) == ("of an answer in this form: it is an error", "error")


def test_a_form_is_not_blamed_for_what_ordinary_answers_showed() -> None:
    usage, text = Failure("usage.streamed", "no usage is reported"), Failure("report.text", "it differs")
    assert of_form("crlf", [usage], known={"usage.streamed"}) == [usage]
    form, *rest = of_form("crlf", [usage, text], known={"usage.streamed"})
    assert (form.requirement, form.message) == ("form.line-ends", "of an answer in this form: it differs")
    assert rest == [usage, text]


def test_a_finish_reason_that_a_fault_put_there_is_the_one_to_be_told(engine: Engine) -> None:
    kept = entry(engine)
    assert kept.reply is not None
    assert kept.usage is not None
    usage = Tokens(kept.usage.input, kept.usage.output)
    told = Report((Choice(kept.reply.choices[0].content, finish_reason="pause"),), usage)
    assert finish_of("crlf") is None
    assert judge_answer(told, kept, stream=True, finish=finish_of("unknown-finish")) == []
    (failure,) = judge_answer(told, kept, stream=True, finish=finish_of(None))
    assert failure.requirement == "report.finish-reason"


@pytest.mark.parametrize(
    ("most", "finish", "found"), [(1, None, 0), (0, None, 0), (1, "stop", 1), (None, "stop", 1)]
)
def test_an_answer_without_an_end_is_not_told_as_finished(
    engine: Engine, most: int | None, finish: str | None, found: int
) -> None:
    kept = entry(engine)
    assert kept.reply is not None
    told = Report((Choice(kept.reply.choices[0].content[:most], finish_reason=finish),))
    failures = judge_unfinished(told, kept)
    assert [failure.requirement for failure in failures] == ["stream.unfinished"] * found


def test_an_answer_without_an_end_may_be_an_error_and_is_never_another_text(engine: Engine) -> None:
    assert judge_unfinished(Report(error=Error("BrokenOffError")), entry(engine)) == []
    begun = replace(entry(engine), reply=Reply((Said(content="One, two."), Said(content="Uno."))))
    assert judge_unfinished(Report((Choice("One"), Choice("Uno"))), begun) == []
    ends = [Choice("One", finish_reason=end) for end in ("length", "stop")]
    (failure,) = judge_unfinished(Report((*ends,)), begun)
    assert failure.message == "the finish reason 'length' is reported, and none was sent"
    (failure,) = judge_unfinished(Report((Choice("Quite another text."),)), entry(engine))
    assert failure.requirement == "stream.unfinished"


def test_what_is_for_streams_is_not_sent_with_whole_answers(engine: Engine) -> None:
    asked: dict[str, Any] = {"stream_options": {"include_usage": True}}
    assert found(entry(engine, **asked)) == [("options.unasked", "stream_options")]
    assert found(entry(engine, **asked, stream=True), stream=True) == []
    assert found(entry(engine, stream_options=None)) == []
    (failure,) = judged(entry(engine, **asked))
    assert failure.message.endswith("(it is for streams only)")


@pytest.mark.parametrize("name", ["result_format", "incremental_output"])
def test_what_carries_an_answer_on_one_surface_is_unasked_for_on_another(engine: Engine, name: str) -> None:
    sent: dict[str, Any] = {name: MESSAGES[name]}
    assert found(entry(engine, **sent))[0] == ("options.unasked", name)


@pytest.mark.parametrize(("number", "blamed_for"), [(1, []), (2, [("options.unasked", "n")])])
def test_of_several_choices_nobody_asked_for_the_client_is_blamed(
    engine: Engine, number: int, blamed_for: list[tuple[str, str]]
) -> None:
    assert found(entry(engine, n=number)) == blamed_for
    assert found(entry(engine, n=number), options={"n": number}) == []


@pytest.mark.parametrize(
    ("order", "blamed_for"), [((0, 1, 2), []), ((1, 0, 2), [("media.sent", "messages[0].content")])]
)
def test_media_stand_among_the_texts_where_they_were_said(
    engine: Engine, order: tuple[int, ...], blamed_for: list[tuple[str, str]]
) -> None:
    url = "https://example.com/tea.png"
    parts: list[dict[str, Any]] = [{"type": "text", "text": "This "}]
    parts += [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "or that?"}]
    said = [Told(role="user", text="This or that?", media=(("image", url),), parts=("text", "media", "text"))]
    content = [parts[at] for at in order]
    kept = entry(engine, model="qwen3-vl-plus", messages=[{"role": "user", "content": content}])
    assert found(kept, history=said, model="qwen3-vl-plus") == blamed_for


@pytest.mark.parametrize(
    ("place", "there"),
    [
        ("a[1].b", 2),
        ("a[0]", None),
        ("a[2]", None),
        ("a[7]", None),
        ("c.d", None),
        ("a.b", None),
        ("", {"a": [None, {"b": 2}]}),
    ],
)
def test_what_stands_at_a_place_of_a_body(place: str, there: Any) -> None:
    assert at_place({"a": [None, {"b": 2}]}, place) == there


def test_a_refusal_costs_nothing() -> None:
    for usage in (None, Tokens(0, 0)):
        assert judge_unspent(Report(usage=usage)) == []
    for usage in (Tokens(3, 0), Tokens(0, 3)):
        (failure,) = judge_unspent(Report(usage=usage))
        assert failure.requirement == "usage.exact"
        assert failure.message.startswith("a refusal costs nothing; reported are")
