"""A session: a client is led through the conversations of one case, and judged at every step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from mockserver.base.jsontext import loads
from mockserver.contract.cases import MIXED, Case, Turn
from mockserver.contract.client import Client
from mockserver.contract.delivery import SILENT, form_of
from mockserver.contract.judge import (
    LASTING,
    TRANSIENT,
    UNFINISHED,
    Due,
    RequestJudge,
    finish_of,
    judge_answer,
    judge_error,
    judge_refusal,
    judge_status,
    judge_stopped,
    judge_sum,
    judge_unfinished,
    judge_unspent,
    of_form,
)
from mockserver.contract.protocol import Begin, End, Report, Result, Results, Say
from mockserver.contract.requirements import Failure, Severity, requirements
from mockserver.contract.stage import Planned, Seen, Stage, late_error
from mockserver.contract.told import Told, optional, shape_of, spoken_over
from mockserver.contract.transcript import Transcript
from mockserver.dialects.messages import read_message
from mockserver.dialects.table import dialect_of, named
from mockserver.talk.reply import Choice
from mockserver.wire.sse import read

_MOST_RETRIES = 10
_BROKEN_OFF = ("cut", "reset")
_STALLED = {True: ("stream.stall", "stream"), False: ("answer.stall", "answer")}


@dataclass(slots=True)
class _Talk:
    """One conversation: how it began, and the truth of it so far.

    `input` and `output` are the tokens of the answers that came to their end; of those that did not, `unsure`
    may have been told or not. `judged` is up to where a session's cloud remembers the history, and `kept` up
    to where it did before the turn. `asked` is how often something was said or results were given. `over`:
    it has ended.
    """

    begin: Begin
    history: list[Told]
    groups: int = 0
    input: int = 0
    output: int = 0
    unsure: tuple[int, int] = (0, 0)
    summable: bool = True
    judged: int = 0
    kept: int = 0
    asked: int = 0
    over: bool = False


@dataclass(slots=True)
class _Round:
    """One command and what came of it."""

    report: Report
    seen: list[Seen]
    stream: bool

    @property
    def planned(self) -> list[Seen]:
        """The requests that were answered as planned."""
        return [seen for seen in self.seen if seen.planned is not None]


@dataclass(slots=True)
class Session:
    """Leads one client through one case on one surface. `mode` is one of `cases.MODES`, or `cases.MIXED`."""

    stage: Stage
    client: Client
    case: Case
    surface: str
    mode: str = "plain"
    failures: list[Failure] = field(default_factory=list)
    transcript: Transcript = field(default_factory=Transcript)
    _talks: list[_Talk] = field(default_factory=list)
    _numbers: dict[tuple[str, int], int] = field(default_factory=dict)

    def begin(self) -> None:
        """Begins every conversation of the case. Raises `ProtocolError`."""
        for number in range(self.case.conversations):
            case, key = self.case.of(number), self.stage.lane()
            begin = Begin(
                conversation=key.removeprefix("sk-"),
                surface=self.surface,
                openai_url=f"{self.stage.url}/compatible-mode/v1",
                native_url=f"{self.stage.url}/api/v1",
                anthropic_url=f"{self.stage.url}/apps/anthropic",
                key=key,
                model=case.models[self.surface],
                system=case.system,
                tools=case.tools,
                options=case.options_on(self.surface),
                session=f"Session-{number + 1}" if case.session else None,
                thread=case.thread,
                keep=case.keep,
                timeout=case.timeout,
            )
            self.client.send(begin)
            told = [Told(role="system", text=case.system)] if case.system else []
            self._talks.append(_Talk(begin, told))
            asked = f"{self.surface}, {case.models[self.surface]}, {self.mode}"
            if number == 0 or self.case.each:
                given = f", system {case.system!r}" if case.system else ""
                self.transcript.add("kit", f"begins: {asked}{given}")

    def run(self) -> None:
        """The whole case, to its end or its first failure. Raises `ProtocolError`."""
        self.begin()
        lasts = {turn.conversation: at for at, turn in enumerate(self.case.turns)}
        for at, turn in enumerate(self.case.turns):
            self.turn(turn)
            if self._broken():
                break
            if lasts[turn.conversation] == at:  # it ends while others go on
                self._end(self._talks[turn.conversation])
        self.end()

    def _broken(self) -> bool:
        """Whether it has gone wrong; what only should be does not end it, for it would hide the rest.

        A form that was misread does: what is not known of the answer is missing in all that follows.
        """
        return any(
            failure.severity is Severity.MUST or requirements()[failure.requirement].form
            for failure in self.failures
        )

    def turn(self, turn: Turn) -> None:
        """One turn, with every round of calls in it. Raises `ProtocolError`."""
        talk = self._talks[turn.conversation]
        start, talk.kept = len(talk.history), talk.judged
        stream = self._streams(talk)
        talk.history.append(_user(turn))
        command: Say | Results = Say(
            conversation=talk.begin.conversation,
            text="" if turn.parts else turn.say,
            parts=turn.parts,
            stream=stream,
            options=turn.options,
            partial=turn.partial,
            cancel_after=turn.cancel_after if stream else None,
        )
        self._said(turn)
        results, others = iter(turn.results), iter(turn.result_options)
        segments = list(turn.segments(chopped=self.mode == "chopped"))
        for number, segment in enumerate(segments, 1):
            due = [*talk.history, *([_prefix(turn.partial)] if turn.partial is not None else [])]
            held = self._round(talk, command, segment, due)
            if not self._settle(talk, turn, held, start):
                return
            calls = talk.history[-1].calls
            if not calls:
                return
            if turn.interrupted and number == len(segments):
                self._speak_over(talk)
                return
            given = next(results, None) or ("",) * len(calls)
            answers = [Result(id=call.id, content=text) for call, text in zip(calls, given, strict=True)]
            talk.history += [Told(role="tool", text=given.content, call_id=given.id) for given in answers]
            self.transcript.add("tools", ", ".join(f"{one.id}: {one.content!r}" for one in answers))
            command = Results(
                conversation=talk.begin.conversation,
                results=tuple(answers),
                stream=self._streams(talk),
                options=next(others, turn.options),
            )
            turn = replace(turn, partial=None)  # only the first answer of a turn goes on from its prefix

    def _speak_over(self, talk: _Talk) -> None:
        """The user speaks before the calls have results."""
        talk.groups += 1
        talk.history = spoken_over(talk.history, talk.groups)
        self.transcript.add("tools", "no results: the user speaks first")

    def end(self) -> None:
        """Ends every conversation and judges the sums. Raises `ProtocolError`."""
        for talk in self._talks:
            if not talk.over:
                self._end(talk)
        self._talks.clear()

    def _end(self, talk: _Talk) -> None:
        talk.over = True
        report = self.client.send(End(conversation=talk.begin.conversation))
        if report.usage is not None and talk.summable and not self._broken():
            self._fail(judge_sum(report.usage, (talk.input, talk.output), talk.unsure))
        self.stage.forget(talk.begin.key)

    def _said(self, turn: Turn) -> None:
        said = repr(turn.say) if not turn.parts else f"{len(turn.parts)} parts {turn.say!r}"
        extra = [f"the answer begins {turn.partial!r}"] if turn.partial is not None else []
        extra += [f"options {dict(turn.options)}"] if turn.options else []
        extra += [f"stops after {turn.cancel_after} pieces"] if turn.cancel_after else []
        who = "user" if self.case.conversations == 1 else f"user {turn.conversation + 1}"
        self.transcript.add(who, "; ".join([said, *extra]))

    def _streams(self, talk: _Talk) -> bool:
        """Whether the next answer of a conversation is asked for as a stream."""
        return self.mode != "plain" and not (self.mode == MIXED and talk.asked % 2)

    def _round(
        self,
        talk: _Talk,
        command: Say | Results,
        segment: Sequence[Planned],
        due: list[Told],
    ) -> _Round:
        """One command: plans the answers, sends it, and judges the requests that came of it."""
        key, stream = talk.begin.key, command.stream
        options = {**talk.begin.options, **command.options}
        talk.asked += 1
        before = len(self.stage.seen(key))
        self.stage.plan(key, segment)
        report = self.client.send(command)
        seen = self.stage.seen(key)[before:]
        foreign = frozenset(
            told.text for other in self._talks if other is not talk for told in other.history if told.text
        ) - {told.text for told in talk.history}
        history = due
        if talk.begin.session is not None:
            history = [told for told in due[talk.judged :] if told.role in ("user", "tool") or told.partial]
            talk.judged = len(talk.history)
        for one in seen:
            number = self.transcript.request(one.entry.surface, one.entry.body)
            self._cloud(one)
            wanted = Due(begin=talk.begin, stream=stream, options=options, history=history, foreign=foreign)
            self._fail(RequestJudge(one, wanted, number=number).failures())
        self.transcript.report(report)
        return _Round(report, seen, stream)

    def _cloud(self, seen: Seen) -> None:
        entry = seen.entry
        if entry.refusal is not None:
            words = entry.refusal.words[named(entry.surface).voice]
            self.transcript.add("cloud", f"refuses: {entry.refusal.status} {words.code}: {words.message}")
        elif entry.reply is not None and entry.reply.choices:
            said = [repr(choice.content) for choice in entry.reply.choices]
            said += [f"calls {call.name}({call.arguments})" for call in entry.reply.choices[0].tool_calls]
            planned = seen.planned
            end = (planned.delivery.end or planned.reply.get("fault")) if planned and seen.ended else ""
            self.transcript.add("cloud", ", ".join(said) + (f", and then: {end}" if end else ""))
        elif seen.planned is not None:
            self.transcript.add("cloud", f"sends {dict(seen.planned.reply)}")

    def _fail(self, failures: Iterable[Failure]) -> None:
        known = {(failure.requirement, failure.place, failure.message) for failure in self.failures}
        for failure in failures:
            if (failure.requirement, failure.place, failure.message) not in known:
                self.failures.append(failure)

    def _settle(self, talk: _Talk, turn: Turn, held: _Round, start: int) -> bool:
        """Judges a report and takes the answer into the truth; False when the turn is over without one."""
        if not held.seen:
            why = held.report.error
            text = "nothing was sent" + (f": {why.kind}: {why.message[:200]}" if why else "")
            self._fail([Failure("request.sent", text)])
        if not held.planned:
            return self._failed(talk, start)
        last = held.planned[-1]
        self._retries(held)
        for one in held.planned:
            if one.ended:
                self._doubt(talk, one)
        if held.seen[-1] is not last:
            talk.summable = False  # the kit does not know what that answer cost
            return self._failed(talk, start)
        if last.ended:
            return self._ended(talk, turn, held, last, start)
        if last.entry.refusal is not None:
            self._fail(judge_refusal(held.report, last.entry))
            if not any(one.ended for one in held.planned):
                self._fail(judge_unspent(held.report))
            return self._failed(talk, start)
        if held.report.cancelled and turn.cancel_after and turn.cancel_after <= last.frames:
            return self._stopped(talk, turn, held, last, start)
        assert last.planned is not None
        fault = form_of(last.planned.reply, stream=last.entry.stream)
        found = judge_answer(held.report, last.entry, stream=held.stream, finish=finish_of(fault))
        self._fail(of_form(fault, found, known={failure.requirement for failure in self.failures}))
        return self._good(talk, turn, held, last)

    def _doubt(self, talk: _Talk, seen: Seen) -> None:
        """The tokens of an answer that was not heard to its end may be told or not."""
        if seen.entry.usage is not None:
            more_in, more_out = talk.unsure
            talk.unsure = more_in + seen.entry.usage.input, more_out + seen.entry.usage.output

    def _good(self, talk: _Talk, turn: Turn, held: _Round, last: Seen) -> bool:
        assert last.entry.reply is not None
        assert last.entry.usage is not None
        talk.summable = talk.summable and held.report.usage is not None
        talk.input += last.entry.usage.input
        talk.output += last.entry.usage.output
        said = last.entry.reply.choices[0]
        group = 0
        if not (said.content or said.tool_calls):  # the conversation is the same with it or without it
            talk.groups += 1
            group = talk.groups
        talk.history.append(replace(_answer(turn, said), group=group))
        return not self._broken()

    def _ended(self, talk: _Talk, turn: Turn, held: _Round, last: Seen, start: int) -> bool:
        """A turn whose answer did not come to its end, or that was stopped before."""
        assert last.planned is not None
        if turn.cancel_after:
            return self._stopped(talk, turn, held, last, start)
        if last.entry.stream and last.planned.reply.get("fault") == UNFINISHED:
            self._fail(judge_unfinished(held.report, last.entry))
            return self._half(talk, turn, last, start)
        self._fail(self._broken_off(held, last))
        return self._failed(talk, start)

    def _broken_off(self, held: _Round, last: Seen) -> list[Failure]:
        assert last.planned is not None
        end = last.planned.delivery.end
        if not end:
            return judge_error(held.report, requirement="answer.whole")
        if end in SILENT:
            requirement, what = _STALLED[last.entry.stream]
            if not last.gone.wait(self.stage.patience):
                text = f"the {what} was silent for {self.stage.patience:g} s, and the client still listened"
                return [Failure(requirement, text)]
            return judge_error(held.report, requirement=requirement)
        if end in _BROKEN_OFF:
            return judge_error(held.report, requirement="stream.cut")
        surface, request_id = named(last.entry.surface), last.entry.request_id
        (frame,) = read(late_error(self.stage.engine, last.planned.delivery, surface, request_id))
        document = dialect_of(surface).holder(loads(frame.data or ""))
        words = document.get("error", document)
        found = judge_error(
            held.report, requirement="stream.error", code=words["code"], message=words["message"]
        )
        if not dialect_of(surface).grammar.status_inside:
            return found
        status = self.stage.engine.errors.by_code(last.planned.delivery.error).status
        return found + judge_status(held.report, {last.entry.status, status})

    def _failed(self, talk: _Talk, start: int) -> bool:
        """A turn that failed: it may stay or go, in a session each message of it by itself."""
        ends = range(start + 1, len(talk.history) + 1) if talk.begin.session else [len(talk.history)]
        for end in ends:
            talk.groups += 1
            talk.history[start:end] = optional(talk.history[start:end], 0, talk.groups)
            start = end
        talk.judged = talk.kept
        return False

    def _stopped(self, talk: _Talk, turn: Turn, held: _Round, last: Seen, start: int) -> bool:
        """A turn that the client was told to stop: the connection has to be let go.

        What came to its end all the same was let go by the cloud.
        """
        if not last.ended:
            self._doubt(talk, last)
        elif not last.gone.wait(self.stage.patience):
            text = (
                f"the connection was still held {self.stage.patience:g} s after the client was told to stop"
            )
            self._fail([Failure("stream.cancel", text)])
        self._fail(judge_stopped(held.report, last.entry))
        return self._half(talk, turn, last, start)

    def _half(self, talk: _Talk, turn: Turn, last: Seen, start: int) -> bool:
        """A turn that may stay in the history with a beginning of its answer, or without, or go."""
        assert last.entry.reply is not None
        self._failed(talk, start)
        told = _answer(turn, last.entry.reply.choices[0])
        talk.history.append(replace(told, group=talk.groups, beginning=True))
        return False

    def _retries(self, held: _Round) -> None:
        """Whether refusals were tried again as they ought to be."""
        for at, seen in enumerate(held.seen):
            refusal = seen.entry.refusal
            more = len(held.seen) - at - 1
            if seen.planned is None:
                if refusal is None and not _after_refusal(held.seen[:at]):
                    self._fail(
                        [
                            Failure(
                                "request.single", "one thing was said, and another request was sent", at + 1
                            )
                        ]
                    )
                continue
            if seen.ended and more > _MOST_RETRIES:
                text = f"an answer broke off each time, and was asked for {more} times again"
                self._fail([Failure("retry.bounded", text)])
            if refusal is None:
                continue
            words = refusal.words[named(seen.entry.surface).voice]
            if refusal.status in LASTING and more:
                text = (
                    f"{refusal.status} {words.code} does not pass by itself, and was tried {more} times again"
                )
                self._fail([Failure("retry.never", text)])
            if refusal.status in TRANSIENT and more > _MOST_RETRIES:
                text = f"{refusal.status} {words.code} stayed, and was tried {more} times again"
                self._fail([Failure("retry.bounded", text)])
            if refusal.status in TRANSIENT and not more and len(held.seen) == 1:
                text = f"{refusal.status} {words.code} passes by itself, and was not tried again"
                self._fail([Failure("retry.transient", text)])


def _after_refusal(seen: Sequence[Seen]) -> bool:
    """Whether a request is a retry of one that was refused or ended early."""
    return bool(seen) and (seen[-1].entry.refusal is not None or seen[-1].ended)


def _user(turn: Turn) -> Told:
    if not turn.parts:
        return Told(role="user", text=turn.say)
    texts = [part["text"] for part in turn.parts if "text" in part]
    message = read_message({"role": "user", "content": [part for part in turn.parts if "text" not in part]})
    media = tuple((part.kind, str(part.value)) for part in message.media)
    return Told(role="user", text="".join(texts), media=media, parts=shape_of(turn.parts))


def _answer(turn: Turn, said: Choice) -> Told:
    """An answer as the history has it: behind the prefix that it goes on from."""
    return Told(
        role="assistant",
        text=(turn.partial or "") + said.content,
        calls=said.tool_calls,
        joined=turn.partial is not None,
        thinking=said.reasoning,
    )


def _prefix(text: str | None) -> Told:
    return Told(role="assistant", text=text or "", partial=True)
