"""What the words of a user offer for the properties of a JSON object."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mockserver.answer.fragments import Fragments, fragments
from mockserver.answer.kinds import kind_of, parts
from mockserver.answer.language import language
from mockserver.answer.stems import stem

_SHORT = 6
"""The longest Han fragment that may be a place."""

_WHOLE = 500
"""How much of the text a property takes that wants the whole text."""

_ASKS = re.compile(
    r"^(?:(?:please|can you|could you|i want to|i would like to)\s+)*"
    r"(?:(?:search|look|google|find|browse|query)(?:\s+(?:the (?:web|internet)|online|up|for|about|me|out))*)\s+|"
    r"^(?:请|帮我|麻烦)*(?:搜索一下|搜索|搜一下|查询一下|查询|查一下|查找|检索)|(?:を|について)?(?:検索|調べ)\w*",
    re.IGNORECASE,
)
_FRONT = frozenset({"from", "origin", "departure", "source", "start", "出发地", "出発地"})
_BACK = frozenset({"to", "destination", "arrival", "target", "end", "目的地"})


def _is_word(word: str) -> bool:
    return word.isascii() and word.replace("_", "").isalnum()


def _position(member: str, text: str, lowered: str) -> int | None:
    """Where a member of an enum stands in the text, also in another form of the word: multiply, multiplied."""
    spelled = member.lower().replace("_", " ").strip()
    if not spelled:
        return None
    if not spelled.isascii():
        at = text.lower().find(spelled)
        return None if at < 0 else at
    edge = r"(?<![a-z0-9])" if spelled[0].isalnum() else ""
    end = r"(?![a-z0-9])" if spelled[-1].isalnum() else ""
    found = re.search(edge + re.escape(spelled) + end, lowered)
    if found:
        return found.start()
    if not _is_word(spelled) or len(spelled) <= 3:  # noqa: PLR2004 - shorter words have no forms worth guessing
        return None
    root = stem(spelled)
    forms = (match.start() for match in re.finditer(r"[a-z]+", lowered) if stem(match[0]) == root)
    return next(forms, None)


@dataclass(frozen=True, slots=True)
class Words:
    """What one text offers."""

    text: str
    language: str
    fragments: Fragments

    @classmethod
    def of(cls, text: str) -> "Words":
        """The words of a user's text."""
        return cls(text, language(text), fragments(text))

    def offers(self, name: str, description: str, schema: Mapping[str, Any]) -> list[Any]:
        """Every value of the text that suits a property, the best first. `schema` is what it demands."""
        members = schema.get("enum")
        if isinstance(members, list):
            return self.name(members)
        types = schema.get("type", ())
        types = [types] if isinstance(types, str) else types
        if "string" in types or not types:
            found = self._strings(name, description, schema)
            if found or not types:
                return found
        if "number" in types or "integer" in types:
            return self._numbers(name, schema, whole="number" not in types)
        return []

    def name(self, members: Sequence[Any]) -> list[Any]:
        """Those of some values that stand in the text, in its order."""
        lowered = self.text.lower()
        found = []
        for member in members:
            if isinstance(member, str):
                at = _position(member, self.text, lowered)
                if at is not None:
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
        for value in self.offers(name, description, schema):
            if value not in left:
                return value
            left.remove(value)
        return None

    def _numbers(self, name: str, schema: Mapping[str, Any], *, whole: bool) -> list[Any]:
        """The number beside the property's name, else all numbers unless the property has a default."""
        found: list[Any] = []
        for word in parts(name):
            shown = re.escape(stem(word))
            after = re.search(
                rf"(?<![a-z]){shown}[a-z]*\s*(?:is|are|=|:|为|是|of|was|传)?\s*(-?\d+(?:\.\d+)?)(?![\w.]\w)",
                self.text,
                re.I,
            )
            before = re.search(rf"(?<![\w.])(-?\d+(?:\.\d+)?)[\s-]*{shown}[a-z]*(?![a-z])", self.text, re.I)
            for match in (after, before if len(word) > 1 else None):
                if match:
                    value = float(match[1]) if "." in match[1] else int(match[1])
                    found.append(value)
        if not found and "default" not in schema:
            found = list(self.fragments.numbers)
        return [number for number in found if not whole or isinstance(number, int)]

    def _strings(self, name: str, description: str, schema: Mapping[str, Any]) -> list[Any]:
        said = self._said(name)
        if said:
            return [said]
        form = schema.get("format")
        if isinstance(form, str) and form in _BY_FORMAT:
            return list(_BY_FORMAT[form](self))
        kind = kind_of(name, description)
        if kind == "place" or (kind in _PLACES and not schema.get("default")):
            return self._places(name)
        if kind in _BY_KIND:
            return list(_BY_KIND[kind](self))
        return list(self.fragments.quoted) if "default" not in schema else []

    def _said(self, name: str) -> str:
        """The value that follows the property's own name: ``query: apollo``, ``candidate 传 ...``."""
        spelled = re.escape(name).replace("_", "[_ ]")
        found = re.search(
            rf"(?<![\w]){spelled}\s*(?:=|:|：|传入|传|设为|为|は)\s*[\"'“「`]?([^\n\"'”」`，。；]+?)(?=[\"'”」`，。；,;]|\.?\s*$|\. |\n)",
            self.text,
            re.IGNORECASE,
        )
        return found[1].strip() if found and name else ""

    def _places(self, name: str) -> list[str]:
        words = set(parts(name)) | {name}
        if words & _FRONT and self.fragments.origins:
            return list(self.fragments.origins)
        if words & _BACK and self.fragments.goals:
            return list(self.fragments.goals)
        places = self.fragments.places or self.fragments.names
        return list(places or [piece for piece in self.fragments.pieces if len(piece) <= _SHORT][:1])

    def _people(self) -> Sequence[str]:
        names = [name for name in self.fragments.names if name not in self.fragments.places]
        return self.fragments.people or names

    def _queries(self) -> list[str]:
        """What is searched for: the quotation, or the text without the words that ask for a search."""
        if self.fragments.quoted:
            return list(self.fragments.quoted)
        line = " ".join(self.text.split())
        left = _ASKS.sub("", line, count=1).strip(" ?？。.!！")
        return [left[:_WHOLE]] if left else []

    def _texts(self) -> list[str]:
        return list(self.fragments.quoted) or [self.text.strip()[:_WHOLE]] * bool(self.text.strip())

    def _commands(self) -> list[str]:
        """What stands in backticks or quotes, else what follows a colon."""
        if self.fragments.quoted:
            return list(self.fragments.quoted)
        found = re.search(
            r"(?:run|execute|command|commands|命令|运行|执行|実行)[^:：\n]*[:：]\s*([^\n]+)", self.text, re.I
        )
        return [part.strip() for part in re.split(r" and (?=\w+ )", found[1])] if found else []


def _fragment(name: str) -> Callable[[Words], Sequence[Any]]:
    def get(words: Words) -> Sequence[Any]:
        found: Sequence[Any] = getattr(words.fragments, name)
        return found

    return get


def _nothing(_: Words) -> Sequence[Any]:
    return ()


_PLACES = ("country",)
_BY_FORMAT: dict[str, Callable[[Words], Sequence[Any]]] = {
    "email": _fragment("emails"),
    "idn-email": _fragment("emails"),
    "uri": _fragment("urls"),
    "url": _fragment("urls"),
    "date": _fragment("dates"),
    "date-time": _nothing,
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
    "command": Words._commands,
    "code": _fragment("quoted"),
    "postcode": _fragment("codes"),
    "expression": _fragment("formulas"),
    "color": _nothing,
    "id": _fragment("codes"),
    "query": Words._queries,
    "made": _nothing,
    "text": Words._texts,
    "title": _fragment("quoted"),
    "tag": _nothing,
    "person": Words._people,
}
