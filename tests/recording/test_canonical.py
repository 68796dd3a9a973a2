"""The key of a request: what differs from run to run does not count, everything else does."""

import json
import re
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.recording import canonical
from mockserver.recording.canonical import Keys, keys_of, steady
from mockserver.recording.forms import Part
from mockserver.recording.interaction import Request, surface_of
from tests.recording.exchanges import (
    COMPAT,
    MESSAGES,
    MULTIMODAL,
    TEXT,
    anthropic_asked,
    asked,
    dumped,
    native_asked,
)
from tests.recording.test_forms import BOUNDARIES, FILE, PARTS, PURPOSE, sent
from tests.wire.strategies import json_values, texts

SSE = [("X-DashScope-SSE", "enable")]


def keys(body: Any, path: str = COMPAT, **more: Any) -> Keys:
    """The keys of a request."""
    data = body if isinstance(body, bytes) else dumped(body)
    return keys_of(Request(method="POST", path=path, body=data, **more))


def test_the_order_of_keys_and_nulls_and_ids_do_not_count() -> None:
    body = asked("hi", temperature=0.5, user="u1", seed=None)
    turned = dict(reversed([(name, value) for name, value in body.items() if name != "seed"])) | {
        "user": "u2"
    }
    assert keys(body) == keys(turned)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("id 0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f", "id 11111111-6c1e-9d2a-8f4b-2a7c5e910d3f"),
        ("at 2026-02-02T02:40:00.25Z", "at 2025-01-01 12:00"),
        ("call_0123456789abcdef0123 x", "call_fedcba98765432100123 x"),
        ("1770000000250", "1660000000000"),
        ("时间1770000000250。", "时间1660000000000。"),
        ("oss://a/2026-01-01/b/cat.png", "oss://z/2025-01-01/y/cat.png"),
    ],
)
def test_ids_and_moments_within_texts_do_not_count(one: str, other: str) -> None:
    assert steady(one) == steady(other) != one
    assert keys(asked(one)) == keys(asked(other))


@pytest.mark.parametrize("change", [{"said": "ho"}, {"model": "qwen-max"}])
def test_the_conversation_and_the_model_count(change: dict[str, str]) -> None:
    assert keys(asked(**{"said": "hi", **change})).strict != keys(asked()).strict
    assert keys(asked(**{"said": "hi", **change})).talk != keys(asked()).talk


def test_parameters_and_the_way_to_answer_count_strictly_only() -> None:
    for other in (asked(temperature=1), asked(stream=True)):
        assert keys(other).strict != keys(asked()).strict
        assert keys(other).talk == keys(asked()).talk
    for headers in (SSE, [("accept", "text/event-stream")]):
        assert keys(native_asked(), TEXT, headers=headers).strict != keys(native_asked(), TEXT).strict
    tools = [{"type": "function", "function": {"name": "brew"}}, 7]
    assert keys(asked(tools=tools)).talk != keys(asked()).talk


def test_the_conversation_is_the_same_on_every_surface() -> None:
    parts = native_asked([{"text": "hi"}])  # type: ignore[arg-type]
    history = {"model": "qwen-plus", "input": {"prompt": "hi"}}
    talks = {
        keys(asked()).talk,
        keys(native_asked(), TEXT).talk,
        keys(parts, MULTIMODAL).talk,
        keys(history, TEXT).talk,
    }
    assert len(talks) == 1


def test_the_system_prompt_stands_apart() -> None:
    one, other = keys(asked(system="be kind")), keys(asked(system="be brief"))
    assert (one.strict, one.talk) == (other.strict, other.talk)
    assert one.system != other.system != keys(asked()).system


def test_whitespace_counts_unless_it_shall_not() -> None:
    one, other = keys(asked("a b\n c")), keys(asked("ab\tc　"))
    assert one.strict != other.strict
    assert (one.strict_loose, one.talk_loose) == (other.strict_loose, other.talk_loose)


def test_ids_of_calls_link_and_do_not_count() -> None:
    def body(first: str, second: str, answer: str, arguments: str = '{"a": 1}') -> dict[str, Any]:
        calls = [
            {"id": name, "type": "function", "function": {"name": "f", "arguments": arguments}}
            for name in (first, second)
        ]
        said = [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "u"}}]},
            {"role": "assistant", "content": "", "tool_calls": calls},
            {"role": "tool", "tool_call_id": answer, "content": "x"},
            {"role": "assistant", "content": "b", "partial": True},
        ]
        return {"model": "qwen-plus", "messages": said}

    assert keys(body("a", "b", "b")) == keys(body("c", "d", "d", '{"a":1}'))
    assert keys(body("a", "b", "b")) != keys(body("a", "b", "a"))
    assert keys(body("a", "b", "b", "not json")) != keys(body("a", "b", "b"))


