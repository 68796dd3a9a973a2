"""The error catalogue: every refusal of the cloud, with its words on each surface.

The data lies in `fixtures/errors.json`, each entry with its source and confidence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Literal

from mockserver.base import resources
from mockserver.base.values import value
from mockserver.catalogue.regions import DEFAULT, Region

Origin = Literal["door", "gateway", "validator", "service"]
"""Where a refusal arises: before the gateway, in it, in its parameter check, or in the model service."""

Voice = Literal["native", "compat"]
"""Whose words a refusal has: a surface has one of them."""

Moment = Literal["refused", "late"]
"""Whether a refusal comes instead of a stream, or in one that has begun."""

_SHARED = ("flat-camel", "text")
"""The envelopes that are the same on every surface."""

Form = Literal["json", "line"]
"""Whether a refusal is a body, or the one data line of a refused compatible stream."""

Confidence = Literal["recorded", "reported", "documented", "own"]
"""How well words are known; `own`: the rule is known, the words are the mock's own."""


@value
class Words:
    """A refusal's code, type and message on one surface. A native refusal has no type.

    `anchor` is the place on the help page that the message ends with. `envelope` names the body around
    the words where it is not that of their origin.
    """

    code: str | None
    message: str
    type: str | None = None
    param: str | None = None
    anchor: str | None = None
    envelope: str | None = None

    def text(self, region: Region = DEFAULT) -> str:
        """The message, with the help page of that region where it names one."""
        if self.anchor is None:
            return self.message
        return f"{self.message} For details, see: {help_page(region)}#{self.anchor}"


@value
class ErrorEntry:
    """One row of the catalogue, with its words by voice. Messages are templates for `str.format`."""

    id: str
    status: int
    words: Mapping[Voice, Words]
    origin: Origin
    prefix: str
    params: tuple[str, ...]
    aliases: tuple[str, ...]
    confidence: Confidence
    source: str
    references: tuple[str, ...] = ()

    @property
    def codes(self) -> set[str]:
        """Every code that names it, on any surface."""
        return {code for code in (*(words.code for words in self.words.values()), *self.aliases) if code}

    @property
    def code(self) -> str | None:
        """The native code, by which every dialect's refusals are told apart."""
        return self.words["native"].code


@value
class Refusal:
    """One refusal with its values filled in: its words by voice.

    `prefix` stands before the message on most surfaces.
    """

    status: int
    words: Mapping[Voice, Words]
    origin: Origin
    prefix: str = ""
    id: str = ""

    @property
    def code(self) -> str | None:
        """The native code, by which every dialect's refusals are told apart."""
        return self.words["native"].code


@value(kw_only=True)
class StreamForm:
    """How refusals look on a request for a stream; the fields without a value hold for all.

    `form`: `json`, a body as without a stream; `line`, one data line; `frame`, one native error event;
    `failed`, one event of a response that failed.
    `status` is the HTTP status, None the refusal's own. `moment` is `late` in a stream that has begun.
    `bare`: the words of the model service stand without its name before them.
    """

    dialect: str
    moment: Moment
    form: Literal["json", "line", "frame", "failed"]
    status: int | None
    confidence: str
    source: str
    origins: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    backend: str | None = None
    era: str | None = None
    bare: bool = False

    def told(self, status: int) -> str:
        """The form in words, for a refusal of that status."""
        form = {
            "json": "a JSON body",
            "line": 'one line `data: {"error":...}`',
            "frame": f"one frame `event:error` that names {status}",
            "failed": "one frame `event:response.failed`",
        }
        return f"HTTP {self.status or status}, {form[self.form]}"

    def holds(self, refusal: "Refusal | ErrorEntry", *, backend: str | None, era: str | None) -> bool:
        """Whether a refusal looks so; a `backend` or `era` of None stands for any."""
        return (
            (not self.origins or refusal.origin in self.origins)
            and (not self.entries or refusal.id in self.entries)
            and (not self.codes or refusal.code in self.codes)
            and (not self.statuses or refusal.status in self.statuses)
            and (self.backend is None or backend in (None, self.backend))
            and (self.era is None or era in (None, self.era))
        )


