"""Whether a user's words ask for what a tool does.

Words are compared as ideas: the forms of an English word are one, Chinese and Japanese are read by pairs of
characters, and a table (`fixtures/instances.json`) knows which common words of the three languages mean the
same. It is careful: a text that shares nothing of substance with a tool asks for nothing.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from mockserver.answer.course import known
from mockserver.base.kept import remembered
from mockserver.instances.fragments import fragments, shortened
from mockserver.instances.kinds import parts, tables
from mockserver.instances.stems import stem
from mockserver.instances.words import Words

_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_ASIAN = re.compile("[\u3400-\u9fff\u30a0-\u30ff]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s|[。！？\n]")
_INTO = re.compile(r"\b(?:in|into|to) [A-Z]")
"""What stands before the language that something is to be said in."""

_FIRST = 200
"""How much of a description is read: what a tool does stands at its start."""

_LONG = 2_000
"""How much of it is read of a tool that hands over: behind words of its own it tells what the other does."""

_KEEPING = (["set"], ["record"], ["save"], ["store"])

_FEW = 16
"""How many of a tool's parameters say what it is about."""

_ACTIONS = frozenset(
    ("send", "write", "delete", "create", "update", "run", "book", "translate", "search", "read", "remember")
)
"""Ideas that a text must name when a tool's name begins with them."""

_FILLER = re.compile(
    "获取|得到|返回|现在|当前|目前|今天|指定|给定|特定|用户|工具|函数|非常|有用|一个|某个|想要|想知道|知道|使用|调用|可以|"
    "进行|请问|怎么样|怎样|如何|什么|多少|名称|信息|结果|参数|需要|城市|地点|省市|查询|一下|告诉|帮我|你好|您好|谢谢|早上好|"
    "再见|取得|指定された|現在|今日|教えて|ください|ありがとう|こんにちは|都市|場所|情報|関数|"
    "[的了在是吗呢吧啊和与及或请当时你我他它您这那有个会要想把给]"
)


@cache
def _empty() -> frozenset[str]:
    """The stems of the words that say nothing of what is asked for."""
    return frozenset(map(stem, tables()["empty"]))


@cache
def _ideas() -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The idea of each English stem, and of each Chinese or Japanese expression."""
    english: dict[str, str] = {}
    asian = []
    for idea, words in tables()["ideas"].items():
        for word in words:
            if word.isascii():
                english.setdefault(stem(word), idea)
            else:
                asian.append((word, idea))
    return english, asian


def _english(words: Iterator[str]) -> Iterator[str]:
    ideas = _ideas()[0]
    for word in words:
        root = stem(word.removesuffix("'s"))
        if root in ideas:
            yield ideas[root]
        elif root not in _empty() and len(root) > 1:
            yield root


@remembered(most=256, characters=1 << 17)
def terms(text: str) -> tuple[str, ...]:
    """The ideas, the other English stems and the pairs of Asian characters of a text, each once, in order."""
    found = list(_english(word.lower() for word in _WORD.findall(text)))
    for expression, idea in _ideas()[1]:
        if expression in text:
            found.append(idea)
            text = text.replace(expression, " ")
    for run in _ASIAN.findall(_FILLER.sub(" ", text)):
        found += [run[at : at + 2] for at in range(len(run) - 1)]
    return tuple(dict.fromkeys(found))


def _described(tool: Mapping[str, Any]) -> tuple[str, str, Any]:
    inner = tool.get("function")
    function = inner if isinstance(inner, Mapping) else tool
    return str(function.get("name") or ""), str(function.get("description") or ""), function.get("parameters")


def _members(parameters: Any) -> Iterator[str]:
    """The texts that the enums of a tool's parameters allow."""
    properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
    for schema in properties.values() if isinstance(properties, Mapping) else ():
        members = schema.get("enum") if isinstance(schema, Mapping) else None
        yield from (member for member in members or () if isinstance(member, str))


def names(text: str, name: str) -> bool:
    """Whether a text names a tool: by a name of several words as it is, by one of one word beside "tool"."""
    if not name.strip() or name.casefold() not in text.casefold():
        return False  # an expression for each of thousands of tools would be slow to make
    shown = re.escape(name)
    if len(parts(name)) > 1:
        return re.search(rf"(?<![A-Za-z0-9_]){shown}(?![A-Za-z0-9_])", text, re.IGNORECASE) is not None
    kinds = "tool|function|工具|函数|ツール|関数"
    before = rf"(?<![A-Za-z0-9_])[`'\"]?{shown}[`'\"]?\s*+(?:{kinds})"
    beside = rf"{before}|(?:{kinds})\s*+[`'\"]?{shown}(?![A-Za-z0-9_])"
    return re.search(beside, text, re.IGNORECASE) is not None


