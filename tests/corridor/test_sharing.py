"""Many engines that are one: what one of them does by itself, two of them do together.

One state machine holds both to the same behaviour: an engine with its own memory, and two that share a Redis,
of which each step takes one.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis as Client

from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.corridor.keeping import Keeping
from mockserver.corridor.sharing import LEASE_S, Sharing
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.responses.surface import RESPONSES
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.state.ports import GoneError
from mockserver.state.redis.address import read_address
from mockserver.state.redis.link import Link
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface
from tests.conftest import NOW, SHARED, make_headers
from tests.corridor.together import KEYS, Together, said, together
from tests.state.engines import Engine as Redis

Result = TypeVar("Result")

TEXTS = ("Tea?", "Milk?")
_keys = st.sampled_from((None, *KEYS))
_matches = st.fixed_dictionaries(
    {}, optional={"key": st.sampled_from(KEYS), "last_user": st.sampled_from(TEXTS)}
)
_replies = st.lists(st.sampled_from("ABC").map(lambda text: {"content": text}), min_size=1, max_size=3)
_scripts = st.fixed_dictionaries(
    {"reply": _replies, "match": _matches}, optional={"times": st.integers(1, 3)}
)
_faults = st.fixed_dictionaries(
    {
        "fault": st.sampled_from(("Throttling.RateQuota", "InternalError, ok, Throttling.RateQuota")),
        "match": _matches,
    },
    optional={"times": st.integers(1, 2)},
)
_scenarios = st.sampled_from(
    (
        "replies:\n- reply: [{content: One}, {content: Two}]\n",
        "replies:\n- {reply: {content: Once}, times: 1}\n- {reply: {content: More}, match: {turn: 1}}\n",
        "faults:\n- {fault: InternalError, times: 1}\nreplies:\n- reply: {content: Behind}\n",
    )
)


class Alike(RuleBasedStateMachine):
    """What an engine by itself and engines that share do, step by step."""

    redis: Redis
    tokenizer: LazyTokenizer

    def __init__(self) -> None:
        super().__init__()
        self.together = Together(self.redis, self.tokenizer)
        self.held: list[tuple[tuple[Engine, Answer], ...]] = []
        self.scripts: list[str] = []
        self.faults: list[tuple[str, str]] = []

    def teardown(self) -> None:
        try:
            for engine in self.together.shared:
                assert self.together.journal(engine) == self.together.journal(self.together.alone)
                assert self.together.used(engine) == self.together.used(self.together.alone)
        finally:
            self.together.close()

    def _both(self, at: int, do: Callable[[Engine], Result]) -> tuple[Result, Result]:
        return do(self.together.alone), do(self.together.shared[at])

    def _change(self, at: int, name: str, document: Mapping[str, Any]) -> Any:
        alone, shared = self._both(at, lambda engine: self.together.change(engine, name, document))
        assert alone == shared
        return alone

    @rule(at=st.integers(0, 1), script=_scripts)
    def script(self, at: int, script: dict[str, Any]) -> None:
        self.scripts.append(self._change(at, "reply", script))

    @precondition(lambda self: self.scripts)
    @rule(at=st.integers(0, 1), script=_scripts, which=st.randoms(use_true_random=False))
    def replace_script(self, at: int, script: dict[str, Any], which: Any) -> None:
        document = {"id": which.choice(self.scripts), "reply": script}
        old = self.together.alone.scripts.at(document["id"])
        if old is not None and old.match.key != script["match"].get("key"):
            with pytest.raises(Refused):
                self.together.change(self.together.shared[at], "reply-replaced", document)
            return
        self._change(at, "reply-replaced", document)

    @precondition(lambda self: self.scripts)
    @rule(at=st.integers(0, 1), which=st.randoms(use_true_random=False))
    def remove_script(self, at: int, which: Any) -> None:
        self._change(at, "reply-removed", {"id": which.choice(self.scripts)})

    @rule(at=st.integers(0, 1), fault=_faults)
    def fault(self, at: int, fault: dict[str, Any]) -> None:
        # Where ids are given out for many, some are left out.
        self.faults.append(self._both(at, lambda engine: self.together.change(engine, "fault", fault)))

    @precondition(lambda self: self.faults)
    @rule(at=st.integers(0, 1), which=st.randoms(use_true_random=False))
    def remove_fault(self, at: int, which: Any) -> None:
        alone, shared = which.choice(self.faults)
        gone = self.together.change(self.together.alone, "fault-removed", {"id": alone})
        assert gone == self.together.change(self.together.shared[at], "fault-removed", {"id": shared})

    @rule(
        at=st.integers(0, 1),
        key=_keys,
        limits=st.dictionaries(
            st.sampled_from(("rpm", "tpm", "burst", "concurrency")), st.integers(0, 4), min_size=1
        ),
    )
    def quota(self, at: int, key: str | None, limits: dict[str, int]) -> None:
        self._change(at, "quota", {"model": "*", "key": key, **limits})

    @rule(at=st.integers(0, 1), key=_keys)
    def remove_quotas(self, at: int, key: str | None) -> None:
        self._change(at, "quotas-removed", {"key": key, "model": None})

    @rule(at=st.integers(0, 1), key=_keys, text=st.none() | _scenarios)
    def scenario(self, at: int, key: str | None, text: str | None) -> None:
        self._change(at, "scenario", {"key": key, "files": {"a.yaml": text}} if text else {"key": key})

    @rule(at=st.integers(0, 1), key=_keys, on_miss=st.sampled_from(("error", "built-in")))
    def on_miss(self, at: int, key: str | None, on_miss: str) -> None:
        self._change(at, "on-miss", {"key": key, "on_miss": on_miss})

    @rule(at=st.integers(0, 1), words=st.lists(st.sampled_from(("Milk", "Oolong")), max_size=1))
    def moderation(self, at: int, words: list[str]) -> None:
        self._change(at, "moderation", {"input": words})

    @rule(at=st.integers(0, 1), key=_keys, mode=st.sampled_from(("cloud", "strict", "lenient")))
    def judge(self, at: int, key: str | None, mode: str) -> None:
        self._change(at, "rules", {"key": key, "mode": mode})

    @rule(at=st.integers(0, 1), key=_keys)
    def reset(self, at: int, key: str | None) -> None:
        self._release()
        self._change(at, "reset", {"key": key})

    @rule(
        at=st.integers(0, 1),
        key=st.sampled_from(KEYS),
        text=st.sampled_from(TEXTS),
        fault=st.none() | st.sampled_from(("InternalError;times=1", "InternalError, ok;again", "nonsense")),
        stream=st.booleans(),
        hold=st.booleans(),
    )
    def chat(self, at: int, key: str, text: str, fault: str | None, *, stream: bool, hold: bool) -> None:
        alone, shared = self._both(
            at, lambda engine: self.together.begin(engine, key, text, fault=fault, stream=stream)
        )
        assert said(alone) == said(shared)
        self.held.append(((self.together.alone, alone), (self.together.shared[at], shared)))
        if not hold:
            self._release()

    @rule(seconds=st.sampled_from((0.5, 1.0, 30.0, 60.0)))
    def time_goes_by(self, seconds: float) -> None:
        self.together.clock.now += seconds

    @rule()
    def _release(self) -> None:
        for pair in self.held:
            for engine, answer in pair:
                self.together.end(engine, answer)
        self.held.clear()

    @invariant()
    def all_have_the_same_journal(self) -> None:
        """Looked at now and then: what is looked at is kept up."""
        if len(self.scripts) % 4 == 3:
            alone = self.together.journal(self.together.alone)
            assert self.together.journal(self.together.shared[0]) == alone


def test_engines_that_share_do_what_one_does_by_itself(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    Alike.redis, Alike.tokenizer = redis, lazy_tokenizer
    run_state_machine_as_test(Alike, settings=SHARED)


def test_a_sequence_is_given_out_once_to_many_at_once(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer, many=3) as these:
        steps = [{"content": str(number)} for number in range(90)]
        these.change(these.shared[0], "reply", {"reply": steps, "times": 90})

        async def all_at_once() -> list[Answer]:
            body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Tea?"}]}'
            return await asyncio.gather(
                *(
                    these.aside.through(engine.steps(COMPAT, make_headers(key=key), body, arrived=NOW))
                    for key in ("sk-1", "sk-2", "sk-3")
                    for _ in range(11)
                    for engine in these.shared
                )
            )

        answers = these.wait(all_at_once())
        entries = [answer.entry for answer in answers if answer.entry is not None]
        contents = [entry.reply.choices[0].content for entry in entries if entry.reply is not None]
        scripted = [
            text for entry, text in zip(entries, contents, strict=True) if entry.answered_by == "reply-1"
        ]
        assert sorted(map(int, scripted)) == list(range(90))
        assert len(contents) == 99


def test_a_quota_is_exact_for_many_at_once(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer) as these:
        these.change(these.shared[0], "quota", {"model": "*", "rpm": 40})

        async def all_at_once() -> list[Answer]:
            body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Tea?"}]}'
            return await asyncio.gather(
                *(
                    these.aside.through(engine.steps(COMPAT, make_headers(), body, arrived=NOW))
                    for _ in range(32)
                    for engine in these.shared
                )
            )

        assert sorted(answer.status for answer in these.wait(all_at_once())) == [200] * 40 + [429] * 24


def test_a_quota_goes_by_one_clock_whatever_those_of_the_hosts_say(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer) as these:
        these.change(these.shared[0], "quota", {"model": "*", "rpm": 2})
        for sharing in these.keeping:
            sharing._now = None  # each host leaves the time to the engine of the state
        statuses = []
        for at, hours in ((0, 0), (1, 9), (0, -9), (1, 0)):
            these.clock.now = NOW + 3600 * hours
            statuses.append(these.ask(these.shared[at], "sk-a", "Tea?").status)
        assert statuses == [200, 200, 429, 429]
        assert [shown["number"] for shown in these.journal(these.shared[1])] == [1, 2, 3, 4]


def test_a_place_whose_process_died_is_free_when_its_lease_ends(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer) as these:
        one, other = these.shared
        these.change(one, "quota", {"model": "*", "concurrency": 1})
        held = these.begin(one, "sk-a", "Tea?")
        assert these.ask(other, "sk-a", "Tea?").status == 429
        admission = held.admission
        lease = these.keeping[0].leases
        assert list(lease.values()) == [admission]
        # The renewals of a process that lives hold the place; one that died renews nothing.
        these.wait(these.keeping[0].renew())
        assert these.ask(other, "sk-a", "Tea?").status == 429
        lease.clear()
        key = f"{these.links[0].address.prefix}:meter:c:sk-a:qwen-plus"
        with Client(port=redis.port) as client:
            for member in client.zrange(key, 0, -1):
                client.zincrby(key, -LEASE_S - 1, member)
        assert these.ask(other, "sk-a", "Tea?").status == 200


@pytest.mark.parametrize("by_renewal", [False, True])
def test_a_place_of_whose_end_the_engine_did_not_hear_is_free_when_it_answers_again(
    redis: Redis, lazy_tokenizer: LazyTokenizer, monkeypatch: pytest.MonkeyPatch, *, by_renewal: bool
) -> None:
    with together(redis, lazy_tokenizer) as these:
        one, other = these.shared
        these.change(one, "quota", {"model": "*", "concurrency": 1})
        held = these.begin(one, "sk-a", "Tea?")
        post = these.links[0].post

        def silent(name: str, *arguments: Any) -> "asyncio.Future[Any]":
            if name != "free":
                return post(name, *arguments)
            lost: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            lost.set_exception(GoneError("it did not answer in time"))
            return lost

        monkeypatch.setattr(these.links[0], "post", silent)
        these.end(one, held)
        assert these.ask(other, "sk-a", "Tea?").status == 429
        monkeypatch.undo()
        if by_renewal:
            these.wait(these.keeping[0].renew())
        assert these.ask(other if by_renewal else one, "sk-a", "Tea?").status == 200


def test_who_comes_late_has_all_that_is_defined(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer) as these:
        one, late = these.shared
        these.change(
            one, "scenario", {"key": "sk-a", "files": {"a.yaml": "replies:\n- reply: {content: A}\n"}}
        )
        these.change(one, "reply", {"reply": {"content": "B"}, "match": {"key": "sk-b"}})
        these.change(one, "reset", {"key": "sk-a"})
        these.change(one, "reply", {"reply": {"content": "C"}, "match": {"key": "sk-a"}})
        answers = [said(these.ask(late, key, "Tea?"))[1] for key in KEYS]
        assert answers == ["reply-2", "reply-1"]
        assert len(these.journal(late)) == 2


def test_the_changes_that_a_reset_undoes_are_not_kept(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer) as these:
        for number in range(5):
            these.change(
                these.shared[number % 2], "reply", {"reply": {"content": "A"}, "match": {"key": "sk-a"}}
            )
            these.change(these.shared[number % 2], "reset", {"key": "sk-a"})
        board = f"{these.links[0].address.prefix}:board"
        with Client(port=redis.port) as client:
            assert client.xlen(board) == 1
            these.change(these.shared[0], "reset", {"key": None})
            assert client.xlen(board) == 1


def test_an_engine_that_was_emptied_under_them_begins_anew(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer) as these:
        one, other = these.shared
        these.change(one, "reply", {"reply": {"content": "A"}})
        assert said(these.ask(other, "sk-a", "Tea?"))[1] == "reply-1"
        assert len(these.journal(other)) == 1
        prefix = these.links[0].address.prefix
        with Client(port=redis.port) as client:
            client.delete(*client.scan_iter(f"{prefix}:*"))
        assert said(these.ask(other, "sk-a", "Tea?"))[1] == "built-in"
        assert said(these.ask(one, "sk-a", "Tea?"))[1] == "built-in"
        assert len(these.journal(other)) == len(these.journal(one)) == 2


def test_every_key_ends_by_itself(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer) as these:
        one = these.shared[0]
        these.change(one, "quota", {"model": "*", "rpm": 9, "key": "sk-a"})
        these.change(one, "reply", {"reply": {"content": "A"}, "match": {"key": "sk-a"}})
        these.ask(one, "sk-a", "Tea?", fault="InternalError;times=0")
        these.ask(one, "sk-a", "Tea?")
        these.wait(these.keeping[0].renew())
        prefix = these.links[0].address.prefix
        with Client(port=redis.port) as client:
            found = {key: client.ttl(key) for key in client.scan_iter(f"{prefix}:*")}
        assert len(found) > 5
        assert {key for key, life in found.items() if life <= 0} == set()


def test_a_journal_keeps_as_many_as_it_may(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer, journal=3) as these:
        for number in range(8):
            these.ask(these.shared[number % 2], "sk-a", f"Tea {number}?")
        for engine in these.shared:
            assert [shown["number"] for shown in these.journal(engine)] == [6, 7, 8]
            assert all(entry.sent is not None and entry.changed for entry in engine.journal)
        assert these.shared[0].journal.revision == these.shared[1].journal.revision


def test_what_a_reset_forgets_is_forgotten_by_all(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer) as these:
        one, other = these.shared
        for key in KEYS:
            these.ask(one, key, "Tea?")
        assert len(these.journal(other)) == 2
        epoch = other.journal.epoch
        these.change(one, "reset", {"key": "sk-a"})
        assert [shown["number"] for shown in these.journal(other)] == [2]
        assert other.journal.epoch > epoch
        assert one.keeping.begun == other.keeping.begun is not None


ALONE = (
    ("conversations", RESPONSES, {"previous_response_id": "resp_1"}),
    ("conversations", RESPONSES, {"conversation": "conv_1"}),
)


@pytest.mark.parametrize(("what", "surface", "more"), ALONE)
def test_what_is_not_shared_is_refused(
    redis: Redis, lazy_tokenizer: LazyTokenizer, what: str, surface: Surface, more: dict[str, Any]
) -> None:
    with together(redis, lazy_tokenizer, many=1) as these:
        answer = these.ask(these.shared[0], "sk-a", "Tea?", surface=surface, **more)
        assert answer.status == 501
        assert "a server with --state does not share this" in answer.body.decode()
        assert what in answer.body.decode()


def test_a_response_is_answered_and_not_stored(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer, many=1) as these:
        answer = these.ask(these.shared[0], "sk-a", "Tea?", surface=RESPONSES)
        assert answer.status == 200
        assert len(these.shared[0].shelf) == 0


def test_a_template_counts_nothing(redis: Redis, lazy_tokenizer: LazyTokenizer) -> None:
    with together(redis, lazy_tokenizer, many=1) as these:
        script = {"template": True, "reply": {"content": "{{ use }}"}, "match": {"last_user": "Tea?"}}
        these.change(these.shared[0], "reply", script)
        these.change(these.shared[0], "reply", {"template": True, "reply": {"content": "{{ counter('a') }}"}})
        uses = [these.ask(these.shared[0], "sk-a", "Tea?") for _ in range(2)]
        contents = [json.loads(use.body)["choices"][0]["message"]["content"] for use in uses]
        assert contents == ["1", "2"]
        refused = these.ask(these.shared[0], "sk-a", "Milk?")
        assert refused.status == 500
        assert "counter() in a template is refused" in refused.body.decode()


def test_no_prompt_finds_what_another_process_would_not_know(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer, many=1) as these:
        long = "Tea? " * 600
        usages = [these.ask(these.shared[0], "sk-a", long).entry for _ in range(2)]
        assert [entry.usage.cached for entry in usages if entry and entry.usage] == [0, 0]


def test_an_engine_that_is_gone_is_told_of_in_every_dialect(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer, many=1) as these:
        engine = these.shared[0]
        address = read_address("redis://127.0.0.1:1?prefix=nobody")
        Sharing(engine, Link(address)).join()
        for surface in (COMPAT, RESPONSES):
            answer = these.begin(engine, "sk-a", "Tea?", surface=surface)
            assert answer.status == 503
            assert "the shared state of this mock server cannot be used" in answer.body.decode()
            these.end(engine, answer)
        with pytest.raises(GoneError):
            these.change(engine, "reset", {"key": None})
        with pytest.raises(GoneError):
            these.wait(engine.keeping.refresh("/_mock/requests"))
        assert len(engine.journal) == 0


def test_an_engine_by_itself_shares_nothing(engine: Engine) -> None:
    assert type(engine.keeping) is Keeping
    assert not engine.keeping.shared
    asyncio.run(engine.keeping.settled())
    asyncio.run(engine.keeping.refresh("/_mock/requests"))
