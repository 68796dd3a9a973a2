"""What the words of a user offer for the properties of a JSON object."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.base.forgetting import memo
from mockserver.base.kept import remembered
from mockserver.base.values import value
from mockserver.instances.fragments import Fragments, fragments, number, shortened
from mockserver.instances.kinds import kind_of, made_up, parts
from mockserver.instances.language import language
from mockserver.instances.members import listed, nearest_members
from mockserver.instances.stems import stem

_SHORT = 6
"""The longest Han fragment that may be a place."""

_SHORTEST_FORM = 4
"""The shortest word of which other forms are looked for: multiply, multiplied."""

_WHOLE = 500
"""How much of the text a property takes that wants the whole text."""

_ASKS = re.compile(
    r"^(?:(?:please|can you|could you|i want to|i would like to)\s+)*"
    r"(?:(?:search|look|google|find|browse|query)"
    r"(?:\s+(?:the (?:web|internet)|online|up|for|about|me|out))*)\s+|"
    r"^(?:请|帮我|麻烦)*(?:搜索一下|搜索|搜一下|查询一下|查询|查一下|查找|检索)|(?:を|について)?(?:検索|調べ)\w*",
    re.IGNORECASE,
)
_SAYS = (
    r"\s*+(?:=|:|：|传入|传|设为|为|は)\s*[\"'“「`]?"
    r"([^\n\"'”」`，。；]+?)(?=[\"'”」`，。；,;]|\.\s*+$|(?<!\s)\s*+$|\. |\n)"
)
"""What says, behind a property's name, that its value follows."""

_QUOTES = r"\s++(?:\"([^\"\n]+)\"|'([^'\n]+)'(?!\w)|“([^“”\n]+)”|`([^`\n]+)`)"
_IS = r"\s++(?:is|are)\s++((?:[A-Z][\w'’-]*)(?: [A-Z][\w'’-]*)*|[A-Za-z-]*[\d_][\w-]*)"
"""A value that follows the name in quotation marks, or behind "is" as a name or a code."""

_VALUE = re.compile(rf"(?i:{_SAYS})|{_QUOTES}|{_IS}")
"""What follows the name of a property where its value is told."""

_ORDER = re.compile(
    r"(?:run|execute|command|commands|命令|运行|执行|実行)[^:：\n]*+(?:[:：]\s*([^\n]+))?", re.IGNORECASE
)
"""What is to be run, behind a colon; or a word that says so in a line without any, without a group."""

_NEXT = re.compile(r" and (?=\w+ )")
_FRONT = frozenset({"from", "origin", "departure", "source", "start", "出发地", "出発地"})
_BACK = frozenset({"to", "destination", "arrival", "target", "end", "目的地"})


_GETTING = frozenset({"recipient", "receiver", "to", "assignee"})
_WITHIN = frozenset({"city", "town", "country"})
_LETTERS = re.compile(r"[A-Z]{2}")
_FOLDERS = frozenset({"dir", "directory", "folder", "cwd", "root", "workspace", "workdir"})
_FOLDER = re.compile(r"director(?:y|ies)|folder|文件夹|目录", re.IGNORECASE)
_ABSOLUTE = re.compile(r"absolute|full path|绝对路径|絶対パス", re.IGNORECASE)
_ROOTED = re.compile(r"/|~|[A-Za-z]:\\")
_ISO = re.compile(r"ISO|YYYY", re.IGNORECASE)
"""What a description says that wants a date in digits, not a day such as tomorrow."""

_TELLING = frozenset(
    {"email", "url", "phone", "datetime", "date", "time", "language", "currency", "symbol", "place"}
    | {"country", "path", "postcode", "expression", "id", "person"}
)
"""The kinds whose values show in a text what they are."""


def _stands(spelled: str, text: str) -> int:
    """Where a member of an enum stands in the text as a word of its own; -1 when it does not."""
    at = text.find(spelled)
    while at >= 0 and spelled.isascii():
        before, after = text[:at][-1:], text[at + len(spelled) :][:1]
        if not (_joins(before) and _joins(spelled[0])) and not (_joins(after) and _joins(spelled[-1])):
            break
        at = text.find(spelled, at + 1)
    return at


@remembered(most=64, characters=1 << 20)
def _forms(text: str) -> dict[str, int]:
    """Where the forms of each English word stand first in a text, by their stem."""
    found: dict[str, int] = {}
    for match in re.finditer(r"[a-z]{3,}", text):
        found.setdefault(stem(match[0]), match.start())
    return found


