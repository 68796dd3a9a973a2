"""Scripted replies: read from the control API's JSON, kept in order, used up as they answer."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import merge
from http import HTTPStatus
from itertools import chain
from typing import Any

from mockserver.base.jsontext import dumps
from mockserver.base.kept import Kept
from mockserver.base.names import meant
from mockserver.base.weighing import weight
from mockserver.catalogue.errors import Errors, Origin, Refusal, UnknownErrorCodeError, Voice, Words, fill
from mockserver.faults.reading import BadFaultError, read_faults
from mockserver.scripts.index import Index
from mockserver.scripts.match import Match
from mockserver.scripts.sandbox import compilable
from mockserver.scripts.template import Draft, is_template, texts
from mockserver.talk.fault import Faults
from mockserver.talk.raw import FIELDS, BadRawError, is_raw, read_raw, status_of
from mockserver.talk.reply import Choice, Pace, Reply
from mockserver.talk.request import ChatRequest, Part, ToolCall

Answer = Reply | Refusal

_SAYING = ("content", "reasoning_content", "tool_calls", "finish_reason", "choices", "chunks")
"""What a reply says; one with none of these and a fault leaves the words to the built-in model."""

_UNNAMED = (("InvalidParameter", "invalid_request_error"), ("InternalError", "internal_error"))
"""The native code and the compatible type of an error without a code: the client's, or the server's."""

_SERVICE = re.compile(r"<[0-9]{3}> InternalError")
"""How the messages of the model service begin (`schemas/compat.error.schema.json`)."""

FILES = ""
"""The name of the scenario that a server is started with; no key is empty."""

MB = 1024 * 1024

_MOST_WORLDS, _USES_BYTES, _USE = 10_000, 2 * MB, 150
"""Of how many keys a script counts its uses, in how many bytes, and about what one takes beside its key."""

MOST_BYTES = 48 * MB
"""What all scripts and faults that were handed over may take together: 20,000 that say little."""

_SCRIPT = 1600
"""About what a script takes in bytes beside what it says."""


class ScriptError(ValueError):
    """A scripted reply that cannot be understood; the message says what and how to mend it."""


def _call(spec: Mapping[str, Any]) -> ToolCall:
    chunks = tuple(spec.get("chunks") or ())
    arguments = spec.get("arguments", "".join(chunks))
    text = arguments if isinstance(arguments, str) else dumps(arguments).decode()
    if chunks and "".join(chunks) != text:
        msg = f"the chunks of the call of {spec['name']!r} do not make up its arguments: take one of them out"
        raise ScriptError(msg)
    if not chunks and "arguments" not in spec:
        msg = f"the call of {spec['name']!r} has no arguments: give them, or their chunks"
        raise ScriptError(msg)
    return ToolCall(spec["name"], text, spec.get("id") or "", chunks, spec.get("ids") or "")


def _said(content: str | list[Mapping[str, Any]] | None) -> tuple[str, tuple[Part, ...]]:
    """The text and the media of a content, which may be a list of parts."""
    if not isinstance(content, list):
        return content or "", ()
    media = [Part(*next(iter(part.items()))) for part in content if "text" not in part]
    return "".join(part.get("text", "") for part in content), tuple(media)


def _choice(spec: Mapping[str, Any], chunks: list[str] | None = None) -> Choice:
    calls = tuple(_call(call) for call in spec.get("tool_calls") or ())
    text, media = _said(spec.get("content"))
    return Choice(
        content="".join(chunks) if chunks else text,
        reasoning=spec.get("reasoning_content") or "",
        tool_calls=calls,
        finish_reason=spec.get("finish_reason") or ("tool_calls" if calls else "stop"),
        media=media,
    )


def _refusal(spec: Mapping[str, Any], errors: Errors) -> Refusal:
    code = spec["code"]
    status, message = status_of(spec), spec.get("message")
    try:
        known = fill(errors.by_code(code), {}) if code is not None else None
    except UnknownErrorCodeError:
        known = None
        if status is None or message is None:
            near = meant(code, errors.codes())
            hint = f"; the nearest known one is {near!r}" if near else ""
            msg = f"reply.error.code {code!r} is not in the catalogue{hint}; or give status and message too"
            raise ScriptError(msg) from None
    if known is None:
        return _own_words(spec)
    if message:
        said = {voice: replace(words, message=message, anchor=None) for voice, words in known.words.items()}
        known = replace(known, words=said, prefix="", origin=_origin(message, known.origin))
    if spec.get("type"):
        compat = replace(known.words["compat"], type=spec["type"])
        known = replace(known, words={**known.words, "compat": compat})
    return replace(known, status=status or known.status)


def _own_words(spec: Mapping[str, Any]) -> Refusal:
    """An error that the catalogue does not know; what it leaves out is what the status says."""
    code, status = spec["code"], status_of(spec) or 400
    message = spec.get("message") or _phrase(status)
    native, kind = _UNNAMED[status >= HTTPStatus.INTERNAL_SERVER_ERROR]
    words: Mapping[Voice, Words] = {
        "native": Words(code or native, message),
        "compat": Words(code, message, spec.get("type") or code or kind),
    }
    return Refusal(status, words, _origin(message, "gateway"))


def _origin(message: str, otherwise: Origin) -> Origin:
    """Where an error arises: only the model service begins its messages with its own name."""
    return "service" if _SERVICE.match(message) else otherwise


def _phrase(status: int) -> str:
    """What HTTP calls a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"HTTP status {status}"


