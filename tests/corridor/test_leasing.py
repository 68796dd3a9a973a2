"""What exchanges take on a lease: given once, and given again where nobody has seen it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis as Client

from mockserver.corridor.answers import Answer
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.endpoints import answering
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.state.journal import Entry
from mockserver.state.ports import GoneError
from mockserver.state.redis.link import Link
from tests.conftest import NOW, SHARED, make_headers
from tests.corridor.together import Together, together
from tests.state.engines import Engine as Redis

KEY = "sk-a"


@pytest.fixture
def these(redis: Redis, lazy_tokenizer: LazyTokenizer) -> Iterator[Together]:
    """Two processes, and a sequence that tells where it is."""
    with together(redis, lazy_tokenizer) as made:
        counting(made)
        yield made


def counting(these: Together, **more: Any) -> None:
    """Enters a sequence whose steps are numbers."""
    script = {"template": True, "reply": {"content": "{{ use }}"}, "match": {"key": KEY}, **more}
    these.change(these.shared[0], "reply", script)


def step(answer: Answer) -> int:
    """Which step of the sequence an answer is."""
    assert answer.status == 200, answer.body
    return int(json.loads(answer.body)["choices"][0]["message"]["content"])


def asked(these: Together, at: int) -> int:
    """The step that somebody gets who asks."""
    return step(these.ask(these.shared[at], KEY, "Next?"))


def begun(these: Together, at: int) -> Answer:
    """An answer that is entered, but has not left."""
    return these.begin(these.shared[at], KEY, "Next?")


def leaves(these: Together, at: int, answer: Answer) -> None:
    """The first byte of an answer leaves."""
    assert answer.entry is not None
    begins = these.keeping[at].begins(answer.entry)
    assert begins is not None
    begins()


def steps_of(these: Together, at: int) -> list[int]:
    """The steps that stand in the journal."""
    return [int(shown["answer"][0]["content"]) for shown in these.journal(these.shared[at])]


def requests(these: Together) -> int:
    """What the ledger counts."""
    these.wait(these.shared[0].keeping.refresh("/_mock/usage"))
    return these.shared[0].worlds.of(KEY).ledger["qwen-plus"].requests


def uses(these: Together) -> list[int]:
    """How often scripts were used."""
    these.wait(these.shared[0].keeping.refresh("/_mock/replies"))
    return [script.used for script in these.shared[0].scripts]


def test_a_step_that_nobody_saw_is_given_to_who_asks_next(these: Together) -> None:
    assert step(begun(these, 0)) == 1
    assert asked(these, 1) == 2
    assert steps_of(these, 1) == [1, 2]
    these.replace(0)
    assert [asked(these, 0), asked(these, 1)] == [1, 3]
    for at in (0, 1):
        assert steps_of(these, at) == [2, 1, 3]
    assert (requests(these), uses(these)) == (3, [3])


def test_what_was_given_back_and_not_asked_for_is_not_used(these: Together) -> None:
    begun(these, 0)
    assert asked(these, 1) == 2
    these.replace(0)
    these.wait(these.keeping[0].catch_up())
    assert (requests(these), uses(these)) == (1, [1])


def test_a_step_whose_first_byte_may_have_left_is_not_given_again(these: Together) -> None:
    leaves(these, 0, begun(these, 0))
    these.replace(0)
    assert [asked(these, 0), asked(these, 1)] == [2, 3]
    assert steps_of(these, 0) == [1, 2, 3]


def test_what_was_over_is_not_given_again(these: Together) -> None:
    assert asked(these, 0) == 1
    these.replace(0)
    assert asked(these, 0) == 2


def test_all_that_end_in_a_turn_are_told_at_once(these: Together, monkeypatch: pytest.MonkeyPatch) -> None:
    link, told = these.links[0], []
    post, engine = link.post, these.shared[0]

    def noted(name: str, *arguments: Any) -> Any:
        told.append((name, *arguments))
        return post(name, *arguments)

    answers = [begun(these, 0) for _ in range(3)]
    for answer in answers:
        leaves(these, 0, answer)
    monkeypatch.setattr(link, "post", noted)

    async def end() -> None:
        for answer in answers:
            engine.ended(answer)

    these.wait(end())
    these.wait(asyncio.sleep(0))
    (once,) = told
    assert once[:2] == ("back", "over")
    assert list(once[4:]) == [1, 2, 3]
    these.replace(0)
    assert asked(these, 0) == 4


def test_steps_go_back_in_their_order(these: Together) -> None:
    assert [step(begun(these, at)) for at in (0, 1, 0, 0)] == [1, 2, 3, 4]
    these.replace(0)
    assert [asked(these, at) for at in (0, 1, 1, 0)] == [1, 3, 4, 5]


def test_who_takes_the_place_of_one_that_inherited_nothing_yet_inherits_it(these: Together) -> None:
    begun(these, 0)
    these.replace(0)
    these.replace(0)
    assert asked(these, 0) == 1


def taken(these: Together, at: int, request: Answer) -> tuple[Entry, int | None]:
    """A step that was taken for another exchange like that of an answer, which is not entered yet."""
    assert request.entry is not None
    assert request.request is not None
    engine = these.shared[at]
    entry = Entry(engine.ids.request_id(), request.entry.world, "compat", False, b"{}", NOW)
    found = these.wait(these.aside.through(engine.keeping.taken(entry, request.request, large=False)))
    return entry, None if found is None else found[1] + 1


@pytest.fixture
def request_(these: Together) -> Answer:
    """An exchange that is over: the first step."""
    return these.ask(these.shared[0], KEY, "Next?", stream=True)


def test_a_step_that_was_taken_and_not_entered_goes_back_too(these: Together, request_: Answer) -> None:
    assert taken(these, 0, request_)[1] == 2
    these.replace(0)
    assert [asked(these, 1), asked(these, 0), asked(these, 1)] == [3, 2, 4]


def asked_of(link: Link, monkeypatch: pytest.MonkeyPatch, instead: Callable[..., Any]) -> Callable[[], None]:
    """Has something done in the place of asking: it is given how to ask, and what. Gives what undoes that."""
    ways = {verb: getattr(link, verb) for verb in ("post", "gather")}
    for verb, ask in ways.items():
        monkeypatch.setattr(link, verb, partial(instead, ask))

    def back() -> None:
        for verb, ask in ways.items():
            monkeypatch.setattr(link, verb, ask)

    return back


@pytest.mark.parametrize("script", ["count", "enter"])
@pytest.mark.parametrize("executed", [True, False])
def test_what_the_engine_did_not_confirm_goes_back(
    these: Together, monkeypatch: pytest.MonkeyPatch, script: str, *, executed: bool
) -> None:
    """It may have done what it was asked, or not, or do it yet."""
    link = these.links[0]
    late: list[Any] = []

    def lost(ask: Any, name: str, *arguments: Any, **more: Any) -> Any:
        if name != script or late:
            return ask(name, *arguments, **more)
        late.append(partial(ask, name, *arguments, **more))
        answer = asyncio.get_running_loop().create_future()
        if executed:
            late[0]()
        answer.set_exception(GoneError("it did not answer in time"))
        return answer

    asked_of(link, monkeypatch, lost)
    if script == "count":
        assert begun(these, 0).status == 503
    else:
        with pytest.raises(GoneError):
            begun(these, 0)
    these.wait(these.keeping[0].catch_up())
    assert asked(these, 1) == 1

    async def comes_late() -> None:
        with pytest.raises(GoneError, match=r"given up|has ended"):
            await late[0]()

    these.wait(comes_late())
    assert [asked(these, 0), asked(these, 1)] == [2, 3]
    assert steps_of(these, 0) == steps_of(these, 1) == [1, 2, 3]


@pytest.mark.parametrize("executed", [True, False])
def test_what_always_says_the_same_is_counted_when_it_is_entered_and_goes_back_as_well(
    redis: Redis, lazy_tokenizer: LazyTokenizer, monkeypatch: pytest.MonkeyPatch, *, executed: bool
) -> None:
    with together(redis, lazy_tokenizer) as these:
        these.change(these.shared[0], "reply", {"reply": {"content": "Tea."}, "match": {"key": KEY}})
        assert (these.ask(these.shared[1], KEY, "Next?").status, uses(these)) == (200, [1])
        late: list[Any] = []

        def lost(ask: Any, name: str, *arguments: Any, **more: Any) -> Any:
            assert name != "count", "its use is nobody's matter"
            if name != "enter" or late:
                return ask(name, *arguments, **more)
            late.append(partial(ask, name, *arguments, **more))
            if executed:
                late[0]()
            answer = asyncio.get_running_loop().create_future()
            answer.set_exception(GoneError("it did not answer in time"))
            return answer

        asked_of(these.links[0], monkeypatch, lost)
        with pytest.raises(GoneError):
            begun(these, 0)
        these.wait(these.keeping[0].catch_up())
        assert (requests(these), uses(these)) == (1, [1])

        async def comes_late() -> None:
            with pytest.raises(GoneError, match="given up"):
                await late[0]()

        these.wait(comes_late())
        assert these.ask(these.shared[0], KEY, "Next?").status == 200
        assert (requests(these), uses(these)) == (2, [2])
        leaves(these, 0, begun(these, 0))
        begun(these, 0)
        these.replace(0)
        these.wait(these.keeping[0].catch_up())
        assert (requests(these), uses(these)) == (3, [3])
        assert len(these.journal(these.shared[1])) == 3


def failing(these: Together, monkeypatch: pytest.MonkeyPatch, name: str) -> Callable[[], None]:
    """Has the engine be gone for one question; what ends that."""
    link = these.links[0]

    def fails(ask: Any, asked: str, *arguments: Any, **more: Any) -> Any:
        if asked != name:
            return ask(asked, *arguments, **more)
        answer = asyncio.get_running_loop().create_future()
        answer.set_exception(GoneError("gone"))
        answer.exception()
        return answer

    return asked_of(link, monkeypatch, fails)


@pytest.mark.parametrize(("told", "how"), [("back", {}), ("enter", {"fault": "close-mid-chunk"})])
def test_an_end_that_was_not_heard_is_told_again(
    these: Together, monkeypatch: pytest.MonkeyPatch, told: str, how: dict[str, Any]
) -> None:
    answer = these.begin(these.shared[0], KEY, "Next?", stream=True, **how)
    leaves(these, 0, answer)
    back = failing(these, monkeypatch, told)
    these.end(these.shared[0], answer)
    these.wait(asyncio.sleep(0))
    back()
    these.wait(these.keeping[0].catch_up())
    with Client(port=these.links[0].address.port) as client:
        assert not list(client.scan_iter(f"{these.links[0].address.prefix}:leases:*"))
    these.replace(0)
    assert asked(these, 1) == 2


def test_what_cannot_be_told_is_told_another_time(these: Together, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = begun(these, 0)
    assert answer.entry is not None
    these.keeping[0].lost(answer.entry)
    back = failing(these, monkeypatch, "back")
    with pytest.raises(GoneError):
        these.wait(these.keeping[0].catch_up())
    assert begun(these, 0).status == 503
    back()
    assert [asked(these, 0), asked(these, 1)] == [1, 2]


def test_many_tell_it_once(these: Together) -> None:
    answer = begun(these, 0)
    assert answer.entry is not None
    these.keeping[0].lost(answer.entry)

    async def all_at_once() -> list[Answer]:
        body = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Next?"}]}'
        ways = [these.shared[0].steps(COMPAT, make_headers(key=KEY), body, arrived=NOW) for _ in range(8)]
        return await asyncio.gather(*(these.aside.through(way) for way in ways))

    assert sorted(map(step, these.wait(all_at_once()))) == list(range(1, 9))


def silence(these: Together, at: int) -> None:
    """Nothing is heard of a process for longer than its lease."""
    these.wait(these.keeping[at].renew())
    prefix = these.links[at].address.prefix
    with Client(port=these.links[at].address.port) as client:
        client.zadd(f"{prefix}:owners", {these.keeping[at]._leasing.owner: 1.0})


def test_of_a_host_that_is_silent_goes_back_what_was_not_entered(these: Together, request_: Answer) -> None:
    held, use = taken(these, 0, request_)
    assert (use, step(begun(these, 0))) == (2, 3)
    silence(these, 0)
    these.wait(these.keeping[1].renew())
    assert [asked(these, 1), asked(these, 1)] == [2, 4]
    # It was asleep; what it does with what it held is too late.
    these.wait(_entered(these.shared[0], held))
    assert asked(these, 0) == 5
    assert sorted(shown["number"] for shown in these.journal(these.shared[0])) == [1, 2, 3, 4, 5]


async def _entered(engine: Engine, entry: Entry) -> None:
    engine.keeping.enter(entry, "qwen-plus")
    with pytest.raises(GoneError, match="has ended"):
        await engine.keeping.settled()


def test_who_is_heard_keeps_what_it_took(these: Together) -> None:
    begun(these, 0)
    these.wait(these.keeping[0].renew())
    these.wait(these.keeping[1].renew())
    assert asked(these, 1) == 2


def test_what_was_used_up_may_be_used_again_when_it_was_given_back(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer) as these:
        counting(these, times=2)
        these.change(these.shared[0], "fault", {"fault": "Throttling.RateQuota", "times": 1})
        first = begun(these, 0)
        assert first.status == 429
        assert [step(begun(these, at)) for at in (0, 1)] == [1, 2]
        others = [these.ask(these.shared[at], KEY, "Next?").entry for at in (0, 1)]
        assert [entry.answered_by for entry in others if entry is not None] == ["built-in"] * 2
        these.replace(0)
        assert [these.ask(these.shared[at], KEY, "Next?").status for at in (0, 1)] == [429, 200]
        last = these.ask(these.shared[1], KEY, "Next?").entry
        assert last is not None
        assert last.answered_by == "built-in"
        assert uses(these) == [2]


def test_a_fault_of_a_header_goes_back(these: Together) -> None:
    fault = "InternalError;times=1"
    assert these.begin(these.shared[0], KEY, "Next?", fault=fault).status == 500
    these.replace(0)
    answers = [these.ask(these.shared[1], KEY, "Next?", fault=fault).status for _ in range(2)]
    assert answers == [200, 200]
    these.wait(these.keeping[0].catch_up())
    answers = [these.ask(these.shared[1], KEY, "Next?", fault=fault).status for _ in range(2)]
    assert answers == [500, 200]


@pytest.mark.parametrize("key", [None, KEY])
def test_nothing_goes_back_behind_a_reset(these: Together, key: str | None) -> None:
    begun(these, 0)
    assert asked(these, 1) == 2
    these.change(these.shared[1], "reset", {"key": key})
    counting(these)
    assert asked(these, 1) == 1
    these.replace(0)
    assert [asked(these, 0), asked(these, 1)] == [2, 3]
    assert (requests(these), uses(these)) == (3, [3])
    assert steps_of(these, 0) == [1, 2, 3]


def test_a_reset_forgets_what_was_given_back(these: Together) -> None:
    begun(these, 0)
    assert asked(these, 1) == 2
    these.replace(0)
    these.wait(these.keeping[0].catch_up())
    these.change(these.shared[1], "reset", {"key": KEY})
    counting(these)
    assert [asked(these, 0), asked(these, 1)] == [1, 2]


def test_an_answer_that_fails_unforeseen_gives_its_step_back(
    these: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(these.shared[0].answers, "rendered", fails)
        with pytest.raises(RuntimeError):
            begun(these, 0)
    assert [asked(these, 0), asked(these, 1)] == [1, 2]


def test_more_than_there_are_places_for_hear_that_they_are_too_many(these: Together) -> None:
    held = begun(these, 0)
    these.keeping[0]._leasing._marks._free.clear()
    refused = begun(these, 0)
    assert refused.status == 503
    assert "too many answers wait for it" in refused.body.decode()
    these.end(these.shared[0], held)
    these.wait(these.keeping[0].renew())
    assert asked(these, 0) == 2


def call(these: Together, at: int, fault: str) -> int:
    """What a call beside chat hears that a fault may strike."""
    engine = these.shared[at]

    async def answered() -> int:
        steps = answering.steps(
            engine,
            COMPAT,
            make_headers({"X-Mock-Fault": fault}, key=KEY),
            lambda *_: {},
            arrived=NOW,
            endpoint="embeddings",
        )
        answer = await these.aside.through(steps)
        await engine.keeping.settled()
        return answer.status

    return these.wait(answered())


def test_a_call_beside_chat_takes_its_fault_for_good_when_it_is_entered(
    these: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = "InternalError, InternalError, ok"
    assert call(these, 0, fault) == 500
    these.replace(0)
    back = failing(these, monkeypatch, "enter")
    with pytest.raises(GoneError):
        call(these, 0, fault)
    back()
    assert [call(these, 0, fault), call(these, 1, fault)] == [500, 200]
    assert these.keeping[0]._leasing._held == {}


def test_an_exchange_that_took_nothing_holds_nothing(these: Together) -> None:
    answer = these.begin(these.shared[0], "sk-b", "Tea?")
    assert answer.entry is not None
    assert these.keeping[0].begins(answer.entry) is None
    these.keeping[0].lost(answer.entry)
    these.replace(0)
    these.wait(these.keeping[0].catch_up())
    assert len(these.journal(these.shared[1])) == 1


def test_what_was_withdrawn_leaves_a_full_journal_as_all_else(
    redis: Redis, lazy_tokenizer: LazyTokenizer
) -> None:
    with together(redis, lazy_tokenizer, journal=3) as these:
        counting(these)
        begun(these, 0)
        these.replace(0)
        assert [asked(these, number % 2) for number in range(9)] == list(range(1, 10))
        assert steps_of(these, 0) == steps_of(these, 1) == [7, 8, 9]


class Steps:
    """Answers of a sequence on their way, and what was seen of them."""

    def __init__(self, these: Together) -> None:
        self.these = these
        self.entered: list[list[Answer]] = [[], []]
        self.left: list[list[Answer]] = [[], []]
        self.seen: list[int] = []

    def take(self, at: int) -> None:
        self.entered[at].append(begun(self.these, at))

    def leave(self, at: int) -> None:
        if self.entered[at]:
            answer = self.entered[at].pop()
            leaves(self.these, at, answer)
            self.left[at].append(answer)
            self.seen.append(step(answer))

    def end(self, at: int) -> None:
        if self.left[at]:
            self.these.end(self.these.shared[at], self.left[at].pop())

    def lose(self, at: int) -> None:
        if self.entered[at]:
            entry = self.entered[at].pop().entry
            assert entry is not None
            self.these.keeping[at].lost(entry)

    def kill(self, at: int) -> None:
        self.these.replace(at)
        self.entered[at].clear()
        self.left[at].clear()

    def renew(self, at: int) -> None:
        self.these.wait(self.these.keeping[at].renew())


_does = st.tuples(
    st.sampled_from((Steps.take, Steps.leave, Steps.end, Steps.lose, Steps.kill, Steps.renew)),
    st.integers(0, 1),
)


@SHARED
@given(does=st.lists(_does, max_size=30))
def test_whatever_happens_each_step_is_given_once_and_none_is_left_out(
    redis: Redis, lazy_tokenizer: LazyTokenizer, does: list[tuple[Callable[[Steps, int], None], int]]
) -> None:
    with together(redis, lazy_tokenizer) as these:
        counting(these)
        steps = Steps(these)
        for do, at in does:
            do(steps, at)
        for at in (0, 1):
            steps.kill(at)
            these.wait(these.keeping[at].catch_up())
        seen = steps.seen
        most = max(seen, default=0)
        while len(seen) <= most:
            seen.append(asked(these, len(seen) % 2))
        assert sorted(seen) == list(range(1, most + 2))
        assert sorted(steps_of(these, 0)) == sorted(seen)
        assert uses(these) == [len(seen)]
