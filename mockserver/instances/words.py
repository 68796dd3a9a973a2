"""What the words of a user offer for the properties of a JSON object."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mockserver.instances.fragments import Fragments, fragments, number, shortened
from mockserver.instances.kinds import kind_of, parts
from mockserver.instances.language import language
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
    r"\s*(?:=|:|：|传入|传|设为|为|は)\s*[\"'“「`]?"
    r"([^\n\"'”」`，。；]+?)(?=[\"'”」`，。；,;]|\.?\s*$|\. |\n)"
)
"""What says, behind a property's name, that its value follows."""

_FRONT = frozenset({"from", "origin", "departure", "source", "start", "出发地", "出発地"})
_BACK = frozenset({"to", "destination", "arrival", "target", "end", "目的地"})


def _stands(spelled: str, text: str) -> int:
    """Where a member of an enum stands in the text as a word of its own; -1 when it does not."""
    at = text.find(spelled)
    while at >= 0 and spelled.isascii():
        before, after = text[:at][-1:], text[at + len(spelled) :][:1]
        if not (_joins(before) and _joins(spelled[0])) and not (_joins(after) and _joins(spelled[-1])):
            break
        at = text.find(spelled, at + 1)
    return at


@lru_cache(maxsize=64)
def _forms(text: str) -> dict[str, int]:
    """Where the forms of each English word stand first in a text, by their stem."""
    found: dict[str, int] = {}
    for match in re.finditer(r"[a-z]{3,}", text):
        found.setdefault(stem(match[0]), match.start())
    return found


def _joins(char: str) -> bool:
    return char.isascii() and char.isalnum()


@dataclass(frozen=True, slots=True)
class Words:
    """What one text offers."""

    text: str
    language: str
    fragments: Fragments

    @classmethod
    def of(cls, text: str) -> "Words":
        """The words of a user's text. Of a very long one the middle is left out."""
        text = shortened(text)
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
        for value in self.offers(name, description, schema):
            if value not in left:
                return value
            left.remove(value)
        return None

    def _numbers(self, name: str, schema: Mapping[str, Any], *, whole: bool) -> list[Any]:
        """The number beside the property's name, else all numbers unless the property has a default."""
        found: list[Any] = []
        lowered = self.text.lower()
        for word in parts(name):
            root = stem(word)
            if root not in lowered:
                continue
            shown = re.escape(root)
            after = re.search(
                rf"(?<![a-z]){shown}[a-z]*\s*(?:is|are|=|:|为|是|of|was|传)?\s*(-?\d+(?:\.\d+)?)(?![\w.]\w)",
                self.text,
                re.IGNORECASE,
            )
            before = re.search(
                rf"(?<![\w.])(-?\d+(?:\.\d+)?)[\s-]*{shown}[a-z]*(?![a-z])", self.text, re.IGNORECASE
            )
            beside = (after, before if len(word) > 1 else None)
            found += [value for match in beside if match and (value := number(match[1])) is not None]
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
        kind = kind_of(name, description)
        if kind in ("place", "country"):
            return self._places(name)
        if kind in _BY_KIND:
            return list(_BY_KIND[kind](self))
        return list(self.fragments.quoted) if "default" not in schema else []

    def _said(self, name: str) -> str:
        """The value that follows the property's own name: ``query: apollo``, ``candidate 传 ...``."""
        if not name or name.lower().replace("_", " ") not in self.text.lower().replace("_", " "):
            return ""
        spelled = re.escape(name).replace("_", "[_ ]")
        found = re.search(rf"(?<!\w){spelled}{_SAYS}", self.text, re.IGNORECASE)
        return found[1].strip() if found else ""

    def _places(self, name: str) -> list[str]:
        words = set(parts(name)) | {name}
        if words & _FRONT and self.fragments.origins:
            return list(self.fragments.origins)
        if words & _BACK and self.fragments.goals:
            return list(self.fragments.goals)
        places = self.fragments.places or self.fragments.names
        return list(places or [piece for piece in self.fragments.pieces if len(piece) <= _SHORT][:1])


def _people(words: Words) -> Sequence[str]:
    names = [name for name in words.fragments.names if name not in words.fragments.places]
    return words.fragments.people or names


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
    found = re.search(
        r"(?:run|execute|command|commands|命令|运行|执行|実行)[^:：\n]*[:：]\s*([^\n]+)",
        words.text,
        re.IGNORECASE,
    )
    return [part.strip() for part in re.split(r" and (?=\w+ )", found[1])] if found else []


def _fragment(name: str) -> Callable[[Words], Sequence[Any]]:
    def get(words: Words) -> Sequence[Any]:
        found: Sequence[Any] = getattr(words.fragments, name)
        return found

    return get


def _nothing(_: Words) -> Sequence[Any]:
    return ()


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
    "command": _commands,
    "code": _fragment("quoted"),
    "postcode": _fragment("codes"),
    "expression": _fragment("formulas"),
    "color": _nothing,
    "id": _fragment("codes"),
    "query": _queries,
    "made": _nothing,
    "text": _texts,
    "title": _fragment("quoted"),
    "tag": _nothing,
    "person": _people,
}
