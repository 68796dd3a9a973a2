"""The details of a usage add up: whatever is sent, each medium's tokens are told where any are."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mockserver.catalogue import models as model_catalogue
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.talk.surface import Surface
from mockserver.wire import sse
from tests.conftest import make_headers

MEDIA = ("text", "image", "video", "audio")
MODELS = sorted(
    model.name for model in model_catalogue.load() if model.chat and model.media and model.task != "asr"
)
"""What hears only tells no sum on the native surface, and no medium that it does not take."""

HEARING = "qwen3-asr-flash"
URLS = {"image": "https://tea.example/leaf.png", "audio": "https://tea.example/kettle.wav"}
VIDEOS = ("https://tea.example/film.mp4", ["https://tea.example/1.png", "https://tea.example/2.png"])


def compat_part(kind: str, value: Any) -> dict[str, Any]:
    """A part of a message as the compatible surface takes it."""
    if kind == "text":
        return {"type": "text", "text": value}
    if kind == "audio":
        return {"type": "input_audio", "input_audio": {"data": value, "format": "wav"}}
    if kind == "video" and isinstance(value, list):
        return {"type": "video", "video": value}
    return {"type": f"{kind}_url", f"{kind}_url": {"url": value}}


PARTS = st.one_of(
    st.tuples(st.just("text"), st.text("tea 茶", min_size=1)),
    st.sampled_from(sorted(URLS.items())),
    st.tuples(st.just("video"), st.sampled_from(VIDEOS)),
)


def told(usage: Mapping[str, Any], *, native: bool) -> None:
    """Holds the details of a usage against its input."""
    details = usage.get("input_tokens_details" if native else "prompt_tokens_details") or {}
    if "text_tokens" in details:
        counts = [details.get(f"{kind}_tokens", 0) for kind in MEDIA]
        assert sum(counts) == usage["input_tokens" if native else "prompt_tokens"], usage
    flat = {name: usage[name] for kind in MEDIA if details and (name := f"{kind}_tokens") in usage}
    assert flat.items() <= details.items(), usage


def body_of(surface: Surface, model: str, parts: list[tuple[str, Any]], *, stream: bool) -> dict[str, Any]:
    """A request with these parts."""
    if surface.dialect == "native":
        content = [{kind: value} for kind, value in parts]
        return {"model": model, "input": {"messages": [{"role": "user", "content": content}]}}
    content = [compat_part(kind, value) for kind, value in parts]
    wish = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
    return {"model": model, "messages": [{"role": "user", "content": content}], **wish}


@pytest.mark.parametrize("surface", [COMPAT, NATIVE_MULTIMODAL])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_text_and_media_add_up_to_the_input(
    surface: Surface, *, stream: bool, lazy_tokenizer: LazyTokenizer
) -> None:
    engine = Engine(Settings(rules="lenient"), tokenizer=lazy_tokenizer)
    headers = make_headers({"X-DashScope-SSE": "enable"} if stream else {})
    shown: set[str] = set()

    @settings(max_examples=60)
    @given(st.sampled_from(MODELS), st.lists(PARTS, min_size=1, max_size=4))
    def ask(model: str, parts: list[tuple[str, Any]]) -> None:
        body = json.dumps(body_of(surface, model, parts, stream=stream)).encode()
        answer = engine.chat(surface, headers, body, arrived=0.0)
        assert answer.entry is not None
        assume(answer.entry.refusal is None)
        texts = [frame.data for raw in answer.frames for frame in sse.read(raw) if frame.data]
        for text in texts or [answer.body.decode()]:
            document = json.loads(text) if text != "[DONE]" else {}
            if document.get("usage"):
                told(document["usage"], native=surface.dialect == "native")
                shown.add(model)

    ask()
    assert shown


def test_a_model_that_hears_only_tells_its_sound(engine: Engine) -> None:
    body = body_of(COMPAT, HEARING, [("audio", URLS["audio"])], stream=False)
    answer = engine.chat(COMPAT, make_headers(), json.dumps(body).encode(), arrived=0.0)
    usage = json.loads(answer.body)["usage"]
    assert usage["prompt_tokens_details"]["audio_tokens"] > 0
    told(usage, native=False)


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("model", ["qwen3.5-plus", "qwen3.7-plus"])
def test_audio_to_a_model_that_takes_none_is_told_as_audio(
    model: str, *, stream: bool, engine: Engine
) -> None:
    headers = make_headers({"X-DashScope-SSE": "enable"} if stream else {})
    sent = body_of(NATIVE_MULTIMODAL, model, [("text", "Tea?"), ("audio", URLS["audio"])], stream=stream)
    answer = engine.chat(NATIVE_MULTIMODAL, headers, json.dumps(sent).encode(), arrived=0.0)
    assert answer.status == 200
    last = sse.read(answer.frames[-1])[0].data if answer.frames else answer.body
    usage = json.loads(last or "")["usage"]
    assert usage["input_tokens_details"]["audio_tokens"] > 0
    told(usage, native=True)
