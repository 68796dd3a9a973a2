"""Whether a user's words ask for what a tool does.

Words are compared as ideas: the forms of an English word are one, Chinese and Japanese are read by pairs of
characters, and a table (`fixtures/instances.json`) knows which common words of the three languages mean the
same. It is careful: a text that shares nothing of substance with a tool asks for nothing.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from mockserver.answer.fragments import LONGEST, fragments
from mockserver.answer.kinds import parts, tables
from mockserver.answer.stems import stem

_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_ASIAN = re.compile("[\u3400-\u9fff\u30a0-\u30ff]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s|[。！？\n]")
_FIRST = 200
"""How much of a description is read: what a tool does stands at its start."""

_EMPTY = frozenset(
    stem(word)
    for word in (
        "a an the this that these those is are was were be been am do does did done have has had can could will would "
        "should may might must shall i you he she it we they me my your his her its our their mine yours in on at of to "
        "from for by with without about into over under as and or but if then else so than too very not no yes all any "
        "some each every both more most other another such only own same what which who whom whose when where why how "
        "get gets fetch retrieve return returns returned give given gives use used uses using useful call calls provide "
        "provides provided specific specified current currently now today tool tools function functions method api "
        "helper test mock demo please tell let want need like know ask asked hello hi hey thank thanks welcome bye "
        "good morning evening night great nice fine ok okay sure name names value values input output result results "
        "info information data item items list type string number numbers text string object parameter parameters "
        "argument arguments location city place user users simple basic two one three first last new mcp there here "
        "just also up out way make makes show word words thing things"
    ).split()
)
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
        if root in ideas and word not in ("new",):
            yield ideas[root]
        elif root not in _EMPTY and len(root) > 1:
            yield root


@lru_cache(maxsize=256)
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


def _is_named(name: str, text: str) -> bool:
    """Whether a name of several words stands in a text as it is, or one of one word beside "tool"."""
    shown = re.escape(name)
    if len(parts(name)) > 1:
        return re.search(rf"(?<![A-Za-z0-9_]){shown}(?![A-Za-z0-9_])", text, re.IGNORECASE) is not None
    kinds = "tool|function|工具|函数|ツール|関数"
    beside = (
        rf"(?<![A-Za-z0-9_])[`'\"]?{shown}[`'\"]?\s*(?:{kinds})|(?:{kinds})\s*[`'\"]?{shown}(?![A-Za-z0-9_])"
    )
    return re.search(beside, text, re.IGNORECASE) is not None


def _said(text: str) -> set[str]:
    found = set(terms(text))
    if fragments(text).formulas:
        found.add("arithmetic")
    return found


def asks_for(tool: Mapping[str, Any], text: str) -> bool:
    """Whether a text asks for what a tool does. A tool is a function, or an object that has one."""
    name, description, parameters = _described(tool)
    text = text[:LONGEST]
    if name and _is_named(name, text):
        return True
    said = _said(text)
    if not said:
        return False
    named = terms(" ".join(parts(name)) if name.isascii() else name)
    if named and said.issuperset(named):
        return True
    lead = _SENTENCE.split(description.strip())[0][:_FIRST]
    about = set(terms(lead)) - set(named)
    hits = len(about & said)
    if named and named[0] in _ACTIONS and named[0] not in said:
        return False
    nouns = [term for term in named if term not in _ACTIONS]
    known = sum(term in said for term in nouns)
    if known and 2 * known >= len(nouns):
        return True
    if known + hits > 1:
        return 3 * (known + hits) >= len(about) + len(named)
    if any(said.intersection(terms(member)) for member in _members(parameters)):
        return "arithmetic" in said and "arithmetic" in {*named, *about}
    return hits > 0 and 2 * hits >= len(about)