def _faults(spec: Any, errors: Errors) -> Faults:
    try:
        return read_faults(spec, errors)
    except BadFaultError as error:
        msg = f"reply.fault: {error}"
        raise ScriptError(msg) from None


def read_answer(spec: Mapping[str, Any], errors: Errors) -> Answer:
    """One reply of a script, as its schema allows it. Raises `ScriptError`."""
    if is_raw(spec):
        return _raw(spec, errors)
    if "error" in spec:
        if "fault" in spec:
            msg = "reply.fault: an error has no fault; write the error as one: error=CODE;after=5"
            raise ScriptError(msg)
        return _refusal(spec["error"], errors)
    fault = _faults(spec["fault"], errors) if "fault" in spec else None
    chunks = spec.get("chunks")
    choices = spec.get("choices") or [spec]
    pace = spec.get("pace")
    silent = fault is not None and not any(name in spec for name in _SAYING)
    return Reply(
        choices=()
        if silent
        else tuple(_choice(choice, None if at else chunks) for at, choice in enumerate(choices)),
        dialect=spec.get("dialect"),
        usage=spec.get("usage"),
        search_info=spec.get("search_info"),
        tool_info=spec.get("tool_info"),
        chunks=tuple(chunks) if chunks else None,
        pace=Pace(**pace) if pace else None,
        fault=fault,
        empty_finish=spec.get("empty_finish", False),
        acts=tuple(spec.get("acts") or ()),
    )


def _raw(spec: Mapping[str, Any], errors: Errors) -> Reply:
    """A reply that is sent as it stands, which its pace and its fault do not change."""
    error = spec.get("error")
    if isinstance(error, str) and error in errors.codes():
        msg = f'reply.error {error!r} is a code of the catalogue: write {{"code": {error!r}}} in its place'
        raise ScriptError(msg)
    fits = {"error", "status", "headers"} if isinstance(error, str) else {*FIELDS}
    stray = next((name for name in spec if name not in fits | {"pace", "fault"}), None)
    if stray is not None:
        hint = "the status of an error stands in it" if stray == "error" else "take one of them out"
        msg = f"reply.{stray} does not go with {min(fits & set(spec))}, which is sent as it stands; {hint}"
        raise ScriptError(msg)
    try:
        raw = read_raw(spec)
    except BadRawError as bad:
        msg = f"reply.{bad}"
        raise ScriptError(msg) from None
    pace = spec.get("pace")
    fault = _faults(spec["fault"], errors) if "fault" in spec else None
    return Reply((), pace=Pace(**pace) if pace else None, fault=fault, raw=raw)


def _no_uses() -> Kept[str, int]:
    return Kept(most=_MOST_WORLDS, size=_USES_BYTES, weigh=lambda key, _: len(key) + _USE)


