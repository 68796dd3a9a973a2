"""What parameters do, each shown on a whole exchange; and those that do nothing, that they do nothing."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.anthropic.surface import ANTHROPIC
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.meter.prompt import prompt_tokens
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer
from mockserver.rules import schemas
from mockserver.talk.surface import Surface
from mockserver.wire.ids import Ids
from tests.asking import COMPLETIONS, Messages, ask, body_of
from tests.conftest import NOW, make_headers

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
MODELS = {
    COMPAT: "qwen-plus",
    TEXT: "qwen-plus",
    MULTIMODAL: "qwen3-vl-plus",
    ANTHROPIC: "qwen-plus",
    RESPONSES: "qwen-plus",
}
SEARCHES = {TEXT: "qwen-plus", MULTIMODAL: "qwen3.6-plus"}
"""Models whose usage was recorded with a search in it."""

BREW, WEIGH = (
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": {"leaf": {"type": "string"}},
                "required": ["leaf"],
            },
        },
    }
    for name, description in (("brew_tea", "Brew a cup of tea"), ("weigh_leaves", "Weigh the leaves"))
)
ASKED = "Call brew_tea and weigh_leaves for me."

Exchange = Callable[..., bytes]


@pytest.fixture
def exchange(lazy_tokenizer: LazyTokenizer) -> Exchange:
    """Sends a request and returns the answer, by default of a new engine whose ids are always the same."""

    def send(
        said: str | Messages,
        surface: Surface = COMPAT,
        *,
        model: str | None = None,
        stream: bool = False,
        engine: Engine | None = None,
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> bytes:
        engine = engine or Engine(Settings(), tokenizer=lazy_tokenizer, clock=lambda: NOW, ids=Ids(1))
        sse = {"X-DashScope-SSE": "enable"} if stream and surface.dialect == "native" else {}
        body = body_of(
            said, model=model or MODELS[surface], surface=surface, stream=stream, parameters=parameters
        )
        answer = engine.chat(
            surface, make_headers({**sse, **(headers or {})}), json.dumps(body).encode(), arrived=NOW
        )
        assert answer.status == 200, answer.body
        if answer.frames:
            return b"".join(answer.frames)
        assert schemas.violations(f"{surface.name}.response", json.loads(answer.body)) == []
        return answer.body

    return send


def choices(body: bytes) -> list[dict[str, Any]]:
    """The choices of a whole answer."""
    told = json.loads(body)
    found: list[dict[str, Any]] = told.get("output", told)["choices"]
    return found


def content(body: bytes) -> str:
    """The text of the first choice."""
    said = choices(body)[0]["message"]["content"]
    return "".join(part["text"] for part in said) if isinstance(said, list) else said


def called(body: bytes) -> list[str]:
    """The names of the functions that the first choice calls."""
    return [call["function"]["name"] for call in choices(body)[0]["message"].get("tool_calls") or ()]


NOTHING: list[tuple[str, Any, tuple[Surface, ...]]] = [
    ("thinking", {"type": "disabled"}, (TEXT,)),
    ("result_format", "text", (MULTIMODAL,)),
    ("max_input_tokens", 1, COMPLETIONS),
    ("enable_code_interpreter", True, COMPLETIONS),
    ("tool_stream", True, COMPLETIONS),
    ("enable_search", True, (COMPAT,)),
    ("search_options", {"enable_source": True, "forced_search": True}, (COMPAT,)),
    ("audio", {"voice": "Cherry", "format": "wav"}, (COMPAT,)),
    ("vl_high_resolution_images", True, (TEXT,)),
    ("vl_enable_image_hw_output", True, (MULTIMODAL,)),
    ("translation_options", {"source_lang": "Chinese", "target_lang": "English"}, (MULTIMODAL,)),
    ("metadata", {"user_id": "7"}, (ANTHROPIC, RESPONSES)),
    ("background", True, (RESPONSES,)),
    ("user", "leaf", (RESPONSES,)),
    ("truncation", "auto", (RESPONSES,)),
    ("ocr_options", {"task": "text_recognition"}, (RESPONSES,)),
    ("skill", [{"type": "ppt", "mode": "creative"}], (COMPAT, TEXT)),
    ("character_options", {"profile": "You are a teapot."}, (MULTIMODAL,)),
]
"""Parameters that the server takes and does nothing with, and where."""


@pytest.mark.parametrize(
    ("name", "value", "surface"),
    [(name, value, surface) for name, value, surfaces in NOTHING for surface in surfaces],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_only_taken_changes_nothing(
    exchange: Exchange, name: str, value: Any, surface: Surface, *, stream: bool
) -> None:
    for tools in (None, [BREW]):
        plain = exchange(ASKED, surface, stream=stream, tools=tools)
        assert exchange(ASKED, surface, stream=stream, tools=tools, **{name: value}) == plain


def test_stream_sends_frames(exchange: Exchange) -> None:
    whole, frames = exchange("Tea?"), exchange("Tea?", stream=True)
    assert whole.startswith(b"{")
    assert frames.startswith(b"data: {")
    assert frames.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("surface", COMPLETIONS)
def test_partial_goes_on_with_what_was_begun(exchange: Exchange, surface: Surface) -> None:
    begun: Any = '{"leaf": "sen'
    prefix = {"role": "assistant", "content": [{"text": begun}] if surface is MULTIMODAL else begun}
    asked: Any = [{"text": "As JSON, please."}] if surface is MULTIMODAL else "As JSON, please."
    said = [{"role": "user", "content": asked}, {**prefix, "partial": True}]
    form = {"result_format": "message"} if surface.dialect == "native" else {}
    continued = content(exchange(said, surface, **form))
    assert not continued.startswith(begun)
    assert json.loads(begun + continued)["leaf"].startswith("sen")


def test_reasoning_effort_is_a_budget_of_thinking() -> None:
    def budget(effort: str | None) -> int | None:
        return ask("Tea?", model="qwen3.8-max", reasoning_effort=effort).thinking_budget

    assert (budget("low"), budget("minimal"), budget("medium")) == (4096, 4096, 16384)
    assert budget("max") == budget("high") == budget("xhigh") == budget(None)
    assert (budget("max") or 0) > 16384
    assert ask("Tea?", model="qwen3.8-max", reasoning_effort="none").thinking is False
    assert ask("Tea?", reasoning_effort="low").thinking_budget is None


def test_logit_bias_bans_and_forces_tokens(exchange: Exchange, tokenizer: Tokenizer) -> None:
    (mock,) = tokenizer.encode(" mock")
    plain = content(exchange("Tea?", model="qwen-plus-character"))
    assert "mock" in plain
    banned = content(exchange("Tea?", model="qwen-plus-character", logit_bias={str(mock): -100}))
    assert "mock" not in banned
    forced = content(exchange("Tea?", model="qwen-plus-character", logit_bias={str(mock): 100}))
    assert set(forced.split()) == {"mock"}
    assert content(exchange("Tea?", model="qwen-plus-character", logit_bias={str(mock): 5})) == plain


@pytest.mark.parametrize(("top_logprobs", "candidates"), [(None, 0), (0, 0), (1, 1), (5, 5)])
@pytest.mark.parametrize("surface", COMPLETIONS)
def test_logprobs_come_with_as_many_candidates_as_top_logprobs_says(
    exchange: Exchange, tokenizer: Tokenizer, surface: Surface, top_logprobs: int | None, candidates: int
) -> None:
    form = {"result_format": "message"} if surface.dialect == "native" else {}
    body = exchange("Tea?", surface, logprobs=True, top_logprobs=top_logprobs, max_tokens=7, **form)
    entries = choices(body)[0]["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == content(body)
    assert len(entries) == 7
    for entry in entries:
        assert len(entry["top_logprobs"]) == candidates
        assert entry["logprob"] <= 0
    without = choices(exchange("Tea?", surface, top_logprobs=top_logprobs, **form))[0]
    assert without.get("logprobs") is None


@pytest.mark.parametrize("surface", COMPLETIONS)
def test_tools_are_called_when_the_words_ask_for_them(exchange: Exchange, surface: Surface) -> None:
    body = exchange("Please brew a cup of tea.", surface, tools=[BREW])
    assert called(body) == ["brew_tea"]
    assert choices(body)[0]["finish_reason"] == "tool_calls"
    assert called(exchange("What is the capital of France?", surface, tools=[BREW])) == []


@pytest.mark.parametrize("surface", COMPLETIONS)
def test_tool_choice_forces_a_call_or_forbids_it(exchange: Exchange, surface: Surface) -> None:
    tools = [BREW, WEIGH]
    named = {"type": "function", "function": {"name": "weigh_leaves"}}
    assert called(exchange("Hi", surface, tools=tools, tool_choice="auto")) == []
    assert called(exchange("Hi", surface, tools=tools, tool_choice="required")) == ["brew_tea"]
    assert called(exchange("Hi", surface, tools=tools, tool_choice=named)) == ["weigh_leaves"]
    assert called(exchange(ASKED, surface, tools=tools, tool_choice="none")) == []


@pytest.mark.parametrize("surface", COMPLETIONS)
def test_parallel_tool_calls_are_made_when_they_are_allowed(exchange: Exchange, surface: Surface) -> None:
    tools = [BREW, WEIGH]
    both = exchange(ASKED, surface, tools=tools, parallel_tool_calls=True)
    assert called(both) == ["brew_tea", "weigh_leaves"]
    for parallel in ({"parallel_tool_calls": False}, {"parallel_tool_calls": None}, {}):
        assert called(exchange(ASKED, surface, tools=tools, **parallel)) == ["brew_tea"]


@pytest.mark.parametrize("surface", COMPLETIONS)
def test_response_format_is_kept(exchange: Exchange, surface: Surface) -> None:
    form = {"result_format": "message"} if surface.dialect == "native" else {}
    schema = {
        "type": "object",
        "properties": {"steeps": {"type": "integer", "minimum": 2, "maximum": 5}},
        "required": ["steeps"],
        "additionalProperties": False,
    }
    asked = "How often? Say it in JSON."
    free = exchange(asked, surface, response_format={"type": "json_object"}, **form)
    assert isinstance(json.loads(content(free)), dict)
    wanted = {"type": "json_schema", "json_schema": {"name": "brewing", "schema": schema}}
    told = json.loads(content(exchange(asked, surface, response_format=wanted, **form)))
    assert list(told) == ["steeps"]
    assert 2 <= told["steeps"] <= 5
    assert not content(exchange(asked, surface, response_format={"type": "text"}, **form)).startswith("{")


@pytest.mark.parametrize("surface", [TEXT, MULTIMODAL])
def test_enable_search_and_search_options_show_in_the_answer(exchange: Exchange, surface: Surface) -> None:
    def told(**parameters: Any) -> dict[str, Any]:
        body = exchange("Tea?", surface, model=SEARCHES[surface], result_format="message", **parameters)
        answer: dict[str, Any] = json.loads(body)
        return answer

    assert "plugins" not in told()["usage"]
    assert "plugins" not in told(search_options={"enable_source": True})["usage"]
    searched = told(enable_search=True)
    assert searched["usage"]["plugins"] == {"search": {"count": 1, "strategy": "turbo"}}
    assert "search_info" not in searched["output"]
    options = {"enable_source": True, "enable_search_extension": True, "search_strategy": "max"}
    searched = told(enable_search=True, search_options=options)
    assert searched["usage"]["plugins"]["search"]["strategy"] == "max"
    info = searched["output"]["search_info"]
    assert [result["index"] for result in info["search_results"]] == [1, 2, 3]
    assert len(info["extra_tool_info"]) == 1


@pytest.mark.parametrize("surface", [TEXT, MULTIMODAL])
def test_enable_text_image_mixed_counts_a_search_for_images(exchange: Exchange, surface: Surface) -> None:
    body = exchange(
        "Tea?", surface, model=SEARCHES[surface], enable_search=True, enable_text_image_mixed=True
    )
    assert json.loads(body)["usage"]["plugins"]["image_search"] == {"count": 1}


@pytest.mark.parametrize("surface", [COMPAT, TEXT])
def test_character_options_bring_profile_and_memory(
    exchange: Exchange, engine: Engine, surface: Surface
) -> None:
    def cost(said: str, options: dict[str, Any]) -> int:
        body = exchange(
            said,
            surface,
            model="qwen-plus-character",
            engine=engine,
            headers={"x-dashscope-aca-session": "tea-room"},
            character_options=options,
        )
        usage = json.loads(body)["usage"]
        return int(usage.get("prompt_tokens") or usage["input_tokens"])

    plain = cost("Tea?", {})
    assert cost("Tea?", {"profile": "You are a teapot."}) > plain
    remembering = {"memory": {"enable_long_term_memory": True, "memory_entries": 20}}
    assert cost("Tea?", remembering) == plain
    assert cost("Tea?", remembering) > plain
    assert cost("Tea?", {}) == plain


@pytest.mark.parametrize("surface", [COMPAT, TEXT])
def test_translation_options_cost_what_a_translation_model_is_told(
    tokenizer: Tokenizer, surface: Surface
) -> None:
    def cost(model: str, **parameters: Any) -> int:
        return prompt_tokens(ask("茶", model=model, surface=surface, **parameters), tokenizer).total

    options = {"source_lang": "Chinese", "target_lang": "English"}
    assert cost("qwen-mt-plus", translation_options=options) > cost("qwen-mt-plus")
    assert cost("qwen-mt-plus", translation_options=None) == cost("qwen-mt-plus")
    assert cost("qwen-plus", translation_options=options) == cost("qwen-plus")
