"""What the service does itself before it answers, and which models let it: beside the table of cases.

The models here are none of those whose refusals were read when the rules were written, or they are told by
relatives alone.
"""

from typing import Any

import pytest

from mockserver.catalogue import models
from mockserver.catalogue.errors import Errors
from mockserver.catalogue.models import Models
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.rules import check
from mockserver.talk.request import ChatRequest, Message
from tests.asking import ask
from tests.rules.table import FUNCTION

CODE: dict[str, Any] = {"enable_code_interpreter": True}
AGENT = {"enable_search": True, "search_options": {"search_strategy": "agent_max"}}


def entries(request: ChatRequest, errors: Errors) -> list[str]:
    """The entries of the catalogue that a request is refused with."""
    return [found.refusal.id for found in check(request, errors) if found.refusal is not None]


def alike(name: str) -> Models:
    """The catalogue that has forgotten what is recorded of one model."""
    return models.load(without=name)


@pytest.mark.parametrize(
    ("model", "stream", "entry"),
    [
        ("qwen3.8-max-0902", True, "tools.code-interpreter"),
        ("qwen3.8-max-0902", False, "tools.code-interpreter"),
        ("qwen3.7-plus-2026-05-26", True, None),
        ("qwen3.7-plus-2026-05-26", False, "tools.code-interpreter-plain"),
        ("qwen3.6-35b-a3b", False, "tools.code-interpreter-plain"),
        ("qwen3.5-omni-flash", True, None),
        ("qwen3-vl-plus", False, None),
        ("glm-5.1", False, None),
    ],
)
def test_who_runs_code_and_where(errors: Errors, model: str, entry: str | None, *, stream: bool) -> None:
    for surface in (COMPAT, NATIVE_MULTIMODAL):
        asked = ask("Hi", model=model, stream=stream, surface=surface, **CODE)
        found = [name for name in entries(asked, errors) if name.startswith("tools.")]
        assert found == ([entry] if entry else [])


@pytest.mark.parametrize("left_out", ["qwen3.5-plus", "qwen3.6-plus", "qwen3.7-flash"])
def test_what_is_seen_of_one_model_holds_for_those_of_its_generation(left_out: str) -> None:
    assert alike(left_out)[left_out].family.interpreter == "all"
    assert alike("qwen3.8-27b")["qwen3.8-27b"].family.interpreter == "responses"


@pytest.mark.parametrize(
    ("model", "options", "entry"),
    [
        ("qwen3.8-max-0902", AGENT, "search.agent"),
        ("qwen3.7-max", AGENT, None),
        ("qwen3.8-max-0902", {**AGENT, "enable_search": False}, None),
        ("qwen3.7-max", {**AGENT, "tools": [FUNCTION]}, "tools.with-agent"),
        ("qwen3.7-max", {**CODE, "tools": [FUNCTION]}, "tools.with-agent"),
        ("qwen3.7-max", {"enable_search": True, "tools": [FUNCTION]}, None),
        ("qwen-plus", {**CODE, "tools": [FUNCTION]}, None),
    ],
)
def test_an_agent_searches_without_functions(
    errors: Errors, model: str, options: dict[str, Any], entry: str | None
) -> None:
    asked = ask("Hi", model=model, stream=True, **options)
    assert entries(asked, errors) == ([entry] if entry else [])


def test_the_responses_api_searches_and_thinks_without_a_stream(errors: Errors) -> None:
    # Joycai/simple-ai-writer, probes, 2026-09: chat refuses it of these generations.
    asked = _response("qwen3.7-plus", "web_search", enable_search=True)
    assert asked.thinking
    assert entries(asked, errors) == []


def _response(model: str, *kinds: str, **options: Any) -> ChatRequest:
    tools = [{"type": kind} for kind in kinds]
    messages = (Message("user", "Hi"),)
    return ChatRequest(RESPONSES, models.load()[model], messages, {"built_in_tools": tools, **options})


@pytest.mark.parametrize(
    ("model", "kinds", "options", "entry"),
    [
        ("qwen3.7-plus", ["web_extractor"], {}, "tools.extractor-alone"),
        ("qwen3.7-plus", ["web_extractor", "web_search"], {}, None),
        ("qwen3.7-plus", ["code_interpreter"], {}, None),
        ("qwen3.7-plus", ["code_interpreter"], {"enable_thinking": False}, "tools.interpreter-thoughtless"),
        ("qwen3.8-2.4t-a95b", ["code_interpreter"], {}, None),
        ("qwen3-coder-plus", ["code_interpreter"], {}, "tools.code-interpreter"),
    ],
)
def test_what_the_responses_api_runs(
    errors: Errors, model: str, kinds: list[str], options: dict[str, Any], entry: str | None
) -> None:
    found = entries(_response(model, *kinds, **options), errors)
    assert found == ([entry] if entry else [])