def test_other_endpoints_are_told_apart_by_method_path_query_and_body() -> None:
    def other(**more: Any) -> str:
        return keys_of(Request(**{"method": "GET", "path": "/x", **more})).strict

    told = {
        other(),
        other(method="POST"),
        other(path="/y"),
        other(query="a=1"),
        other(body=b"text"),
        other(body=b"[1]"),
    }
    assert len(told) == 6
    assert other(query="a=1&b=2") == other(query="b=2&a=1")
    assert other(body=b"[1, 2]") == other(body=b"[1,2]")
    assert other(body=b'{"model":"m","n":1}') == other(body=b'{"n":1,"model":"m"}')


@given(
    st.lists(
        st.sampled_from(["0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f", "2026-02-02T02:40:00.25+08:00", "0000-"])
        | st.integers(16, 70).map(lambda size: "call_" + "a1" * size)
        | st.sampled_from(["1770000000250", " ", "a", "-", "_", "9", "茶", "oss://a/b/cat.png"])
    ).map("".join),
    st.integers(1, 40),
)
def test_a_long_text_is_levelled_in_stretches_as_at_once(text: str, stretch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "_STRETCH", len(text) + 100)
        whole = steady(text)
        patch.setattr(canonical, "_STRETCH", stretch)
        assert steady(text) == whole


@given(
    texts | st.text(st.sampled_from("\\ nrtu00a03000\t\n\r\f\x1c\x85\u00a0\u3000"), max_size=30),
    st.integers(1, 40),
)
def test_all_whitespace_is_left_out_and_nothing_else(text: str, stretch: int) -> None:
    whole = json.dumps([text], separators=(",", ":"))
    bare = re.sub(r"(?:\\[nrt]|\\u00a0|\\u3000|\s)+", "", whole)
    assert canonical._bare(whole) == bare
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "_STRETCH", stretch)
        assert canonical._bare(whole) == bare


def test_a_body_that_is_no_text_is_compared_by_its_bytes() -> None:
    def of(content: bytes) -> Keys:
        return keys(content, "/x")

    assert of(b"at 2026-02-02T02:40:00Z") == of(b"at 2025-01-01T12:00:00Z")
    assert of(b"\xff at 2026-02-02T02:40:00Z") != of(b"\xff at 2025-01-01T12:00:00Z")
    assert len({of(b"\xff").strict, of(b"\xfe").strict, of("\ufffd".encode()).strict}) == 3


@pytest.mark.parametrize("body", [b"\xff" * 9_000_000, b"0000-" * 1_800_000, b"\n" * 9_000_000])
def test_others_have_their_turn_while_a_large_body_is_read(body: bytes) -> None:
    """The longest that another thread waits, with much to spare for a busy machine; one piece took 3.5 s."""
    done, waits = threading.Event(), [0.0]

    def wait() -> None:
        before = time.perf_counter()
        while not done.wait(0.001):
            now = time.perf_counter()
            waits.append(now - before)
            before = now

    other = threading.Thread(target=wait)
    other.start()
    keys(body)
    done.set()
    other.join()
    assert max(waits) < 3


FILES = "/compatible-mode/v1/files"


@given(BOUNDARIES, BOUNDARIES, PARTS, st.data())
def test_a_form_is_compared_by_its_parts_whatever_their_border(
    one: bytes, other: bytes, parts: list[Part], data: st.DataObject
) -> None:
    recorded = keys(sent(one, parts), FILES, headers=[("content-type", f"x; boundary={one.decode()}")])
    assert recorded == keys(sent(other, parts), FILES)
    at = data.draw(st.integers(0, len(parts) - 1))
    content = bytearray(parts[at].content + b"0")
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    changed = [*parts[:at], replace(parts[at], content=bytes(content)), *parts[at + 1 :]]
    assert recorded.strict != keys(sent(other, changed), FILES).strict
    assert recorded.talk != keys(sent(other, changed), FILES).talk


@pytest.mark.parametrize(
    "change", [{"name": "document"}, {"file": "b.txt"}, {"file": None}, {"type": None}, {"content": b"hellO"}]
)
def test_each_thing_of_a_part_counts(change: dict[str, Any]) -> None:
    changed = [replace(FILE, **change), PURPOSE]
    assert keys(sent(b"b", changed), FILES).strict != keys(sent(b"b", [FILE, PURPOSE]), FILES).strict


def test_parts_of_other_names_have_no_order_and_those_of_one_name_have() -> None:
    second = replace(FILE, file="b.txt")
    parts = [FILE, second, PURPOSE]
    assert keys(sent(b"b", parts), FILES) == keys(sent(b"b", [PURPOSE, FILE, second]), FILES)
    assert keys(sent(b"b", parts), FILES) != keys(sent(b"b", [second, FILE, PURPOSE]), FILES)


def test_ids_and_moments_do_not_count_in_a_form_either_and_bytes_that_are_no_text_do() -> None:
    def of(content: bytes) -> Keys:
        return keys(sent(b"b", [replace(FILE, content=content)]), FILES)

    assert of(b"at 2026-02-02T02:40:00Z") == of(b"at 2025-01-01T12:00:00Z")
    assert of(b"\xff at 2026-02-02T02:40:00Z") != of(b"\xff at 2025-01-01T12:00:00Z")
    assert of(b"\xff a").strict_loose != of(b"\xffa").strict_loose


