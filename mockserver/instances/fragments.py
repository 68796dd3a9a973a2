"""What a user's text is made of: numbers, quotations, names, places, dates, addresses, formulas."""

import re
from functools import cache
from math import isfinite

from mockserver.base.kept import remembered
from mockserver.base.lazily import lazily
from mockserver.instances.kinds import tables

LONGEST = 4_000
"""How much of a text is read: its start and its end, where people say what they want."""

_URL = re.compile(r"https?://[^\s<>\"'，。）)】」]+[^\s<>\"'，。）)】」.,;:!?]")
_EMAIL = re.compile(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9-]++(?:\.[A-Za-z0-9-]++)*\.[A-Za-z]{2,}")
_DATE = re.compile(r"(?<!\d)(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?!\d)")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTH = "|".join(_MONTHS)
_ENGLISH_DATE = re.compile(rf"\b({_MONTH})\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})\b")
_RELATIVE = re.compile(
    r"\b(today|tomorrow|tonight|yesterday)\b|今天|明天|后天|昨天|今日|明日|昨日", re.IGNORECASE
)
_YEAR = re.compile(r"[-/.年](?<=\d{4}.)")
"""What no date in digits is without."""

_MONTH_NAME = re.compile(_MONTH)

_CLOCK = re.compile(r"(?<![\d:])(\d{1,2}):(\d{2})(?::(\d{2}))?(?![\d:])")
_NUMBER = re.compile(
    r"[-\u2212\d](?<![A-Za-z_\d.#].)(?<![A-Za-z]-.)"
    r"(?:(?<=\d)(?:\d{0,2}(?:,\d{3})+|\d*)|(?<=[-\u2212])(?:\d{1,3}(?:,\d{3})+|\d+))"
    r"(?:\.\d+)?(?![A-Za-z_\d])(?!\.\d)"
)
"""A number. What stands before it is looked at behind its first character, by which a search is quick."""
_BY = re.compile(r"(?<=\d)\s?[x×]\s?(?=\d)")
_QUOTED = re.compile(
    r"\"([^\"\n]+)\"|\u201c([^\u201c\u201d\n]+)\u201d|(?<!\w)'([^'\n]+)'(?!\w)|"
    r"\u2018([^\u2018\u2019\n]+)\u2019|`([^`\n]+)`|「([^「」\n]+)」|『([^『』\n]+)』|《([^《》\n]+)》"
)
"""A quotation: where its mark opens once more before it closes, the inner one."""

_OPENING = re.compile("[\"'`\u201c\u2018「『《]")
"""What no quotation is without."""

_PATH = re.compile(
    r"((?<![\w/:.])(?:~|\.{1,2})?(?:/[\w.+@-]+)+/?|[A-Za-z]:\\[\w.\\-]+|\b[\w-]++\.[a-z][a-z0-9]{1,4}\b)"
    r"|\b(?:[\w-]+(?=[A-Za-z]:\\)|[\w-]++)"
)
"""A path; or a word that begins none, without a group: it is read once, not again from each of its parts."""

_FORMULA = re.compile(r"(\(?-?\d[\d.]*+\)?(?:\s*+[-+*/^×÷%]\s*+\(?-?\d[\d.]*+\)?)++)|\d[\d.]*+")
"""What can be calculated; or a number beside which nothing is, without a group: it is read once."""

_SPOKEN = re.compile(
    r"(\d[\d.]*+)\s*+(multiplied by|divided by|plus|minus|times|over|乘以|除以|加|减|乘)\s*+(\d[\d.]*+)"
    r"|\d[\d.]*+",
    re.IGNORECASE,
)
_SIGNS = {
    "multiplied by": "*",
    "times": "*",
    "乘以": "*",
    "乘": "*",
    "divided by": "/",
    "over": "/",
    "除以": "/",
}
_SIGNS |= {"plus": "+", "加": "+", "minus": "-", "减": "-"}
_CODE = re.compile(r"(?<![\w,.])#?((?:[A-Za-z]+[-_]?)?\d[\w-]*)")
_COUNTING = 2
"""How many digits a number has at most that counts things."""

