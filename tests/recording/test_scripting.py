"""Recordings as a scenario: the same requests get the same bytes, and what has no place there is told."""

import gzip
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.dialects.table import named
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.recording.interaction import Chunk, Interaction
from mockserver.recording.redaction import MARK
from mockserver.recording.scripting import scenario
from mockserver.scripts.script import FILES
from tests.conftest import NOW, make_headers
from tests.recording.exchanges import (
    TEXT,
    asked,
    compat_body,
    compat_frames,
    dumped,
    interaction,
    native_asked,
    native_frames,
)
from tests.scenario.playing import playable
from tests.scenario.test_export import fresh
from tests.wire.strategies import texts

JSON = [("Content-Type", "application/json")]


def told(*made: Interaction) -> tuple[list[dict[str, Any]], list[str]]:
    """The replies of the scenario, and what it has no place for."""
    text, notes = scenario((f"{at}.json", one) for at, one in enumerate(made))
    document = yaml.safe_load(text)
    assert (document["name"], document["templates"]) == ("From recordings", False)
    return document["replies"], notes


def answered(lazy: LazyTokenizer, *made: Interaction) -> list[tuple[int, dict[str, str], bytes]]:
    """What a server answers from the scenario when all is asked again."""
    engine = fresh(lazy, 1)
    engine.play(FILES, playable(scenario(("a.json", one) for one in made)[0]))
    engine.stage.change(FILES, on_miss="error")
    heard = []
    for one in made:
        more = dict(one.request.headers)
        answer = engine.chat(named(one.surface), make_headers(more), one.request.body, arrived=NOW)
        headers = {name.decode(): value.decode("latin-1") for name, value in answer.headers}
        heard.append((answer.status, headers, b"".join(answer.frames) or answer.body))
    return heard


@st.composite
def recorded(draw: st.DrawFn) -> Interaction:
    """A chat of either dialect, plain or streamed, packed or not, in chunks of any size."""
    said = draw(texts.filter(str.strip))
    streamed, native = draw(st.booleans()), draw(st.booleans())
    if native:
        sent = [("X-DashScope-SSE", "enable")] if streamed else []
        answer: Any = native_frames("a", said) if streamed else dumped({"output": {"text": said}})
        return interaction(native_asked(said), answer, path=TEXT, sent=sent)
    answer = compat_frames("a", said) if streamed else dumped(compat_body(said))
    made = interaction(asked(said, stream=streamed), answer)
    size = draw(st.none() | st.integers(1, 40))
    raw = made.response.raw
    if size is None or not streamed:
        return made
    chunks = tuple(Chunk(0.0, raw[at : at + size]) for at in range(0, len(raw), size))
    return replace(made, response=replace(made.response, chunks=chunks))


@settings(max_examples=40)
@given(made=st.lists(recorded(), min_size=1, max_size=3))
def test_the_same_requests_get_the_same_bytes(lazy_tokenizer: LazyTokenizer, made: list[Interaction]) -> None:
    heard = answered(lazy_tokenizer, *made)
    first: dict[bytes, list[bytes]] = {}
    for one, (status, _, body) in zip(made, heard, strict=True):
        first.setdefault(one.request.body, []).append(one.response.raw)
        assert status == 200
        assert body in first[one.request.body]
    assert scenario(("a", one) for one in made)[1] == []


def test_status_headers_and_a_sequence_are_kept(lazy_tokenizer: LazyTokenizer) -> None:
    busy = dumped({"error": {"message": "slow down", "code": "limit_requests"}})
    made = [
        interaction(asked(), busy, status=429, headers=[*JSON, ("X-Tea", "oolong"), ("Date", "now")]),
        interaction(asked(), dumped(compat_body("fine"))),
        interaction(asked(), dumped(compat_body("good"))),
    ]
    heard = answered(lazy_tokenizer, *made)
    assert [(status, body) for status, _, body in heard] == [
        (429, busy),
        *((200, one.response.raw) for one in made[1:]),
    ]
    assert (heard[0][1]["x-tea"], heard[0][1]["content-type"]) == ("oolong", "application/json")
    replies, notes = told(*made)
    assert (len(replies), len(replies[0]["reply"]), notes) == (1, 3, [])


PACKED = interaction(
    None, gzip.compress(dumped(compat_body()), mtime=0), headers=[*JSON, ("Content-Encoding", "gzip")]
)


@pytest.mark.parametrize(
    ("made", "note"),
    [
        (interaction(path="/api/v1/tasks/1"), "left out: a script answers no path but those of chats"),
        (interaction(b"tea"), "left out: its request is no JSON object"),
        (interaction(None, b"\xff"), "left out: its body is no text"),
        (interaction(None, [b"data: \xff\n\n"]), "left out: its body is no text"),
        (interaction(None, b"{}", status=204), "left out: body: a 204 has none"),
        (PACKED, "not kept: its packing (gzip)"),
        (
            interaction(None, b"{}", headers=[*JSON, ("x-tea", "茶")]),
            "not kept: the header x-tea, which a script cannot send",
        ),
        (interaction(None, b"{", end="cut"), "not kept: that it broke off: a fault can say so"),
        (
            interaction(asked(f"my key is {MARK}"), b"{}"),
            f"not kept: what was secret in its request: ask it with {MARK} in that place",
        ),
    ],
)
def test_what_a_scenario_has_no_place_for_is_told(made: Interaction, note: str) -> None:
    replies, notes = told(made)
    assert len(notes) == 1
    assert notes[0].startswith(f"0.json: {note}")
    assert len(replies) == (0 if "left out" in note else 1)


def test_what_was_lost_before_is_told_too() -> None:
    made = interaction(None, b"{}")
    rebuilt = replace(made, response=replace(made.response, kept="rebuilt", lost="nock keeps what JSON says"))
    missing = replace(
        made, response=replace(made.response, kept="missing", lost="it was streamed", chunks=())
    )
    replies, notes = told(rebuilt, missing)
    assert notes == [
        "0.json: not kept: that it was made anew: nock keeps what JSON says",
        "1.json: left out: it holds no answer: it was streamed",
    ]
    assert len(replies) == 1
    silent = replace(made, response=replace(made.response, kept="rebuilt"))
    assert told(silent)[1] == ["0.json: not kept: that it was made anew: nobody told why"]


def test_an_answer_without_a_type_gets_none(lazy_tokenizer: LazyTokenizer) -> None:
    ((_, headers, body),) = answered(lazy_tokenizer, interaction(None, b"tea", headers=[]))
    assert ("content-type" in headers, body) == (False, b"tea")


@pytest.mark.parametrize("said", [b'"\\ud83d"', b"NaN"])
def test_a_request_that_no_server_reads_is_left_out_and_told(said: bytes) -> None:
    replies, (note,) = told(interaction(b'{"model":"qwen-plus","user":%b}' % said))
    assert replies == []
    assert note.startswith("0.json: left out: a server reads no such request: ")
