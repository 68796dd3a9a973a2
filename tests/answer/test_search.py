"""What a web search shows that never took place, in the form of the recorded ones."""

from typing import Any

import pytest
from hypothesis import given

from mockserver.answer import search
from mockserver.base.jsontext import loads
from mockserver.dialects.native import render as native
from mockserver.dialects.native.surface import NATIVE_MULTIMODAL, NATIVE_TEXT
from mockserver.rules.schemas import validator
from mockserver.talk.reply import Choice, Reply, Usage
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface
from tests.asking import ask
from tests.wire.exchanges import ENVELOPE
from tests.wire.strategies import texts

TEXT, MULTIMODAL = NATIVE_TEXT, NATIVE_MULTIMODAL
MODEL = {TEXT: "qwen-plus", MULTIMODAL: "qwen3.6-plus"}
REPLY = Reply((Choice("Tea."),))
SOURCES = {"enable_source": True}


def seek(
    said: str = "Tea?", *, surface: Surface = TEXT, enable: bool = True, more: Any = None, **options: Any
) -> ChatRequest:
    """A request that searches, with these search options and further parameters."""
    parameters: dict[str, Any] = {"enable_search": enable, "search_options": options or None, **(more or {})}
    return ask(said, model=MODEL[surface], surface=surface, **parameters)


def shown(request: ChatRequest) -> list[dict[str, str]]:
    """The results in the sources of a request."""
    sources = search.search_info(request)
    assert sources is not None
    results: list[dict[str, str]] = sources["search_results"]
    return results


def test_a_request_searches_only_where_it_says_so() -> None:
    assert search.wanted(seek())
    assert not search.wanted(seek(enable=False))
    assert not search.wanted(ask("Tea?"))


def test_the_options_are_a_copy_of_those_sent() -> None:
    request = seek(enable_source=True)
    search.options(request)["enable_source"] = False
    assert search.options(request) == SOURCES
    assert search.options(seek()) == {}


def test_the_sources_are_shown_only_to_a_search_that_asks_for_them() -> None:
    assert search.search_info(seek(enable_source=True)) is not None
    assert search.search_info(seek(enable_source=False)) is None
    assert search.search_info(seek()) is None
    assert search.search_info(seek(enable=False, enable_source=True)) is None


def test_the_sources_name_themselves_a_mock_and_lead_nowhere() -> None:
    assert search.search_info(seek("What is\n  tea?", enable_source=True)) == {
        "extra_tool_info": [],
        "search_results": [
            {
                "icon": "https://mock.invalid/icon.svg",
                "index": index,
                "site_name": "mock",
                "title": f"Mock result {index}: What is tea?",
                "url": f"https://mock.invalid/{index}",
            }
            for index in (1, 2, 3)
        ],
    }


def test_the_title_repeats_forty_characters_of_the_last_question() -> None:
    assert shown(seek("茶" * 50, enable_source=True))[0]["title"] == "Mock result 1: " + "茶" * 40


@pytest.mark.parametrize(
    ("surface", "order"),
    [
        (TEXT, ["icon", "site_name", "index", "title", "url"]),
        (MULTIMODAL, ["icon", "index", "site_name", "title", "url"]),
    ],
)
def test_the_keys_of_a_result_stand_in_the_recorded_order(surface: Surface, order: list[str]) -> None:
    for result in shown(seek(surface=surface, enable_source=True)):
        assert list(result) == order


def test_the_search_extension_shows_what_a_tool_would_have_said() -> None:
    sources = search.search_info(seek(enable_source=True, enable_search_extension=True))
    assert sources is not None
    assert sources["extra_tool_info"] == [{"result": "Mock result of a tool.", "tool": "mock"}]


def test_the_usage_names_the_search_and_its_strategy() -> None:
    assert search.plugins(seek()) == {"search": {"count": 1, "strategy": "turbo"}}
    assert search.plugins(seek(search_strategy="max")) == {"search": {"count": 1, "strategy": "max"}}
    assert search.plugins(seek(enable=False)) is None


def test_a_search_for_pictures_too_stands_first_in_the_usage() -> None:
    plugins = search.plugins(seek(more={"enable_text_image_mixed": True}))
    assert plugins == {"image_search": {"count": 1}, "search": {"count": 1, "strategy": "turbo"}}
    assert list(plugins) == ["image_search", "search"]


def test_a_reply_gets_the_sources_of_its_request() -> None:
    request = seek(enable_source=True)
    reply = search.with_sources(request, REPLY)
    assert reply.choices == REPLY.choices
    assert reply.search_info == search.search_info(request)
    assert reply.plugins == search.plugins(request)
    assert search.with_sources(ask("Tea?"), REPLY) == REPLY


@pytest.mark.parametrize("scripted", [{"search_results": []}, {}])
def test_the_sources_of_a_script_stay(scripted: dict[str, Any]) -> None:
    reply = Reply(REPLY.choices, search_info=scripted)
    assert search.with_sources(seek(enable_source=True), reply).search_info == scripted


@given(texts)
def test_an_answer_with_sources_has_the_form_of_its_schema(text: str) -> None:
    for surface in MODEL:
        request = seek(text, surface=surface, enable_source=True, enable_search_extension=True)
        reply = search.with_sources(request, REPLY)
        body = loads(native.render_body(request, reply, Usage(1, 1), ENVELOPE))
        validator(f"{surface.name}.response").validate(body)
        assert body["output"]["search_info"] == search.search_info(request)
        assert body["usage"]["plugins"] == search.plugins(request)