_TICKER = re.compile(r"\b[A-Z]{2,5}\b")
_LETTER = r"[^\W\u3040-\u30ff\u3400-\u9fff]"
_CAPITAL = rf"[A-Z\u00c0-\u00de](?:{_LETTER}|['\u2019.-])*{_LETTER}|[A-Z]"
_NAME = re.compile(rf"(?:{_CAPITAL})(?:[ ](?:{_CAPITAL}))*")
_PLACE = re.compile(
    rf"\b(in|at|from|to|near|for|around|of|visit|visiting|between|and|or|than)\s+(?:the\s+)?"
    rf"((?:{_CAPITAL})(?:[ ](?:{_CAPITAL}))*(?:,\s(?:[A-Z]{{2}}\b|(?:{_CAPITAL})(?:[ ](?:{_CAPITAL}))*))*)"
)
_RECIPIENT = re.compile(
    r"\b(?i:send|sent|e-?mail|mail|message|write|forward|reply|say|speak|talk|tell|give|pay|transfer|assign|"
    r"deliver|lend|introduce|report|belongs?)\b(?!:)[^.!?\n]{0,120}?\bto\s+"
    rf"((?:{_CAPITAL})(?:[ ](?:{_CAPITAL}))*)"
)
"""Who is given or told something: a name behind "to" is no place there."""

_LOWER_PLACE = re.compile(
    r"\b(?:in|at|for|near|to)\s+([a-z]{3,}(?: (?:city|york|francisco|angeles|kong))?)"
    r"(?=\s*(?:[?.!,]|$|today|tomorrow|right|now|this|and))"
)
_CAPITALS = rf"(?>{_CAPITAL})(?:[ ](?>{_CAPITAL}))*+"
_STATE = re.compile(rf"({_CAPITALS},\s[A-Z]{{2}}\b)|{_CAPITALS}")
"""A city with the letters of its state; or a name without any, without a group: it is read once."""

_JOINING = frozenset({"and", "or"})
_STATE_ENDS = re.compile(r",\s[A-Z]{2}\b")
"""The end of each: what is quickly searched for."""

_INTRODUCED = re.compile(
    r"(?:(?i:my name is|this is|i am|i'm|called|named|by name|call me))\s+([A-Z][\w'-]*(?: [A-Z][\w'-]*)*)|"
    r"(?:named|called)\s+[\"'`]([^\"'\u201d\u2019`\n]+)[\"'\u201d\u2019`]|"
    r"(?:named|called)\s+[\u201c\u2018]([^\"'\u201c\u201d\u2018\u2019`\n]+)[\"'\u201d\u2019`]|"
    r"(?:我叫|名字是|名叫|叫做|姓名是|我是)([\u3400-\u9fff]{2,4})|私の名前は([^\s。、です]+)",
)
_INTRODUCING = ("name", "call", " am", "'m", "his is", "我", "名", "叫")
"""A text without any of these introduces nobody: to search for the words takes long."""

_STOPS = re.compile(
    "天气|气温|温度|天気|気温|怎么样|怎样|如何|现在|今天|明天|后天|昨天|今日|明日|昨日|当前|目前|请问|查询|查一下|一下|告诉|"
    "知道|帮我|帮忙|根据|以及|什么|多少|几点|时间|時間|预报|予報|会不会|下雨|可以|能否|需要|想要|喜欢|"
    "以及|[的了在去到从至是吗呢和与跟请问查我你他您有几天会要想把给教何，]|市区|地区"
)
_SUBJECT = re.compile(r"(?:'s)?,? (?:is|was|has|lives|works|and|aged?)\b")
"""What follows a name at the start of a sentence."""

