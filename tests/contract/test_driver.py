"""The driver's side in Python: a line in, a line out, and nothing else on stdout."""

import io
import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base.jsontext import loads
from mockserver.contract.driver import drive
from mockserver.contract.protocol import (
    FEATURES,
    Begin,
    Choice,
    End,
    Report,
    Result,
    Results,
    Say,
    checked,
    command_json,
)

HELLO = {"type": "hello", "version": 1}
BEGIN = command_json(
    Begin(
        conversation="c",
        surface="compat",
        openai_url="o",
        native_url="n",
        anthropic_url="a",
        key="sk-c",
        model="qwen-plus",
    )
)
END = command_json(End(conversation="c"))


class Echo:
    """A client that says what it hears."""

    def __init__(self, begin: Begin) -> None:
        print("begun")  # noqa: T201 - as clients do
        if begin.model == "bad":
            message = "no such model"
            raise ValueError(message)

    def say(self, say: Say) -> Report:
        print("heard")  # noqa: T201 - as clients do
        if say.text == "fail":
            message = "failed"
            raise ConnectionError(message)
        if say.text == "wrong":
            return "no report"  # type: ignore[return-value]
        return Report((Choice(say.text),))

    def results(self, results: Results) -> Report:
        return Report(tuple(Choice(f"{result.id}: {result.content}") for result in results.results))


def say(text: str) -> dict[str, Any]:
    """The command that says a text."""
    return command_json(Say(conversation="c", text=text))


def driven(commands: Iterable[object], **options: Any) -> list[dict[str, Any]]:
    """The answers of a driver, each of which the schema allows."""
    out = io.BytesIO()
    drive(
        Echo,
        client="echo 1",
        commands=io.StringIO("\n".join(map(json.dumps, commands))),
        answers=out,
        **options,
    )
    assert out.getvalue().isascii()
    return [checked(loads(line)) for line in out.getvalue().splitlines()]


def test_a_driver_says_who_its_client_is_and_what_it_can_do() -> None:
    known = {"type": "hello", "version": 1, "client": "echo 1"}
    assert driven([HELLO]) == [{**known, "surfaces": ["compat"], "features": list(FEATURES)}]
    few = driven([HELLO], surfaces=["native-text", "compat"], features=["stream"])
    assert few == [{**known, "surfaces": ["native-text", "compat"], "features": ["stream"]}]


def test_a_driver_whose_client_can_do_what_there_is_not_does_not_start() -> None:
    with pytest.raises(
        ValueError, match="'tea' is not known; known are compat, native-text, native-multimodal"
    ):
        driven([HELLO], surfaces=["tea"])


def test_a_driver_answers_each_line() -> None:
    results = Results(conversation="c", results=(Result(id="1", content="x"), Result(id="2", content="")))
    answers = driven([HELLO, BEGIN, say("Hi"), command_json(results), END])
    assert [answer["type"] for answer in answers] == ["hello", "ok", "report", "report", "report"]
    assert [choice["text"] for choice in answers[2]["choices"]] == ["Hi"]
    assert [choice["text"] for choice in answers[3]["choices"]] == ["1: x", "2: "]
    assert answers[4]["choices"] == []


def test_what_a_client_raises_is_reported_and_what_is_the_drivers_fault_is_trouble() -> None:
    answers = driven(
        [BEGIN, say("fail"), say("wrong"), {**BEGIN, "model": "bad"}, {"type": "dance"}, say("Hi")]
    )
    failed = {"kind": "ConnectionError", "code": None, "status": None, "message": "failed"}
    assert answers[1]["error"] == failed
    assert [answer["type"] for answer in answers[2:]] == ["trouble", "trouble", "trouble", "report"]
    assert "gave str where a Report is due" in answers[2]["message"]
    assert "could not begin: ValueError: no such model" in answers[3]["message"]
    assert "there is no command 'dance'; known are begin, say, results, end" in answers[4]["message"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ({"type": "say", "text": "Hi"}, "missing 1 required keyword-only argument: 'conversation'"),
        ({**END, "tea": 1}, "unexpected keyword argument 'tea'"),
        ({"type": "results", "conversation": "c", "results": [{}]}, "missing 2 required keyword-only"),
        ({"conversation": "c"}, "there is no command None"),
        (END, "no conversation 'c' was begun"),
    ],
)
def test_a_command_that_cannot_be_is_trouble_and_the_driver_goes_on(
    command: dict[str, Any], told: str
) -> None:
    trouble, hello = driven([command, HELLO])
    assert (trouble["type"], hello["type"]) == ("trouble", "hello")
    assert told in trouble["message"]


@given(
    st.lists(
        st.sampled_from(["begin", "say", "results", "end", "hello", "tea"]).flatmap(
            lambda name: st.dictionaries(
                st.sampled_from(["conversation", "text", "stream", "key", "model", "results", "tea"]),
                st.just([]) | st.just("c"),
            ).map(lambda fields: {**fields, "conversation": "c", "type": name})
        ),
        max_size=4,
    )
)
def test_every_command_has_one_answer(commands: list[dict[str, Any]]) -> None:
    assert len(driven(commands)) == len(commands)


@given(st.text())
def test_what_is_said_comes_back_whatever_it_is(text: str) -> None:
    _, answer = driven([BEGIN, say(f"so: {text}")])
    assert answer["choices"][0]["text"] == f"so: {text}"


class Buffered(io.BytesIO):
    """Holds back what is written until it is flushed."""

    def __init__(self) -> None:
        super().__init__()
        self._held = b""

    def write(self, data: Any, /) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        super().write(self._held)
        self._held = b""


def test_each_answer_is_out_before_the_next_command_is_read() -> None:
    answers = Buffered()
    answered: list[int] = []

    def commands() -> Iterator[str]:
        for command in (HELLO, BEGIN, say("Hi")):
            yield json.dumps(command)
            answered.append(answers.getvalue().count(b"\n"))

    lines: Any = commands()
    drive(Echo, client="echo 1", commands=lines, answers=answers)
    assert answered == [1, 2, 3]


def test_what_a_client_prints_goes_to_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    out, errors = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(map(json.dumps, [HELLO, BEGIN, say("Hi")]))))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", errors)
    drive(Echo, client="echo 1")
    out.seek(0)
    assert [json.loads(line)["type"] for line in out] == ["hello", "ok", "report"]
    assert errors.getvalue() == "begun\nheard\n"
