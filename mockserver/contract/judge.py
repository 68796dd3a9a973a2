"""The judge: holds each request against the truth and the rules, and each report against the answer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

from mockserver.base.jsontext import canonical, loads_bounded
from mockserver.catalogue.models import load
from mockserver.contract.cases import CARRIERS, FOR_STREAMS
from mockserver.contract.closer import closer_look
from mockserver.contract.protocol import Begin, Choice, Report, Tokens
from mockserver.contract.requirements import Failure, Severity, requirements
from mockserver.contract.stage import Seen
from mockserver.contract.told import Told, rejoined
from mockserver.contract.truth import Comparison, first_difference
from mockserver.dialects.dialect import Dialect
from mockserver.dialects.table import dialect_of, named
from mockserver.faults.odd import UNKNOWN_FINISH
from mockserver.rules.registry import Moment, rules_by_id
from mockserver.rules.schemas import document, validator
from mockserver.state.journal import Entry
from mockserver.state.memory import SESSION_HEADER
from mockserver.talk.finding import Finding
from mockserver.talk.finding import Severity as RuleSeverity
from mockserver.talk.reply import Choice as Said
from mockserver.talk.request import Message, ToolCall, thinking_read_from
from mockserver.talk.surface import Trait

_NOT_OPTIONS = frozenset({"model", "messages", "input", "parameters"})
UNFINISHED = "early-end"
"""The fault behind which an answer has no finish, and the connection ends well."""
TRANSIENT = frozenset({HTTPStatus.TOO_MANY_REQUESTS, 500, 502, 503, 504})
LASTING = frozenset({400, 401, 403, 404})


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What the next request has to be."""

    begin: Begin
    stream: bool
    options: Mapping[str, Any]
    history: Sequence[Told]
    foreign: frozenset[str] = field(default_factory=frozenset)


_OF_THE_ANSWERS = frozenset({"messages.empty-answer", "messages.error-as-answer"})
"""Rules of harm that look at what was answered: here that is the kit's choice, not the client's."""


def blamed(finding: Finding) -> bool:
    """Whether a finding is the client's.

    What a rule makes of the world's past, of the prompt's length or of how much of a stream was read is
    not: the kit itself decides what is answered, how long it is and when to stop, and knows the truth.
    """
    rule = rules_by_id()[finding.rule]
    if finding.severity is not RuleSeverity.HARMFUL:
        return True
    return rule.moment in (Moment.READING, Moment.REQUEST) and rule.id not in _OF_THE_ANSWERS


def changed(given: Any, sent: Any, place: str) -> tuple[str, str]:
    """Where two JSON values that differ do so first, below a place, and how."""
    if isinstance(given, Mapping) and isinstance(sent, Mapping):
        for name in {**given, **sent}:
            if name not in sent:
                return f"{place}.{name}", f"{name} was given as {given[name]!r} and is missing"
            if name not in given:
                return f"{place}.{name}", f"nobody gave {name}: {sent[name]!r}"
            if given[name] != sent[name]:
                return changed(given[name], sent[name], f"{place}.{name}")
    if isinstance(given, list) and isinstance(sent, list) and len(given) == len(sent):
        for at, left in enumerate(given):
            if left != sent[at]:
                return changed(left, sent[at], f"{place}[{at}]")
    return place, f"{given!r} was given and {sent!r} is sent"


