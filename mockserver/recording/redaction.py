"""What must not be kept is taken out before anything is: from headers, paths, requests and answers.

Three layers, each a superset of what a plain search would find. Patterns run over the text of a whole
body, so that no border of chunks hides a secret. JSON is read, so that no escape hides one. And what a
stream says in pieces is put together before it is looked at, so that no border of deltas hides one.
Where nothing is found, no byte changes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_plus

from mockserver.recording import documents
from mockserver.recording.lanes import redact_lanes

MARK = "[redacted]"
"""What stands where a secret stood."""

HEADERS = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "x-dashscope-apikey",
        "x-dashscope-workspace",
        "x-dashscope-uid",
        "x-dashscope-callinguid",
        "x-acs-account-id",
        "x-acs-caller-uid",
        "x-acs-security-token",
        "x-oss-security-token",
        "openai-organization",
        "openai-project",
    )
)
"""Headers whose whole value is secret or names an account, in lower case."""

FIELDS = frozenset(
    (
        "apikey",
        "accesstoken",
        "accesskey",
        "accesskeyid",
        "accesskeysecret",
        "ossaccesskeyid",
        "securitytoken",
        "signature",
        "policy",
        "password",
        "workspace",
        "workspaceid",
        "accountid",
        "aliyunuid",
        "aliuid",
        "calleruid",
        "uid",
    )
)
"""JSON fields and query parameters whose text or number is secret; case, `_` and `-` do not count."""

PATTERNS = (
    r"(?a)(?<![A-Za-z])sk-(?=[\w.-]*\d)[\w.-]{16,250}",
    r"(?a)\bBearer\s+(?!\[)[\w.~+/-]{16,}=*",
    r"(?a)\bLTAI[A-Za-z0-9]{12,30}\b",
    r"(?a)\bSTS\.[A-Za-z0-9]{16,40}\b",
    r"(?a)\bCAIS[\w+/=]{40,}",
    r"(?a)\bws[-_](?=[A-Za-z0-9]*\d)[A-Za-z0-9]{8,40}\b",
    r"(?a)\bllm-(?=[a-z0-9]*\d)[a-z0-9]{8,40}\b",
)
"""Forms of API keys, access keys, session tokens and workspace ids (Model Studio docs; RAM docs)."""

_SHORTEST = 4
"""The shortest value of a secret header that is looked for elsewhere too, in characters."""

_SCHEME = re.compile(r"(Bearer|Basic|Digest|acs|OSS)\s+", re.IGNORECASE)

Pairs = list[tuple[str, str]]


class RedactionError(ValueError):
    """A pattern that cannot be used; the message says which and why."""


def _compiled(pattern: str) -> re.Pattern[str]:
    # The pattern itself may be the secret, so an error shows its length and not its text.
    try:
        found = re.compile(pattern)
    except re.error as error:
        msg = f"a pattern to redact ({len(pattern)} characters) is no regular expression: {error.msg}"
        raise RedactionError(msg) from None
    if found.search(""):
        msg = f"a pattern to redact ({len(pattern)} characters) matches the empty text; it must not"
        raise RedactionError(msg)
    return found


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is taken out. `secrets` are texts that are known to be secret, as they are."""

    patterns: tuple[re.Pattern[str], ...] = ()
    headers: frozenset[str] = HEADERS
    fields: frozenset[str] = FIELDS
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls, *, patterns: Iterable[str] = (), headers: Iterable[str] = (), fields: Iterable[str] = ()
    ) -> "Redaction":
        """The usual redaction and what a user adds. Raises `RedactionError`."""
        return cls(
            tuple(_compiled(pattern) for pattern in (*patterns, *PATTERNS)),
            HEADERS | {name.lower() for name in headers},
            FIELDS | {_plain(name) for name in fields},
        )

    def knowing(self, headers: Iterable[tuple[str, str]]) -> "Redaction":
        """The redaction that also knows the values of the secret headers of one exchange."""
        found: list[str] = []
        for name, value in headers:
            if name.lower() not in self.headers:
                continue
            bare = _SCHEME.sub("", value, count=1).strip()
            found.append(bare)
            if "cookie" in name.lower():
                found += [part.partition("=")[2].strip() for part in bare.split(";")]
        long = {secret for secret in found if len(secret) >= _SHORTEST and secret != MARK}
        return replace(self, secrets=tuple(sorted({*self.secrets, *long}, key=len, reverse=True)))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where secrets stand in a text: from and to, in order, none touching another."""
        found: list[tuple[int, int]] = []
        for secret in self.secrets:
            at = text.find(secret)
            while at >= 0:
                found.append((at, at + len(secret)))
                at = text.find(secret, at + len(secret))
        for pattern in self.patterns:
            found += [match.span() for match in pattern.finditer(text) if match.end() > match.start()]
        merged: list[tuple[int, int]] = []
        for start, stop in sorted(found):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
            else:
                merged.append((start, stop))
        return merged

    def text(self, text: str) -> str:
        """A text without its secrets."""
        spans = self.spans(text)
        if not spans:
            return text
        parts, at = [], 0
        for start, stop in spans:
            parts += [text[at:start], MARK]
            at = stop
        return "".join([*parts, text[at:]])

    def value(self, value: Any) -> Any:
        """A JSON value without its secrets: in texts, in names, in JSON within texts, in secret fields."""
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        kept = {}
        for name, inner in value.items():
            secret = _plain(name) in self.fields and isinstance(inner, str | int | float)
            hidden = secret and not isinstance(inner, bool) and inner != ""
            kept[self.text(name)] = MARK if hidden else self.value(inner)
        return kept

    def _string(self, text: str) -> str:
        redacted = self.text(text)
        if "\\" in redacted and redacted[:1] in ("{", "["):
            # Arguments of a function are JSON within JSON: an escape in there hides a secret once more.
            inner = documents.parse(redacted)
            if inner is not documents.UNREADABLE:
                clean = self.value(inner)
                if clean != inner:
                    return documents.dump_like(clean, redacted)
        return redacted

    def pairs(self, headers: Iterable[tuple[str, str]]) -> Pairs:
        """Headers without their secrets, in their order."""
        kept = []
        for name, value in headers:
            if name.lower() in self.headers:
                scheme = _SCHEME.match(value)
                kept.append((name, f"{scheme[1]} {MARK}" if scheme else MARK))
            else:
                kept.append((self.text(name), self.text(value)))
        return kept

    def query(self, query: str) -> str:
        """A query string without its secrets, whatever of it is percent-encoded."""
        if not query:
            return query
        parts = []
        for part in query.split("&"):
            name, sign, value = part.partition("=")
            plain = unquote_plus(value)
            if _plain(unquote_plus(name)) in self.fields or self.spans(plain) or self.spans(value):
                value = MARK
            parts.append((MARK if self.spans(unquote_plus(name)) else name) + sign + value)
        return "&".join(parts)

    def path(self, path: str) -> str:
        """A path without its secrets."""
        plain = unquote_plus(path)
        return self.text(plain) if self.spans(plain) else path

    def request_body(self, body: bytes) -> bytes:
        """A request's body without its secrets; the same bytes when there are none."""
        return self.answer_body(body, ())[0]

    def answer_body(self, body: bytes, ends: Iterable[int]) -> tuple[bytes, list[int]]:
        """A whole body without its secrets, and where its chunks end then."""
        found = documents.find(body)
        docs = [document.value for document in found]
        clean = [_without_logprobs(doc, self.value(doc)) for doc in docs]
        redact_lanes(clean, self.spans, MARK)
        edits = [
            (place.start, place.stop, documents.dump_like(new, place.text).encode("utf-8", "surrogatepass"))
            for place, old, new in zip(found, docs, clean, strict=True)
            if new != old
        ]
        body, borders = documents.splice(body, list(ends), edits)
        return documents.splice(body, borders, self._plain_edits(body))

    def _plain_edits(self, body: bytes) -> list[documents.Edit]:
        text = body.decode("utf-8", "surrogateescape")
        edits, at, offset = [], 0, 0
        for start, stop in self.spans(text):
            offset += len(text[at:start].encode("utf-8", "surrogateescape"))
            size = len(text[start:stop].encode("utf-8", "surrogateescape"))
            edits.append((offset, offset + size, MARK.encode()))
            offset, at = offset + size, stop
        return edits


def _without_logprobs(old: Any, new: Any) -> Any:
    """The new document; a choice that lost a secret loses the log probabilities that spell it too."""
    pairs = zip(documents.choices_of(old), documents.choices_of(new), strict=True)
    for before, after in pairs:
        if before != after and after.get("logprobs"):
            after["logprobs"] = None
    return new
