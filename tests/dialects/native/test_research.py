"""A deep research: the first turn asks back, the next one plans, searches and answers."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mockserver.corridor.engine import Engine
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.rules.schemas import violations
from tests.conftest import make_headers

MODEL = "qwen-deep-research"
FIRST = [{"role": "user", "content": "Which tea sold best in 1900?"}]
LATER = [
    *FIRST,
    {"role": "assistant", "content": "In which country?"},
    {"role": "user", "content": "In Portugal."},
]
SSE = {"X-DashScope-SSE": "enable"}


def events(messages: list[Any], script: Any = None) -> list[dict[str, Any]]:
    """The events of an answer, each as its schema has it."""
    engine = Engine()
    if script is not None:
        engine.scripts.add({"reply": script}, engine.errors)
    body = json.dumps({"model": MODEL, "input": {"messages": messages}}).encode()
    answer = engine.chat(NATIVE_TEXT, make_headers(SSE), body, arrived=0.0)
    told = []
    for number, frame in enumerate(answer.frames, 1):
        head, _, data = frame.partition(b"data:")
        assert head == b"id:%d\nevent:result\n:HTTP_STATUS/200\n" % number
        told.append(json.loads(data))
        assert violations("native-research.chunk", told[-1]) == []
    return told


def phases(told: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Phase and status of each event, without what repeats the one before."""
    found = [(event["output"]["message"]["phase"], event["output"]["message"]["status"]) for event in told]
    return [pair for at, pair in enumerate(found) if at == 0 or found[at - 1] != pair]


def text(told: list[dict[str, Any]], phase: str = "answer") -> str:
    messages = [event["output"]["message"] for event in told]
    return "".join(message["content"] for message in messages if message["phase"] == phase)


def test_the_first_turn_asks_back() -> None:
    told = events(FIRST)
    assert phases(told) == [("answer", "typing"), ("answer", "finished")]
    assert text(told)
    assert not any(event["output"]["message"]["extra"]["deep_research"] for event in told)


def test_the_next_turn_plans_searches_and_answers() -> None:
    told = events(LATER, {"content": "Gunpowder.", "reasoning_content": "Look at ports."})
    assert phases(told) == [
        ("ResearchPlanning", "typing"),
        ("ResearchPlanning", "finished"),
        ("WebResearch", "streamingQueries"),
        ("WebResearch", "streamingWebResult"),
        ("WebResearch", "WebResultFinished"),
        ("KeepAlive", "typing"),
        ("answer", "typing"),
        ("answer", "finished"),
    ]
    assert text(told, "ResearchPlanning") == "Look at ports."
    assert text(told) == "Gunpowder."


def test_an_event_has_the_recorded_order_of_keys() -> None:
    """Recording: cnblogs/dashscope-sdk, qwen-deep-research, 2025-12."""
    first = events(LATER)[0]
    assert list(first) == ["output", "usage", "request_id"]
    assert list(first["output"]) == ["message", "fininshed", "fininshed_reason"]
    assert list(first["output"]["message"]) == ["phase", "role", "content", "extra", "status"]
    assert (first["output"]["fininshed"], first["output"]["fininshed_reason"]) == (False, "null")
    assert list(first["usage"]) == ["input_tokens", "output_tokens"]


def test_what_was_found_is_what_the_answer_refers_to() -> None:
    told = [event["output"]["message"]["extra"]["deep_research"] for event in events(LATER)]
    research = [one["research"] for one in told if "research" in one]
    assert [list(one) for one in research] == [
        ["id", "query"],
        ["researchGoal", "id", "query"],
        ["id", "webSites"],
        ["id", "learningMap"],
        ["id"],
    ]
    assert research[0]["query"] == "In Portugal."
    sites = next(one["webSites"] for one in research if "webSites" in one)
    assert [site["url"] for site in sites] == [found["url"] for found in told[-1]["references"]]


def test_a_script_says_what_was_found_and_what_it_cost() -> None:
    found = {"title": "Ports", "icon": "i", "url": "https://tea.invalid/", "index": 1, "site_name": "tea"}
    script = {
        "content": "Gunpowder.",
        "search_info": {"extra_tool_info": [], "search_results": [found]},
        "usage": {"output_tokens": 7},
    }
    told = events(LATER, script)
    assert told[-1]["output"]["message"]["extra"]["deep_research"]["references"] == [
        {
            "icon": "i",
            "description": "Ports",
            "index_number": 1,
            "title": "Ports",
            "url": "https://tea.invalid/",
        }
    ]
    assert told[-1]["usage"]["output_tokens"] == 7


@given(st.text(min_size=1))
def test_any_text_arrives_whole_and_its_tokens_only_grow(said: str) -> None:
    told = events(LATER, {"content": said})
    assert text(told) == said
    counts = [event["usage"]["output_tokens"] for event in told]
    assert counts == sorted(counts)
    assert [event["output"]["fininshed"] for event in told] == [False] * (len(told) - 1) + [True]
