"""The journal: what it shows of an exchange, how much it keeps, and that it keeps no secret."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mockserver.base.jsontext import dumps, loads
from mockserver.base.masking import mask
from mockserver.catalogue.errors import Errors, Refusal, Words
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules import schemas
from mockserver.state.journal import Entry, Journal
from mockserver.state.sent import Sent
from mockserver.state.worlds import World
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.reply import Choice, Raw, Reply, Usage
from mockserver.talk.request import Part, ToolCall
from mockserver.wire.ids import Ids
from tests.conftest import KEY, NOW, MakeHeaders

HERE, THERE = World("sk-here", "sk-***here"), World("sk-there", "sk-***there")


def entry(name: str = "1", *, world: World = HERE, body: bytes = b"{}", surface: str = "compat") -> Entry:
    """A small exchange."""
    return Entry(name, world, surface, stream=False, body=body, arrived=100.0)


def names(journal: Journal) -> list[str]:
    """The ids of what a journal keeps."""
    return [kept.request_id for kept in journal]


def test_a_fresh_entry_shows_what_was_asked_and_nothing_else() -> None:
    assert entry(body='{"model":"茶"}'.encode()).shown() == {
        "id": "1",
        "number": 0,
        "time": 100.0,
        "key": "sk-***here",
        "surface": "compat",
        "model": None,
        "stream": False,
        "body": {"model": "茶"},
        "findings": [],
        "answered_by": "mock",
        "status": 200,
        "answer": None,
        "error": None,
        "usage": None,
        "fault": None,
        "timings": {"first_byte_ms": -100000.0, "finished_ms": None},
    }


def test_an_answered_entry_shows_its_answer_its_usage_and_its_times() -> None:
    told = entry()
    told.model, told.answered_by = "qwen-plus", "reply-1"
    call = ToolCall("brew", '{"leaf": "sencha"}', "call_1")
    told.reply = Reply((Choice("3", "1 + 2"), Choice("", "", (call,), "tool_calls")))
    told.usage = Usage(5, 7, reasoning=2, cached=0, image=92)
    told.started, told.finished = 100.25, 101.5
    shown = told.shown()
    assert shown["answer"] == [
        {"content": "3", "finish_reason": "stop", "reasoning_content": "1 + 2"},
        {
            "content": "",
            "finish_reason": "tool_calls",
            "tool_calls": [{"id": "call_1", "name": "brew", "arguments": '{"leaf": "sencha"}'}],
        },
    ]
    assert shown["usage"] == {
        "input_tokens": 5,
        "output_tokens": 7,
        "total_tokens": 12,
        "cached_tokens": 0,
        "reasoning_tokens": 2,
        "image_tokens": 92,
    }
    assert shown["timings"] == {"first_byte_ms": 250.0, "finished_ms": 1500.0}
    assert (shown["model"], shown["answered_by"]) == ("qwen-plus", "reply-1")


@pytest.mark.parametrize(
    ("surface", "error"),
    [
        (
            "compat",
            {
                "status": 400,
                "code": "invalid_parameter_error",
                "message": "<400> InternalError.Algo.InvalidParameter: Range of n should be [1, 4]",
            },
        ),
        (
            "native-text",
            {
                "status": 400,
                "code": "InvalidParameter",
                "message": "<400> InternalError.Algo.InvalidParameter: Range of n should be [1, 4]",
            },
        ),
    ],
)
def test_a_refused_entry_shows_its_findings_and_the_words_of_its_surface(
    errors: Errors, surface: str, error: dict[str, object]
) -> None:
    told = entry(surface=surface)
    told.status = 400
    told.refusal = errors.refuse("parameter.n-range")
    told.findings = (Finding("schema.maximum", Severity.REFUSED, "n", "5 is too many", told.refusal),)
    shown = told.shown()
    assert shown["error"] == error
    assert shown["findings"] == [
        {"rule": "schema.maximum", "severity": "refused", "path": "n", "message": "5 is too many"}
    ]
    assert (shown["status"], shown["answer"]) == (400, None)


def test_a_body_that_is_no_json_is_shown_as_text() -> None:
    assert entry(body=b"tea, please").shown()["body"] == "tea, please"
    assert entry(body=b'{"a": \xff').shown()["body"] == '{"a": \ufffd'
    assert entry(body=b"").shown()["body"] == ""


@given(st.binary(max_size=80))
@example(b"[" * 1000 + b"]" * 1000)
@example(b"[" * 300 + b"]" * 300)
def test_whatever_was_sent_can_be_shown_as_json(body: bytes) -> None:
    assert dumps(entry(body=body).shown())


def test_a_journal_keeps_the_newest_entries_in_their_order() -> None:
    journal = Journal(entries=3)
    for number in range(5):
        journal.add(entry(str(number)))
    assert names(journal) == ["2", "3", "4"]
    assert len(journal) == 3


def test_a_journal_is_bounded_in_bytes_too_but_keeps_the_newest_whatever_its_size() -> None:
    journal = Journal(entries=100, size=10_000)
    for name in ("a", "b", "c"):
        journal.add(entry(name, body=b"x" * 2500))
    assert names(journal) == ["b", "c"]
    journal.add(entry("large", body=b"x" * 50_000))
    assert names(journal) == ["large"]
    journal.add(entry("d", body=b"x"))
    assert names(journal) == ["d"]


@pytest.mark.parametrize(
    "large",
    [
        {"reply": Reply((Choice("x" * 20_000),))},
        {"reply": Reply((Choice(reasoning="茶" * 20_000),))},
        {"reply": Reply((Choice(tool_calls=(ToolCall("brew", "x" * 20_000),)),))},
        {"reply": Reply((Choice(logprobs=(b"x" * 200,) * 100),))},
        {"reply": Reply((Choice(media=(Part("image", "x" * 20_000),)),))},
        {"reply": Reply((), search_info={"search_results": ["x" * 20_000]})},
        {"reply": Reply((), raw=Raw(body=b"x" * 20_000))},
        {"headers": b"x" * 20_000},
        {"findings": (Finding("r", Severity.HARMFUL, "p" * 10_000, "m" * 10_000),)},
        {"refusal": Refusal(400, {"native": Words("a", "x" * 20_000), "compat": Words("a", "b")}, "door")},
    ],
)
def test_whatever_is_large_in_an_exchange_counts(large: dict[str, Any]) -> None:
    told = entry()
    small = told.weigh()
    for name, value in large.items():
        setattr(told, name, value)
    assert small < 5000
    assert 20_000 < told.weigh() < 70_000


@pytest.mark.parametrize(
    "header",
    [("x-api-key", "tea-leaf-9"), ("X-Auth-Token", "tea-leaf-9"), ("cookie", "s=tea-leaf-9; a=b")],
)
def test_no_secret_that_a_request_carries_is_shown(
    engine: Engine, headers: MakeHeaders, header: tuple[str, str]
) -> None:
    messages = [{"role": "user", "content": "Repeat: tea-leaf-9"}]
    body = dumps(
        {"model": "qwen-plus", "messages": messages, "metadata": {"password": "oolong", "note": "x"}}
    )
    sent = {**dict(headers()), header[0].lower(): header[1]}
    engine.chat(COMPAT, sent, body, arrived=NOW)
    (told,) = engine.journal
    shown = told.shown()
    assert shown["body"]["messages"][0]["content"] == f"Repeat: {mask('tea-leaf-9')}"
    assert shown["body"]["metadata"] == {"password": mask("oolong"), "note": "x"}
    assert b"tea-leaf-9" not in dumps(shown)
    assert b"oolong" not in dumps(shown)


def test_the_journal_does_not_keep_log_probabilities(engine: Engine, headers: MakeHeaders) -> None:
    body = dumps(
        {
            "model": "qwen-plus",
            "messages": [{"role": "user", "content": "Tea?"}],
            "logprobs": True,
            "top_logprobs": 5,
        }
    )
    answer = engine.chat(COMPAT, headers(), body, arrived=NOW)
    assert loads(answer.body)["choices"][0]["logprobs"]["content"]
    (told,) = engine.journal
    assert told.reply is not None
    assert told.reply.choices[0].logprobs is None


@given(st.integers(1, 6), st.integers(1, 20_000), st.lists(st.integers(0, 5000), max_size=20))
def test_whatever_comes_a_journal_keeps_a_tail_within_its_bounds(
    most: int, size: int, lengths: list[int]
) -> None:
    journal = Journal(entries=most, size=size)
    for number, length in enumerate(lengths):
        journal.add(entry(str(number), body=b"x" * length))
        kept = [told.size for told in journal]
        assert len(kept) <= most
        assert sum(kept) <= size or len(kept) == 1
        assert journal.size == sum(kept)
        assert names(journal) == [str(at) for at in range(number + 1 - len(kept), number + 1)]


def test_an_exchange_that_is_withdrawn_leaves_nothing_behind() -> None:
    journal = Journal(entries=5)
    entries = [entry(body=b"x" * 10) for _ in range(3)]
    for each in entries:
        journal.add(each)
    journal.ended(entries[1], Sent(200, [], [b"tea"]))
    size, revision = journal.size, journal.revision
    assert journal.withdraw(2) is entries[1]
    assert list(journal) == [entries[0], entries[2]]
    assert journal.size == size - entries[1].size
    assert (journal.sent_size, entries[1].sent) == (0, None)
    assert journal.revision == revision + 1
    assert journal.withdraw(2) is None
    journal.add(entries[1])
    assert entries[1].number == 4


def test_a_journal_forgets_one_world_or_all_and_counts_anew() -> None:
    journal = Journal(entries=10, size=10_000)
    for name, world in (("a", HERE), ("b", THERE), ("c", HERE)):
        journal.add(entry(name, world=world, body=b"x" * 900))
    journal.reset(HERE)
    assert names(journal) == ["b"]
    journal.add(entry("d", body=b"x" * 4000))
    assert names(journal) == ["b", "d"]
    journal.reset()
    assert names(journal) == []
    assert len(journal) == 0


def test_a_key_never_appears_in_what_an_exchange_leaves_behind(engine: Engine, headers: MakeHeaders) -> None:
    message = {"role": "user", "content": f"My key is {KEY}, is it good?"}
    body = dumps({"model": "qwen-plus", "messages": [message], "user": KEY})
    answer = engine.chat(COMPAT, headers(), body, arrived=NOW)
    assert schemas.violations("compat.response", loads(answer.body)) == []
    (told,) = engine.journal
    shown = told.shown()
    assert shown["body"]["user"] == mask(KEY)
    assert shown["body"]["messages"][0]["content"] == f"My key is {mask(KEY)}, is it good?"
    assert KEY not in repr(told.world)
    assert KEY.encode() not in dumps({**shown, "answer": None})
    assert shown["key"] == mask(KEY)


def test_a_refused_key_is_masked_as_well(lazy_tokenizer: LazyTokenizer, headers: MakeHeaders) -> None:
    engine = Engine(Settings(api_keys=("sk-right",)), tokenizer=lazy_tokenizer, ids=Ids(1))
    answer = engine.chat(COMPAT, headers(key="sk-wrong"), b'{"user":"sk-wrong"}', arrived=NOW)
    (told,) = engine.journal
    assert answer.status == told.shown()["status"] == 401
    assert told.shown()["key"] == "none"
    assert b"sk-wrong" not in dumps(told.shown())


def test_resetting_a_key_forgets_its_exchanges_only(engine: Engine, headers: MakeHeaders) -> None:
    body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Tea?"}]}'
    engine.chat(COMPAT, headers(key="sk-a"), body, arrived=NOW)
    engine.chat(COMPAT, headers(key="sk-b"), body, arrived=NOW)
    engine.reset("sk-a")
    assert [told.world.name for told in engine.journal] == [mask("sk-b")]
    engine.reset("sk-never-used")
    assert len(engine.journal) == 1
    engine.reset()
    assert len(engine.journal) == 0
