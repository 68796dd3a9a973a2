"""The rules of an answer's form: for each the smallest request that breaks it, and near misses."""

from typing import Any

import pytest

from mockserver.catalogue.errors import Errors
from mockserver.catalogue.models import Models
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.rules import Moment, check, check_at
from mockserver.talk.request import ChatRequest, Message
from mockserver.talk.surface import Surface
from tests.asking import Messages, ask
from tests.rules.cases import Case, judged

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
OBJECT: dict[str, Any] = {"response_format": {"type": "json_object"}}

NO_JSON_WORD = (
    "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
)
JSON_THINKING = "Json mode response is not supported when enable_thinking is true"
PARTIAL_THINKING = "Partial mode is not supported when enable_thinking is true"
PARTIAL_POSITION = "Partial mode continues the last message only, and it must be the assistant's"
SINGLE = "messages length only support 1"
INCREMENTAL = "This model only supports incremental_output set to True."


def say(*said: str | dict[str, Any], surface: Surface = COMPAT) -> Messages:
    """Messages in turn of user and assistant; a text that begins with ">" is a prefix to continue."""
    messages = []
    for at, text in enumerate(said):
        if isinstance(text, dict):
            messages.append(text)
            continue
        words = text.removeprefix(">")
        content: Any = [{"text": words}] if surface is MULTIMODAL else words
        message: dict[str, Any] = {"role": ("user", "assistant")[at % 2], "content": content}
        messages.append({**message, "partial": True} if words != text else message)
    return messages


def to(
    model: str, *said: str | dict[str, Any], surface: Surface = COMPAT, stream: bool = False, **options: Any
) -> ChatRequest:
    """A request to a model with what user and assistant say in turn."""
    return ask(say(*said, surface=surface), model=model, surface=surface, stream=stream, **options)


