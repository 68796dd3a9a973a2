"""One of many engines sees what the others entered and used, and asks for no more than is new."""

from typing import Any

import pytest

from mockserver.corridor.sharing import Sharing
from mockserver.meter.tokenizer import LazyTokenizer
from tests.corridor.together import Together, together
from tests.state.engines import Engine as Redis


def follow(these: Together, at: int) -> list[tuple[int, Any]]:
    """Has an engine look at the journals: the numbers and contents of those that it sees."""
    these.wait(these.keeping[at].refresh("/_mock/requests"))
    return [
        (entry.number, entry.reply.choices[0].content if entry.reply else None)
        for entry in these.shared[at].journal
    ]


def counting(these: Together, **match: Any) -> None:
    these.change(
        these.shared[0], "reply", {"reply": {"content": "{{ use }}"}, "template": True, "match": match}
    )


def test_a_journal_is_followed_from_where_it_was_left(
    redis: Redis, lazy_tokenizer: LazyTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with together(redis, lazy_tokenizer) as these:
        counting(these)
        these.ask(these.shared[0], "sk-a", "Tea?")
        assert follow(these, 1) == [(1, "1")]
        asked, post = [], these.links[1].post

        def noted(name: str, *arguments: Any) -> Any:
            if name == "journal" and arguments[0] == "journal":
                asked.append(int(arguments[1]))
            return post(name, *arguments)

        monkeypatch.setattr(these.links[1], "post", noted)
        these.ask(these.shared[0], "sk-a", "Tea?")
        assert follow(these, 1) == [(1, "1"), (2, "2")]
        assert follow(these, 1) == [(1, "1"), (2, "2")]
        assert asked[0] > 0
        assert asked[1] > asked[0]


def test_an_answer_that_leaves_at_once_is_entered_with_its_end(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer) as these:
        begun = these.begin(these.shared[0], "sk-a", "Tea?")
        follow(these, 1)
        (entry,) = these.shared[1].journal
        assert entry.sent is not None
        assert entry.sent.shown() == begun.went().shown()
        assert entry.finished == entry.started
        these.end(these.shared[0], begun)
        revision = entry.changed
        follow(these, 1)
        assert entry.changed == revision


@pytest.mark.parametrize(
    "how", [{"stream": True, "fault": "close-mid-chunk"}, {"stream": True, "fault": "stall;ms=1"}]
)
def test_the_end_of_one_that_takes_its_time_follows_it(
    redis: Redis, lazy_tokenizer: LazyTokenizer, how: dict[str, Any]
) -> None:
    with together(redis, lazy_tokenizer) as these:
        begun = these.begin(these.shared[0], "sk-a", "Tea?", **how)
        assert begun.entry is not None
        assert not begun.at_once
        follow(these, 1)
        (entry,) = these.shared[1].journal
        assert (entry.sent, entry.finished) == (None, None)
        begun.entry.finished = begun.entry.started + 1
        these.end(these.shared[0], begun)
        follow(these, 1)
        assert entry.sent is not None
        assert entry.sent.shown() == begun.went().shown()
        assert entry.finished == begun.entry.finished


def test_what_is_too_large_to_be_shown_is_entered_without_it(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer) as these:
        these.change(these.shared[0], "reply", {"reply": {"content": "tea " * 20_000}})
        these.ask(these.shared[0], "sk-a", "Tea?")
        follow(these, 1)
        (entry,) = these.shared[1].journal
        assert entry.sent is None
        assert entry.finished is not None


@pytest.mark.parametrize("path", ["/_mock/metrics", "/_mock/usage"])
def test_costs_are_those_of_all(redis: Redis, lazy_tokenizer: LazyTokenizer, path: str) -> None:
    with together(redis, lazy_tokenizer) as these:
        for at in (0, 1, 1):
            these.ask(these.shared[at], "sk-a", "Tea?")
        for sharing, engine in zip(these.keeping, these.shared, strict=True):
            assert isinstance(sharing, Sharing)
            these.wait(sharing.refresh(path))
            assert engine.worlds.of("sk-a").ledger["qwen-plus"].requests == 3
