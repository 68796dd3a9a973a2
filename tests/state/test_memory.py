"""What the server remembers of a character's conversation, and when it sums up."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.meter import tokenizer as tokenizers
from mockserver.meter.tokenizer import Tokenizer
from mockserver.state import memory
from mockserver.state.memory import SUMMARY_TOKENS, Session
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ChatRequest, Message
from tests.asking import Messages, ask
from tests.wire.strategies import texts

WORKING = tokenizers.load()
"""Hypothesis runs a test many times on one fixture, so its tests take the tokenizer from here."""

CHARACTER = "qwen-plus-character"
ON: dict[str, Any] = {"enable_long_term_memory": True}
HEADERS = {"x-dashscope-aca-session": "tea-house"}
PROFILE = "You are Ling Lu, who sells tea."
HELLO = Reply((Choice("Welcome."),))
SAID: Messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello!"}]


def speak(
    said: str | Messages = "Hello!",
    *,
    model: str = CHARACTER,
    headers: dict[str, str] | None = None,
    profile: str | None = None,
    **options: Any,
) -> ChatRequest:
    """What is said to a character; `options` are those of its memory."""
    character: dict[str, Any] = {"memory": options} if options else {}
    if profile is not None:
        character["profile"] = profile
    sent = HEADERS if headers is None else headers
    return ask(said, model=model, headers=sent, character_options=character or None)


def entries(session: Session) -> list[tuple[str, str]]:
    return [(entry.role, entry.text) for entry in session.entries]


def full(count: int) -> Session:
    """A session that holds so many entries."""
    return Session([Message("user", f"Word {number}.") for number in range(count)])


def test_a_session_is_named_by_its_header_where_the_memory_is_on() -> None:
    assert memory.session_id(speak(**ON)) == "tea-house"


@pytest.mark.parametrize(
    "request_",
    [
        speak(),
        speak(enable_long_term_memory=False),
        speak(memory_entries=20),
        speak(headers={}, **ON),
        speak(headers={"x-dashscope-aca-session": ""}, **ON),
        speak(model="qwen-plus", **ON),
        speak(profile=PROFILE),
    ],
    ids=["no options", "off", "not said", "no header", "empty header", "no character", "a profile only"],
)
def test_no_session_is_used_without_model_switch_and_header(request_: ChatRequest) -> None:
    assert memory.session_id(request_) is None


def test_without_profile_and_session_a_request_stays_the_same() -> None:
    request = speak()
    assert memory.recall(request, None) is request
    assert memory.recall(request, Session()) is request


def test_a_profile_leads_what_a_character_reads_and_no_other_model() -> None:
    request = speak(profile=PROFILE)
    assert memory.recall(request, None).messages == (Message("system", PROFILE), *request.messages)
    other = speak(model="qwen-plus", profile=PROFILE)
    assert memory.recall(other, None) is other


def test_profile_and_summary_come_first_then_the_history_then_what_is_new() -> None:
    request = speak("Again!", profile=PROFILE, **ON)
    history = [Message("user", "Hello!"), Message("assistant", "Welcome.")]
    session = Session(list(history), "They met.")
    lead = Message("system", f"{PROFILE}\n\nThey met.")
    recalled = memory.recall(request, session)
    assert recalled == replace(request, messages=(lead, *history, Message("user", "Again!")))
    assert session == Session(history, "They met.")


def test_a_summary_alone_leads_and_a_history_alone_stands_first() -> None:
    request = speak("Again!", **ON)
    new = request.messages
    summary = memory.recall(request, Session(summary="They met."))
    assert summary.messages == (Message("system", "They met."), *new)
    history = memory.recall(request, Session([Message("user", "Hello!")]))
    assert history.messages == (Message("user", "Hello!"), *new)


def test_a_turn_is_kept_and_the_next_one_reads_it(tokenizer: Tokenizer) -> None:
    session = Session()
    memory.save(speak(SAID, **ON), HELLO, session, tokenizer)
    assert entries(session) == [("system", "Be brief."), ("user", "Hello!"), ("assistant", "Welcome.")]
    recalled = memory.recall(speak("Tea, please.", **ON), session)
    assert [message.text for message in recalled.messages] == [
        *("Be brief.", "Hello!", "Welcome.", "Tea, please.")
    ]


@pytest.mark.parametrize(
    ("skipped", "kept"),
    [
        ([], ["system", "user", "assistant"]),
        (None, ["system", "user", "assistant"]),
        (["system"], ["user", "assistant"]),
        (["user"], ["system", "assistant"]),
        (["output"], ["system", "user"]),
        (["system", "user", "assistant", "output"], []),
    ],
)
def test_what_is_skipped_is_not_kept(tokenizer: Tokenizer, skipped: Any, kept: list[str]) -> None:
    session = Session()
    memory.save(speak(SAID, skip_save_types=skipped, **ON), HELLO, session, tokenizer)
    assert [entry.role for entry in session.entries] == kept


def test_skipping_the_assistants_messages_keeps_the_output(tokenizer: Tokenizer) -> None:
    said: Messages = [{"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "Hello!"}]
    session = Session()
    memory.save(speak(said, skip_save_types=["assistant"], **ON), HELLO, session, tokenizer)
    assert entries(session) == [("user", "Hello!"), ("assistant", "Welcome.")]


def test_of_several_choices_the_first_is_kept_and_of_none_nothing(tokenizer: Tokenizer) -> None:
    session = Session()
    memory.save(speak(**ON), Reply((Choice("One."), Choice("Two."))), session, tokenizer)
    assert entries(session) == [("user", "Hello!"), ("assistant", "One.")]
    memory.save(speak("Why?", **ON), Reply(()), session, tokenizer)
    assert entries(session)[2:] == [("user", "Why?")]


@pytest.mark.parametrize(
    ("options", "most"), [({}, 50), ({"memory_entries": None}, 50), ({"memory_entries": 20}, 20)]
)
def test_a_history_is_summed_up_when_it_has_so_many_entries(
    tokenizer: Tokenizer, options: dict[str, Any], most: int
) -> None:
    session = full(most - 3)
    memory.save(speak(**options, **ON), HELLO, session, tokenizer)
    assert (len(session.entries), session.summary) == (most - 1, "")
    memory.save(speak(skip_save_types=["output"], **options, **ON), HELLO, session, tokenizer)
    assert session.entries == []
    assert session.summary.startswith("[mock summary]\nuser: Word 0.\nuser: Word 1.\n")
    assert session.summary.endswith("\nuser: Hello!\nassistant: Welcome.\nuser: Hello!")


def test_a_later_summary_goes_on_with_the_earlier_one(tokenizer: Tokenizer) -> None:
    session = Session([Message("user", "Tea?")] * 18, "They met.")
    memory.save(speak("Line\n\none " + "and on " * 20, memory_entries=20, **ON), HELLO, session, tokenizer)
    cut = ("Line one " + "and on " * 20)[:60]
    assert session.summary.split("\n") == [
        "They met.",
        *["user: Tea?"] * 18,
        f"user: {cut}",
        "assistant: Welcome.",
    ]


@given(st.lists(texts, min_size=20, max_size=40), st.booleans())
def test_a_summary_never_has_more_than_a_thousand_tokens(said: list[str], long: bool) -> None:  # noqa: FBT001
    before = "茶🍵 and " * 500 if long else ""
    session = Session([Message("user", text) for text in said], before)
    memory.save(speak(memory_entries=20, **ON), HELLO, session, WORKING)
    assert session.entries == []
    assert len(WORKING.ends(session.summary)) <= SUMMARY_TOKENS
    assert session.summary.startswith("茶🍵" if long else "[mock summary]\nuser: ")
