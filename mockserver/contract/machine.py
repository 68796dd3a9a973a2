"""The machine: lets conversations grow at random, and shrinks one that breaks a client to the shortest.

The model of the truth is that of the suite: a `Session`. The machine only decides what is said next and how
the cloud answers. What it finds is a `Case` like those of the suite, which anyone can run again.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Flaky
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mockserver.contract.cases import LACKS, MIXED, Case, Turn
from mockserver.contract.client import Client
from mockserver.contract.protocol import ProtocolError
from mockserver.contract.requirements import Severity, requirements
from mockserver.contract.session import Session
from mockserver.contract.stage import Stage
from mockserver.contract.strategies import (
    LASTING,
    TRANSIENT,
    chunkings,
    image,
    replies,
    texts,
    turns,
    words,
    worlds,
)
from mockserver.contract.suite import Outcome, Verdict, hold
from mockserver.contract.worlds import COMPLETIONS

STEPS = 8
"""The most turns of a conversation."""

_APART = 1_000_003
"""How far the seeds of one search are apart, so that those of neighbours share none."""

_LONG = (
    "The first of many words, then the second, the third, and so on until the very last one of all of them."
)


_PLAINEST = ("talk", "tools", "two", "own", "everything")
"""Kinds of worlds in which an answer may go on from a prefix or come in an odd form."""

_WITH_OPTIONS = ("options", "efforts", "everything")
_OPTIONS = st.sampled_from([{}, {"temperature": 1.5}, {"max_tokens": 400, "top_p": 0.9}])
"""Options of one turn; the plainest first."""

FORMS = tuple(
    one.form
    for one in requirements().values()
    if one.form and one.severity is Severity.MUST and one.form != "large-event"
)
"""Odd forms that every client has to read, but for the one that takes long."""


class _BrokenError(AssertionError):
    """Carries the conversation that broke the client out of Hypothesis."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.failures[0].message if outcome.failures else outcome.message)
        self.outcome = outcome


