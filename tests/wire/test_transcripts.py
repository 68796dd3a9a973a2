"""Whole streams, byte for byte: the files in `transcripts/` show what a client reads.

Their forms are those of the recordings (the `source` of each serializer in `fixtures/serializers.json`);
the words are our own.
"""

from pathlib import Path
from typing import Any

import pytest

from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ToolCall
from tests.wire.exchanges import PICTURE, TOOLS, compat_exchange, native_exchange

FOLDER = Path(__file__).parent / "transcripts"

ENGLISH = Choice("Three minutes at eighty degrees.")
CHINESE = Choice("水要八十度\uff0c泡三分钟。🍵")
THOUGHT = Choice("Three minutes at eighty degrees.", "They want tea. Keep it short.")
SENCHA = ToolCall("brew_tea", '{"leaf": "sencha", "minutes": 3}', "call_0123456789abcdef012345")
LONGJING = ToolCall("brew_tea", '{"leaf": "龙井"}', "call_0123456789abcdef012345")
SECOND = ToolCall("brew_tea", '{"leaf": "龙井"}', "call_fedcba9876543210fedcba")
BREW = Choice(tool_calls=(LONGJING,), finish_reason="tool_calls")

COMPAT: dict[str, tuple[str, Reply, Usage]] = {
    "model-first-text": ("qwen-plus", Reply((CHINESE,)), Usage(21, 10)),
    "model-first-thinking": ("qwen-plus", Reply((THOUGHT,)), Usage(21, 19, reasoning=8)),
    "alphabetical-tools": (
        "qwen-turbo",
        Reply((Choice(tool_calls=(SENCHA, SECOND), finish_reason="tool_calls"),)),
        Usage(200, 40),
    ),
    "alphabetical-two-choices": (
        "qwen-turbo",
        Reply((Choice("Three minutes."), Choice("Two.", finish_reason="length"))),
        Usage(25, 5),
    ),
    "classic-text": ("qwen3-max", Reply((ENGLISH,)), Usage(17, 6)),
    "classic-thinking": (
        "qwen3-max",
        Reply((Choice(THOUGHT.content, THOUGHT.reasoning, finish_reason="length"),)),
        Usage(17, 19, reasoning=8),
    ),
    "classic-tools": ("qwen3-max", Reply((BREW,)), Usage(190, 20)),
    "classic-vl-tools": ("qwen3-vl-plus", Reply((BREW,)), Usage(190, 20)),
    "classic-vl-media": ("qwen3-vl-plus", Reply((ENGLISH,)), Usage(120, 7, image=92)),
    "2026-thinking": ("qwen3.8-max", Reply((THOUGHT,)), Usage(59, 19, reasoning=8)),
}

MULTIMODAL = {"surface": NATIVE_MULTIMODAL}
NATIVE: dict[str, tuple[str, Choice, Usage, dict[str, Any]]] = {
    "message-incremental": (
        "qwen-max",
        ENGLISH,
        Usage(20, 6),
        {"result_format": "message", "incremental_output": True},
    ),
    "text-cumulative": ("qwen-turbo", ENGLISH, Usage(20, 6), {}),
    "text-incremental": ("qwen-turbo", CHINESE, Usage(20, 10), {"incremental_output": True}),
    "tools-incremental": (
        "qwen-max",
        BREW,
        Usage(300, 20),
        {"result_format": "message", "incremental_output": True, "tools": TOOLS},
    ),
    "thinking-incremental": (
        "qwen-plus-latest",
        THOUGHT,
        Usage(16, 19, reasoning=8),
        {"enable_thinking": True, "incremental_output": True},
    ),
    "multimodal-ocr": (
        "qwen-vl-ocr",
        Choice("Green tea."),
        Usage(971, 4, image=947),
        {"incremental_output": True, **MULTIMODAL},
    ),
    "multimodal-3.6-thinking": (
        "qwen3.6-plus",
        THOUGHT,
        Usage(120, 19, reasoning=8, image=92),
        MULTIMODAL,
    ),
    "multimodal-3.6": (
        "qwen3.6-plus",
        ENGLISH,
        Usage(120, 6, image=92),
        {"tools": TOOLS, "enable_thinking": False, **MULTIMODAL},
    ),
    "multimodal-2026": ("qwen3.7-flash", ENGLISH, Usage(30, 6), {"enable_thinking": False, **MULTIMODAL}),
    "multimodal-2026-thinking": ("qwen3.8-flash", THOUGHT, Usage(58, 19, reasoning=8), MULTIMODAL),
}


def more(name: str) -> dict[str, Any]:
    """What the request behind a transcript holds besides a plain question."""
    return {"messages": PICTURE} if name.endswith("media") else {}


def transcript(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_bytes().decode()


def test_every_transcript_is_told_here() -> None:
    told = {f"compat-{name}" for name in COMPAT} | {f"native-{name}" for name in NATIVE}
    assert {path.stem for path in FOLDER.glob("*.txt")} == told


@pytest.mark.parametrize("name", COMPAT)
def test_a_compat_client_reads(tokenizer: Tokenizer, name: str) -> None:
    model, reply, usage = COMPAT[name]
    said = compat_exchange(model, reply, tokenizer, usage=usage, **more(name))
    assert said.lines() == transcript(f"compat-{name}")


@pytest.mark.parametrize("name", COMPAT)
def test_without_include_usage_only_the_usage_chunk_is_missing(tokenizer: Tokenizer, name: str) -> None:
    model, reply, usage = COMPAT[name]
    said = compat_exchange(model, reply, tokenizer, usage=usage, include_usage=False, **more(name))
    blocks = transcript(f"compat-{name}").split("\n\n")
    assert said.lines() == "\n\n".join([*blocks[:-3], *blocks[-2:]])


@pytest.mark.parametrize("name", NATIVE)
def test_a_native_client_reads(tokenizer: Tokenizer, name: str) -> None:
    model, choice, usage, parameters = NATIVE[name]
    said = native_exchange(model, Reply((choice,)), tokenizer, usage=usage, **parameters)
    assert said.lines() == transcript(f"native-{name}")