@memo(most=1024)
def _beside(root: str) -> tuple[re.Pattern[str], ...]:
    """Where a number stands beside a word: behind it, before it, behind it and a few words more."""
    shown = re.escape(root) + ("[a-z]*+" if len(root) > 1 else "(?![a-z])")
    value = r"[$€£¥]?(-?\d{1,3}(?:,\d{3})+|-?\d+(?:\.\d+)?)(?![\w.]\w)"
    spelled = (
        rf"(?<![a-z]){shown}\s*+(?:(?:is|are|=|:|为|是|of|was|传)\s*+)?{value}",
        rf"(?<![\w.])(-?\d+(?:\.\d+)?)[\s-]*+{shown}(?![a-z])",
        rf"(?<![a-z]){shown}(?:\s++[a-z]++){{1,4}}?\s++(?:is|are|was|were)\s++{value}",
    )
    return tuple(re.compile(each, re.IGNORECASE) for each in spelled)


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _joins(char: str) -> bool:
    return char.isascii() and char.isalnum()


@value
class Words:
    """What one text offers: `heard` is the text with what tools have answered, the `results`.

    `lowered` is what was heard in lower case, for who looks for a word.
    """

    text: str
    language: str
    fragments: Fragments
    heard: str
    directory: str = ""
    results: str = ""
    lowered: str = ""

    @classmethod
    def of(cls, text: str, *, directory: str = "", results: Sequence[str] = ()) -> "Words":
        """The words of a user's text. Of a very long one the middle is left out.

        `directory` is the folder that the conversation works in; `results` are what tools have answered: it
        is told, and gives values where the text has none.
        """
        text = shortened(text)
        told = shortened(" ".join(results)).strip()[:_WHOLE]
        heard = shortened(f"{text}\n{told}") if told else text
        return cls(text, language(text), fragments(heard), heard, directory, told, heard.lower())

    def offers(self, name: str, description: str, schema: Mapping[str, Any]) -> list[Any]:
        """Every value of the text that suits a property, the best first. `schema` is what it demands."""
        members = schema.get("enum")
        if isinstance(members, list):
            return self.name(members) or nearest_members(members, self.heard)
        types = schema.get("type", ())
        types = [types] if isinstance(types, str) else types
        if "string" in types or not types:
            found = self._strings(name, description, schema)
            if found or not types:
                return found
        if "number" in types or "integer" in types:
            return self._numbers(name, schema, whole="number" not in types)
        return []

    def gives(self, name: str, description: str, schema: Mapping[str, Any]) -> list[Any]:
        """The values of the text that are for this very property, not only such as would do."""
        members = schema.get("enum")
        if isinstance(members, list):
            return self.name(members)
        types = schema.get("type", ())
        if "string" in types:
            return self._telling(name, description, schema)
        if "number" in types or "integer" in types:
            return self._numbers(name, {"default": None}, whole="number" not in types)
        return self._telling(name, description, {}) if "array" in types else []

    def _telling(self, name: str, description: str, schema: Mapping[str, Any]) -> list[Any]:
        """The pieces of the text that show what they are, or follow the property's name."""
        if said := self._said(name):
            return [said]
        if named := listed(description):
            return self.name(named)
        kind = kind_of(name, description)
        pieces = {"path": self.fragments.paths, "place": self.fragments.places}
        pieces["country"] = self.fragments.places
        if (kind in _TELLING and pieces.get(kind, ("",))) or schema.get("format") in _BY_FORMAT:
            return self._strings(name, description, schema)
        return []

    def things(self, parameters: Any) -> tuple[str, ...]:
        """The values of the text that a function is to be called for, one by one; () where it is called once.

        They are those of the only property of a kind of which people name several.
        """
        properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
        kinds = [
            kind_of(name, str(schema.get("description") or ""))
            for name, schema in (properties.items() if isinstance(properties, Mapping) else ())
            if isinstance(schema, Mapping)
            and schema.get("type", "string") == "string"
            and "enum" not in schema
        ]
        for kind, found in (("place", self.fragments.places), ("symbol", self.fragments.tickers)):
            if kinds.count(kind) == 1 and not (self.fragments.origins or self.fragments.goals):
                return found
        return ()

    def name(self, members: Sequence[Any]) -> list[Any]:
        """Those of some values that stand in the text, in its order."""
        lowered = self.lowered
        forms = _forms(lowered)
        found = []
        for member in members:
            if isinstance(member, str):
                spelled = member.lower().replace("_", " ").strip()
                at = _stands(spelled, lowered) if spelled else -1
                if at < 0 and len(spelled) >= _SHORTEST_FORM:
                    at = forms.get(stem(spelled), -1)
                if at >= 0:
                    found.append((at, -len(member), member))
            elif not isinstance(member, bool) and member in self.fragments.numbers:
                found.append((self.fragments.numbers.index(member), 0, member))
        return [member for _, _, member in sorted(found, key=lambda entry: entry[:2])]

    def pick(
        self, name: str, description: str, schema: Mapping[str, Any], *, taken: Sequence[Any] = ()
    ) -> Any:
        """The value of the text that suits a property best; None when there is none.

        `taken` are the values that other properties have: the first number is the first number's.
        """
        left = list(taken)
        for offered in self.offers(name, description, schema):
            if offered not in left:
                return offered
            left.remove(offered)
        return None

    def _numbers(self, name: str, schema: Mapping[str, Any], *, whole: bool) -> list[Any]:
        """The number beside the property's name, else all numbers unless the property has a default."""
        found: list[Any] = []
        lowered = self.lowered
        for word in parts(name):
            root = stem(word)
            if root not in lowered:
                continue
            after, before, far = _beside(root)
            texts = after.findall(self.heard)
            if len(word) > 1:
                texts += before.findall(self.heard)
            texts = texts or far.findall(self.heard)
            found += [value for text in texts if (value := number(text)) is not None]
        if not found and "default" not in schema:
            found = list(self.fragments.numbers)
        return [value for value in found if not whole or isinstance(value, int)]

    def _strings(self, name: str, description: str, schema: Mapping[str, Any]) -> list[Any]:
        said = self._said(name)
        if said:
            return [said]
        form = schema.get("format")
        if isinstance(form, str) and form in _BY_FORMAT:
            return list(_BY_FORMAT[form](self))
        if description and (named := listed(description)):
            return self.name(named) or nearest_members(named, self.heard) or list(named[:1])
        return self._of_kind(name, description, schema)

    def _of_kind(self, name: str, description: str, schema: Mapping[str, Any]) -> list[Any]:
        """The pieces of the text that are of the property's kind, as its description wants them."""
        kind = kind_of(name, description)
        if kind == "path":
            return self._paths(name, description)
        if kind in ("place", "country"):
            return self._places(name)
        if kind in ("date", "datetime") and _ISO.search(description):
            return list(self.fragments.dates)
        if kind in _BY_KIND:
            return list(self._people(name) if kind == "person" else _BY_KIND[kind](self))
        if "default" in schema:
            return []
        return list(self.fragments.quoted) or ([self.results] if self.results and not kind else [])

    def _said(self, name: str) -> str:
        """The value that follows the property's own name: ``query: apollo``, ``candidate 传 ...``."""
        spelled = name.lower().replace("_", " ")
        if not spelled:
            return ""
        lowered = self.lowered if self.heard is self.text else self.text.lower()
        lowered = lowered.replace("_", " ")
        at = lowered.find(spelled)
        if at >= 0 and len(lowered) != len(self.text):  # few letters are longer in lower case
            lowered = self.text.replace("_", " ")
            at = lowered.find(spelled)
        while at >= 0:
            if not at or not _in_word(self.text[at - 1]):
                found = _VALUE.match(self.text, at + len(spelled))
                if found:
                    value: str = next(filter(None, found.groups()))
                    return value.strip()
            at = lowered.find(spelled, at + 1)
        return ""

    def tells(self, name: str) -> bool:
        """Whether the text tells a value by the name of its property."""
        return bool(self._said(name))

    def _paths(self, name: str, description: str) -> list[str]:
        """The paths of the text, absolute where that is demanded and the folder is known."""
        paths = list(self.fragments.paths)
        if not paths and self.directory and _is_folder(name, description):
            return [self.directory]
        if not _ABSOLUTE.search(description):
            return paths
        root = self.directory.rstrip("/")
        paths = paths or made_up("path", "en")[:1]
        return [path if _ROOTED.match(path) else f"{root}/{path.removeprefix('./')}" for path in paths]

    def _people(self, name: str) -> Sequence[str]:
        """The people of the text: who is given or told something for who is to get it."""
        pieces = self.fragments
        if not _GETTING.isdisjoint(parts(name)) and pieces.recipients:
            return pieces.recipients
        if pieces.people:
            return pieces.people
        quoted = " ".join(pieces.quoted)
        names = [
            each
            for each in pieces.names
            if not (each in pieces.places or each in quoted or any(map(str.isdecimal, each)))
        ]
        return names or pieces.recipients

    def _places(self, name: str) -> list[str]:
        words = set(parts(name)) | {name}
        if words & _FRONT and self.fragments.origins:
            return list(self.fragments.origins)
        if words & _BACK and self.fragments.goals:
            return list(self.fragments.goals)
        places = self.fragments.places or self.fragments.names
        if words & _WITHIN:
            places = tuple(dict.fromkeys(_cut(place, country="country" in words) for place in places))
        return list(places or [piece for piece in self.fragments.pieces if len(piece) <= _SHORT][:1])


