"""Exchanges as people read them, and as a test sees them."""

from typing import Any

import pytest
from hypothesis import given

from mockserver.base.jsontext import dumps
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.state.brief import last_message, messages_of
from mockserver.talk.surface import Surface
from mockserver.testing.exchange import Exchange
from mockserver.testing.report import block, folded, nearest_lines, painted
from tests.conftest import NOW, make_headers
from tests.wire.strategies import json_values

TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]


def shown(engine: Engine, reply: dict[str, Any], *, surface: Surface = COMPAT, **body: Any) -> dict[str, Any]:
    """A scripted exchange, as the control API gives it."""
    engine.scripts.add({"reply": reply}, engine.errors)
    content = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Tea?"}], **body}
    engine.chat(COMPAT, make_headers(), dumps(content), arrived=NOW)
    (entry,) = engine.journal
    entry.finished = NOW + 0.25
    return entry.shown()


def test_a_block_says_who_asked_what_and_what_it_cost(engine: Engine) -> None:
    told = block(shown(engine, {"content": "Oolong.\nOr green.", "reasoning_content": "Hm."}))
    lines = told.splitlines()
    assert lines[0].startswith("#1  02:40:00  sk-***")
    assert lines[0].endswith("  qwen-plus  compat  200")
    assert lines[1:] == [
        "  user      Tea?",
        "  thinks    Hm.",
        "  says      Oolong.",
        "            Or green.",
        "  tokens    11 in, 14 out; 250 ms",
        "  by        reply-1",
    ]


def test_a_block_shows_calls_history_and_refusals(engine: Engine) -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    told = block(
        shown(
            engine,
            {"tool_calls": [{"name": "get_weather", "arguments": "{}"}]},
            messages=messages,
            tools=TOOLS,
            stream=True,
        )
    )
    assert "compat, stream  200\n  tools     get_weather\n" in told
    assert "  history   2 messages\n  user      c\n  calls     get_weather({})\n" in told
    engine.reset()
    assert "  refused   limit_requests: " in block(shown(engine, {"error": {"code": "Throttling.RateQuota"}}))


def test_a_block_shows_who_the_model_is_told_to_be(engine: Engine) -> None:
    messages = [
        {"role": "system", "content": "You sell tea."},
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
    ]
    told = block(shown(engine, {"content": "Oolong."}, messages=messages))
    assert "  system    You sell tea.\n  history   1 message\n  assistant b\n" in told


@pytest.mark.parametrize("width", [30, 80])
def test_exchanges_are_folded_between_words(width: int) -> None:
    text = "  says      " + "the leaf of the day " * 9 + "乌龙茶" * 40 + "\n\n  by        built-in"
    lines = folded(text, width).split("\n")
    assert max(len(line) for line in lines if "乌" not in line) <= width
    assert lines[-3:] == [" " * 12 + "乌龙茶" * 40, "", "  by        built-in"]
    assert " ".join(folded(text, width).split()) == " ".join(text.split())
    assert folded(text, 10_000) == text


def test_colours_tell_what_went_wrong(engine: Engine) -> None:
    good = painted(block(shown(engine, {"content": "Oolong."})))
    assert good.startswith("\x1b[1;32m#1  ")
    assert "\n  says      Oolong.\n" in good
    engine.reset()
    refused = painted(block(shown(engine, {"error": {"code": "Throttling.RateQuota"}})))
    assert refused.startswith("\x1b[1;31m#")
    assert "\x1b[33m  refused   limit_requests" in refused


def test_a_block_shows_findings(engine: Engine) -> None:
    told = block(shown(engine, {}, temperature="hot"))
    assert "  finding   refused: parameters.type at temperature: " in told


def test_a_block_shows_what_was_cached(engine: Engine) -> None:
    exchange = shown(engine, {"content": "Oolong."})
    exchange["usage"]["cached_tokens"] = 8
    assert ", 8 cached; 250 ms" in block(exchange)
    exchange["timings"]["finished_ms"] = None
    assert ", 8 cached\n" in block(exchange)


def test_a_long_text_is_cut(engine: Engine) -> None:
    assert "a ... 100 more characters" in block(shown(engine, {"content": "a" * 700}))