_RUN = re.compile("[\u3400-\u9fff]+|[\u30a0-\u30ff]+")
_FROM = re.compile(
    "从([\u3400-\u9fff]{2,5}?)(?=[到去飞至出])|"
    "(?<![\u3400-\u9fff\u30a0-\u30ff])([\u3400-\u9fff\u30a0-\u30ff]++)から"
)
_TO = re.compile(
    "[到去飞至]([\u3400-\u9fff]{2,5}?)(?=[的，。？！旅玩出]|$)|"
    "(?<![\u3400-\u9fff\u30a0-\u30ff])([\u3400-\u9fff\u30a0-\u30ff]++)(?:まで|へ)"
)
"""A place that someone leaves, or heads for: in Chinese behind a word, in Japanese a whole run before one."""

_HAN_PLACE = re.compile(
    "(?:[\u3400-\u9fff]{2,3}省)?[\u3400-\u9fff]{2,6}?(?:省|市|县|区|都|府)(?=[\u3400-\u9fff的]|$|[^\u3400-\u9fff])"
)


def _unique(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values if value.strip()))


def number(text: str) -> int | float | None:
    """The number that is written; None for one that is too wide for JSON to carry it."""
    plain = text.replace(",", "").replace("\u2212", "-")
    if not isfinite(float(plain)):
        return None
    value = float(plain) if "." in plain else int(plain)
    return value if isinstance(value, float) or -(2**63) <= value < 2**64 else None


def _dates(text: str) -> list[str]:
    found = [(match.start(), tuple(map(int, match.groups()))) for match in _DATE.finditer(text)]
    found += [
        (match.start(), (int(match[3]), _MONTHS.index(match[1]) + 1, int(match[2])))
        for match in _ENGLISH_DATE.finditer(text)
    ]
    return [f"{year:04}-{month:02}-{day:02}" for _, (year, month, day) in sorted(found)]


@cache
def _listed(kind: str) -> frozenset[str]:
    """The words of a table, to be asked whether one is in it."""
    return frozenset(tables()[kind])


@cache
def _spelled(kind: str, *, ascii_only: bool) -> tuple[str, ...]:
    """The words of a table, or those that a text in ASCII may have."""
    return tuple(word for word in tables()[kind] if word.isascii() or not ascii_only)


def _found(text: str, kind: str) -> list[str]:
    """The words of a table that stand in a text, in its order."""
    known = _spelled(kind, ascii_only=text.isascii())
    places = [(text.find(word), -len(word), word) for word in known if word in text]
    return [word for _, _, word in sorted(places)]


@cache
def _han_name() -> re.Pattern[str]:
    """A name in Chinese, told by its first character and by what stands behind it."""
    return re.compile(
        rf"[{tables()['surnames']}][\u3400-\u9fff]{{1,2}}?"
        "(?=今年|现年|先生|女士|小姐|老师|同学|住在|来自|[,，、]?\\s*\\d{1,3}\\s*岁)"
    )


@cache
def _unit() -> re.Pattern[str]:
    """A unit of measure behind a number."""
    return re.compile(rf"(?<=\d)\s?({'|'.join(map(re.escape, tables()['units']))})(?![A-Za-z])")


def _pieces(text: str) -> list[str]:
    """The Han and katakana runs left when the words that join them are cut out."""
    if text.isascii():
        return []
    runs = [run for part in _STOPS.split(text) for run in _RUN.findall(part)]
    return [run for run in runs if 1 < len(run) <= 12]  # noqa: PLR2004 - one character alone is seldom a name


@cache
def _known() -> frozenset[str]:
    """Names that are those of places wherever they stand."""
    kinds = tables()["kinds"]
    return frozenset((*tables()["places"], *kinds["place"]["en"], *kinds["country"]["en"]))


def _goes_on(before: str, place: str, places: list[str]) -> bool:
    """Whether a name behind "and" is that of a place: it is known for one, or another stands before it."""
    known, before = _known(), before.rstrip(" ,")
    return place in known or any(before.endswith(each) for each in (*places, *known)) or "between" in before