def _cut(place: str, *, country: bool) -> str:
    """The country of a place that stands behind its city, or the city; of a state's letters they are one."""
    city, comma, rest = place.partition(", ")
    if not comma or _LETTERS.fullmatch(rest):
        return place
    return rest if country else city


def _is_folder(name: str, description: str) -> bool:
    """Whether a path is that of a folder."""
    if not _FOLDERS.isdisjoint(parts(name)):
        return True
    return _FOLDER.search(description) is not None and "file" not in (name + description).lower()


def _queries(words: Words) -> list[str]:
    """What is searched for: the quotation, or the text without the words that ask for a search."""
    if words.fragments.quoted:
        return list(words.fragments.quoted)
    line = " ".join(words.text.split())
    left = _ASKS.sub("", line, count=1).strip(" ?？。.!！")
    return [left[:_WHOLE]] if left else []


def _texts(words: Words) -> list[str]:
    return list(words.fragments.quoted) or [words.text.strip()[:_WHOLE]] * bool(words.text.strip())


def _commands(words: Words) -> list[str]:
    """What stands in backticks or quotes, else what follows a colon."""
    if words.fragments.quoted:
        return list(words.fragments.quoted)
    said = next((found[1] for found in _ORDER.finditer(words.text) if found[1]), "")
    return [part.strip() for part in _NEXT.split(said)] if said else []