def said_in(text: str) -> set[str]:
    """The ideas of a text, with those that it shows without a word: a formula, a language behind "into"."""
    found = set(terms(text))
    formulas = fragments(text).formulas
    if formulas:
        found.add("arithmetic")
        if any("+" in formula for formula in formulas):
            found.add("sum")
    if _INTO.search(text) and any(f" {name}" in text for name in fragments(text).languages):
        found.add("translate")
    return found


def asks_for(tool: Mapping[str, Any], text: str) -> bool:
    """Whether a text asks for what a tool does. A tool is a function, or an object that has one."""
    name, description, parameters = _described(tool)
    text = shortened(text)
    if name and names(text, name):
        return True
    said = said_in(text)
    named = terms(" ".join(parts(name)) if name.isascii() else name)
    if hands_over(name):
        return _hands_to(named, terms(description[:_LONG]), said)
    if _keeps(name, parameters, text):
        return True
    if not said or (named and named[0] in _ACTIONS and named[0] not in said):
        return False
    about = set(terms(_SENTENCE.split(description.strip())[0][:_FIRST])) - set(named)
    return _meets(named, about, said) or ("arithmetic" in said and _calculates(named, about, parameters))


@cache
def _over() -> tuple[frozenset[str], frozenset[str]]:
    """The parts of a name by which a tool hands the work over, and the words that say nothing of to whom."""
    table = known()["handoffs"]
    return frozenset(table["parts"]), frozenset(terms(" ".join(table["words"])))


def hands_over(name: str) -> bool:
    """Whether a tool hands the work to another agent, or is one, by its name."""
    words = parts(name)
    is_one = len(words) > 1 and words[-1] in known()["handoffs"]["roles"]
    return is_one or not _over()[0].isdisjoint(words[:2])


def _hands_to(named: tuple[str, ...], about: tuple[str, ...], said: set[str]) -> bool:
    """Whether a text is for the agent that is handed over to: it shares an idea with its name, or enough."""
    empty = _over()[1]
    if not said.isdisjoint(set(named) - empty):
        return True
    told = set(about) - empty
    hits = len(told & said)
    return hits > 0 and 2 * hits >= len(told)


def is_for(agent: str, about: str, said: set[str]) -> bool:
    """Whether ideas of a text are for an agent, by its name and by what is said of it."""
    return _hands_to(terms(" ".join(parts(agent)) if agent.isascii() else agent), terms(about), said)


def _keeps(name: str, parameters: Any, text: str) -> bool:
    """Whether a tool keeps what a text tells by name: ``set_name``, and "My name is Laurie"."""
    if parts(name)[:1] not in _KEEPING or not isinstance(parameters, Mapping):
        return False
    properties, required = parameters.get("properties"), parameters.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, list) or not required:
        return False
    words = Words.of(text)
    return all(isinstance(each, str) and words.tells(each) for each in required)


def standing(tool: Mapping[str, Any], text: str) -> int:
    """Where among the ideas of a text the first word of a tool's name stands; behind all where none does."""
    name = _described(tool)[0]
    said = terms(shortened(text))
    named = terms(" ".join(parts(name)) if name.isascii() else name)
    return next((said.index(term) for term in named if term in said), len(said))


def nearness(tool: Mapping[str, Any], text: str) -> int:
    """How many ideas a text has in common with a tool's name, description and parameters."""
    name, description, parameters = _described(tool)
    properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
    names = [" ".join(parts(each)) for each in properties] if isinstance(properties, Mapping) else []
    about = terms(" ".join((*parts(name), description[:_FIRST], *names[:_FEW])))
    return len(set(about) & said_in(shortened(text)))


def _meets(named: tuple[str, ...], about: set[str], said: set[str]) -> bool:
    """Whether a text has enough of a tool's name, or of what is said about it."""
    nouns = [term for term in named if term not in _ACTIONS]
    known = sum(term in said for term in nouns)
    if (named and said.issuperset(named)) or (known and 2 * known >= len(nouns)):
        return True
    hits = len(about & said)
    if known + hits > 1:
        return 3 * (known + hits) >= len(about) + len(named)
    return hits > 0 and 2 * hits >= len(about)


def _calculates(named: tuple[str, ...], about: set[str], parameters: Any) -> bool:
    """Whether a tool is a calculator, also when only its operations say so."""
    return "arithmetic" in {*named, *about} or any(
        "arithmetic" in terms(member[:_FIRST]) for member in _members(parameters)
    )
