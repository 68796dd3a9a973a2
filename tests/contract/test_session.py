"""A session: a client is led from turn to turn, and what it does wrong is told where it does it."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from contract_tests.gallery.reference import CloudError, Message, Reply, Said
from mockserver.contract.cases import MIXED, Case, Turn
from mockserver.contract.protocol import (
    Begin,
    Command,
    End,
    Error,
    Hello,
    Report,
    Result,
    Results,
    Say,
    Tokens,
)
from mockserver.contract.session import Session
from mockserver.contract.strategies import conversations, image
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.wire.ids import Ids
from tests.conftest import NOW
from tests.contract.mistaken import (
    AddsTopP,
    AsksEleven,
    AsksTen,
    Assumes,
    Forgets,
    ForgetsEmpty,
    ForgetsPrefix,
    GivesUp,
    Holds,
    InventsAnswers,
    Keeps,
    KeepsFailed,
    LosesPictures,
    Mixes,
    Notes,
    Persists,
    Refuses,
    RemembersAll,
    RemembersMore,
    RepeatsItself,
    SaysMore,
    SendsAll,
    Silent,
    SumsBlindly,
    SumsNothing,
    SumsWrongly,
    TakesAll,
    TakesPages,
    TriesEleven,
    TriesTen,
    Twice,
    WrongWords,
)
from tests.contract.paper import PaperClient, PaperStage, broken, led, say, session, talk

WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CALL = {"tool_calls": [{"id": "call_1", "name": "weather", "arguments": '{"city":"Rome"}'}]}
BUSY = {"error": {"code": "Throttling.RateQuota"}}
WRONG = {"error": {"code": "DataInspectionFailed"}}
LONG = "The first of many words, then the second, and so on."


def ends(end: str, text: str = LONG, **delivery: Any) -> dict[str, Any]:
    """An answer whose stream ends before its end."""
    return {"content": text, "delivery": {"end": end, **delivery}}


@pytest.fixture
def stage(engine: Engine) -> PaperStage:
    return PaperStage(engine)


class Recorder:
    """A client that does nothing but keep what it is told."""

    hello = Hello(client="recorder", surfaces=("compat", "native-text"))

    def __init__(self) -> None:
        self.told: list[Command] = []

    def send(self, command: Command) -> Report:
        """Keeps a command."""
        self.told.append(command)
        return Report()

    def close(self) -> None:
        """Nothing is open."""


def commands(stage: PaperStage, case: Case, *, surface: str = "compat", mode: str = "plain") -> list[Command]:
    """What a client is told in a session, as far as one comes that does nothing."""
    recorder = Recorder()
    Session(stage, recorder, case, surface, mode).run()
    return recorder.told


def test_a_conversation_ends_with_its_last_turn_and_others_go_on(stage: PaperStage) -> None:
    case = talk(
        *(say("One", "1"), say("Other", "O", conversation=1), say("Two", "2"), say("Three", "3")),
        conversations=3,
    )
    Notes.order.clear()
    assert broken(led(stage, case, Notes)) == []
    assert Notes.order == ["One", "Other", "ended: O", "Two", "Three", "ended: 3", "ended: "]


def test_a_conversation_is_told_line_by_line(stage: PaperStage) -> None:
    case = talk(
        say("Weather?", CALL, "Fine.", results=(("sunny",),)),
        say("Bye", BUSY, "Ciao", partial="C", options={"seed": 1}),
        system="Be brief.",
        tools=(WEATHER,),
    )
    held = led(stage, case)
    assert held.failures == []
    text = re.sub(r"\d+ in, \d+ out", "so much", held.transcript.text())
    assert re.sub(r"(limit_requests): .*", r"\1", text).splitlines() == [
        "  kit     begins: compat, qwen-plus, plain, system 'Be brief.'",
        "  user    'Weather?'",
        "  client  request 1 to compat",
        '  cloud   \'\', calls weather({"city":"Rome"})',
        "  report  text '', calls weather({\"city\":\"Rome\"}) as 'call_1', finish reason tool_calls",
        "  report  usage so much",
        "  tools   call_1: 'sunny'",
        "  client  request 2 to compat",
        "  cloud   'Fine.'",
        "  report  text 'Fine.', finish reason stop",
        "  report  usage so much",
        "  user    'Bye'; the answer begins 'C'; options {'seed': 1}",
        "  client  request 3 to compat",
        "  cloud   refuses: 429 limit_requests",
        "  client  request 4 to compat",
        "  cloud   'Ciao'",
        "  report  text 'Ciao', finish reason stop",
        "  report  usage so much",
    ]


def test_a_stream_that_ends_early_and_a_user_who_stops_are_told(stage: PaperStage) -> None:
    case = talk(say("One", ends("cut")), say("Two", ends("stall", after=9), cancel_after=2))
    lines = led(stage, case, mode="stream").transcript.lines
    assert [line for line in lines if line[0] != "client"] == [
        ("kit", "begins: compat, qwen-plus, stream"),
        ("user", "'One'"),
        ("cloud", f"{LONG!r}, and then: cut"),
        (
            "report",
            "error BrokenOffError, code None, status None: the stream ended in the middle of the answer",
        ),
        ("user", "'Two'; stops after 2 pieces"),
        ("cloud", f"{LONG!r}, and then: stall"),
        ("report", "text 'The first of', finish reason None"),
        ("report", "stopped listening"),
    ]


def test_a_client_is_told_how_a_conversation_begins(stage: PaperStage) -> None:
    case = talk(
        say("Hi", "Ho"),
        system="S",
        tools=(WEATHER,),
        options={"seed": 0},
        native_options={"result_format": "text"},
        keep=4,
        timeout=2.5,
    )
    begin, said, end = commands(stage, case, surface="native-text", mode="chopped")
    assert begin == Begin(
        conversation="conform-1",
        surface="native-text",
        openai_url=f"{stage.url}/compatible-mode/v1",
        native_url=f"{stage.url}/api/v1",
        anthropic_url=f"{stage.url}/apps/anthropic",
        key="sk-conform-1",
        model="qwen-plus",
        system="S",
        tools=(WEATHER,),
        options={"seed": 0, "result_format": "text"},
        keep=4,
        timeout=2.5,
    )
    assert said == Say(conversation="conform-1", text="Hi", stream=True)
    assert end == End(conversation="conform-1")


def test_every_conversation_of_a_case_has_a_key_and_a_session_of_its_own(stage: PaperStage) -> None:
    told = commands(stage, talk(conversations=2, session=True))
    begins = [command for command in told if isinstance(command, Begin)]
    assert [(begin.key, begin.session) for begin in begins] == [
        ("sk-conform-1", "Session-1"),
        ("sk-conform-2", "Session-2"),
    ]
    assert told[2:] == [End(conversation="conform-1"), End(conversation="conform-2")]


@pytest.mark.parametrize(("mode", "cancel"), [("plain", None), ("stream", 3), ("chopped", 3)])
def test_only_a_stream_can_be_stopped(stage: PaperStage, mode: str, cancel: int | None) -> None:
    said = commands(stage, talk(say("Hi", "Ho", cancel_after=3)), mode=mode)[1]
    assert said == Say(conversation="conform-1", text="Hi", stream=mode != "plain", cancel_after=cancel)


def test_what_is_said_in_parts_is_no_text_as_well(stage: PaperStage) -> None:
    parts = ({"image": "data:,x"}, {"text": "What?"})
    said = commands(stage, talk(say("What?", "Ho", parts=parts, options={"seed": 1})))[1]
    assert said == Say(conversation="conform-1", parts=parts, options={"seed": 1})


def test_results_go_to_the_calls_that_were_answered_and_without_any_are_empty(stage: PaperStage) -> None:
    two = {"tool_calls": [{"id": f"call_{at}", "name": "weather", "arguments": "{}"} for at in (1, 2)]}
    named = led(stage, talk(say("Hi", two, "Ho", results=(("a", "b"),)), tools=(WEATHER,)), Keeps)
    given = named.client._factory.given  # type: ignore[attr-defined]
    assert given == (Result(id="call_1", content="a"), Result(id="call_2", content="b"))
    bare = led(stage, talk(say("Hi", two, "Ho", options={"seed": 1}), tools=(WEATHER,)), Keeps)
    assert bare.failures == []
    assert bare.client._factory.options == {"seed": 1}  # type: ignore[attr-defined]
    assert ("tools", "call_1: '', call_2: ''") in bare.transcript.lines


class RepeatsOptions(PaperClient):
    """Sends with the results what the turn alone was told."""

    asked: Mapping[str, Any]

    def say(self, say: Say) -> Report:
        self.asked = say.options
        return super().say(say)

    def results(self, results: Results) -> Report:
        return super().results(replace(results, options={**self.asked, **results.options}))


@pytest.mark.parametrize("surface", ["compat", "native-text"])
def test_results_may_have_options_of_their_own(stage: PaperStage, surface: str) -> None:
    turn = say("Hi", CALL, CALL, "Ho", options={"seed": 1}, result_options=({"top_p": 0.5}, {}))
    case = talk(turn, say("Ho", "Hi"), tools=(WEATHER,), options={"temperature": 0.5})
    assert broken(led(stage, case, surface=surface)) == []
    assert broken(led(stage, case, RepeatsOptions, surface=surface)) == ["options.unasked"]
    same = talk(replace(turn, result_options=()), tools=(WEATHER,))
    assert broken(led(stage, same, RepeatsOptions, surface=surface)) == []


def test_a_session_ends_where_something_breaks_that_has_to_be(stage: PaperStage) -> None:
    held = led(stage, talk(say("One", "1"), say("Two", "2"), say("Three", "3")), Forgets)
    assert broken(held) == ["history.complete"]
    (failure,) = held.failures
    assert (failure.request, failure.place) == (2, "messages")
    assert len(held.transcript.bodies) == 2


def test_what_only_should_be_is_told_once_and_ends_nothing(stage: PaperStage) -> None:
    held = led(stage, talk(say("One", "1"), say("Two", "2"), say("Three", "3")), AddsTopP)
    assert broken(held) == ["options.unasked"]
    assert held.failures[0].request == 1
    assert len(held.transcript.bodies) == 3


def test_behind_its_end_a_conversation_is_forgotten(stage: PaperStage) -> None:
    held = session(stage, talk(say("One", "1"), conversations=2))
    held.begin()
    held.turn(held.case.turns[0])
    assert [len(stage.seen(key)) for key in ("sk-conform-1", "sk-conform-2")] == [1, 0]
    held.end()
    for key in ("sk-conform-1", "sk-conform-2"):
        with pytest.raises(KeyError):
            stage.seen(key)


def test_nothing_sent_is_told_with_the_clients_own_reason(stage: PaperStage) -> None:
    (silent,) = led(stage, talk(say("One", "1"), say("Two", "2")), Silent).failures
    assert (silent.requirement, silent.message) == ("request.sent", "nothing was sent")
    (refused,) = led(stage, talk(say("One", "1")), Refuses).failures
    assert refused.message == "nothing was sent: ValueError: " + ("no such option " * 20)[:200]


def test_one_thing_said_is_one_request(stage: PaperStage) -> None:
    (failure,) = led(stage, talk(say("One", "1")), Twice).failures
    assert failure.requirement == "request.single"
    assert (failure.message, failure.request) == ("one thing was said, and another request was sent", 2)


@pytest.mark.parametrize(
    ("client", "replies", "told"),
    [
        (PaperClient, (BUSY, "1"), []),
        (PaperClient, (WRONG,), []),
        (
            Persists,
            (WRONG, "1"),
            [
                (
                    "retry.never",
                    "400 data_inspection_failed does not pass by itself, and was tried 1 times again",
                )
            ],
        ),
        (
            GivesUp,
            (BUSY, "1"),
            [("retry.transient", "429 limit_requests passes by itself, and was not tried again")],
        ),
        (TriesTen, (BUSY,) * 14, []),
        (
            TriesEleven,
            (BUSY,) * 14,
            [("retry.bounded", "429 limit_requests stayed, and was tried 11 times again")],
        ),
    ],
)
def test_what_passes_by_itself_is_tried_again_and_not_for_ever(
    stage: PaperStage, client: type[PaperClient], replies: tuple[Any, ...], told: list[tuple[str, str]]
) -> None:
    held = led(stage, talk(say("One", *replies)), client)
    assert [(failure.requirement, failure.message) for failure in held.failures] == told


@pytest.mark.parametrize(("client", "wanted"), [(AsksTen, []), (AsksEleven, ["retry.bounded"])])
def test_what_breaks_off_each_time_is_not_asked_for_for_ever(
    stage: PaperStage, client: type[PaperClient], wanted: list[str]
) -> None:
    cut = ends("cut")
    held = led(stage, talk(say("One", {**cut, "again": cut})), client, mode="stream")
    assert broken(held) == wanted
    assert [one.message for one in held.failures] == [
        "an answer broke off each time, and was asked for 11 times again" for _ in wanted
    ]


def test_a_request_behind_a_refusal_that_is_not_planned_is_a_retry(stage: PaperStage) -> None:
    assert broken(led(stage, talk(say("One", BUSY)), Persists)) == []


@pytest.mark.parametrize(
    ("end", "requirement"), [("cut", "stream.cut"), ("reset", "stream.cut"), ("error", "stream.error")]
)
def test_a_broken_answer_has_to_be_reported_as_one(stage: PaperStage, end: str, requirement: str) -> None:
    case = talk(say("One", ends(end)))
    assert broken(led(stage, case, mode="stream")) == []
    held = led(stage, case, TakesAll, mode="stream")
    assert broken(held) == [requirement]
    assert held.failures[0].message == "the turn failed and is reported as good, with finish reasons [None]"


@pytest.mark.parametrize("surface", ["compat", "native-text"])
def test_an_error_within_a_stream_has_to_be_reported_in_its_words(stage: PaperStage, surface: str) -> None:
    codes = {"compat": "data_inspection_failed", "native-text": "DataInspectionFailed"}
    case = talk(say("One", ends("error", error="DataInspectionFailed")))
    held = led(stage, case, WrongWords, surface=surface, mode="stream")
    assert broken(held) == ["errors.code", "errors.message"]
    assert held.failures[0].message == f"the wire says {codes[surface]!r}, reported is 'broken' (CloudError)"


@pytest.mark.parametrize(
    ("surface", "code", "wanted"),
    [
        ("native-text", "Throttling.RateQuota", ["errors.status-inside"]),
        ("native-text", "DataInspectionFailed", []),
        ("compat", "Throttling.RateQuota", []),
    ],
)
def test_the_status_of_an_error_within_a_stream_is_that_of_its_line(
    stage: PaperStage, surface: str, code: str, wanted: list[str]
) -> None:
    case = talk(say("One", ends("error", error=code, after=3)))
    assert broken(led(stage, case, surface=surface, mode="stream")) == []
    assert broken(led(stage, case, Assumes, surface=surface, mode="stream")) == wanted


@pytest.mark.parametrize(
    ("end", "mode", "what"),
    [("stall", "stream", "stream"), ("hang", "stream", "stream"), ("hang", "plain", "answer")],
)
def test_what_falls_silent_has_to_be_left(stage: PaperStage, end: str, mode: str, what: str) -> None:
    case = talk(say("One", ends(end)))
    assert broken(led(stage, case, mode=mode)) == []
    (failure,) = led(stage, case, Holds, mode=mode).failures
    assert failure.requirement == f"{what}.stall"
    assert failure.message == f"the {what} was silent for 0 s, and the client still listened"
    assert broken(led(stage, case, TakesAll, mode=mode)) == [f"{what}.stall"]


def test_a_whole_answer_that_is_to_stall_as_a_stream_does_comes_to_its_end(stage: PaperStage) -> None:
    assert broken(led(stage, talk(say("One", ends("stall"))), mode="plain")) == []


class Patient(PaperClient):
    """Asks again behind an error within a stream too."""

    def passes(self, error: CloudError) -> bool:
        error.late = False
        return super().passes(error)


@pytest.mark.parametrize("client", [PaperClient, Patient])
def test_calls_that_broke_off_and_come_again_are_answered(
    stage: PaperStage, client: type[PaperClient]
) -> None:
    call = {"tool_calls": [{"id": "call_1", "name": "f", "arguments": '{"a": "of many letters"}'}]}
    broken_off = {**call, "delivery": {"end": "error", "after": 3}}
    held = led(stage, talk(say("One", broken_off), say("Two", "2")), client, mode="stream")
    assert [failure.message for failure in held.failures] == []


class Gathers(Patient):
    """Keeps what it had heard of an answer when it asks for it again."""

    def __init__(self, begin: Begin) -> None:
        super().__init__(begin)
        self.heard: list[Reply] = []

    def take(self, reply: Reply, document: Message, *, cumulative: bool) -> None:
        super().take(reply, document, cumulative=cumulative)
        if reply not in self.heard:
            self.heard.append(reply)

    def report(self, reply: Reply) -> Report:
        for other in self.heard:
            for at, call in other.choice(0).calls.items():
                reply.choice(0).calls.setdefault(at, call)
        return super().report(reply)


def test_who_asks_again_may_get_another_answer(stage: PaperStage) -> None:
    calls = [{"id": f"call_{at}", "name": "f", "arguments": '{"a": "of many letters"}'} for at in (1, 2)]
    delivery = {"end": "error", "after": 7}
    other = {"content": "No calls."}
    case = talk(say("One", {"tool_calls": calls, "delivery": delivery, "again": other}), say("Two", "2"))
    for client in (PaperClient, Patient):
        assert broken(led(stage, case, client, mode="stream")) == []
    assert broken(led(stage, case, Gathers, mode="stream")) == ["report.tool-calls"]


def stopped() -> Case:
    """The user stops an answer; another turn follows."""
    return talk(say("One", ends("stall", after=9), cancel_after=1), say("Two", "2"))


@pytest.mark.parametrize(
    ("client", "told"),
    [
        (PaperClient, None),
        (RemembersAll, None),
        (
            Holds,
            ("stream.cancel", "the connection was still held 0 s after the client was told to stop"),
        ),
        (SaysMore, ("stream.cancel-text", f"'Well' is reported, {LONG!r} was on its way")),
    ],
)
def test_a_stopped_answer_is_let_go_and_any_beginning_of_it_may_be_remembered(
    stage: PaperStage, client: type[PaperClient], told: tuple[str, str] | None
) -> None:
    held = led(stage, stopped(), client, mode="stream")
    found = [(failure.requirement, failure.message) for failure in held.failures]
    assert found == ([told] if told else [])


SLOW = {
    "content": "Let me see.",
    "tool_calls": [{**CALL["tool_calls"][0], "arguments": f'{{"city":"{LONG}"}}'}],
}


class CountsWords(PaperClient):
    """Counts no pieces of calls, so it may hear an answer to its end that it was told to stop."""

    def piece(self, reply: Reply, said: Said, delta: Message, *, cumulative: bool) -> None:
        super().piece(reply, said, {**delta, "tool_calls": ()}, cumulative=cumulative)
        for call in delta.get("tool_calls") or ():
            self.call(said, call, cumulative=cumulative)


class KeepsHalf(PaperClient):
    """Keeps what there is of a call that was stopped, and gives it a result."""

    def forget(self) -> None:
        call = {"id": "call_1", "type": "function", "index": 0}
        function = {"name": "weather", "arguments": '{"city":"The"}'}
        calling = {"role": "assistant", "content": "", "tool_calls": [{**call, "function": function}]}
        self.history[self.start + 1 :] = [calling]


@pytest.mark.parametrize(
    ("client", "rounds", "told"),
    [(PaperClient, 1, []), (CountsWords, 2, []), (KeepsHalf, 1, ["history.failed-turn"])],
)
def test_among_calls_a_client_stops_or_hears_them_all(
    stage: PaperStage, client: type[PaperClient], rounds: int, told: list[str]
) -> None:
    stopped_there = say("One", SLOW, "Fine.", cancel_after=4, results=(("sunny",),))
    held = led(stage, talk(stopped_there, say("Two", "2"), tools=(WEATHER,)), client, mode="stream")
    assert broken(held) == told
    assert [line.startswith("results") for line in held.transcript.text().splitlines()].count(True) == 0
    assert len(re.findall(r"client  request", held.transcript.text())) == rounds + 1


class LeavesOpen(PaperClient):
    """Leaves calls without results when the user speaks."""

    def interrupted(self) -> list[Message]:
        return []


class Drops(PaperClient):
    """Drops calls that the user speaks over."""

    def interrupted(self) -> list[Message]:
        if super().interrupted():
            self.history.pop()
        return []


@pytest.mark.parametrize(
    ("client", "told"), [(PaperClient, []), (Drops, []), (LeavesOpen, ["tools.open", "request.valid"])]
)
def test_a_user_may_speak_over_calls(stage: PaperStage, client: type[PaperClient], told: list[str]) -> None:
    over = say("One", CALL, interrupted=True)
    held = led(stage, talk(over, say("Two", "2"), say("Three", "3"), tools=(WEATHER,)), client)
    assert broken(held) == told
    assert "no results: the user speaks first" in held.transcript.text()


def test_what_was_no_beginning_of_a_stopped_answer_may_not_be_remembered(stage: PaperStage) -> None:
    assert broken(led(stage, stopped(), RemembersMore, mode="stream")) != []


def test_a_turn_that_failed_may_be_sent_again_but_not_with_an_answer(stage: PaperStage) -> None:
    case = talk(say("One", WRONG), say("Two", "2"), say("Three", "3"))
    assert broken(led(stage, case)) == []
    assert broken(led(stage, case, KeepsFailed)) == []
    assert broken(led(stage, case, InventsAnswers)) == ["history.failed-turn"]


def test_an_answer_without_a_word_may_be_remembered_or_not(stage: PaperStage) -> None:
    case = talk(say("One", {"content": ""}), say("Two", "2"))
    assert broken(led(stage, case)) == broken(led(stage, case, ForgetsEmpty)) == []
    spoken = talk(say("One", "1"), say("Two", "2"))
    assert broken(led(stage, spoken, Forgets)) == ["history.complete"]


def test_the_sum_of_what_was_used_is_judged_in_the_end(stage: PaperStage) -> None:
    case = talk(say("One", "1"), say("Two", "2"))
    assert broken(led(stage, case)) == broken(led(stage, case, SumsNothing)) == []
    held = led(stage, case, SumsWrongly)
    (failure,) = held.failures
    assert (failure.requirement, failure.place) == ("usage.sum", "usage")
    first, second = (int(number) for number in re.findall(r"usage (\d+) in", held.transcript.text()))
    total = first + second
    assert failure.message == (
        f"the answers cost {total} tokens in and 2 out together; reported are {total} and 3"
    )


def test_the_sum_is_not_judged_where_nobody_can_know_it(stage: PaperStage) -> None:
    assert broken(led(stage, talk(say("One", "1")), SumsBlindly)) == ["usage.plain"]
    assert broken(led(stage, talk(say("One", BUSY)), Persists)) == []


def test_a_refusal_costs_nothing_in_the_sum(stage: PaperStage) -> None:
    case = talk(say("One", "1"), say("Two", WRONG))
    assert broken(led(stage, case)) == []
    assert broken(led(stage, case, SumsWrongly)) == ["usage.sum"]


class TellsTokens(Patient):
    """Tells of every turn that failed that it cost three tokens."""

    def say(self, say: Say) -> Report:
        try:
            return super().say(say)
        except CloudError as error:
            told = Error(type(error).__name__, error.code, error.status, error.message)
            return Report(usage=Tokens(3, 0), error=told)


def test_a_refused_turn_has_no_usage_but_that_of_an_answer_that_broke_off(stage: PaperStage) -> None:
    assert broken(led(stage, talk(say("One", WRONG)), TellsTokens)) == ["usage.exact"]
    broken_off = {**ends("error", after=3), "again": WRONG}
    assert broken(led(stage, talk(say("One", broken_off)), TellsTokens, mode="stream")) == []


def test_what_broke_off_may_be_in_the_sum_or_not(stage: PaperStage) -> None:
    case = talk(say("One", "1"), say("Two", ends("cut")))
    assert broken(led(stage, case, mode="stream")) == []
    assert broken(led(stage, case, SumsWrongly, mode="stream")) == []
    assert broken(led(stage, case, SumsNothing, mode="stream")) == []


@pytest.mark.parametrize("reply", [{"status": 200, "body": "<h1>"}, {"status": 502, "body": "<h1>"}])
def test_what_is_no_answer_has_to_be_reported_as_an_error(stage: PaperStage, reply: dict[str, Any]) -> None:
    case = talk(Turn(say="One", replies=(reply,)))
    assert broken(led(stage, case)) == []
    assert broken(led(stage, case, TakesPages)) == ["answer.whole"]


def test_a_session_may_say_again_what_was_refused(stage: PaperStage) -> None:
    case = talk(
        say("One", WRONG),
        say("Two", "2"),
        say("Three", "3"),
        session=True,
        models={"compat": "qwen-plus-character"},
        options={"character_options": {"memory": {"enable_long_term_memory": True}}},
    )
    assert broken(led(stage, case)) == broken(led(stage, case, KeepsFailed)) == []


def test_a_session_may_go_on_from_a_prefix(stage: PaperStage) -> None:
    case = talk(
        say("One", "1"),
        say("Two", "it is", partial="So"),
        session=True,
        models={"compat": "qwen-plus-character"},
        options={"character_options": {"memory": {"enable_long_term_memory": True}}},
    )
    assert broken(led(stage, case)) == []


def test_what_was_said_in_another_conversation_is_known_as_such(stage: PaperStage) -> None:
    case = talk(say("One", "1"), say("Other", "O", conversation=1), say("Two", "2"), conversations=2)
    assert broken(led(stage, case)) == []
    held = led(stage, case, Mixes)
    assert set(broken(held)) == {"history.separate"}
    assert [line for line in held.transcript.lines if line[0].startswith("user")] == [
        ("user 1", "'One'"),
        ("user 2", "'Other'"),
    ]


def test_what_was_said_in_both_conversations_comes_from_neither(stage: PaperStage) -> None:
    case = talk(say("Hi", "1"), say("Hi", "2", conversation=1), conversations=2)
    assert broken(led(stage, case, RepeatsItself)) == ["history.invented"]
    held = session(stage, case, RepeatsItself)
    held.begin()
    held.turn(case.turns[0])
    held.failures.clear()
    held.turn(case.turns[1])
    assert broken(held) == ["history.invented"]


def test_in_a_session_only_what_is_new_is_due(stage: PaperStage) -> None:
    case = talk(
        say("One", "1"),
        say("Two", "2"),
        session=True,
        models={"compat": "qwen-plus-character"},
        options={"character_options": {"memory": {"enable_long_term_memory": True}}},
    )
    assert broken(led(stage, case)) == []
    held = led(stage, case, SendsAll)
    assert broken(held) == ["session.incremental"]
    assert held.failures[0].message == "3 messages are sent, 1 of them new: the cloud remembers the rest"


def test_an_answer_that_went_on_from_a_prefix_is_remembered_with_it(stage: PaperStage) -> None:
    case = talk(say("One", " be it", partial="So"), say("Two", "2"))
    assert broken(led(stage, case)) == []
    assert broken(led(stage, case, ForgetsPrefix)) == ["partial.joined"]


def test_behind_calls_an_answer_goes_on_from_no_prefix(stage: PaperStage) -> None:
    case = talk(say("One", {**CALL, "content": " be it"}, "Done", partial="So"), say("Two", "2"))
    case = replace(case, tools=(WEATHER,))
    assert broken(led(stage, case)) == []
    assert broken(led(stage, case, ForgetsPrefix)) == ["partial.joined"]


def test_pictures_are_part_of_what_was_said(stage: PaperStage) -> None:
    parts = ({"image": image(0xFF0000)}, {"text": "What "}, {"text": "is it?"})
    models = {"compat": "qwen3-vl-plus", "native-multimodal": "qwen3-vl-plus"}
    case = talk(Turn(say="What is it?", parts=parts, replies=({"content": "Red."},)), models=models)
    for surface in models:
        held = led(stage, case, surface=surface)
        assert broken(held) == []
        assert held.transcript.lines[1] == ("user", "3 parts 'What is it?'")
    assert broken(led(stage, case, LosesPictures)) == ["media.sent"]


@pytest.fixture(scope="module")
def steady(lazy_tokenizer: LazyTokenizer) -> PaperStage:
    """One stage for all that is drawn."""
    return PaperStage(Engine(Settings(), tokenizer=lazy_tokenizer, clock=lambda: NOW, ids=Ids(1)))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(conversations(most=4))
def test_a_client_that_is_right_is_never_blamed(steady: PaperStage, case: Case) -> None:
    held = led(steady, case, surface=case.surfaces[0], mode=case.modes[0])
    assert held.failures == []
    assert len(held.transcript.bodies) >= len(case.turns)


def test_each_conversation_begins_with_what_it_has_of_its_own(stage: PaperStage) -> None:
    case = replace(
        talk(conversations=2, system="Ours."), each=({}, {"system": "Mine.", "options": {"seed": 1}})
    )
    begins = [command for command in commands(stage, case) if isinstance(command, Begin)]
    assert [(begin.system, begin.options) for begin in begins] == [("Ours.", {}), ("Mine.", {"seed": 1})]


def test_every_other_answer_of_a_conversation_is_streamed_where_they_are_mixed(stage: PaperStage) -> None:
    called = {"tool_calls": [{"id": "call_1", "name": "weather", "arguments": "{}"}]}
    turns = (say("One", called, "1"), say("Two", "2", conversation=1), say("Three", "3"), say("Four", "4"))
    case = replace(talk(*turns, tools=(WEATHER,)), conversations=2)
    held = led(stage, case, mode=MIXED)
    assert held.failures == []
    asked = [json.loads(body) for body in held.transcript.bodies]
    assert [("stream" in body, len(body["messages"])) for body in asked] == [
        (True, 1),
        (False, 3),
        (True, 1),
        (True, 5),
        (False, 7),
    ]


def test_only_a_streamed_answer_among_mixed_ones_can_be_stopped(stage: PaperStage) -> None:
    told: list[Say] = []

    class Told(PaperClient):
        """Keeps what it is told."""

        def say(self, say: Say) -> Report:
            told.append(say)
            return super().say(say)

    led(stage, talk(say("One", "1"), *(say(str(at), "2", cancel_after=3) for at in (2, 3))), Told, mode=MIXED)
    assert [(one.stream, one.cancel_after) for one in told] == [(True, None), (False, None), (True, 3)]
