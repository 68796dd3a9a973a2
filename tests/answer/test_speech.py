"""The speech of omni models: beside the text of a stream, in pieces, and counted."""

import json
from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.answer import speech
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.meter.media import speech_tokens
from mockserver.rules.schemas import violations
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import Part
from tests.asking import ask, body_of
from tests.conftest import make_headers

OMNI = "qwen3-omni-flash"
BOTH = ["text", "audio"]


def deltas(*, script: Any = None, said: str = "Tea?", **options: Any) -> tuple[list[Any], dict[str, Any]]:
    """The deltas of a streamed answer, and its usage."""
    engine = Engine()
    if script is not None:
        engine.scripts.add({"reply": script}, engine.errors)
    options = {"modalities": BOTH, "stream_options": {"include_usage": True}, **options}
    body = body_of(said, model=OMNI, surface=COMPAT, stream=True, parameters=options)
    answer = engine.chat(COMPAT, make_headers({}), json.dumps(body).encode(), arrived=0.0)
    chunks = [json.loads(frame.removeprefix(b"data: ")) for frame in answer.frames[:-1]]
    for chunk in chunks:
        assert violations("compat.chunk", chunk) == []
    return [chunk["choices"][0]["delta"] for chunk in chunks[:-1]], chunks[-1]["usage"]


@pytest.mark.parametrize(
    ("model", "stream", "modalities", "speaks"),
    [
        (OMNI, True, BOTH, True),
        ("qwen3.5-omni-plus", True, ["audio"], True),
        (OMNI, True, ["text"], False),
        (OMNI, True, None, False),
        (OMNI, False, BOTH, False),
        ("qwen3.8-omni-flash", True, BOTH, False),
        ("qwen-plus", True, BOTH, False),
    ],
)
def test_an_omni_model_speaks_in_streams_where_it_is_asked_to(
    *, model: str, stream: bool, modalities: list[str] | None, speaks: bool
) -> None:
    """Model Studio docs, Qwen-Omni, 2026: audio only with a stream, `qwen3.8-omni-flash` in texts only."""
    chosen: dict[str, Any] = {"modalities": modalities} if modalities else {}
    assert speech.wanted(ask("Tea?", model=model, stream=stream, **chosen)) is speaks


def test_a_stream_brings_the_speech_behind_the_text() -> None:
    told, usage = deltas(audio={"voice": "Cherry", "format": "wav"})
    opener, *between, last = told
    assert opener == {"content": "", "role": "assistant"}
    assert last == {"content": ""}
    kinds = ["audio" if "audio" in delta else "content" for delta in between]
    assert kinds == sorted(kinds, reverse=True)
    spoken = [delta["audio"] for delta in between if "audio" in delta]
    assert {frozenset(piece) for piece in spoken} == {frozenset(("data", "expires_at", "id"))}
    assert {piece["id"][:6] for piece in spoken} == {"audio_"}
    samples = sum(len(b64decode(piece["data"])) for piece in spoken) / 2
    details = usage["completion_tokens_details"]
    assert details["audio_tokens"] == samples / 24_000 * 25
    assert usage["completion_tokens"] == details["audio_tokens"] + details["text_tokens"]


def test_without_speech_the_usage_names_none() -> None:
    told, usage = deltas(modalities=["text"])
    assert not any("audio" in delta for delta in told)
    assert usage["completion_tokens_details"] == {"text_tokens": usage["completion_tokens"]}


def test_a_script_brings_its_own_sounds() -> None:
    sound = {"data": "AAAA", "transcript": "Tea."}
    told, usage = deltas(script={"content": [{"text": "Tea."}, {"audio": sound}]})
    assert [delta["audio"]["transcript"] for delta in told if "audio" in delta] == ["Tea."]
    assert usage["completion_tokens_details"]["audio_tokens"] == 1


@given(st.text())
def test_speech_is_as_long_as_its_words_and_no_longer_than_four_seconds(text: str) -> None:
    choice = speech.spoken(Reply((Choice(text),))).choices[0]
    tokens = speech_tokens([choice])
    assert tokens <= 100
    assert bool(tokens) == bool(text.split())
    longer = speech.spoken(Reply((Choice(f"{text} and more"),)))
    assert tokens <= speech_tokens(longer.choices)


def test_pictures_are_not_heard() -> None:
    assert speech_tokens([Choice(media=(Part("image", "https://tea.invalid/cup.png"),))]) == 0