class UnknownErrorCodeError(LookupError):
    """No entry of the catalogue has that code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"the error catalogue has no code {code!r}")


class Errors:
    """The catalogue of errors, by id and by code."""

    def __init__(self, entries: Mapping[str, ErrorEntry]) -> None:
        self._entries = dict(entries)
        self._by_code: dict[str, ErrorEntry] = {}
        for entry in self._entries.values():
            for code in entry.codes:
                self._by_code.setdefault(code, entry)

    def __iter__(self) -> Iterator[ErrorEntry]:
        return iter(self._entries.values())

    def __getitem__(self, entry_id: str) -> ErrorEntry:
        return self._entries[entry_id]

    def by_code(self, code: str) -> ErrorEntry:
        """The commonest entry of a code, of either surface, or the entry of an id.

        Raises `UnknownErrorCodeError`.
        """
        found = self._by_code.get(code) or self._entries.get(code)
        if found is None:
            raise UnknownErrorCodeError(code)
        return found

    def all_by_code(self, code: str) -> list[ErrorEntry]:
        """Every entry of a code, the commonest first, or the one of an id; empty when there is none."""
        found = [entry for entry in self if code in entry.codes]
        return found or [entry for entry in self if entry.id == code]

    def codes(self) -> list[str]:
        """Every code of the catalogue, sorted."""
        return sorted(self._by_code)

    def refuse(self, entry_id: str, /, **values: Any) -> Refusal:
        """The refusal of an entry with its placeholders filled. Raises `KeyError` for a missing one."""
        return fill(self._entries[entry_id], values)


def fill(entry: ErrorEntry, values: Mapping[str, Any]) -> Refusal:
    """An entry with its placeholders filled; a placeholder without value keeps its name in angles."""
    given = {**{name: f"<{name}>" for name in entry.params}, **values}

    def words(template: Words) -> Words:
        param = template.param and template.param.format(**given)
        return replace(template, message=template.message.format(**given), param=param)

    filled = {voice: words(template) for voice, template in entry.words.items()}
    return Refusal(entry.status, filled, entry.origin, entry.prefix, entry.id)


def _native_of(compat: Words | None) -> Words:
    if compat is None:
        msg = "an error entry needs words on one surface at least"
        raise ValueError(msg)
    code = "InvalidParameter" if compat.type == "invalid_request_error" else compat.code
    return _other_surface(compat, code, None)


def _compat_of(native: Words) -> Words:
    if native.code == "InvalidParameter":
        return _other_surface(native, "invalid_parameter_error", "invalid_request_error")
    return _other_surface(native, native.code, native.code)


def _other_surface(words: Words, code: str | None, kind: str | None) -> Words:
    """Words as the other surface has them; an envelope goes along only when both can have it."""
    shared = words.envelope if words.envelope in _SHARED else None
    return replace(words, code=code, type=kind, param=None, envelope=shared)


def _words(data: Mapping[str, Any] | None) -> Words | None:
    return Words(**data) if data else None


def _entry(data: Mapping[str, Any], prefixes: Mapping[str, str]) -> ErrorEntry:
    native, compat = _words(data["native"]), _words(data["compat"])
    # A scripted error may be asked of a surface that never had it: it then speaks the other's words.
    native = native or _native_of(compat)
    return ErrorEntry(
        id=data["id"],
        status=data["status"],
        words={"native": native, "compat": compat or _compat_of(native)},
        origin=data["origin"],
        prefix=prefixes[data["prefix"]] if data["prefix"] else "",
        params=tuple(data["params"]),
        aliases=tuple(data.get("aliases", ())),
        confidence=data["confidence"],
        source=data["source"],
        references=tuple(data.get("references", ())),
    )


@cache
def help_page(region: Region = DEFAULT) -> str:
    """The address of the help page that the service of a region names."""
    return str(resources.fixture("errors")["help"][region])


@cache
def envelopes() -> Mapping[str, Mapping[str, Any]]:
    """Every envelope by its name: its `body` is a template."""
    return {row["name"]: row for row in resources.fixture("errors")["envelopes"]}


@cache
def envelope_of(dialect: str, form: Form, origin: Origin) -> str:
    """The name of the envelope that refusals of an origin have in a dialect, unless their words name one."""
    return next(
        name
        for name, row in envelopes().items()
        if (row.get("dialect"), row.get("form")) == (dialect, form) and origin in row["origins"]
    )


@cache
def load() -> Errors:
    """The catalogue that ships with the package."""
    data = resources.fixture("errors")
    return Errors({entry["id"]: _entry(entry, data["prefixes"]) for entry in data["entries"]})


@cache
def stream_forms(dialect: str, moment: Moment) -> tuple[StreamForm, ...]:
    """The forms of a dialect, in the order in which they are looked up; the last one always holds."""
    rows: list[dict[str, Any]] = resources.fixture("errors")["streams"]
    lists = ("origins", "entries", "codes", "statuses")
    forms = (StreamForm(**{**row, **{name: tuple(row.get(name, ())) for name in lists}}) for row in rows)
    return tuple(form for form in forms if (form.dialect, form.moment) == (dialect, moment))
