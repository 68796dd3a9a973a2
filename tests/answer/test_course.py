"""How far the work of a conversation has come."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.answer.course import _RESULT as RESULT
from mockserver.answer.course import (
    Course,
    bare,
    complains,
    course_of,
    directory,
    ends,
    is_result,
    known,
    may,
)
from mockserver.answer.course import _strips as strips
from mockserver.instances.kinds import parts
from tests.answer.lengths import PIECES, drive, long_texts
from tests.asking import Messages, ask
from tests.wire.strategies import texts


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def called(name: str, arguments: str = "{}", call_id: str = "c1") -> dict[str, Any]:
    call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"role": "assistant", "content": "", "tool_calls": [call]}


def result(text: str, call_id: str = "c1") -> dict[str, Any]:
    return {"role": "tool", "content": text, "tool_call_id": call_id}


def course(*messages: dict[str, Any]) -> Course:
    return course_of(ask(messages))


def test_at_the_start_nothing_was_done() -> None:
    assert course(user("Tea?")) == Course("Tea?")
    assert course(said("Hello."), user("Tea?")) == Course("Tea?")


def test_a_result_answers_a_call() -> None:
    found = course(user("Tea?"), called("brew", '{"b": 1.0, "a": 2}'), result("Hot."))
    assert found.question == "Tea?"
    assert found.tried == (("brew", '{"a":2,"b":1}'),)
    assert (found.times("brew"), found.times("sing"), found.answered) == (1, 0, True)
    assert found.results == ("Hot.",)


def test_what_was_called_for_an_earlier_question_does_not_count() -> None:
    found = course(user("Tea?"), called("brew"), result("Hot."), said("It is hot."), user("More?"))
    assert found == Course("More?")


def test_a_call_that_could_not_be_used_is_tried_but_did_not_serve() -> None:
    wrong = "1 validation error for brew\ncups\n  Field required [type=missing]"
    found = course(user("Tea?"), called("brew"), result(wrong))
    assert (found.times("brew"), found.tried, found.answered) == (0, (("brew", "{}"),), False)
    assert (found.complaint, found.results) == (wrong, ())


@pytest.mark.parametrize(
    "text",
    [
        "Observation:\nHot.",
        "<tool_response>\nHot.\n</tool_response>",
        "[brew] Result:\nHot.",
        "[read_file for 'a.txt'] Result:\nHot.",
        "Tool result: Hot.",
        "工具返回: 热的",
    ],
)
def test_a_result_may_be_a_message_of_the_user(text: str) -> None:
    found = course(user("Tea?"), said('Calling tools: [{"name": "brew"}]'), user(text))
    assert (found.question, found.times("brew"), found.answered) == ("Tea?", 1, True)
    assert found.results[0].endswith(("Hot.", "热的"))
    assert "bservation" not in found.results[0]
    assert "<" not in found.results[0]


def test_what_a_framework_puts_in_front_of_the_words_is_none_of_them() -> None:
    state = "Current state:\n{'name': 'unset'}\n\nCurrent message:\n"
    found = course(user(f"{state}My name is Laurie\n"))
    assert (found.question, found.reminded) == ("My name is Laurie", state.partition("\nCurrent message")[0])
    assert course(user("Current state: fine")).question == "Current state: fine"


def test_a_notice_of_a_handover_asks_nothing() -> None:
    notice = "Transferred to refunder, adopting the role of refunder immediately."
    assert course(user("Refund flight 7."), user(notice)).question == "Refund flight 7."
    assert course(user(notice)).question == notice


def test_only_a_conversation_has_results_and_complaints() -> None:
    assert course(user("Observation: the sky is blue")).question == "Observation: the sky is blue"
    assert course(user("1 validation error, why?")).question == "1 validation error, why?"


def test_a_complaint_may_be_a_message_of_the_user() -> None:
    text = "Correct your JSON ONLY RESPONSE, based on the following errors: cups"
    found = course(user("Tea?"), said("{}"), user(text))
    assert (found.question, found.complaint, found.answered) == ("Tea?", text, False)


def test_a_tool_that_is_only_spoken_of_was_not_called() -> None:
    found = course(user("Tea?"), said("I could brew."))
    assert found.times("brew") == 0
    assert course(user("Tea?"), said("I brewed."), user("Observation: hot")).times("brew") == 0


def test_a_conversation_without_a_question_asks_nothing() -> None:
    assert course_of(ask([{"role": "system", "content": "Be kind."}])).question == ""


@given(texts, texts)
def test_every_text_is_a_result_or_not_and_never_breaks(first: str, last: str) -> None:
    found = course(user("Tea?"), said(first), user(last))
    assert found.question == ("Tea?" if is_result(last) or complains(last) else last)


@pytest.mark.parametrize(
    ("topic", "pattern"),
    [(topic, pattern) for topic in ("complaints", "directory") for pattern in known()[topic]["says"]],
)
@given(data=st.data())
@settings(max_examples=20)
def test_what_a_pattern_finds_has_a_word_that_is_looked_for_first(
    topic: str, pattern: str, data: st.DataObject
) -> None:
    text = data.draw(st.from_regex(pattern))
    assert may(topic, text)
    assert may(topic, text.upper())


@pytest.mark.parametrize(
    ("name", "description", "ending"),
    [
        ("final_result", "", True),
        ("submit_report", "", True),
        ("attempt_completion", "", True),
        ("finishTask", "", True),
        ("report", "The final response which ends this conversation", True),
        ("json", "Respond with a JSON object.", True),
        ("get_weather", "Get the weather of a city", False),
        ("brew", "Brews tea until it is strong", False),
    ],
)
def test_names_and_descriptions_say_what_ends_the_work(name: str, description: str, *, ending: bool) -> None:
    assert ends(parts(name), description) is ending


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("The current working directory is: /srv/tea", "/srv/tea"),
        ("I'm currently working in the directory: /srv/tea/", "/srv/tea"),
        ("<cwd>/srv/tea</cwd>", "/srv/tea"),
        ("Working directory: `/srv/tea`.", "/srv/tea"),
        ("cwd=/srv/tea", "/srv/tea"),
        ("当前工作目录：/srv/tea", "/srv/tea"),
        ("working directory: /", "/"),
        ("Tea from /srv/tea?", ""),
    ],
)
def test_the_folder_of_the_work_stands_in_the_conversation(text: str, folder: str) -> None:
    history: Messages = [{"role": "system", "content": text}, user("Read it.")]
    assert directory(ask(history)) == folder


@given(st.lists(texts, min_size=1, max_size=3))
def test_any_conversation_has_a_folder_or_none(said_texts: list[str]) -> None:
    assert isinstance(directory(ask([user(text) for text in said_texts])), str)


REMINDER = "<system-reminder>It is noon. Call the 'give_result' tool at the end.</system-reminder>"


def test_what_a_framework_reminds_of_is_no_question_and_no_result() -> None:
    found = course(user("Tea?"), user(REMINDER))
    assert (found.question, found.answered, found.reminded) == ("Tea?", False, REMINDER)
    found = course(user("Tea?"), called("brew"), result("hot"), user(REMINDER))
    assert (found.question, found.results, found.answered) == ("Tea?", ("hot",), True)
    assert course(user(REMINDER)).question == REMINDER


def test_a_reminder_beside_words_is_none_of_them() -> None:
    words = f"{REMINDER}<cwd>/tea</cwd>\n{REMINDER}\nTea?"
    found = course(user(words))
    assert found.question == "<cwd>/tea</cwd>\n\nTea?"
    assert found.reminded == f"{REMINDER}\n{REMINDER}"


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("<system-reminder>a<system-reminder>b</system-reminder>c</system-reminder>Tea?", "Tea?"),
        ("<system-reminder>a</environment_context>Tea?</b>", None),
        ("</system-reminder>Tea?", None),
        ("<system-reminder>a</system-reminder>Tea?<system-reminder>b</c>", "Tea?<system-reminder>b</c>"),
    ],
)
def test_a_reminder_ends_where_its_mark_is_closed(said: str, left: str | None) -> None:
    assert course(user(said)).question == (said if left is None else left)


def test_what_is_around_a_result_takes_as_long_as_its_text() -> None:
    assert drive(strips()) >= len(PIECES)
    for text in long_texts(*known()["formats"]["strip"]):
        bare(text)


def test_a_result_without_end_is_left_as_it_is_there() -> None:
    assert bare("Observation: a" + "b" * RESULT + "<tool_result>").endswith("b<tool_result>")


@pytest.mark.parametrize(
    ("begins", "piece"),
    [
        ("working directory", " "),
        ("working directory `", "`"),
        ("<cwd>", "\n"),
        ("", "working folder"),
        ("cwd:", "\n "),
    ],
)
def test_a_folder_is_looked_for_in_time_that_grows_with_the_text(begins: str, piece: str) -> None:
    assert directory(ask([user(begins + piece * (200_000 // len(piece)))])) == ""


@given(st.integers(0, 60_000))
def test_a_folder_stands_anywhere_in_a_long_text(before: int) -> None:
    text = " " * before + "Working directory: `/srv/" + "tea/" * 20 + "pot`" + " " * 20_000
    assert directory(ask([user(text)])) == "/srv/" + "tea/" * 20 + "pot"