class _Clock:
    """Says when it is enough: `seconds` without a find, and as many again to make one shorter."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._from = time.monotonic()
        self.found: Outcome | None = None

    def over(self) -> bool:
        """Whether it is enough."""
        return self._seconds is not None and time.monotonic() - self._from > self._seconds

    def finds(self, outcome: Outcome) -> _BrokenError:
        """Keeps the shortest of what was found; with the first one the time begins anew."""
        if self.found is None:
            self._from = time.monotonic()
        if self.found is None or len(outcome.case.turns) <= len(self.found.case.turns):
            self.found = outcome
        return _BrokenError(outcome)


class Conversations(RuleBasedStateMachine):
    """One conversation that grows; `machine` makes a class of it that knows its client."""

    stage: Stage
    client: Client
    surfaces: Sequence[str] = ()
    known: frozenset[str] = frozenset()
    clock: _Clock

    def __init__(self) -> None:
        super().__init__()
        self.session: Session | None = None
        self.taken: list[Turn] = []
        self.case = Case(id="found.talk")
        self.over = False
        self.silenced = False

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Chooses the world."""
        if self.clock.over():
            self.over = True
            return
        hello = self.client.hello
        spoken = [name for name in hello.surfaces if not self.surfaces or name in self.surfaces]
        self.case = data.draw(worlds(surfaces=spoken, features=hello.features))
        self.session = Session(self.stage, self.client, self.case, self.case.surfaces[0], self.case.modes[0])
        self._guard(self.session.begin)

    def _guard(self, step: Callable[[], None]) -> None:
        """Does a step; the driver's faults are outcomes too."""
        assert self.session is not None
        try:
            step()
        except ProtocolError as error:
            raise self.clock.finds(self._outcome(Verdict.DRIVER, str(error))) from None
        blamed = {failure.requirement for failure in self.session.failures}
        if blamed - self.known:
            raise self.clock.finds(self._outcome(Verdict.FAILED))
        self.over = self.over or bool(blamed)

    def _outcome(self, verdict: Verdict, message: str = "") -> Outcome:
        assert self.session is not None
        session = self.session
        blamed = tuple(dict.fromkeys(failure.requirement for failure in session.failures))
        case = replace(self.case, turns=tuple(self.taken), requires=blamed)
        failures = tuple(sorted(session.failures, key=lambda failure: failure.requirement in self.known))
        return Outcome(case, session.surface, session.mode, verdict, failures, session.transcript, message)

    def _take(self, turn: Turn) -> None:
        self.over = self.over or self.clock.over()
        if self.over:
            return
        assert self.session is not None
        self.taken.append(turn)
        self._guard(lambda: self.session.turn(turn))  # type: ignore[union-attr]

    def _side(self, data: st.DataObject) -> int:
        return data.draw(st.integers(0, self.case.conversations - 1)) if self.case.conversations > 1 else 0

    def _can(self, feature: str) -> bool:
        return feature in self.client.hello.features and feature not in LACKS[self.case.surfaces[0]]

    @property
    def _formed(self) -> bool:
        """Whether an answer may come in an odd form: in streams of the surfaces that have choices."""
        streamed = self.case.modes[0] not in ("plain", MIXED) and self.case.surfaces[0] in COMPLETIONS
        return streamed and self._kind in _PLAINEST

    @property
    def _kind(self) -> str:
        return self.case.id.removeprefix("found.")

    @rule(data=st.data())
    def talk(self, data: st.DataObject) -> None:
        """Something is said and answered, with rounds of calls where there are tools."""
        first = 100 * len(self.taken)
        turn = data.draw(turns(case=self.case, conversation=self._side(data), first=first))
        sizes = data.draw(chunkings()) if self.case.modes[0] == "chopped" else ()
        if sizes:
            given = tuple({**reply, "delivery": {"sizes": list(sizes)}} for reply in turn.replies)
            turn = replace(turn, replies=given)
        if self._kind in _WITH_OPTIONS:
            others = data.draw(st.lists(_OPTIONS, max_size=len(turn.results)))
            turn = replace(turn, options=data.draw(_OPTIONS), result_options=tuple(others))
        self._take(turn)

    @precondition(lambda self: self._can("partial") and self._kind in _PLAINEST)
    @rule(data=st.data(), prefix=words(), said=words(), answer=texts())
    def go_on(self, data: st.DataObject, prefix: str, said: str, answer: str) -> None:
        """The answer goes on from a prefix."""
        side = self._side(data)
        self._take(Turn(say=said, partial=prefix, conversation=side, replies=({"content": answer},)))

    @precondition(lambda self: bool(self.case.tools))
    @rule(data=st.data(), code=st.sampled_from((*LASTING, *TRANSIENT)), said=words())
    def fail_at_results(self, data: st.DataObject, code: str, said: str) -> None:
        """The cloud calls, and refuses the results: for good, or for now."""
        names = [tool["function"]["name"] for tool in self.case.tools]
        called = data.draw(replies(names=names, calls=True, first=100 * len(self.taken)))
        refused: dict[str, Any] = {"error": {"code": code}}
        given = (called, refused, *([{"content": "Now."}] if code in TRANSIENT else []))
        results = (("fine",) * len(called["tool_calls"]),)
        self._take(Turn(say=said, conversation=self._side(data), replies=given, results=results))

    @precondition(lambda self: self._formed)
    @rule(data=st.data(), form=st.sampled_from(FORMS), said=words())
    def say_oddly(self, data: st.DataObject, form: str, said: str) -> None:
        """A good answer in an odd but legal form."""
        names = [tool["function"]["name"] for tool in self.case.tools]
        reply = data.draw(replies(names=names, first=100 * len(self.taken)))
        results = (("fine",) * len(reply["tool_calls"]),) if "tool_calls" in reply else ()
        given = ({**reply, "fault": form}, *([{"content": "Good."}] if results else []))
        self._take(Turn(say=said, conversation=self._side(data), replies=given, results=results))

    @precondition(lambda self: bool(self.case.tools) and self._can("interrupt"))
    @rule(data=st.data(), said=words())
    def speak_over(self, data: st.DataObject, said: str) -> None:
        """The cloud calls, and gets no results: the user says what comes next."""
        names = [tool["function"]["name"] for tool in self.case.tools]
        called = data.draw(replies(names=names, calls=True, first=100 * len(self.taken)))
        self._take(Turn(say=said, interrupted=True, conversation=self._side(data), replies=(called,)))

    @rule(data=st.data(), code=st.sampled_from(LASTING), said=words(), chinese=st.booleans())
    def refuse(self, data: st.DataObject, code: str, said: str, *, chinese: bool) -> None:
        """The cloud refuses for good."""
        error = {"code": code, **({"message": "参数不合法。"} if chinese else {})}
        self._take(Turn(say=said, conversation=self._side(data), replies=({"error": error},)))

    @precondition(lambda self: bool(self.case.tools))
    @rule(data=st.data(), said=words())
    def call_badly(self, data: st.DataObject, said: str) -> None:
        """A call whose arguments are no JSON ends the conversation: nobody can answer it."""
        name = self.case.tools[0]["function"]["name"]
        reply = {"tool_calls": [{"id": "call_bad", "name": name, "arguments": '{"city": "Ro'}]}
        self._take(Turn(say=said, conversation=self._side(data), replies=(reply,)))
        self.over = True

    @rule(data=st.data(), code=st.sampled_from(TRANSIENT), said=words(), lasting=st.booleans())
    def refuse_for_now(self, data: st.DataObject, code: str, said: str, *, lasting: bool) -> None:
        """The cloud refuses, and answers when it is asked again; or never."""
        error: dict[str, Any] = {"error": {"code": code}}
        given = (error,) * 14 if lasting else (error, {"content": "Now."})
        self._take(Turn(say=said, conversation=self._side(data), replies=given))

    @property
    def _broken_off(self) -> bool:
        """Whether an answer may break off. What a conversation keeps of one is not known."""
        return self.case.modes[0] != "plain" and self.case.thread != "conversation"

    @precondition(lambda self: self._broken_off)
    @rule(
        data=st.data(),
        end=st.sampled_from(["cut", "reset", "error"]),
        after=st.integers(0, 6),
        code=st.sampled_from(["InternalError", "DataInspectionFailed"]),
        said=words(),
    )
    def break_off(self, data: st.DataObject, end: str, after: int, code: str, said: str) -> None:
        """A stream that ends before its end."""
        delivery: dict[str, Any] = {"end": end, "after": max(after, int(end == "error"))}
        if end == "error":
            delivery["error"] = code
        names = [tool["function"]["name"] for tool in self.case.tools]
        reply: dict[str, Any] = {"content": _LONG}
        broken_call: bool = bool(names) and data.draw(st.booleans())
        if broken_call:
            reply = data.draw(replies(names=names, calls=True, first=100 * len(self.taken)))
            reply["tool_calls"][0]["arguments"] = '{"city": "Hangzhou, the city by the lake in the east"}'
        reply = {**reply, "delivery": delivery}
        self._take(Turn(say=said, conversation=self._side(data), replies=(reply,)))

    @precondition(lambda self: self._kind == "silence" and not self.silenced)
    @rule(after=st.integers(1, 6))
    def fall_silent(self, after: int) -> None:
        """A stream that falls silent."""
        self.silenced = True  # each of them takes real time
        delivery = {"end": "stall", "after": after}
        self._take(Turn(say="a", replies=({"content": _LONG, "delivery": delivery},)))

    @precondition(lambda self: self._broken_off and self._can("cancel"))
    @rule(data=st.data(), pieces=st.integers(1, 3))
    def stop(self, data: st.DataObject, pieces: int) -> None:
        """The user stops listening."""
        delivery = {"end": "stall", "after": pieces + 7}
        reply: dict[str, Any] = {"content": _LONG, "delivery": delivery}
        prefixed = self._can("partial") and self._kind in _PLAINEST and data.draw(st.booleans())
        turn = Turn(say="a", cancel_after=pieces, conversation=self._side(data), replies=(reply,))
        self._take(replace(turn, partial=data.draw(words()) if prefixed else None))

    @precondition(lambda self: self._broken_off and self._can("cancel") and bool(self.case.tools))
    @rule(data=st.data(), pieces=st.integers(1, 6))
    def stop_calls(self, data: st.DataObject, pieces: int) -> None:
        """The user stops listening among calls; who counts none of their pieces hears them all."""
        names = [tool["function"]["name"] for tool in self.case.tools]
        reply = data.draw(replies(names=names, calls=True, first=100 * len(self.taken)))
        turn = Turn(say="a", cancel_after=pieces, conversation=self._side(data))
        results = (("fine",) * len(reply["tool_calls"]),)
        self._take(replace(turn, replies=(reply, {"content": "Good."}), results=results))

    @precondition(lambda self: self._kind == "choices")
    @rule(said=words(), answers=st.lists(words(), min_size=2, max_size=4))
    def choose(self, said: str, answers: list[str]) -> None:
        """Several answers at once."""
        reply = {"choices": [{"content": answer} for answer in answers]}
        self._take(Turn(say=said, options={"n": len(answers)}, replies=(reply,)))

    @precondition(lambda self: self._kind == "options")
    @rule(
        said=words(),
        options=st.sampled_from(
            [
                {"temperature": 1.5},
                {"max_tokens": 400, "top_p": 0.9},
                {"response_format": {"type": "json_object"}},
            ]
        ),
    )
    def options(self, said: str, options: dict[str, Any]) -> None:
        """Options of one turn."""
        self._take(Turn(say=f"{said} as JSON", options=options, replies=({"content": '{"a": 1}'},)))

    @precondition(lambda self: self._kind == "pictures")
    @rule(
        colours=st.lists(st.sampled_from([0xFF0000, 0x00FF00, 0x0000FF]), min_size=1, max_size=2),
        said=words(),
    )
    def show(self, colours: list[int], said: str) -> None:
        """Pictures and a question."""
        parts = (*({"image": image(colour)} for colour in colours), {"text": said})
        self._take(Turn(say=said, parts=parts, replies=({"content": "A picture."},)))

    def teardown(self) -> None:
        """Ends the conversation, and judges the sums."""
        session = self.session
        if session is None:
            return
        if session.failures:
            with suppress(ProtocolError):
                session.end()
            return
        self._guard(session.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long the machine looks: `examples` conversations, from `seed` on; None: another one each time.

    `seconds` ends it before. What breaks `known` requirements only is not told.
    """

    examples: int = 200
    seconds: float | None = None
    known: frozenset[str] = frozenset()
    seed: int | None = 0
    steps: int = STEPS
    database: ExampleDatabase | None = None


def explore(
    stage: Stage, client: Client, *, surfaces: Sequence[str] = (), budget: Budget | None = None
) -> Outcome | None:
    """Looks for a conversation that breaks a client; the shortest one is what comes back, or None.

    The same seed gives the same run. With a database, what was found before is tried first. Where a
    client does not do the same thing twice, the outcome's message says so.
    """
    budget = budget or Budget()
    clock = _Clock(budget.seconds)
    fields = {"stage": stage, "client": client, "surfaces": tuple(surfaces), "known": budget.known}
    machine: Any = type("Conversations", (Conversations,), {**fields, "clock": clock})
    if budget.seed is not None:
        machine = seed(budget.seed)(machine)
    chosen = settings(
        max_examples=budget.examples,
        stateful_step_count=budget.steps,
        deadline=None,
        database=budget.database,
        verbosity=Verbosity.quiet,
        print_blob=False,
        report_multiple_bugs=False,
        phases=(Phase.reuse, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(machine, settings=chosen)
    except _BrokenError as broken:
        return shortened(stage, client, broken.outcome)
    except Flaky as flaky:
        return clock.found if clock.found is not None and clock.over() else _unsteady(flaky)
    return None


def explore_for(
    seconds: float, stage: Stage, client: Client, *, surfaces: Sequence[str] = (), budget: Budget
) -> Outcome | None:
    """Explores again and again, from one seed after another, until something is found or the time is over.

    How far it comes depends on how fast client and computer are; what it does on the way does not.
    """
    until = time.monotonic() + seconds
    for number in count():
        left = until - time.monotonic()
        if left <= 0:
            break
        first = None if budget.seed is None else budget.seed + number * _APART
        found = explore(stage, client, surfaces=surfaces, budget=replace(budget, seed=first, seconds=left))
        if found is not None and (found.verdict is Verdict.DRIVER or not found.message):
            return found  # what broke once and not again is nobody's fault for sure
    return None


def shortened(stage: Stage, client: Client, outcome: Outcome) -> Outcome:
    """The same failure with every turn left out that it does without, held once more as a case.

    Where it does not fail again as a case, the outcome is given back as it is.
    """
    if outcome.verdict is not Verdict.FAILED:
        return outcome
    wanted = outcome.failures[0].requirement
    best, turns_left = outcome, list(outcome.case.turns)
    for turn in outcome.case.turns[:-1]:
        fewer = [other for other in turns_left if other is not turn]
        case = replace(outcome.case, turns=tuple(fewer))
        again = hold(stage, client, case, outcome.surface, outcome.mode)
        blamed = sorted(again.failures, key=lambda failure: failure.requirement != wanted)
        if blamed and blamed[0].requirement == wanted:
            best, turns_left = replace(again, failures=tuple(blamed)), fewer
    return best


def _unsteady(flaky: BaseException) -> Outcome:
    found = [error for error in getattr(flaky, "exceptions", ()) if isinstance(error, _BrokenError)]
    text = (
        "the client broke, and did not when the same was done again: it depends on time or on what was before"
    )
    if found:
        return replace(found[0].outcome, message=text)
    return Outcome(Case(id="found.unsteady"), "", "", Verdict.KIT, message=f"{text} ({flaky})")
