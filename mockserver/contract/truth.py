"""The truth of a conversation: what was said, by whom, in which order; and where a request differs."""

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import chain, product

from mockserver.base.jsontext import canonical
from mockserver.contract.requirements import Failure, Severity
from mockserver.contract.told import Told, ended, fitted, likely, settled, variants
from mockserver.talk.request import Message, ToolCall

_SHOWN = 80


def media_of(message: Message) -> tuple[tuple[str, str], ...]:
    """The media of a message, each with its kind, however its surface wraps the URL."""
    found = []
    for part in message.media:
        value = part.value
        inner = value.get("url") or value.get("data") if isinstance(value, dict) else value
        found.append((part.kind, str(inner)))
    return tuple(found)


def _short(text: str) -> str:
    shown = ascii(text) if not text.isprintable() else repr(text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}… ({len(text)} characters)"


def first_difference(said: str, sent: str) -> str:
    """Where two texts part, in words."""
    at = next(
        (i for i, (a, b) in enumerate(zip(said, sent, strict=False)) if a != b), min(len(said), len(sent))
    )
    return (
        f"said {_short(said)}, sent {_short(sent)}; they part at character {at}: "
        f"{said[at : at + 8]!a} became {sent[at : at + 8]!a}"
    )


class Comparison:
    """Compares the messages of one request with the truth.

    `place` is where the messages stand in the body, `places` where each does when they do not stand one
    behind the other, `number` the request's number, `foreign` the texts of other conversations.
    """

    def __init__(
        self,
        *,
        place: str,
        number: int,
        foreign: frozenset[str] = frozenset(),
        places: Sequence[str] = (),
    ) -> None:
        self._place = place
        self._places = places
        self._number = number
        self._foreign = foreign

    def failures(self, history: Sequence[Told], sent: Sequence[Message]) -> list[Failure]:
        """Every place where the request differs from the nearest history that it may have."""
        best: list[Failure] | None = None
        whole = fitted(history, sent)
        for variant in chain([] if whole is None else [whole], variants(history), [likely(history, sent)]):
            found = self._against(variant, sent)
            if not found:
                return []
            if best is None or len(found) < len(best):
                best = found
        return best or []

    def kept(self, history: Sequence[Told], sent: Sequence[Message], *, most: int) -> list[Failure]:
        """As `failures`, where the history is cut in front, to `most` messages beside the system message.

        A prefix that is to be continued may count as one of them or not.
        """
        first: list[Failure] = []
        limits = (most, most + 1) if history[-1].partial else (most,)
        system = [told for told in history if told.role == "system"]
        talk = [told for told in history if told.role != "system"]
        ends = ([*system, *end] for end in ended(talk, [one for one in sent if one.role != "system"]))
        for variant, limit in product(chain([likely(history, sent)], ends, variants(history)), limits):
            found = self._against(_cut(variant, limit), sent)
            if all(
                failure.severity is Severity.SHOULD or failure.requirement == "partial.sent"
                for failure in found
            ):
                return found  # it is cut as it ought to be, whatever else it should be
            first = first or found
        reasons = "; ".join(failure.message for failure in first[:2])
        count = sum(message.role != "system" for message in sent)
        message = (
            f"{count} messages beside the system message, at most {most} were asked for; they have to be the "
            f"newest that fit, begin with the user and keep calls with their results: {reasons}"
        )
        return [Failure("history.truncation", message, self._number, self._place)]

    def _fail(self, requirement: str, message: str, index: int | None = None, leaf: str = "") -> Failure:
        place = self._place if index is None else f"{self._at(index)}{leaf}"
        return Failure(requirement, message, self._number, place)

    def _at(self, index: int) -> str:
        return self._places[index] if self._places else f"{self._place}[{index}]"

    def _against(self, history: Sequence[Told], sent: Sequence[Message]) -> list[Failure]:
        history = settled(history, sent)
        said_keys = [_key(told) for told in history]
        sent_keys = [_key(message) for message in sent]
        if said_keys != sent_keys and Counter(said_keys) == Counter(sent_keys):
            return [self._misplaced(history, said_keys, sent_keys)]
        found: list[Failure] = []
        matcher = SequenceMatcher(None, said_keys, sent_keys, autojunk=False)
        for _, from_said, to_said, from_sent, to_sent in matcher.get_opcodes():
            paired = min(to_said - from_said, to_sent - from_sent)
            for step in range(paired):
                found += self._pair(history[from_said + step], sent[from_sent + step], from_sent + step)
            found += [self._lost(told) for told in history[from_said + paired : to_said]]
            found += [self._invented(history, sent, at) for at in range(from_sent + paired, to_sent)]
        return found

    def _misplaced(
        self, history: Sequence[Told], said: list[tuple[object, ...]], sent: list[tuple[object, ...]]
    ) -> Failure:
        at = next(at for at, key in enumerate(said) if key != sent[at])
        moved = {history[at].role, str(sent[at][0])}
        kind = (
            "history.system" if "system" in moved else "tools.order" if moved == {"tool"} else "history.order"
        )
        said_text = _short(history[at].text)
        return self._fail(kind, f"the message here should be the {history[at].role}'s {said_text}", at)

    def _lost(self, told: Told) -> Failure:
        if told.role == "system":
            kind = "history.system"
        elif told.open:
            kind = "tools.open"
        elif told.role == "tool":
            kind = "tools.results"
        elif told.calls:
            kind = "tools.calls"
        else:
            kind = "partial.sent" if told.partial else "history.complete"
        return self._fail(kind, f"the {told.role}'s message {_short(told.text)} is not sent")

    def _invented(self, history: Sequence[Told], sent: Sequence[Message], at: int) -> Failure:
        message = sent[at]
        if message.text and message.text in self._foreign:
            kind, why = "history.separate", "was said in another conversation"
        elif message.role == "tool" and any(told.open for told in history):
            kind, why = "tools.open", "answers no call that is open, or one that has a result"
        elif message.role == "assistant" and any(told.group for told in history):
            kind, why = "history.failed-turn", "stands for a turn that failed"
        elif message.partial:
            kind, why = "partial.sent", "is a prefix that is not to be continued"
        else:
            kind, why = "history.invented", "was never said, or was said once and is sent twice"
        return self._fail(kind, f"the {message.role}'s message {_short(message.text)} {why}", at)

    def _pair(self, told: Told, message: Message, at: int) -> list[Failure]:
        found: list[Failure] = []
        if told.role != message.role:
            text = f"{_short(told.text)} was said by {told.role}, not by {message.role}"
            found.append(self._fail("history.roles", text, at, ".role"))
        if not (told.beginning and told.text.startswith(message.text)) and told.text != message.text:
            found.append(
                self._fail(
                    self._text_kind(told, message), first_difference(told.text, message.text), at, ".content"
                )
            )
        if told.media != media_of(message):
            said, sent = [kind for kind, _ in told.media], [kind for kind, _ in media_of(message)]
            what = f"said with {said}, sent with {sent}, or with another content"
            found.append(self._fail("media.sent", what, at, ".content"))
        if told.partial != message.partial:
            wanted = "has to carry" if told.partial else "must not carry"
            found.append(self._fail("partial.sent", f"this message {wanted} partial: true", at, ".partial"))
        if told.call_id != message.tool_call_id and told.role == message.role == "tool":
            text = f"the result of call {told.call_id!r} is sent as that of {message.tool_call_id!r}"
            kind = "tools.open" if told.open else "tools.ids"
            found.append(self._fail(kind, text, at, ".tool_call_id"))
        calls = self._calls(told.calls, message.tool_calls, at)
        if told.beginning and calls:
            text = f"of an answer that was stopped only whole calls may stay: {calls[0].message}"
            calls = [self._fail("history.failed-turn", text, at, ".tool_calls")]
        elif told.open and calls:
            text = f"the user spoke over these calls, and they stay whole or go: {calls[0].message}"
            calls = [self._fail("tools.open", text, at, ".tool_calls")]
        return found + calls

    def _text_kind(self, told: Told, message: Message) -> str:
        if told.role == "system":
            return "history.system"
        if told.role == "tool":
            return "tools.results"
        if message.text and message.text in self._foreign:
            return "history.separate"
        return "partial.joined" if told.joined else "partial.sent" if told.partial else "history.text"

    def _calls(self, said: Sequence[ToolCall], sent: Sequence[ToolCall], at: int) -> list[Failure]:
        if [call.name for call in said] != [call.name for call in sent]:
            names = f"{[call.name for call in said]} were called, {[call.name for call in sent]} are sent"
            return [self._fail("tools.calls", names, at, ".tool_calls")]
        found = []
        for index, left in enumerate(said):
            right, leaf = sent[index], f".tool_calls[{index}]"
            if left.id != right.id:
                text = f"the call {left.id!r} is sent as {right.id!r}"
                found.append(self._fail("tools.ids", text, at, f"{leaf}.id"))
            if left.arguments != right.arguments:
                same = canonical(left.arguments) == canonical(right.arguments)
                kind = "tools.arguments-exact" if same else "tools.arguments"
                text = first_difference(left.arguments, right.arguments)
                found.append(self._fail(kind, text, at, f"{leaf}.function.arguments"))
        return found


def _cut(history: Sequence[Told], most: int) -> list[Told]:
    """The history from the oldest of its turns on that leaves `most` messages; the running turn is whole."""
    system = [told for told in history if told.role == "system"]
    rest = [told for told in history if told.role != "system"]
    users = [at for at, told in enumerate(rest) if told.role == "user"]
    start = next((at for at in users if len(rest) - at <= most), users[-1])
    return [*system, *rest[start:]]


def _key(message: Told | Message) -> tuple[object, ...]:
    """What makes two messages the same one, before their fields are looked at."""
    if isinstance(message, Told):
        calls, call_id, media = message.calls, message.call_id, message.media
    else:
        calls, call_id, media = message.tool_calls, message.tool_call_id, media_of(message)
    return (message.role, message.text, calls, call_id, media, message.partial)