def test_a_form_is_shown_by_its_parts() -> None:
    request = Request(
        method="POST",
        path=FILES,
        body=sent(b"b", [replace(FILE, content=b"\xff"), replace(PURPOSE, type="a")]),
    )
    file, purpose = (
        canonical.document_of(request, "other")["body"]["form"][name][0] for name in ("file", "purpose")
    )
    assert (file["filename"], file["type"], file["bytes"]) == ("a.txt", "text/plain", 1)
    assert purpose == {"type": "a", "text": "file-extract"}


@given(value=json_values, path=st.sampled_from([COMPAT, TEXT, MULTIMODAL, "/x"]))
def test_no_body_is_too_odd_for_a_key(value: Any, path: str) -> None:
    for body in (
        value,
        {"messages": value},
        {"input": value, "parameters": value},
        {"messages": [value], "tools": value},
    ):
        made = keys(json.dumps(body).encode(), path)
        assert made == keys(json.dumps(body, indent=1).encode(), path)
        assert canonical.shape_of(Request(method="POST", path=path, body=dumped(body)))[1] in (True, False)


RESPONSES = "/compatible-mode/v1/responses"
FUNCTION = {"type": "function", "function": {"name": "brew", "parameters": {"type": "object"}}}
CALL = {"id": "c", "type": "function", "function": {"name": "brew", "arguments": "{}"}}
TURNS: list[dict[str, Any]] = [
    {"role": "system", "content": "be kind"},
    {"role": "user", "content": [{"text": "tea"}, {"image_url": {"url": "u"}, "min_pixels": 4}]},
    {"role": "assistant", "content": "", "reasoning_content": "so", "tool_calls": [CALL], "partial": True},
    {"role": "tool", "tool_call_id": "c", "content": "x"},
]
GOOD: list[tuple[str, dict[str, Any]]] = [
    (COMPAT, {"model": "m", "messages": TURNS, "tools": [FUNCTION], "stream": True}),
    (TEXT, {"model": "m", "input": {"messages": TURNS}, "parameters": {"tools": [FUNCTION]}}),
    (TEXT, {"model": "m", "input": {"prompt": "a", "history": [{"user": "b", "bot": "c"}]}}),
    (MULTIMODAL, {"model": "m", "input": {"messages": TURNS}}),
    (
        MESSAGES,
        {
            "model": "m",
            "system": [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {"role": "user", "content": "tea"},
                {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "n", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]},
            ],
            "tools": [{"name": "n", "input_schema": {"type": "object"}}],
            "thinking": {"type": "enabled", "budget_tokens": 5},
        },
    ),
    (
        RESPONSES,
        {
            "model": "m",
            "instructions": "be kind",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "tea"}]},
                {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c", "output": "x"},
            ],
            "tools": [{"type": "function", "name": "n", "parameters": {}}, {"type": "web_search"}],
            "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"name": "n"}]},
            "reasoning": {"effort": "low"},
        },
    ),
]


def put(document: Any, value: Any, data: st.DataObject) -> Any:
    """A document with a value in the place of any of its own."""
    if not isinstance(document, dict | list) or not document or data.draw(st.integers(0, 5)) == 0:
        return value
    if isinstance(document, list):
        at = data.draw(st.integers(0, len(document) - 1))
        return [*document[:at], put(document[at], value, data), *document[at + 1 :]]
    name = data.draw(st.sampled_from(list(document)))
    return {**document, name: put(document[name], value, data)}


@given(good=st.sampled_from(GOOD), value=json_values, data=st.data())
def test_a_value_of_any_form_in_any_place_of_a_request_has_a_key(
    good: tuple[str, dict[str, Any]], value: Any, data: st.DataObject
) -> None:
    path, body = good
    spoilt = json.dumps(put(body, value, data)).encode()
    assert keys(spoilt, path) == keys(spoilt, path)


ODD_CALL = {"type": "tool_use", "id": {}, "name": 5, "input": 5}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (COMPAT, {"messages": [{"role": "tool", "tool_call_id": [1], "content": "x"}]}),
        (TEXT, {"input": {"prompt": 5}}),
        (TEXT, {"input": {"prompt": "a", "history": [{"user": 5, "bot": 5}]}}),
        (RESPONSES, {"input": "a", "instructions": 5}),
        (RESPONSES, {"input": [{"type": "function_call", "call_id": [1], "name": 5, "arguments": 5}]}),
        (MESSAGES, anthropic_asked(messages=[{"role": "assistant", "content": [ODD_CALL]}])),
    ],
)
def test_what_has_not_the_form_of_its_dialect_is_compared_as_json(path: str, body: dict[str, Any]) -> None:
    document = canonical.document_of(Request(method="POST", path=path, body=dumped(body)), surface_of(path))
    assert document["body"] == canonical._levelled(body)
    assert keys(body, path) == keys({**body, "user": "u", "seed": None}, path)
    assert keys(body, path).strict != keys({**body, "seed": 1}, path).strict
