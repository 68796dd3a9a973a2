"""Conversations of the suite, judged: what is as good as what was said, and what ends nothing."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from contract_tests.gallery.reference import Reference
from mockserver.contract import Report, Stage, Verdict, built_in, client_under_test
from mockserver.contract.cases import chosen
from mockserver.contract.judge import judge_choice
from mockserver.contract.protocol import Call, Choice, Say
from mockserver.contract.report import Result, State
from mockserver.contract.suite import Outcome, hold
from mockserver.contract.told import Told
from mockserver.contract.truth import Comparison
from mockserver.talk.reply import Choice as Said
from mockserver.talk.request import Message, ToolCall


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Stage(patience=2.0) as running:
        yield running


class Floats(Reference):
    """Writes whole numbers as numbers with a point, and switches as they are."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:  # noqa: FBT001 - the form of the reference
        given = {
            name: float(value) if type(value) is int and name != "max_tokens" else value
            for name, value in options.items()
        }
        return super().answer(stream, given, prefix, stop)


class Switches(Reference):
    """Writes switches as numbers."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:  # noqa: FBT001 - the form of the reference
        given = {name: int(value) if isinstance(value, bool) else value for name, value in options.items()}
        return super().answer(stream, given, prefix, stop)


class AddsTopPAndForgets(Reference):
    """Adds an option of its own to all requests; what comes of the third thing said is lost."""

    def answer(self, stream: bool, options: dict[str, Any], prefix: str | None, stop: int | None) -> Report:  # noqa: FBT001 - the form of the reference
        return super().answer(stream, {"top_p": 0.8, **options}, prefix, stop)

    def say(self, say: Say) -> Report:
        report = super().say(say)
        self.__dict__["said"] = self.__dict__.get("said", 0) + 1
        return replace(report, choices=()) if self.__dict__["said"] == 3 else report


def led(stage: Stage, factory: type[Reference], case: str) -> Outcome:
    client = client_under_test(name="x")(factory)
    (one,) = chosen(built_in(), [case])
    return hold(stage, client, one, "compat", "plain")


def test_a_number_is_sent_whichever_way_it_is_written(stage: Stage) -> None:
    assert led(stage, Floats, "options.zero").verdict is Verdict.PASSED


def test_a_switch_is_no_number(stage: Stage) -> None:
    broken = {failure.requirement for failure in led(stage, Switches, "thinking.off").failures}
    assert "options.sent" in broken or "request.valid" in broken


def test_what_only_should_be_does_not_hide_what_comes_behind_it(stage: Stage) -> None:
    broken = [failure.requirement for failure in led(stage, AddsTopPAndForgets, "turns.many").failures]
    assert broken[0] == "options.unasked"
    assert "report.choices" in broken


def said(arguments: str) -> Said:
    return Said(
        content="", tool_calls=(ToolCall("weather", arguments, "call_1"),), finish_reason="tool_calls"
    )


@pytest.mark.parametrize(
    ("told", "broken"),
    [
        ('{"city":"Zürich","n":2.50}', []),
        ('{"n": 2.5, "city": "Z\\u00fcrich"}', []),
        ('{"city": "Zurich", "n": 2.5}', ["report.tool-calls"]),
        ("{", ["report.tool-calls"]),
    ],
)
def test_arguments_of_a_call_are_reported_by_their_meaning(told: str, broken: list[str]) -> None:
    choice = Choice(tool_calls=(Call("call_1", "weather", told),), finish_reason="tool_calls")
    found = judge_choice(said('{"city":"Zürich","n":2.50}'), choice, 0)
    assert [failure.requirement for failure in found] == broken


def test_a_history_that_is_cut_well_may_have_arguments_written_anew() -> None:
    call = ToolCall("weather", '{"city": "Rome"}', "call_1")
    history = [
        Told(role="user", text="One?"),
        Told(role="assistant", text="One."),
        Told(role="user", text="Weather?"),
        Told(role="assistant", calls=(call,)),
        Told(role="tool", text="fine", call_id="call_1"),
    ]
    anew = ToolCall("weather", '{"city":"Rome"}', "call_1")
    sent = [
        Message("user", "Weather?"),
        Message("assistant", "", (), (anew,)),
        Message("tool", "fine", (), (), "call_1"),
    ]
    found = Comparison(place="messages", number=1).kept(history, sent, most=3)
    assert [failure.requirement for failure in found] == ["tools.arguments-exact"]


def test_a_conversation_that_broke_only_what_should_be_shows_the_rest(stage: Stage) -> None:
    client = client_under_test(name="x")(AddsTopPAndForgets)
    (case,) = chosen(built_in(), ["turns.single"])
    result = Result("x")
    result.add(hold(stage, client, case, "compat", "plain"))
    assert result.states()["options.unasked"] is State.FAILED
    assert result.states()["report.text"] is State.PASSED


def test_pieces_come_one_by_one_where_they_part_a_character(stage: Stage) -> None:
    reads: list[int] = []

    class Reads(Reference):
        """Looks at what comes in, read by read."""

        def say(self, say: Say) -> Report:
            body = {"model": self.begin.model, "stream": True}
            payload = json.dumps({**body, "messages": [{"role": "user", "content": say.text}]}).encode()
            host, port = self.begin.openai_url.removeprefix("http://").split("/")[0].split(":")
            with socket.create_connection((host, int(port))) as connection:
                head = (
                    "POST /compatible-mode/v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                )
                head += f"Authorization: Bearer {self.begin.key}\r\nContent-Type: application/json\r\n"
                connection.sendall(f"{head}Content-Length: {len(payload)}\r\n\r\n".encode() + payload)
                while piece := connection.recv(65536):
                    reads.append(len(piece))
            return Report()

    (case,) = chosen(built_in(), ["text.chinese"])
    hold(stage, client_under_test(name="x")(Reads), case, "compat", "chopped")
    assert len(reads) > 3
