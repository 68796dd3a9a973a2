"""Transcripts become scripts: each answer waits for all that was said before it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.scenario.transcript import fault, scripts_of
from mockserver.scripts.script import FILES
from tests.scenario.playing import Talk, assistant, fresh, playable, say, user


def scripts(*lines: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """The scripts of a conversation, their steps in lists."""
    found = [spec for _, spec in scripts_of({"messages": list(lines), **more}, templates=True)]
    return [
        {**spec, "match": {**spec["match"], "conversation": list(spec["match"]["conversation"])}}
        for spec in found
    ]


def test_an_answer_waits_for_all_before_it() -> None:
    first, second = scripts(
        {"system": "S"}, {"user": "a"}, {"assistant": "b"}, {"tool": None}, {"assistant": {"content": "c"}}
    )
    assert first == {
        "match": {"conversation": [{"system": "S"}, {"user": "a"}]},
        "reply": {"content": "b"},
    }
    assert second["match"]["conversation"] == [
        {"system": "S"},
        {"user": "a"},
        {"assistant": "b"},
        {"tool": None},
    ]


def test_further_conditions_and_times_go_to_every_answer() -> None:
    (spec,) = scripts({"user": "a"}, {"assistant": "b"}, match={"model": "qwen-plus"}, times=2)
    assert spec["match"] == {"model": "qwen-plus", "conversation": [{"user": "a"}]}
    assert spec["times"] == 2


@pytest.mark.parametrize(
    ("said", "repeated"),
    [
        ("plain", "plain"),
        ({"content": None, "tool_calls": []}, ""),
        ({"chunks": ["a", "b"]}, "ab"),
        ("{{ use }} cups", None),
        ([{"error": {"code": "Throttling"}}, "b"], "b"),
    ],
)
def test_the_client_is_to_repeat_what_it_was_told(said: Any, repeated: str | None) -> None:
    second = scripts({"user": "a"}, {"assistant": said}, {"user": "c"}, {"assistant": "d"})[1]
    assert second["match"]["conversation"][1] == {"assistant": repeated}


def test_an_error_is_not_repeated_by_anyone() -> None:
    second = scripts(
        {"user": "a"}, {"assistant": {"error": {"code": "Throttling"}}}, {"user": "c"}, {"assistant": "d"}
    )[1]
    assert second["match"]["conversation"] == [{"user": "a"}, {"user": "c"}]


def test_a_prefix_and_its_answer_come_back_as_one() -> None:
    second = scripts({"user": "a"}, {"prefix": "b"}, {"assistant": "c"}, {"user": "d"}, {"assistant": "e"})[1]
    assert second["match"]["conversation"] == [{"user": "a"}, {"assistant": None}, {"user": "d"}]


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ([{"assistant": "a"}], 0),
        ([{"user": "a"}, {"assistant": "b"}, {"assistant": "c"}], 2),
        ([{"user": "a"}, {"system": "b"}, {"assistant": "c"}], 1),
        ([{"user": "a"}, {"assistant": "b"}, {"user": "c"}], 2),
    ],
)
def test_a_line_where_none_of_its_kind_can_stand_is_found(lines: list[dict[str, Any]], place: int) -> None:
    found = fault(lines)
    assert found is not None
    assert found[0] == place


texts = st.text("ab ", min_size=1, max_size=4).map(str.strip).filter(bool)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5))
def test_a_client_that_speaks_the_lines_hears_the_lines(lines: list[tuple[str, str]]) -> None:
    entries = "".join(f"\n    - user: '{asked}'\n    - assistant: '{said}'" for asked, said in lines)
    engine = fresh()
    engine.play(FILES, playable(f"on_miss: error\nconversations:\n  - messages:{entries}"))
    history: Talk = [{"role": "system", "content": "anything"}]
    for asked, said in lines:
        history.append(user(asked))
        assert say(engine, history) == said
        history.append(assistant(f"{said} "))


def test_the_answers_of_a_conversation_share_the_steps_before_them() -> None:
    """A conversation of so many lines is so many steps, however many answers wait for all of them."""
    lines = [{who: f"{who} {turn}"} for turn in range(200) for who in ("user", "assistant")]
    leads = [spec["match"]["conversation"] for _, spec in scripts_of({"messages": lines}, templates=True)]
    assert [len(lead) for lead in leads] == [*range(1, 400, 2)]
    assert len({id(step) for lead in leads for step in lead.back()}) == 399