def _fragment(name: str) -> Callable[[Words], Sequence[Any]]:
    def get(words: Words) -> Sequence[Any]:
        found: Sequence[Any] = getattr(words.fragments, name)
        return found

    return get


def _clock(words: Words) -> str:
    """The first time of the text, to the second."""
    time = (words.fragments.times or ("00:00",))[0].zfill(5)
    return time if time.count(":") > 1 else f"{time}:00"


def _nothing(_: Words) -> Sequence[Any]:
    return ()


_BY_FORMAT: dict[str, Callable[[Words], Sequence[Any]]] = {
    "email": _fragment("emails"),
    "idn-email": _fragment("emails"),
    "uri": _fragment("urls"),
    "url": _fragment("urls"),
    "date": _fragment("dates"),
    "date-time": lambda words: [f"{date}T{_clock(words)}Z" for date in words.fragments.dates],
    "time": _nothing,
    "duration": _nothing,
    "uuid": _nothing,
    "ipv4": _nothing,
    "ipv6": _nothing,
    "hostname": _nothing,
}
_BY_KIND: dict[str, Callable[[Words], Sequence[Any]]] = {
    "email": _fragment("emails"),
    "url": _fragment("urls"),
    "phone": _fragment("codes"),
    "timezone": _nothing,
    "datetime": _fragment("dates"),
    "date": lambda words: words.fragments.dates + words.fragments.days,
    "time": _fragment("times"),
    "language": _fragment("languages"),
    "currency": _fragment("tickers"),
    "symbol": _fragment("tickers"),
    "path": _fragment("paths"),
    "command": _commands,
    "code": _fragment("quoted"),
    "postcode": _fragment("codes"),
    "expression": _fragment("formulas"),
    "color": _nothing,
    "id": _fragment("codes"),
    "query": _queries,
    "made": lambda words: [words.results] if words.results else [],
    "text": _texts,
    "title": _fragment("quoted"),
    "tag": _nothing,
    "person": lambda words: words.fragments.people,
    "unit": _fragment("units"),
}