@pytest.mark.parametrize(
    ("body", "last"),
    [
        (
            {"messages": [{"role": "user", "content": [{"text": "a"}, "b", {"image": "x"}, 7, {}]}]},
            ("user", "ab[image][part]"),
        ),
        ({"input": {"messages": [{"role": "tool", "content": None}]}}, ("tool", "")),
        ({"input": {"prompt": "Tea?"}}, ("user", "Tea?")),
        ({"input": "Tea?"}, ("user", "Tea?")),
        ({"input": [{"role": "user", "content": "Tea?"}, 7]}, ("user", "Tea?")),
        ({"input": 7}, ("", "")),
        ({"messages": 7}, ("", "")),
        ("tea", ("", "")),
        ({"messages": [{}]}, ("", "")),
    ],
)
def test_the_last_message_is_found_in_any_body(body: Any, last: tuple[str, str]) -> None:
    assert last_message(body) == last


@given(json_values)
def test_any_body_is_shown_without_a_fault(body: Any) -> None:
    assert isinstance(messages_of(body), list)
    assert isinstance(last_message({"messages": body}), tuple)


def test_an_exchange_is_read_by_its_names(engine: Engine) -> None:
    exchange = Exchange(shown(engine, {"content": "Oolong."}))
    assert (exchange.number, exchange.surface, exchange.model, exchange.stream) == (
        1,
        "compat",
        "qwen-plus",
        False,
    )
    assert (exchange.status, exchange.last_user, exchange.answer) == (200, "Tea?", "Oolong.")
    assert exchange.messages == [{"role": "user", "content": "Tea?"}]
    assert exchange.choices == [{"content": "Oolong.", "finish_reason": "stop"}]
    assert (exchange.error, exchange.findings, exchange.answered_by) == (None, [], "reply-1")
    assert exchange.usage["input_tokens"] == 11
    assert repr(exchange) == "<Exchange 1 qwen-plus user: 'Tea?' -> 200 'Oolong.'>"
    assert str(exchange) == block(exchange.shown)


def test_a_refused_exchange_has_an_error_and_no_answer(engine: Engine) -> None:
    exchange = Exchange(shown(engine, {}, model="no-such-model"))
    assert (exchange.model, exchange.answer, exchange.choices, exchange.usage) == (None, "", [], {})
    assert exchange.error is not None
    assert exchange.error["status"] == 404
    assert "no model" in str(exchange)


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (
            {"content": [{"image": "https://a.example/cup.png"}]},
            "  shows     image: https://a.example/cup.png",
        ),
        ({"status": 405, "body": {"error": "茶"}}, '  sends     {"error": "茶"}'),
        ({"status": 502, "body": "<p>"}, "  sends     <p>"),
        ({"status": 204}, "  sends     (nothing)"),
        ({"frames": [": a\n\n", ": b\n\n"]}, "  sends     : a"),
    ],
)
def test_a_block_shows_media_and_raw_bytes(engine: Engine, reply: dict[str, Any], line: str) -> None:
    assert line in block(shown(engine, reply)).splitlines()


def condition(*, holds: bool, diff: str = "") -> dict[str, Any]:
    return {
        "condition": "last_user",
        "holds": holds,
        "expected": '"Tea, please!"',
        "actual": '"Tea, pleese!"',
        "diff": diff,
    }


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        (
            {"conditions": [condition(holds=True), condition(holds=False, diff="ple[-a-][+e+]se")]},
            [
                "  nearest   reply-1: 1 of 2 conditions hold",
                '            last_user: expected "Tea, please!", actual "Tea, pleese!"',
                "            ple[-a-][+e+]se",
            ],
        ),
        (
            {"conditions": [condition(holds=False)], "source": "shop.yaml:3"},
            [
                "  nearest   shop.yaml:3: 1 of 2 conditions hold",
                '            last_user: expected "Tea, please!", actual "Tea, pleese!"',
            ],
        ),
        ({"answers_now": True}, ["  nearest   reply-1: it would answer now"]),
        ({"spent": True}, ["  nearest   reply-1: it has answered as often as it may"]),
    ],
)
def test_the_script_that_almost_answered_stands_below(more: dict[str, Any], lines: list[str]) -> None:
    near = {"script": {"id": "reply-1"}, "source": None, "held": 1, "total": 2}
    told = nearest_lines({**near, "spent": False, "answers_now": False, **more})
    assert told.splitlines() == ["", *lines]
    assert nearest_lines(None) == ""