CASES = [
    Case(
        "forms.json-word",
        to("qwen-plus", "Hi", **OBJECT),
        "messages",
        NO_JSON_WORD,
        (
            to("qwen-plus", "Hi, in JSON", **OBJECT),
            to("qwen-plus", {"role": "system", "content": "Answer in json."}, **OBJECT),
            to("qwen-plus", "Hi", response_format={"type": "text"}),
            to("qwen-plus", "Hi", response_format=None),
            to("qwen-plus", "Hi"),
        ),
    ),
    Case(
        "forms.json-word",
        to("qwen-plus", "Hi", surface=TEXT, **OBJECT),
        "input.messages",
        NO_JSON_WORD,
        (to("qwen-plus", "Hi", "A Jsonnet?", "No.", surface=TEXT, **OBJECT),),
    ),
    Case(
        "forms.json-word",
        to("qwen3-vl-plus", "Hi", surface=MULTIMODAL, **OBJECT),
        "input.messages",
        NO_JSON_WORD,
        (to("qwen3-vl-plus", "Hi, json", surface=MULTIMODAL, **OBJECT),),
    ),
    Case(
        "thinking.json-mode",
        to("qwen-plus", "json", stream=True, enable_thinking=True, **OBJECT),
        "response_format",
        JSON_THINKING,
        (
            to("qwen-plus", "json", stream=True, **OBJECT),
            to("qwen-plus", "json", stream=True, enable_thinking=True, response_format={"type": "text"}),
            to("qwen3.8-max", "json", enable_thinking=True, **OBJECT),
        ),
    ),
    Case(
        "thinking.json-mode",
        to("qwen-plus", "json", surface=TEXT, stream=True, enable_thinking=True, **OBJECT),
        "parameters.response_format",
        JSON_THINKING,
        (
            to("qwen-plus", "json", surface=TEXT, stream=True, enable_thinking=False, **OBJECT),
            to("qwen3-max", "json", surface=TEXT, enable_thinking=True, **OBJECT),
        ),
    ),
    Case(
        "thinking.json-mode",
        to("qwen3-vl-plus", "json", surface=MULTIMODAL, stream=True, enable_thinking=True, **OBJECT),
        "parameters.response_format",
        JSON_THINKING,
        (to("qwen3-vl-plus", "json", surface=MULTIMODAL, stream=True, **OBJECT),),
    ),
    Case(
        "partial.thinking",
        to("qwen-plus", "Sing.", ">La", stream=True, enable_thinking=True),
        "messages[1].partial",
        PARTIAL_THINKING,
        (
            to("qwen-plus", "Sing.", ">La", stream=True),
            to("qwen-plus", "Sing.", "La", stream=True, enable_thinking=True),
            to("qwen3.8-max", "Sing.", ">La", enable_thinking=False),
        ),
    ),
    Case(
        "partial.thinking",
        to("qwen3-max", "Sing.", "La", "On.", ">La", surface=TEXT, enable_thinking=True),
        "input.messages[3].partial",
        PARTIAL_THINKING,
        (to("qwen3-max", "Sing.", "La", "On.", ">La", surface=TEXT),),
    ),
    Case(
        "partial.thinking",
        to("qwen3.8-max", "Sing.", ">La", surface=MULTIMODAL),
        "input.messages[1].partial",
        PARTIAL_THINKING,
        (to("qwen3.8-max", "Sing.", ">La", surface=MULTIMODAL, enable_thinking=False),),
    ),
    Case(
        "partial.position",
        to("qwen-plus", "Sing.", ">La", "On."),
        "messages[1].partial",
        PARTIAL_POSITION,
        (to("qwen-plus", "Sing.", ">La"), to("qwen-plus", "Sing.", "La", "On.")),
    ),
    Case(
        "partial.position",
        to("qwen-plus", "Sing.", ">La", "On.", ">La", "On.", surface=TEXT),
        "input.messages[1].partial",
        PARTIAL_POSITION,
        (to("qwen-plus", "Sing.", "La", "On.", ">La", surface=TEXT),),
    ),
    Case(
        "partial.position",
        to("qwen3.8-max", "Sing.", ">La", "On.", surface=MULTIMODAL, enable_thinking=False),
        "input.messages[1].partial",
        PARTIAL_POSITION,
        (to("qwen3.8-max", "Sing.", ">La", surface=MULTIMODAL, enable_thinking=False),),
    ),
    Case(
        "messages.single-turn",
        to("qwen-vl-ocr", "Read.", "Tea.", "Again."),
        "messages",
        SINGLE,
        (
            to("qwen-vl-ocr", "Read."),
            to("qwen-vl-ocr", {"role": "system", "content": "Read."}, {"role": "user", "content": "Now."}),
            to("qwen-plus", "Read.", "Tea.", "Again."),
        ),
    ),
    Case(
        "messages.single-turn",
        to("qwen-mt-plus", "茶", "Tea", "水", surface=TEXT),
        "input.messages",
        SINGLE,
        (to("qwen-mt-plus", "茶", surface=TEXT),),
    ),
    Case(
        "messages.single-turn",
        to("qwen-vl-ocr", "Read.", "Tea.", "Again.", surface=MULTIMODAL),
        "input.messages",
        SINGLE,
        (to("qwen-vl-ocr", "Read.", surface=MULTIMODAL),),
    ),
    Case(
        "incremental-output.only",
        to("qwq-plus", "Hi", surface=TEXT, stream=True, incremental_output=False),
        "parameters.incremental_output",
        INCREMENTAL,
        (
            to("qwq-plus", "Hi", surface=TEXT, stream=True, incremental_output=True),
            to("qwq-plus", "Hi", surface=TEXT, stream=True, incremental_output=None),
            to("qwq-plus", "Hi", stream=True, incremental_output=False),
            to("qwen-plus", "Hi", surface=TEXT, stream=True, incremental_output=False),
        ),
    ),
    Case(
        "incremental-output.only",
        to("qvq-max", "Hi", surface=MULTIMODAL, stream=True, incremental_output=False),
        "parameters.incremental_output",
        INCREMENTAL,
        (to("qwen-vl-max", "Hi", surface=MULTIMODAL, stream=True, incremental_output=False),),
    ),
    Case(
        "incremental-output.only",
        to("qwen3.5-flash", "Hi", surface=MULTIMODAL, incremental_output=False),
        "parameters.incremental_output",
        INCREMENTAL,
        (to("qwen3.6-flash", "Hi", surface=MULTIMODAL, incremental_output=False),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule} {case.path} {case.broken.model.name}")
def test_the_smallest_request_that_breaks_a_rule_breaks_it_and_a_near_miss_keeps_it(
    case: Case, errors: Errors
) -> None:
    assert judged(case, errors).status == 400


def test_a_prefix_must_be_the_assistants(models: Models, errors: Errors) -> None:
    request = ChatRequest(COMPAT, models["qwen-plus"], (Message("user", "La", partial=True),), {})
    assert [(found.rule, found.path) for found in check(request, errors)] == [
        ("partial.position", "messages[0].partial")
    ]


@pytest.mark.parametrize(("sent", "places"), [(8, ["stream_options.include_usage"]), (9, []), (10, [])])
def test_the_usage_is_read_with_the_last_event_before_done(
    sent: int, places: list[str], errors: Errors
) -> None:
    asked = ask("Hi", stream=True, stream_options={"include_usage": True})
    found = check_at(Moment.DELIVERY, errors, asked, sent, 10)
    assert [finding.path for finding in found] == places


@pytest.mark.parametrize(
    ("model", "what"), [("qwen-max", "the whole text so far with each event"), ("qwq-plus", "deltas")]
)
def test_a_stream_that_does_not_say_what_it_sends_is_told_what_comes(
    model: str, what: str, errors: Errors
) -> None:
    request = ask("Hi", model=model, surface=TEXT, stream=True)
    found = {finding.rule: finding.message for finding in check(request, errors)}
    assert found["incremental-output.unset"] == (
        f"A native stream without `incremental_output`: {model} sends {what}, other models the opposite."
    )