class RequestJudge:
    """Judges one request; `number` counts from 1 within its conversation."""

    def __init__(self, seen: Seen, due: Due, *, number: int) -> None:
        self._seen = seen
        self._entry = seen.entry
        self._due = due
        self._number = number
        self._surface = named(self._entry.surface)
        self._dialect = dialect_of(self._surface)
        self._failures: list[Failure] = []

    def failures(self) -> list[Failure]:
        """Every requirement that the request breaks, the most telling first."""
        try:
            body = loads_bounded(self._entry.body)
        except ValueError:
            body = None
        if isinstance(body, dict) and validator(f"{self._entry.surface}.request").is_valid(body):
            self._wire(body)
            self._thread()
            self._options(body)
            self._history(body)
        self._rules()
        return self._failures

    def _fail(
        self, requirement: str, message: str, place: str = "", rule: str = "", source: str = ""
    ) -> None:
        self._failures.append(Failure(requirement, message, self._number, place, rule, source))

    def _rules(self) -> None:
        entry = self._entry
        for finding in filter(blamed, entry.findings):
            harmful = finding.severity is RuleSeverity.HARMFUL
            requirement = "request.harmless" if harmful else "request.valid"
            source = rules_by_id()[finding.rule].source
            self._fail(requirement, finding.message, finding.path, finding.rule, source)
        if entry.refusal is not None and self._seen.planned is None and not entry.findings:
            words = entry.refusal.words[self._surface.voice]
            message = f"the cloud refuses it: {entry.refusal.status} {words.code}: {words.message}"
            self._fail("request.valid", message, rule=entry.refusal.id)

    def _wire(self, body: Mapping[str, Any]) -> None:
        begin, entry = self._due.begin, self._entry
        if entry.surface != begin.surface:
            self._fail("request.surface", f"{begin.surface} was asked for, {entry.surface} was used")
        if body["model"] != begin.model:
            self._fail(
                "request.model", f"{begin.model!r} was asked for, {body['model']!r} was named", "model"
            )
        streamed = self._dialect.streams(self._seen.headers, body)
        if streamed != self._due.stream:
            asked = "a stream" if self._due.stream else "no stream"
            hint = self._dialect.stream_hint
            self._fail("request.stream", f"{asked} was asked for; a stream is asked for by {hint}", "stream")
        if begin.session is not None and self._seen.headers.get(SESSION_HEADER) != begin.session:
            got = self._seen.headers.get(SESSION_HEADER)
            self._fail("session.header", f"the header {SESSION_HEADER} is {got!r}, not {begin.session!r}")

    def _thread(self) -> None:
        """Whether a request names what it is to go on from; what it names is judged by what lies there."""
        wanted, thread = self._due.begin.thread, self._seen.thread
        if wanted is None or thread is None:
            return
        answered = any(told.role == "assistant" and not told.group for told in self._due.history)
        due = {"previous": answered and thread.previous is None, "conversation": thread.conversation is None}
        if due[wanted]:
            place = "previous_response_id" if wanted == "previous" else wanted
            self._fail("threads.named", f"the request was to go on from its {wanted}, and names none", place)

    def _options(self, body: Mapping[str, Any]) -> None:
        place_of, sent = self._surface.place, _switched(self._dialect.options(body), self._due.options)
        for name, value in self._due.options.items():
            if not _same_option(name, value, sent.get(name)):
                got = repr(sent[name]) if name in sent else "missing"
                self._fail("options.sent", f"{name} was given as {value!r} and is {got}", place_of(name))
        demanded = document(f"{self._surface.name}.request")["required"]
        for_streams = FOR_STREAMS[self._surface.name]
        streamed = self._dialect.streams(self._seen.headers, body)
        carriers = CARRIERS[self._surface.name] - (frozenset() if streamed else for_streams)
        for name, value in sent.items():
            known = name in self._due.options or name in _NOT_OPTIONS or name in demanded
            carried = name in carriers and (name != "n" or value == 1)
            if not (known or carried) and value is not None:
                only = " (it is for streams only)" if name in for_streams else ""
                self._fail("options.unasked", f"nobody gave {name}: {value!r}{only}", place_of(name))
        tools = [dict(tool) for tool in self._due.begin.tools]
        offered = list(sent.get("tools") or ())
        if offered != tools:
            names = [(tool.get("function") or {}).get("name") for tool in offered]
            given = [tool["function"]["name"] for tool in tools]
            place, text = place_of("tools"), f"the tools {given} were given, {names} are offered"
            if names == given:
                place, text = changed(tools, offered, place)
            self._fail("tools.offered", text, place)

    def _history(self, body: Mapping[str, Any]) -> None:
        due, place = self._due, self._surface.message_place()
        thread = self._seen.thread
        placed = self._dialect.placed(body, () if thread is None else thread.before)
        if Trait.ITEMS in self._surface.traits:
            placed = rejoined(due.history, placed)
        sent: Sequence[Message] = [one.message for one in placed]
        history, read_from = due.history, self._read_from(sent)
        if Trait.INPUTS in self._surface.traits:
            sent = [replace(one, tool_calls=_inputs(one.tool_calls, self._dialect)) for one in sent]
            history = [replace(told, calls=_inputs(told.calls, self._dialect)) for told in history]
        places = [one.place for one in placed]
        compare = Comparison(place=place, number=self._number, foreign=due.foreign, places=places)
        if due.begin.session is not None and len(sent) > len(history):
            if compare.failures(history, sent):
                new = sum(told.role == "user" for told in history)
                text = f"{len(sent)} messages are sent, {new} of them new: the cloud remembers the rest"
                self._fail("session.incremental", text, place)
        elif due.begin.keep is not None:
            self._failures += compare.kept(history, sent, most=due.begin.keep)
        else:
            found = compare.failures(history, sent)
            self._failures += found or closer_look(
                body, history, sent, places, number=self._number, read_from=read_from
            )
        for at, message in enumerate(sent[:read_from]):
            if message.reasoning:
                text = f"thinking of {len(message.reasoning)} characters is sent back"
                self._fail("thinking.not-sent-back", text, f"{place}[{at}].reasoning_content")

    def _read_from(self, sent: Sequence[Message]) -> int:
        """The number of the message from which on thoughts that are sent back are read."""
        model, preserve = load().find(self._due.begin.model), self._due.options.get("preserve_thinking")
        if preserve or Trait.THOUGHTS_OUT not in self._surface.traits:
            return 0
        return len(sent) if model is None else thinking_read_from(model, sent, preserve)