def _english_places(text: str) -> tuple[list[str], list[str], list[str]]:
    """The places, and those among them that someone leaves and heads for."""
    languages = _listed("languages")
    common = _listed("common")
    people = _RECIPIENT.findall(text) if " to " in text else []
    places: list[str] = []
    origins: list[str] = []
    goals: list[str] = []
    for match in _PLACE.finditer(text):
        way, place = match.groups()
        place = place.rstrip("'.").removesuffix("'s").removesuffix("\u2019s")
        first = place.split(None, 1)[0]
        if first in common or place in languages or first in _MONTHS:
            continue
        if way in _JOINING and not _goes_on(text[: match.start()], place, places):
            continue
        if way == "to" and place in people and place not in _known():
            continue
        if way == "of" and _TICKER.fullmatch(place):
            continue
        places.append(place)
        if way == "from":
            origins.append(place)
        elif way == "to":
            goals.append(place)
    return places, origins, goals


def _asian_ways(text: str) -> tuple[list[str], list[str]]:
    if text.isascii():
        return [], []
    return [*map("".join, _FROM.findall(text))], [*map("".join, _TO.findall(text))]


def _names(text: str) -> list[str]:
    """Capitalised names, but no common word that only starts a sentence."""
    languages = _listed("languages")
    found = []
    for match in _NAME.finditer(text):
        words = match[0].split()
        while words and words[0].rstrip(".") in _listed("common"):
            words.pop(0)
        name = " ".join(words).removesuffix("'s").removesuffix("\u2019s").rstrip(".")
        starts = match.start() == 0 or text[: match.start()].rstrip(" ")[-1:] in (".", "!", "?", "\n", ":")
        lone = starts and " " not in name == match[0] and not _SUBJECT.match(text, match.end())
        label = " " in match[0] and text[match.end() :][:1] == ":"
        if name and name not in languages and name not in _MONTHS and not lone and not label:
            found.append(name)
    return found