@dataclass(slots=True, eq=False)
class Script:
    """One entry of the control API: when it answers, what it says, how often it did.

    `order` counts arrivals, `size` is about how many bytes it takes. A script of a scenario has its `source`,
    the place in the file, and the `variables` of that file; every world has uses of its own of it.
    """

    id: str
    match: Match
    answers: tuple[Answer | Draft[Answer], ...]
    times: int | None
    spec: Mapping[str, Any] = field(repr=False)
    order: int = 0
    source: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    used: int = 0
    counter: str = ""
    size: int = 0
    uses: Kept[str, int] = field(default_factory=_no_uses, repr=False)

    @classmethod
    def read(
        cls,
        spec: Mapping[str, Any],
        script_id: str,
        errors: Errors,
        *,
        order: int = 0,
        source: str | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> "Script":
        """A script from the control API's JSON. Raises `ScriptError`, `MatchError` or `TemplateError`."""
        said = spec["reply"]
        replies = said if isinstance(said, list) else [said]
        if spec.get("template", False):
            compilable(text for _, text in texts(replies))
        answers = tuple(_prepared(reply, errors, template=spec.get("template", False)) for reply in replies)
        match = Match.read(spec.get("match"))
        size = _SCRIPT + weight(spec)
        return cls(
            script_id, match, answers, spec.get("times"), spec, order, source, variables or {}, size=size
        )

    @property
    def conditions(self) -> Mapping[str, Any]:
        """Its `match` as it was written."""
        return self.match.spec

    @property
    def constant(self) -> bool:
        """Whether it always answers, and always the same, however often it did before."""
        if self.times is not None or len(self.answers) > 1 or isinstance(self.answers[0], Draft):
            return False
        return isinstance(self.answers[0], Refusal) or self.answers[0].fault is None

    @property
    def spent(self) -> bool:
        """Whether it may answer no more, whoever asks."""
        return self.source is None and self.times is not None and self.used >= self.times

    def spent_for(self, key: str) -> bool:
        """Whether it may answer no more in the world of this key."""
        return self.times is not None and self.used_by(key) >= self.times

    def may_answer(self, key: str, request: ChatRequest) -> bool:
        """Whether it may answer a request of this key."""
        return not self.spent_for(key) and self.match.holds(key, request)

    def used_by(self, key: str) -> int:
        """How often it answered, as far as the world of this key counts."""
        return self.used if self.source is None else self.uses.get(key) or 0

    def answer(self, use: int) -> Answer | Draft[Answer]:
        """The answer of the sequence behind so many others; the last one repeats."""
        return self.answers[min(use, len(self.answers) - 1)]

    def count(self, key: str) -> int:
        """Counts one more use in the world of this key; how many there were before."""
        use = self.used_by(key)
        self.used += 1
        if self.source is not None:
            self.uses.put(key, use + 1)
        return use

    def counted_to(self, key: str, uses: int) -> None:
        """Takes over how often it was used, from who counts for many."""
        if self.source is None:
            self.used = max(self.used, uses)
        else:
            self.used += max(0, uses - self.used_by(key))
            self.uses.put(key, max(self.used_by(key), uses))

    def take(self, key: str = "") -> Answer | Draft[Answer]:
        """The next answer of the sequence in the world of this key."""
        return self.answer(self.count(key))

    def forget(self, key: str | None) -> None:
        """Begins its sequence anew, for one key or for all."""
        if key is None:
            self.used = 0
            self.uses.clear()
        else:
            self.used -= self.uses.pop(key) or 0


def _prepared(spec: Mapping[str, Any], errors: Errors, *, template: bool) -> Answer | Draft[Answer]:
    if template and is_template(spec):
        return Draft(spec, lambda filled: read_answer(filled, errors))
    return read_answer(spec, errors)


_FREED = 1000
"""So many scripts are freed at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """The scripts of a scenario in their order, and the index by which they are found."""

    scripts: tuple[Script, ...]
    index: Index[Script]
    size: int

    @classmethod
    def of(cls, scripts: Iterable[Script]) -> "Cast":
        """Files scripts, which takes long when they are many."""
        scripts = tuple(scripts)
        return cls(scripts, Index(scripts), sum(script.size for script in scripts))


def let_go(held: list[Cast]) -> None:
    """Frees the scripts that are held nowhere else, some at a time, so that other threads have their turn."""
    while held:
        scripts = list(held.pop().scripts)
        while scripts:
            del scripts[-_FREED:]


def first(scripts: Iterable[Script], key: str, request: ChatRequest) -> int | None:
    """Where among some scripts the first stands that matches and has uses left."""
    found = (at for at, script in enumerate(scripts) if script.may_answer(key, request))
    return next(found, None)


class Scripts:
    """All scripts of a server: those of the control API in the order of their arrival, then scenarios.

    Clearing keeps the scenario that the server was started with: it begins anew. `revision` counts all
    changes but uses.
    """

    def __init__(self) -> None:
        self._scripts: dict[str, Script] = {}
        self._indexes: dict[str | None, Index[Script]] = {}
        self._scenarios: dict[str | None, Cast] = {}
        self._count = 0
        self.revision = 0
        self._size = 0

    @property
    def size(self) -> int:
        """About how many bytes those take that were handed over: all but what it was started with."""
        played = (held.size for name, held in self._scenarios.items() if name != FILES)
        return self._size + sum(played)

    def size_played(self, name: str | None) -> int:
        """About how many bytes one scenario takes."""
        return self._scenarios[name].size if name in self._scenarios else 0

    def __iter__(self) -> Iterator[Script]:
        yield from self._scripts.values()
        for held in self._scenarios.values():
            yield from held.scripts

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def add(self, spec: Mapping[str, Any], errors: Errors) -> Script:
        """Reads a script and enters it. Raises `ScriptError`, `MatchError` or `TemplateError`."""
        script = Script.read(spec, "", errors)
        self.enter(script)
        return script

    def enter(self, script: Script) -> None:
        """Enters a script behind all others and gives it an id."""
        self.revision += 1
        self._count += 1
        script.id, script.order = f"reply-{self._count}", self._count
        self._scripts[script.id] = script
        self._size += script.size
        self._indexes.setdefault(script.match.key, Index()).add(script)

    def number_from(self, count: int) -> None:
        """So many scripts came before the next one, wherever."""
        self._count = count

    def replace(self, script_id: str, script: Script) -> bool:
        """Puts a script in the place of that of an id, whose uses it takes over; False when there is none."""
        old = self._scripts.get(script_id)
        if old is None:
            return False
        self.revision += 1
        script.id, script.order, script.used = script_id, old.order, old.used
        self._unfile(old)
        self._scripts[script_id] = script
        self._size += script.size - old.size
        # An index files behind all others, so this one's is made anew.
        key = script.match.key
        self._indexes[key] = Index(each for each in self._scripts.values() if each.match.key == key)
        return True

    def at(self, script_id: str) -> Script | None:
        """The script of an id."""
        return self._scripts.get(script_id)

    def remove(self, script_id: str) -> bool:
        """Takes a script out; False when there is none of that id."""
        script = self._scripts.pop(script_id, None)
        if script is not None:
            self._size -= script.size
            self.revision += 1
            self._unfile(script)
        return script is not None

    def _unfile(self, script: Script) -> None:
        index = self._indexes.get(script.match.key)
        if index is not None:
            index.remove(script)
            if not len(index):
                del self._indexes[script.match.key]

    def clear(self, key: str | None = None) -> None:
        """Forgets all scripts of the control API, or those of one key; scenarios begin anew."""
        self.revision += 1
        for held in self._scenarios.values():
            for script in held.scripts:
                script.forget(key)
        if key is None:
            self._scripts.clear()
            self._size = 0
            self._indexes.clear()
            self._scenarios = {name: held for name, held in self._scenarios.items() if name == FILES}
            return
        self._scripts = {name: script for name, script in self._scripts.items() if script.match.key != key}
        self._size = sum(script.size for script in self._scripts.values())
        self._indexes.pop(key, None)
        self._scenarios.pop(key, None)

    def play(self, name: str | None, cast: Cast) -> None:
        """Puts a scenario in the place of the one before, at once.

        `name` is the key that it serves, None for all keys, or `FILES`.
        """
        self.revision += 1
        if cast.scripts:
            self._scenarios[name] = cast
        else:
            self._scenarios.pop(name, None)

    def playing(self, name: str | None) -> tuple[Script, ...]:
        """The scripts of one scenario."""
        return self._scenarios[name].scripts if name in self._scenarios else ()

    def played(self) -> list[Cast]:
        """All scenarios; whoever holds them when they are replaced has to `let_go` of them."""
        return list(self._scenarios.values())

    def matching(self, key: str, request: ChatRequest) -> Iterator[Script]:
        """Every script that matches and has uses left, as far as is known, up to the first without end."""
        if not (self._scripts or self._scenarios):
            return
        for script in self._candidates(key, request):
            if script.may_answer(key, request):
                yield script
                if script.times is None:
                    return

    def seen_by(self, key: str) -> Iterator[Script]:
        """Every script that may answer this key, in the order in which they are tried."""
        for script in self._scripts.values():
            if script.match.key in (None, key):
                yield script
        for name in (key, None, FILES):
            if name in self._scenarios:
                yield from self._scenarios[name].scripts

    def find(self, key: str, request: ChatRequest) -> Script | None:
        """The first script that matches and has uses left."""
        if not (self._scripts or self._scenarios):
            return None
        spent: list[Script] = []
        found = None
        for script in self._candidates(key, request):
            if script.times is not None and script.spent:
                spent.append(script)
            elif script.may_answer(key, request):
                found = script
                break
        for script in spent:
            self._unfile(script)
        return found

    def lasting(self, key: str, request: ChatRequest) -> tuple[bool, Script | None]:
        """The script that answers a request, and whether it will as long as the revision is this one.

        None answers, too. One that may be used up will not for ever, nor what stands behind such a one.
        Raises `MatchError`.
        """
        for script in self._candidates(key, request):
            if script.times is not None:
                return False, None
            if script.match.holds(key, request):
                return True, script
        return True, None

    def _candidates(self, key: str, request: ChatRequest) -> Iterator[Script]:
        own, common = self._indexes.get(key), self._indexes.get(None)
        if own is None or common is None:
            index = common if own is None else own
            first = iter(()) if index is None else index.candidates(request)
        else:
            found = own.candidates(request), common.candidates(request)
            first = merge(*found, key=lambda script: script.order)
        return chain(first, self._playing(key, request)) if self._scenarios else first

    def _playing(self, key: str, request: ChatRequest) -> Iterator[Script]:
        for name in (key, None, FILES):
            if name in self._scenarios:
                yield from self._scenarios[name].index.candidates(request)