def _switched(sent: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Options that are sent; an effort says too whether there is to be thinking."""
    if "reasoning_effort" not in sent or "reasoning_effort" in given or "enable_thinking" not in given:
        return sent
    others = {name: value for name, value in sent.items() if name != "reasoning_effort"}
    return {**others, "enable_thinking": sent["reasoning_effort"] != "none"}


def _same_option(name: str, given: Any, sent: Any) -> bool:
    """Whether an option is sent as it was given; one text at which to stop may stand in a list, or alone."""
    if name == "stop":
        given, sent = ([one] if isinstance(one, str) else one for one in (given, sent))
    return bool(given == sent) and isinstance(given, bool) is isinstance(sent, bool)


def _inputs(calls: Sequence[ToolCall], dialect: Dialect) -> tuple[ToolCall, ...]:
    """Calls, their arguments by what they mean as an object."""
    return tuple(replace(call, arguments=canonical(dialect.arguments(call.arguments))) for call in calls)


def _calls(choice: Choice | Said) -> list[tuple[str, str, str]]:
    return [(call.id, call.name, call.arguments) for call in choice.tool_calls]


def _meant(calls: Iterable[tuple[str, str, str]], dialect: Dialect | None) -> list[tuple[str, str, str]]:
    """Calls, their arguments by their meaning, for many clients give them as objects."""
    return [
        (call_id, name, canonical(arguments if dialect is None else dialect.arguments(arguments)))
        for call_id, name, arguments in calls
    ]


def judge_choice(said: Said, told: Choice, number: int, dialect: Dialect | None = None) -> list[Failure]:
    """What is wrong with one reported choice, which was answered in a dialect."""
    found = []
    if told.text != said.content:
        found.append(
            Failure("report.text", first_difference(said.content, told.text), place=f"choices[{number}].text")
        )
    if told.thinking != said.reasoning:
        text = first_difference(said.reasoning, told.thinking)
        found.append(Failure("report.thinking", text, place=f"choices[{number}].thinking"))
    if _meant(_calls(told), dialect) != _meant(_calls(said), dialect):
        text = f"the calls are {_calls(said)}, reported are {_calls(told)}"
        found.append(Failure("report.tool-calls", text, place=f"choices[{number}].tool_calls"))
    if told.finish_reason != said.finish_reason:
        text = f"the answer ended with {said.finish_reason!r}, reported is {told.finish_reason!r}"
        found.append(Failure("report.finish-reason", text, place=f"choices[{number}].finish_reason"))
    return found


def finish_of(fault: Any) -> str | None:
    """The finish reason that a fault puts in the place of the answer's; None where it puts none."""
    return UNKNOWN_FINISH if fault == "unknown-finish" else None


def judge_answer(report: Report, entry: Entry, *, stream: bool, finish: str | None = None) -> list[Failure]:
    """What is wrong with the report of an answer that was given; `finish`: it ended with another reason."""
    assert entry.reply is not None
    assert entry.usage is not None
    if report.error is not None:
        text = f"the answer was good, reported is {report.error.kind}: {report.error.message[:200]}"
        return [Failure("report.success", text)]
    said, found = entry.reply.choices, []
    if finish is not None:
        said = tuple(replace(choice, finish_reason=finish) for choice in said)
    if report.cancelled:
        found.append(Failure("report.stopped", "the answer came to its end, and is reported as stopped"))
    if len(report.choices) != len(said):
        found.append(
            Failure(
                "report.choices", f"{len(said)} choices were answered, {len(report.choices)} are reported"
            )
        )
    dialect = dialect_of(named(entry.surface))
    for number, (choice, told) in enumerate(zip(said, report.choices, strict=False)):
        found += judge_choice(choice, told, number, dialect)
    if report.usage is None:
        found.append(Failure("usage.streamed" if stream else "usage.plain", "no usage is reported"))
    elif (report.usage.input, report.usage.output) != (entry.usage.input, entry.usage.output):
        text = (
            f"{entry.usage.input} tokens went in and {entry.usage.output} came out; reported are "
            f"{report.usage.input} and {report.usage.output}"
        )
        found.append(Failure("usage.exact", text, place="usage"))
    return found


def judge_refusal(report: Report, entry: Entry) -> list[Failure]:
    """What is wrong with the report of a refusal."""
    assert entry.refusal is not None
    surface = named(entry.surface)
    dialect = dialect_of(surface)
    (code, message), grammar = dialect.told(entry.refusal, surface.voice), dialect.grammar
    # A status that travels inside a stream is read by no SDK; some backends refuse within a 200.
    inside = grammar.status_inside and entry.stream
    within = inside or entry.status == HTTPStatus.OK
    found = judge_error(
        report,
        requirement="errors.reported",
        code=code,
        message=message,
        status=None if within else entry.refusal.status,
    )
    return found + (judge_status(report, {entry.status, entry.refusal.status}) if inside else [])


def judge_unspent(report: Report) -> list[Failure]:
    """What is wrong with the usage that is reported of a refused turn: it costs nothing."""
    usage = report.usage
    if usage is None or not (usage.input or usage.output):
        return []
    text = f"a refusal costs nothing; reported are {usage.input} and {usage.output} tokens"
    return [Failure("usage.exact", text, place="usage")]


def judge_status(report: Report, sent: Collection[int]) -> list[Failure]:
    """What is wrong with the status that is told of an error inside a stream; it may be left out.

    `sent` are those that were there to be read: that of HTTP, and that of the line `:HTTP_STATUS/n`.
    """
    status = None if report.error is None else report.error.status
    if status is None or status in sent:
        return []
    text = f"the wire says {' and '.join(map(str, sorted(sent)))}, reported is {status}"
    return [Failure("errors.status-inside", text, place="error.status")]


def judge_error(
    report: Report, *, requirement: str, code: str | None = None, message: str = "", status: int | None = None
) -> list[Failure]:
    """What is wrong with the report of a failure; `requirement` demands that it is reported."""
    found: list[Failure] = []
    texts = [choice.text for choice in report.choices]
    if message and any(message in text for text in texts):
        found.append(
            Failure("errors.not-text", f"the error {message[:120]!r} is reported as text", place="choices")
        )
    if report.error is None:
        ended = [choice.finish_reason for choice in report.choices]
        text = f"the turn failed and is reported as good, with finish reasons {ended}"
        return [*found, Failure(requirement, text, place="error")]
    error = report.error
    if code is not None and error.code != code:
        text = f"the wire says {code!r}, reported is {error.code!r} ({error.kind})"
        found.append(Failure("errors.code", text, place="error.code"))
    if message and message not in error.message:
        text = f"the wire says {message[:120]!r}, reported is {error.message[:120]!r}"
        found.append(Failure("errors.message", text, place="error.message"))
    if status is not None and error.status != status:
        text = f"the wire says {status}, reported is {error.status}"
        found.append(Failure("errors.status", text, place="error.status"))
    return found


def _beginning(report: Report, said: Said) -> bool:
    """Whether the thinking that is reported is the beginning of what was thought."""
    return all(said.reasoning.startswith(choice.thinking) for choice in report.choices[:1])


def judge_stopped(report: Report, entry: Entry) -> list[Failure]:
    """What is wrong with the report of an answer that the client was told not to hear to its end."""
    assert entry.reply is not None
    said = entry.reply.choices[0]
    told = "".join(choice.text for choice in report.choices[:1])
    found = []
    if not said.content.startswith(told):
        text = f"{told!r} is reported, {said.content!r} was on its way"
        found.append(Failure("stream.cancel-text", text))
    if not report.cancelled and report.error is None:
        found.append(
            Failure("report.stopped", "the client was told to stop, and does not report that it did")
        )
    if any(choice.finish_reason == said.finish_reason for choice in report.choices):
        text = f"the finish reason {said.finish_reason!r} is reported, and was not sent yet"
        found.append(Failure("report.stopped", text, place="choices[0].finish_reason"))
    whole = {(call.id, call.name) for call in said.tool_calls}
    kept = [(call.id, call.name) for choice in report.choices[:1] for call in choice.tool_calls]
    if set(kept) - whole or not _beginning(report, said):
        text = f"calls {kept} or thinking are reported that were not on their way"
        found.append(Failure("stream.cancel-text", text))
    if report.cancelled and report.error is None and said.content and not said.reasoning and not told:
        found.append(Failure("report.stopped", "nothing is reported of the pieces that came before the stop"))
    return found


def judge_unfinished(report: Report, entry: Entry) -> list[Failure]:
    """What is wrong with the report of a stream that ended in good order, half-way: an error is as good."""
    assert entry.reply is not None
    if report.error is not None:
        return []
    said, found = entry.reply.choices[0].content, []
    told = "".join(choice.text for choice in report.choices[:1])
    ends = [choice.finish_reason for choice in report.choices if choice.finish_reason]
    if ends:
        text = f"the finish reason {ends[0]!r} is reported, and none was sent"
        found.append(Failure("stream.unfinished", text, place="choices[0].finish_reason"))
    if not said.startswith(told):
        found.append(Failure("stream.unfinished", f"{told!r} is reported, {said!r} was on its way"))
    return found


def judge_sum(told: Tokens, sure: tuple[int, int], unsure: tuple[int, int]) -> list[Failure]:
    """What is wrong with the usage of a whole conversation.

    `sure` are the tokens of the answers that came to their end, in and out; those of answers that broke off
    (`unsure`) may be among them, whole, in part or not at all.
    """
    if all(sure[at] <= one <= sure[at] + unsure[at] for at, one in enumerate((told.input, told.output))):
        return []
    more = f", and up to {unsure[0]} and {unsure[1]} more that broke off" if any(unsure) else ""
    text = (
        f"the answers cost {sure[0]} tokens in and {sure[1]} out together{more}; reported are "
        f"{told.input} and {told.output}"
    )
    return [Failure("usage.sum", text, place="usage")]


def of_form(fault: Any, found: list[Failure], *, known: Collection[str] = ()) -> list[Failure]:
    """What is wrong with the report of an answer that came in an odd but legal form.

    The requirement of that form stands before what was misread because of it. Of a form that a client only
    should read it stands alone: what follows from it is no graver than it is. `known` are the requirements
    that ordinary answers showed to be broken: the form is not to blame for them.
    """
    form = next((one for one in requirements().values() if fault is not None and one.form == fault), None)
    misread = [failure for failure in found if failure.requirement not in known]
    if form is None or not misread:
        return found
    first = Failure(form.id, f"of an answer in this form: {misread[0].message}", place=misread[0].place)
    return [first, *(found if form.severity is Severity.MUST else [])]