def shortened(text: str) -> str:
    """A text, a very long one without its middle."""
    return text if len(text) <= LONGEST else text[: LONGEST // 2] + "\n" + text[-LONGEST // 2 :]


class Fragments:
    """The pieces of one text, each kind in the order of the text, looked for when it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @lazily
    def _bare(self) -> str:
        """The text without addresses."""
        return _EMAIL.sub(" ", self._without_urls) if "@" in self._text else self._without_urls

    @lazily
    def _without_urls(self) -> str:
        return _URL.sub(" ", self._text) if "://" in self._text else self._text

    @lazily
    def _undated(self) -> str:
        bare = self._bare
        if _YEAR.search(bare):
            bare = _DATE.sub(" ", bare)
        return _ENGLISH_DATE.sub(" ", bare) if _MONTH_NAME.search(bare) else bare

    @lazily
    def _measured(self) -> str:
        """The text in which the numbers of a measure such as 10x20 stand apart."""
        text = self._timeless
        return _BY.sub(" ", text) if "x" in text or "×" in text else text

    @lazily
    def _timeless(self) -> str:
        return _CLOCK.sub(" ", self._undated) if ":" in self._undated else self._undated

    @lazily
    def _english(self) -> tuple[list[str], list[str], list[str]]:
        return _english_places(self._bare)

    @lazily
    def _asian(self) -> tuple[list[str], list[str]]:
        return _asian_ways(self._bare)

    @lazily
    def numbers(self) -> tuple[int | float, ...]:
        """Every number, however often it stands there."""
        found = (number(each) for each in _NUMBER.findall(self._measured))
        return tuple(read for read in found if read is not None)

    @lazily
    def quoted(self) -> tuple[str, ...]:
        """What stands in quotation marks."""
        if not _OPENING.search(self._text):
            return ()
        return _unique(["".join(groups) for groups in _QUOTED.findall(self._text)])

    @lazily
    def places(self) -> tuple[str, ...]:
        """Cities, countries and what stands where they do."""
        bare = self._bare
        known = _found(bare, "places")
        marked = [] if bare.isascii() else _HAN_PLACE.findall(" ".join(_STOPS.split(bare)))
        known = [*marked, *(word for word in known if not any(word in place for place in marked))]
        english = self._english[0]
        here = _listed("here")
        lower = [] if english else [each.title() for each in _LOWER_PLACE.findall(bare) if each not in here]
        states = _STATE.findall(bare) if _STATE_ENDS.search(bare) else []
        return _unique([*english, *states, *known, *lower])

    @lazily
    def origins(self) -> tuple[str, ...]:
        """The places that someone leaves."""
        return _unique([*self._english[1], *self._asian[0]])

    @lazily
    def goals(self) -> tuple[str, ...]:
        """The places that someone heads for."""
        return _unique([*self._english[2], *self._asian[1]])

    @lazily
    def people(self) -> tuple[str, ...]:
        """Who is introduced by name."""
        bare = self._bare
        lowered = bare.lower()
        found = [] if bare.isascii() else _han_name().findall(bare)
        if any(word in lowered for word in _INTRODUCING):
            found = ["".join(groups) for groups in _INTRODUCED.findall(bare)] + found
        return _unique(found)

    @lazily
    def recipients(self) -> tuple[str, ...]:
        """Who is given or told something."""
        bare = self._bare
        found = _RECIPIENT.findall(bare) if " to " in bare else []
        return _unique([each for each in found if each not in _known()])

    @lazily
    def units(self) -> tuple[str, ...]:
        """Units of measure."""
        return _unique(_unit().findall(self._timeless))

    @lazily
    def names(self) -> tuple[str, ...]:
        """Capitalised names."""
        return _unique(_names(self._bare))

    @lazily
    def dates(self) -> tuple[str, ...]:
        """Dates, in digits."""
        return _unique(_dates(self._bare))

    @lazily
    def days(self) -> tuple[str, ...]:
        """Days such as tomorrow."""
        return _unique([match[0] for match in _RELATIVE.finditer(self._bare)])

    @lazily
    def times(self) -> tuple[str, ...]:
        """Times of the day."""
        return _unique([match[0] for match in _CLOCK.finditer(self._bare)])

    @lazily
    def emails(self) -> tuple[str, ...]:
        """Addresses of mail."""
        return _unique(_EMAIL.findall(self._without_urls))

    @lazily
    def urls(self) -> tuple[str, ...]:
        """Addresses of pages."""
        return _unique(_URL.findall(self._text))

    @lazily
    def paths(self) -> tuple[str, ...]:
        """Files and folders."""
        found = _PATH.findall(self._bare)
        return _unique(
            [each for each in found if each not in ("/", "e.g") and not each.endswith((".g", ".e"))]
        )

    @lazily
    def formulas(self) -> tuple[str, ...]:
        """What can be calculated, in signs."""
        spoken = (each for each in _SPOKEN.finditer(self._bare) if each[1])
        told = (f"{each[1]} {_SIGNS[each[2].lower()]} {each[3]}" for each in spoken)
        return _unique([*_FORMULA.findall(self._undated), *told])

    @lazily
    def codes(self) -> tuple[str, ...]:
        """Numbers of orders and the like; a short number counts things."""
        found = _CODE.findall(self._timeless)
        return _unique([code for code in found if not code.isdecimal() or len(code) > _COUNTING])

    @lazily
    def tickers(self) -> tuple[str, ...]:
        """Short words in capitals."""
        return _unique([word for word in _TICKER.findall(self._bare) if word not in _listed("common")])

    @lazily
    def languages(self) -> tuple[str, ...]:
        """Languages that people speak."""
        return _unique(_found(self._bare, "languages"))

    @lazily
    def pieces(self) -> tuple[str, ...]:
        """The Han and katakana runs outside of quotation marks."""
        return _unique(_pieces(_QUOTED.sub(" ", self._bare)))


@remembered(most=64, characters=1 << 20)
def fragments(text: str) -> Fragments:
    """A text, to be taken apart."""
    return Fragments(text)
