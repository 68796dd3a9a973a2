"""What holds a secret: names that one stands under, and forms that a key has of its own.

The list is data, `fixtures/secrets.json`. Every form is read in one walk over a text: it begins with fixed
characters and goes on with characters of one class, which are read once and never given back, so that no
text takes longer than its length.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import unquote_plus

from mockserver.base.forgetting import memo
from mockserver.base.resources import fixture
from mockserver.base.values import value

Place = Literal["headers", "queries", "fields"]
Span = tuple[int, int]

PLACES: tuple[Place, ...] = ("headers", "queries", "fields")
"""Where names stand: headers, queries of URLs and forms, fields of JSON and forms."""

_LONGEST_NAME = 200
"""No name that holds a secret has more characters; what is longer is no name but a text."""

_MACHINE_MADE = 16
"""The least length at which a further cookie is taken for a session and not for a setting."""

_RUN = re.compile(r"(?<![A-Za-z0-9_.%~+-])[A-Za-z0-9_.%~+-]++")
"""What may be percent-encoded; one run ends where the next cannot begin."""

_LEAST_BASE64 = 24
"""How many characters base64 has at least that says a key."""

_BASE64 = re.compile(rf"(?<![A-Za-z0-9+/_=-])([A-Za-z0-9+/_-]{{{_LEAST_BASE64},}}+)={{0,2}}+")

_PARAMETER = re.compile(r"(?<=[?&;])([A-Za-z0-9_.%+~\[\]-]++)=([^&;#\s\"'<>\\]++)")
"""A name with a value in the query of a URL, or in a form."""


def plain(name: str) -> str:
    """A name as names are compared: without case, `-`, `_` and `.`."""
    return name.lower().replace("_", "").replace("-", "").replace(".", "")


@value(kw_only=True)
class Name:
    """A name under which a secret stands; `ending`: and all names that end so.

    `numbers`: a number there is a secret too. What stands `beside` counts by the names in the same object.
    """

    shown: str
    ending: bool
    places: frozenset[str]
    numbers: bool
    but_not: frozenset[str]
    not_beside: frozenset[str]
    only_beside: frozenset[str]
    why: str

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Name":
        """A row of the list."""
        sets = {key: frozenset(map(plain, row.get(key, ()))) for key in _SETS}
        return cls(
            shown=row["name"],
            ending=row.get("ending", False),
            places=frozenset(row.get("places", PLACES)),
            numbers=row.get("numbers", True),
            why=row["why"],
            **sets,
        )

    def fits(self, name: str) -> bool:
        """Whether this is the name of a plain one."""
        own = plain(self.shown)
        return name == own or (self.ending and name.endswith(own) and not name.endswith(tuple(self.but_not)))

    def among(self, beside: Iterable[str]) -> bool:
        """Whether it holds a secret with these names in the same object."""
        if not (self.not_beside or self.only_beside):
            return True
        there = set(map(plain, beside))
        return not (there & self.not_beside) and (not self.only_beside or bool(there & self.only_beside))


_SETS = ("but_not", "not_beside", "only_beside")


@value(kw_only=True)
class Form:
    """The form of a key: it begins so, and goes on with `least` to `most` characters of one class."""

    shown: str
    begins: tuple[str, ...]
    pattern: re.Pattern[str]
    least: int
    most: int | None
    digit: bool
    holds: str
    whole: re.Pattern[str] | None
    public: frozenset[str]
    why: str

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Form":
        """A row of the list."""
        begins, of = tuple(row["begins"]), row["of"]
        start = "|".join(map(re.escape, begins))
        start = f"(?<={start})" if row.get("keep") else f"(?:{start})"
        # What a run of its characters cannot begin inside of; else every place of it would be tried.
        border = "" if not begins[0][:1].isalnum() and begins[0] else r"(?<![A-Za-z0-9])"
        border = border if begins[0] else f"(?<![{of}])"
        follows = f"(?={row['followed']})" if "followed" in row else ""
        return cls(
            shown=row["name"],
            begins=begins,
            pattern=re.compile(f"(?a){border}{start}{row.get('lead', '')}([{of}]++){follows}"),
            least=row["least"],
            most=row.get("most"),
            digit=row.get("digit", False),
            holds=row.get("holds", ""),
            whole=re.compile(row["whole"]) if "whole" in row else None,
            public=frozenset(row.get("public", ())),
            why=row["why"],
        )

    def spans(self, text: str) -> Iterator[Span]:
        """Where keys of this form stand in a text."""
        if self.holds not in text or not any(begin in text for begin in self.begins):
            return
        for match in self.pattern.finditer(text):
            found = match[1].rstrip(".")  # the full stop of a sentence
            most = len(found) if self.most is None else self.most
            if not self.least <= len(found) <= most or found in self.public:
                continue
            if self.digit and not any(letter.isdecimal() for letter in found):
                continue
            stop = match.start(1) + len(found)
            if self.whole is None or self.whole.fullmatch(text, match.start(), stop):
                yield match.start(), stop


@value
class Secrecy:
    """The whole list. `least` and `anywhere` are lengths of known secrets, in characters.

    One below `least` is not looked for elsewhere; one below `anywhere` only as a word of its own.
    """

    least: int
    anywhere: int
    schemes: frozenset[str]
    names: tuple[Name, ...]
    forms: tuple[Form, ...]


@lru_cache(maxsize=1)
def listed() -> Secrecy:
    """The list that ships with the package."""
    data = fixture("secrets")
    return Secrecy(
        data["least"],
        data["anywhere"],
        frozenset(scheme.lower() for scheme in data["schemes"]),
        tuple(map(Name.read, data["names"])),
        tuple(map(Form.read, data["forms"])),
    )


@memo(most=4096)
def _known(place: Place, name: str) -> Name | None:
    stripped = plain(name)
    return next((row for row in listed().names if place in row.places and row.fits(stripped)), None)


def named(place: Place, name: str) -> Name | None:
    """The row of the list for a name that stands there; None for one that holds no secret."""
    return _known(place, name) if len(name) <= _LONGEST_NAME else None


def hides(name: str, value: Any, beside: Iterable[str]) -> bool:
    """Whether a field of that name, beside these, holds a secret in its value."""
    row = named("fields", name)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return row is not None and row.among(beside) and (row.numbers or not number)


def covered(value: Any, cover: Callable[[str], str]) -> Any:
    """A JSON value, all that stands under the name of a secret covered; what is empty or none stays so."""
    if isinstance(value, list):
        return [covered(item, cover) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _cover(inner, cover) if hides(name, inner, value) else covered(inner, cover)
        for name, inner in value.items()
    }


def _cover(value: Any, cover: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_cover(item, cover) for item in value]
    if isinstance(value, dict):
        return covered(value, cover)
    return value if value is None or value == "" or isinstance(value, bool) else cover(str(value))


def shaped(text: str) -> Iterator[Span]:
    """Where something stands in a text that has the form of a secret."""
    size = len(text)
    likely = [form for least, sign, form in _signs() if size >= least and sign in text]
    for form in dict.fromkeys(likely):
        yield from form.spans(text)


@lru_cache(maxsize=1)
def _signs() -> tuple[tuple[int, str, Form], ...]:
    """How long a text is that holds a key, at least, what it holds besides, and the key's form.

    Each text of a request that is replayed is asked for all of them.
    """
    return tuple(
        (len(begin) + form.least, begin or form.holds, form)
        for form in listed().forms
        for begin in form.begins
    )


def in_queries(text: str) -> Iterator[Span]:
    """Where the value of a secret name stands in the queries of the URLs in a text."""
    if "=" not in text:
        return
    for match in _PARAMETER.finditer(text):
        if named("queries", unquote_plus(match[1])) is not None:
            yield match.span(2)


def encoded(text: str) -> Iterator[tuple[Span, str]]:
    """What is percent-encoded or in base64 in a text: where it stands, and what it says."""
    for match in _RUN.finditer(text) if "%" in text else ():
        if "%" in match[0]:
            yield match.span(), unquote_plus(match[0])
    for match in _BASE64.finditer(text) if len(text) >= _LEAST_BASE64 else ():
        said = _from_base64(match[1])
        if said is not None:
            yield match.span(), said


def _from_base64(run: str) -> str | None:
    """The text that a run says in base64, of either alphabet; None when it says none."""
    plain = run.replace("-", "+").replace("_", "/")
    try:
        return b64decode(plain + "=" * (-len(plain) % 4)).decode("utf-8")
    except ValueError:
        return None


def scheme_of(value: str) -> str:
    """The scheme that stands before the credentials of a header, as it is written; "" without one."""
    scheme, blank, _ = value.strip().partition(" ")
    return scheme if blank and scheme.lower() in listed().schemes else ""


def _credentials(value: str) -> Iterator[str]:
    """What is secret in the value of a header: its credentials, or the parts of them."""
    scheme = scheme_of(value)
    bare = value.strip()[len(scheme) :].strip()
    yield bare
    if not scheme and " " in bare:
        yield bare.rpartition(" ")[2]  # behind a scheme that nobody knows
    if scheme.lower() == "basic":
        try:
            yield b64decode(bare, validate=True).decode().partition(":")[2]
        except ValueError:
            return
    for part in re.split(r"[,\s]+", bare) if "=" in bare else ():
        name, _, held = part.partition("=")
        if named("queries", name) is not None or name.lower() == "response":
            yield held.strip('"')


def _cookies(name: str, value: str) -> Iterator[str]:
    """What is secret in cookies: of one that is set its value alone, of those that are sent the sessions."""
    first, *others = (part.partition("=")[2].strip().strip('"') for part in value.split(";"))
    yield first
    if name == "cookie":
        for held in others:
            mixed = any(map(str.isdecimal, held)) and any(map(str.isalpha, held))
            if len(held) >= _MACHINE_MADE and mixed:
                yield held


def known(headers: Iterable[tuple[str, str]], also: Collection[str] = ()) -> set[str]:
    """The secrets that the headers of one exchange carry, as far as they are long enough to be looked for.

    `also`: the names of further headers that hold secrets, in lower case.
    """
    found: set[str] = set()
    for name, said in headers:
        lower = name.lower()
        if lower in also or named("headers", name) is not None:
            found.update(_cookies(lower, said) if lower.endswith("cookie") else _credentials(said))
    return {secret for secret in found if len(secret) >= listed().least}


def places_of(secret: str, text: str) -> Iterator[Span]:
    """Where a known secret stands in a text: a short one only as a word of its own."""
    at = text.find(secret)
    while at >= 0:
        stop = at + len(secret)
        before, behind = text[at - 1 : at], text[stop : stop + 1]
        if len(secret) >= listed().anywhere or not (_in_word(before) or _in_word(behind)):
            yield at, stop
        at = text.find(secret, stop)


def _in_word(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def uttered(value: Any, secret: str, cover: Callable[[str], str]) -> Any:
    """A JSON value with a known secret covered wherever it stands, in the names of fields too."""
    if isinstance(value, str):
        parts, at = [], 0
        for start, stop in places_of(secret, value):
            parts += [value[at:start], cover(secret)]
            at = stop
        return "".join([*parts, value[at:]]) if parts else value
    if isinstance(value, list):
        return [uttered(item, secret, cover) for item in value]
    if isinstance(value, dict):
        return {uttered(name, secret, cover): uttered(inner, secret, cover) for name, inner in value.items()}
    return value
