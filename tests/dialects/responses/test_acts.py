"""What the service's own tools did: items, events, counts."""

import pytest

from mockserver.dialects.responses.acts import acts_of, counts, done, events_of, kinds, opened
from mockserver.talk.reply import Choice, Reply

FOUND = {"search_results": [{"url": "https://mock.invalid/1", "title": "Tea"}]}
SEARCH = {
    "type": "web_search_call",
    "action": {
        "type": "search",
        "query": "Web search",
        "sources": [{"type": "url", "url": "https://mock.invalid/1"}],
    },
}
FILES = {"type": "file_search_call", "queries": ["tea"], "results": []}


def test_the_sources_of_a_search_are_its_act() -> None:
    assert acts_of(Reply((Choice("Tea."),), search_info=FOUND)) == (SEARCH,)
    assert acts_of(Reply((Choice("Tea."),), search_info=FOUND, acts=(FILES,))) == (SEARCH, FILES)
    assert acts_of(Reply((Choice("Tea."),))) == ()


def test_a_scripted_search_stands_for_itself() -> None:
    own = {"type": "web_search_call", "action": {"type": "search", "query": "tea"}}
    assert acts_of(Reply((Choice("Tea."),), search_info=FOUND, acts=(own,))) == (own,)


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("web_search_call", ["in_progress", "searching", "completed"]),
        ("code_interpreter_call", ["in_progress", "interpreting", "completed"]),
        ("file_search_call", ["in_progress", "searching", "completed"]),
        ("mcp_call", ["in_progress", "completed"]),
        ("web_extractor_call", []),
        ("web_search_image_call", []),
        ("image_search_call", []),
    ],
)
def test_each_tool_has_its_events(kind: str, steps: list[str]) -> None:
    assert events_of({"type": kind}) == tuple(f"response.{kind}.{step}" for step in steps)
    assert kind in kinds()


def test_an_item_begins_and_ends() -> None:
    assert opened(SEARCH, "msg_1") == {
        "id": "msg_1",
        "type": "web_search_call",
        "action": {"type": "search", "query": "Web search"},
        "status": "in_progress",
    }
    assert done(SEARCH, "msg_1") == {"id": "msg_1", "status": "completed", **SEARCH}
    assert done({**FILES, "status": "failed"}, "msg_1")["status"] == "failed"


def test_each_use_of_a_tool_is_counted() -> None:
    assert counts([SEARCH, FILES, FILES]) == {"web_search": {"count": 1}, "file_search": {"count": 2}}
