"""What must not be kept is taken out before anything is: from headers, paths, requests and answers.

What a secret is, `mockserver.base.secrecy` knows; what else one is, the headers of the exchange tell, and the
user. JSON is read, so that no escape hides a secret, and only its texts are changed, so that it stays JSON.
What a stream says in pieces is put together before it is looked at, so that no border of deltas hides one.
What is no JSON is searched as one text, whatever its chunks. Where nothing is found, no byte changes.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_plus

from mockserver.base import secrecy
from mockserver.base.expressions import compiled
from mockserver.base.secrecy import Span
from mockserver.recording import documents
from mockserver.recording.coding import UncleanError
from mockserver.recording.lanes import redact_lanes
from mockserver.recording.literals import literals

MARK = "[redacted]"
"""What stands where a secret stood."""

_PART = re.compile(rb'^content-disposition:[^\r\n]*?[ ;]name="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE)
"""The name of a part of a multipart form."""

_FORM = re.compile(rb"[!-<>-~]++=[!-~]*+")
"""A form as it is sent: a name, a sign, and no blank anywhere."""

_PICTURE = re.compile(r"data:[^,]{0,100};base64,")
"""What is no text although it is one: nothing in it has a form."""

Pairs = list[tuple[str, str]]


class RedactionError(ValueError):
    """A pattern that cannot be used; the message says which and why."""


class SpoiltError(UncleanError):
    """A body that was JSON and would be none without its secrets."""

    def __init__(self) -> None:
        super().__init__("without its secrets the body would be no JSON any more")


def _compiled(pattern: str) -> re.Pattern[str]:
    # The pattern itself may be the secret, so an error shows its length and not its text.
    try:
        found = compiled(pattern)
    except re.error as error:
        msg = f"a pattern to redact ({len(pattern)} characters) is no regular expression: {error.msg}"
        raise RedactionError(msg) from None
    if found.search(""):
        msg = f"a pattern to redact ({len(pattern)} characters) matches the empty text; it must not"
        raise RedactionError(msg)
    return found


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is taken out beside what is listed: a user's patterns and names, and `secrets` that are known.

    `headers` are in lower case, `fields` are plain names. A secret is a text, as it is.
    """

    patterns: tuple[re.Pattern[str], ...] = ()
    headers: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls, *, patterns: Iterable[str] = (), headers: Iterable[str] = (), fields: Iterable[str] = ()
    ) -> "Redaction":
        """The usual redaction and what a user adds. Raises `RedactionError`."""
        return cls(
            tuple(map(_compiled, patterns)),
            frozenset(name.lower() for name in headers),
            frozenset(map(secrecy.plain, fields)),
        )

    def knowing(self, headers: Iterable[tuple[str, str]]) -> "Redaction":
        """The redaction that also knows the values of the secret headers of one exchange."""
        found = {secret for secret in secrecy.known(headers, self.headers) if MARK not in secret}
        # Longest first, because a short one may be a part of it.
        return replace(self, secrets=tuple(sorted({*self.secrets, *found}, key=len, reverse=True)))

    def hides_header(self, name: str) -> bool:
        """Whether the whole value of a header is secret, or names an account."""
        return name.lower() in self.headers or secrecy.named("headers", name) is not None

    def _hides_query(self, name: str) -> bool:
        return secrecy.plain(name) in self.fields or secrecy.named("queries", name) is not None

    def spans(self, text: str) -> list[Span]:
        """Where secrets stand in a text: from and to, in order, none touching another."""
        found = self._found(text)
        for span, said in secrecy.encoded(text):
            if self._found(said):
                found.append(span)
        return _merged(found)

    def _found(self, text: str) -> list[Span]:
        found = [span for secret in self.secrets for span in secrecy.places_of(secret, text)]
        for pattern in self.patterns:
            found += [match.span() for match in pattern.finditer(text) if match.end() > match.start()]
        if not _PICTURE.match(text):
            found += secrecy.shaped(text)
            found += secrecy.in_queries(text)
        return found

    def fragment_spans(self, text: str) -> list[Span]:
        """The same in a text that may be JSON, or the beginning of some: behind names, and in escapes."""
        found = self.spans(text)
        name = ""
        for literal in literals(text):
            if literal.name:
                name = literal.said
                continue
            hidden = name and self._hides_field(name, literal.said, ())
            if hidden or (literal.escaped and self.spans(literal.said)):
                found.append((literal.start, literal.stop))
            name = ""
        return _merged(span for span in found if span[0] < span[1])

    def _said_spans(self, text: str) -> list[Span]:
        return self.fragment_spans(text) if text.lstrip()[:1] in ("{", "[") else self.spans(text)

    def text(self, text: str) -> str:
        """A text without its secrets."""
        return _without(text, self.spans(text))

    def value(self, value: Any) -> Any:
        """A JSON value without its secrets: in texts, in names, in JSON within texts, under secret names."""
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return self._object(value)
        if self.patterns and not isinstance(value, bool) and isinstance(value, int | float):
            # A number cannot lose a part of itself and stay one.
            shown = json.dumps(value)
            return MARK if any(pattern.search(shown) for pattern in self.patterns) else value
        return value

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        spoken = value.get("name")  # headers and parameters as lists of {"name": ..., "value": ...}
        for name, inner in value.items():
            meant = spoken if name == "value" and isinstance(spoken, str) else name
            clean = self.text(name)
            fresh, count = clean, 1
            while fresh in kept:
                count += 1
                fresh = f"{clean}-{count}"
            kept[fresh] = self._masked(inner) if self._hides_field(meant, inner, value) else self.value(inner)
        return kept

    def _hides_field(self, name: str, value: Any, beside: Iterable[str]) -> bool:
        return secrecy.plain(name) in self.fields or secrecy.hides(name, value, beside)

    def _masked(self, value: Any) -> Any:
        """A value under a secret name: texts and numbers go, and what has names of its own is looked into."""
        if isinstance(value, list):
            return [self._masked(item) for item in value]
        if isinstance(value, dict):
            return self._object(value)
        return value if value is None or value == "" or isinstance(value, bool) else MARK

    def _string(self, text: str) -> str:
        if text.lstrip()[:1] in ("{", "["):
            # Arguments of a function are JSON within JSON: an escape in there hides a secret once more.
            inner = self._json(text)
            if inner is not None:
                return inner
        return self.text(text)

    def _json(self, text: str) -> str | None:
        """A JSON text without its secrets, the same text when there are none; None when it is no JSON."""
        value, doubles = documents.parse_all(text)
        if value is documents.UNREADABLE:
            return None
        clean = self.value(value)
        # Of a name that is there twice every reader takes the last; the first must hide nothing either.
        hidden = any(self.value(double) != double for double in doubles)
        return documents.dump_like(clean, text) if hidden or clean != value else text

    def pairs(self, headers: Iterable[tuple[str, str]]) -> Pairs:
        """Headers without their secrets, in their order."""
        kept = []
        for name, value in headers:
            if self.hides_header(name):
                scheme = secrecy.scheme_of(value)
                kept.append((name, f"{scheme} {MARK}" if scheme else MARK))
            else:
                # The name of a header takes no brackets.
                kept.append((self.text(name).replace(MARK, MARK.strip("[]")), self.text(value)))
        return kept

    def query(self, query: str) -> str:
        """A query string or a form without its secrets, whatever of it is percent-encoded."""
        parts = []
        for part in query.split("&"):
            name, sign, value = part.partition("=")
            said, plain = unquote_plus(name), unquote_plus(value)
            if value and (self._hides_query(said) or self._string(plain) != plain or self.spans(value)):
                value = MARK
            parts.append((MARK if self.spans(said) else name) + sign + value)
        return "&".join(parts)

    def path(self, path: str) -> str:
        """A path without its secrets."""
        plain = unquote_plus(path)
        return self.text(plain) if self.spans(plain) else path

    def request_body(self, body: bytes) -> bytes:
        """A request's body without its secrets; the same bytes when there are none. Raises `SpoiltError`."""
        return self.answer_body(body, ())[0]

    def readable_body(self, body: bytes) -> bytes:
        """The same for a request that is compared and shown, not kept: as a text, should it be spoilt."""
        try:
            return self.request_body(body)
        except SpoiltError:
            return self.text(body.decode("utf-8", "replace")).encode()

    def answer_body(self, body: bytes, ends: Iterable[int]) -> tuple[bytes, list[int]]:
        """A whole body without its secrets, and where its chunks end then. Raises `SpoiltError`."""
        found = documents.find(body)
        edits = list(self._between(body, found)) if found or not _FORM.fullmatch(body) else self._form(body)
        edits += self._documents(found)
        clean, borders = documents.splice(body, list(ends), edits)
        if edits and not documents.as_readable(found, clean):
            raise SpoiltError
        return clean, borders

    def _documents(self, found: list[documents.Place]) -> Iterator[documents.Edit]:
        """What changes in the documents of a body."""
        whole = [documents.parse(place.text) for place in found]  # once more, because the lanes change them
        redact_lanes(whole, self._said_spans, MARK)
        for place, joined in zip(found, whole, strict=True):
            clean = _without_logprobs(place.value, self.value(joined))
            doubles = any(self.value(double) != double for double in place.doubles)
            if doubles or clean != place.value:
                text = documents.dump_like(clean, place.text)
                yield place.start, place.stop, text.encode("utf-8", "surrogatepass")

    def _form(self, body: bytes) -> list[documents.Edit]:
        """What changes in a form as browsers send it."""
        clean = self.query(body.decode("ascii")).encode("ascii")
        return [] if clean == body else [(0, len(body), clean)]

    def _between(self, body: bytes, found: Iterable[documents.Place]) -> Iterator[documents.Edit]:
        """What changes in all that stands between the documents of a body, or in a body without any."""
        hidden = [] if found else list(self._parts(body))
        taken = [(place.start, place.stop) for place in found] or hidden
        at, clean = 0, set()
        for start, stop in [*taken, (len(body), len(body))]:
            gap = body[at:start]
            if gap not in clean:  # nearly all frames of a stream begin and end alike
                edits = self._bytes_edits(gap, at)
                yield from edits
                clean |= set() if edits else {gap}
            at = stop
        yield from ((start, stop, MARK.encode()) for start, stop in hidden)

    def _bytes_edits(self, part: bytes, offset: int) -> list[documents.Edit]:
        """What changes in a part of a body that is no document and begins so far in."""
        text = documents.text_of(part, "surrogateescape")
        edits, at = [], 0
        for start, stop in self.fragment_spans(text):
            offset += len(text[at:start].encode("utf-8", "surrogateescape"))
            size = len(text[start:stop].encode("utf-8", "surrogateescape"))
            edits.append((offset, offset + size, MARK.encode()))
            offset, at = offset + size, stop
        return edits

    def _parts(self, body: bytes) -> Iterator[Span]:
        """Where the secret parts of a multipart form stand."""
        if not body.startswith(b"--"):
            return
        border = b"\r\n" + body.partition(b"\r\n")[0]
        for match in _PART.finditer(body):
            head = body.find(b"\r\n\r\n", match.end())
            start, stop = head + 4, body.find(border, head + 4)
            name = match[1].decode("utf-8", "replace")
            if head >= 0 and start < stop and self._hides_field(name, "", _FORM_NAMES):
                yield start, stop


_FORM_NAMES = ("signature",)
"""What a form with a policy has beside it."""


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _without(text: str, spans: Iterable[Span]) -> str:
    parts, at = [], 0
    for start, stop in spans:
        parts += [text[at:start], MARK]
        at = stop
    return "".join([*parts, text[at:]]) if parts else text


def _without_logprobs(old: Any, new: Any) -> Any:
    """The new document; a choice that lost a secret loses the log probabilities that spell it too."""
    pairs = zip(documents.choices_of(old), documents.choices_of(new), strict=True)
    for before, after in pairs:
        if before != after and after.get("logprobs"):
            after["logprobs"] = None
    return new
