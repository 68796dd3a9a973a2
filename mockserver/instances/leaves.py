"""Candidates for strings and numbers: plausible ones first, then ever more of them. Each is to be checked."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import chain, count, islice
from math import ceil, floor, inf, isfinite, nextafter

from mockserver.instances.facts import Bounds, Facts
from mockserver.instances.kinds import counts, made_up, usual
from mockserver.instances.patterns import LONGEST, UnreadablePatternError, texts

MOST = 1_000
"""How many different leaves one place is given, and how many items or properties one value."""

_NEAR = 12
"""How many numbers near the plausible one are tried before the ends of the range."""

_WIDE = 2**53
_HUGE = 10**308
_JOINED = 20
"""How often the texts of several patterns are put behind one another."""

_OPEN = 200
"""How often letters are put behind or before the text of a pattern."""

_TRIED = 2
"""How many usual things are tried for a pattern."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _date(one: int, two: int) -> str:
    return f"{2020 + one % 7}-{1 + two % 12:02}-{1 + (one + two) % 28:02}"


def _time(one: int, two: int) -> str:
    return f"{one % 24:02}:{two % 60:02}:00Z"


def _letter(number: int) -> str:
    return _LETTERS[number % len(_LETTERS)]


def _url(one: int, two: int) -> str:
    return f"https://example.com/{_letter(one)}{two}"


def _email(one: int, two: int) -> str:
    people = made_up("person", "en")
    return f"{people[one % len(people)].lower()}{two}@example.com"


def _host(one: int, two: int) -> str:
    return f"{_letter(one)}{two}.example.com"


def _uuid(one: int, two: int) -> str:
    half = f"{one % 256:02x}{two % 256:02x}"
    return f"{half}5c1e-{half}-4b7a-9d3f-{half}0c6e8f12"


_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
_FORMATS: dict[str, Callable[[int, int], str]] = {
    "date": _date,
    "date-time": lambda one, two: f"{_date(one, two)}T{_time(two, one)}",
    "time": _time,
    "duration": lambda one, two: f"P{1 + one % 30}D" if two % 2 else f"PT{1 + one % 48}H",
    "email": _email,
    "idn-email": _email,
    "uri": _url,
    "iri": _url,
    "url": _url,
    "uri-reference": _url,
    "iri-reference": _url,
    "uri-template": lambda one, two: f"{_url(one, two)}/{{id}}",
    "uuid": _uuid,
    "ipv4": lambda one, two: f"{_NETWORKS[two % len(_NETWORKS)]}.{one % 256}",
    "ipv6": lambda one, two: f"2001:db8::{one % 256:x}:{two % 256:x}",
    "hostname": _host,
    "idn-hostname": _host,
    "json-pointer": lambda one, two: f"/{_letter(one)}{two}",
    "relative-json-pointer": lambda one, two: f"{one % 3}/{_letter(two)}",
    "regex": lambda one, two: f"^{_letter(one)}{{{1 + two % 9}}}$",
    "byte": lambda one, two: b64encode(bytes((one % 256, two % 256, 77))).decode(),
}
"""A text of each format, made of two numbers."""


def _fitted(text: str, least: int, most: float) -> str:
    """A text brought to an allowed length, without a blank at its cut end."""
    if len(text) > most:
        text = text[: int(most)].rstrip() or text[: int(most)]
    while len(text) < least:
        text = f"{text} {text}" if text else "mock"
        text = text[: max(least, 1)]
    return text.rstrip().ljust(least, "a")


def _made_up(facts: Facts, name: str, language: str, numbers: Iterator[int], *, most: float) -> Iterator[str]:
    """Made-up texts by the property's name, each a little different from those before."""
    things = made_up(facts.kind(name), language)
    start = next(numbers)
    yield from (things[(start + index) % len(things)] for index in range(len(things)))
    yield from (_numbered(things[(start + index) % len(things)], index, most) for index in count(2))


def any_text(facts: Facts, name: str, language: str, numbers: Iterator[int]) -> str:
    """The first candidate for a string that may be any."""
    things = made_up(facts.kind(name), language)
    return things[next(numbers) % len(things)].rstrip()


def _numbered(thing: str, index: int, most: float) -> str:
    """A text that ends with a number, or only the number in letters where there is no room for more."""
    tail = f" {index}"
    kept = max(int(min(most, len(thing) + len(tail))) - len(tail), 0)
    return thing[:kept].rstrip() + (tail if kept else _spelled(index))


def _spelled(index: int) -> str:
    """A number in letters: one for each of the first 26."""
    text = ""
    while True:
        index, letter = divmod(index, len(_LETTERS))
        text = _LETTERS[letter] + text
        if not index:
            return text


def strings(facts: Facts, name: str, language: str, numbers: Iterator[int]) -> Iterator[str]:
    """Candidates for a string, each once. Raises `DeadEndError` where none can be."""
    least, most = facts.span("Length")
    if least > LONGEST:
        facts.die(f"minLength {least} is more than the mock writes, which is {LONGEST}")
    seen: set[str] = set()
    for text in islice(_strings(facts, name, language, numbers, (least, most)), MOST):
        if text not in seen:
            seen.add(text)
            yield text


def _strings(
    facts: Facts, name: str, language: str, numbers: Iterator[int], span: tuple[int, float]
) -> Iterator[str]:
    least, most = span
    for form in facts.texts("format"):
        if form in _FORMATS and not facts.texts("pattern"):
            yield from (_FORMATS[form](next(numbers), next(numbers)) for _ in range(MOST // 2))
    patterns = facts.texts("pattern")
    if patterns:
        yield from _likely(facts, name, language, numbers)
    for pattern in patterns if len(patterns) > 1 else ():
        with suppress(UnreadablePatternError):
            yield from _together(patterns, pattern, numbers, span)
    for pattern in patterns:
        try:
            yield from patterned(pattern, numbers, span)
        except UnreadablePatternError as error:
            facts.die(f"pattern {pattern!r}: {error}")
    yield from (_fitted(text, least, most) for text in _made_up(facts, name, language, numbers, most=most))


def patterned(pattern: str, numbers: Iterator[int], span: tuple[int, float]) -> Iterator[str]:
    """Texts for a pattern, then with letters behind or before them, as one that is open at an end allows.

    Raises `UnreadablePatternError`.
    """
    least, top = _span(span)
    for turn in range(MOST // 100):
        yield from texts(pattern, numbers, least=least, most=top, plain=turn == 0)
    for index in range(_OPEN):
        text = next(texts(pattern, numbers))
        yield text + _spelled(index)
        yield _spelled(index) + text


def _together(
    patterns: Sequence[str], main: str, numbers: Iterator[int], span: tuple[int, float]
) -> Iterator[str]:
    """Texts for several patterns at once: one of each in a row, or of all others in the main one."""
    ordered = sorted(patterns, key=lambda pattern: pattern.endswith("$") - pattern.startswith("^"))
    yield from ("".join(next(texts(each, numbers)) for each in ordered) for _ in range(_JOINED))
    held = "".join(f"(?=.*(?:{pattern}))" for pattern in patterns if pattern != main)
    before, behind = ".*" * (not main.startswith("^")), ".*" * (not main.endswith("$"))
    least, top = _span(span)
    whole = f"{held}{before}(?:{main}){behind}"
    yield from islice(texts(whole, numbers, least=least, most=top), MOST // (2 * len(patterns)))


def _span(span: tuple[int, float]) -> tuple[int, int | None]:
    least, most = span
    return least, None if most == inf else int(most)


def _likely(facts: Facts, name: str, language: str, numbers: Iterator[int]) -> Iterator[str]:
    """What a person would try first where a pattern is to be met: a thing of its format or name."""
    for form in facts.texts("format"):
        if form in _FORMATS:
            yield _FORMATS[form](next(numbers), next(numbers))
    yield from made_up(facts.kind(name), language)[:_TRIED]
    yield from made_up("", "en")[:_TRIED]


def numbers_of(facts: Facts, name: str, numbers: Iterator[int], *, whole: bool) -> Iterator[int | float]:
    """Candidates for a number, each once. Raises `DeadEndError` where none can be."""
    bounds = facts.bounds()
    step = facts.step(whole=whole)
    seen = set()
    for value in _numbers(facts, name, numbers, bounds, step):
        if bounds.has(value) and value not in seen:
            seen.add(value)
            yield value
    if not seen:
        facts.die(
            f"no number was found within {bounds.low_name} {bounds.low} and {bounds.high_name} {bounds.high}"
        )


def _numbers(
    facts: Facts, name: str, numbers: Iterator[int], bounds: Bounds, step: Fraction | None
) -> Iterator[int | float]:
    start = _start(name, numbers, bounds)
    if step is None:
        if counts(name):
            yield _tidy(round(start, 0))
        if bounds.low > -1 and bounds.high <= 1:
            yield round(start + (1 if start < bounds.low else 0), 2)
        yield from _between(start, bounds)
        return
    first, last = _reach(bounds, step)
    if first > last:
        thing = "integer" if step == 1 else f"multiple of {_shown(step)}"
        facts.die(
            f"no {thing} lies within {bounds.low_name} {bounds.low} and {bounds.high_name} {bounds.high}"
        )
    middle = min(max(round(Fraction(start) / step), first), last)
    divisors = [float(number) for number in facts.numbers("multipleOf") if isinstance(number, float)]
    near = (middle + sign * distance for distance in range(min(last - first, MOST) + 1) for sign in (1, -1))
    ends = (first, first + 1, last - 1, last, 0, 1, -1, 2, -2)
    for times in chain(islice(near, _NEAR), ends, near):
        if first <= times <= last and abs(times * step) < _HUGE:
            value = _plain(times * step)
            if all((value / divisor).is_integer() for divisor in divisors):
                yield value


def _reach(bounds: Bounds, step: Fraction) -> tuple[int, int]:
    """The first and the last multiple of a step within bounds; an open side reaches far enough."""
    low = ceil(Fraction(bounds.low) / step) if isfinite(bounds.low) else None
    high = floor(Fraction(bounds.high) / step) if isfinite(bounds.high) else None
    first = min(-_WIDE, (high or 0) - MOST) if low is None else low + (not bounds.has(low * step))
    last = max(_WIDE, (low or 0) + MOST) if high is None else high - (not bounds.has(high * step))
    return first, last


def _start(name: str, numbers: Iterator[int], bounds: Bounds) -> float:
    """A plausible number within the bounds."""
    low, high = usual(name)
    if (low, high) == (0, 1) and bounds.high > 1 and bounds.high != inf:
        low, high = 1, 100
    part = next(numbers) % 101 / 100
    if bounds.low > high or bounds.high < low or low < bounds.low or high > bounds.high:
        low_end = bounds.low if isfinite(bounds.low) else min(low, bounds.high - 100)
        high_end = bounds.high if isfinite(bounds.high) else max(high, bounds.low + 100)
        return min(max(low_end + part * (min(high_end, low_end + 1e9) - low_end), bounds.low), bounds.high)
    return low + part * (high - low)


def _between(start: float, bounds: Bounds) -> Iterator[int | float]:
    """Numbers of any kind near a start: short ones first, then fractions, then the ends of the range."""
    whole = _tidy(round(start, 0))
    yield from (round(start, 1), round(start, 2), whole)
    for end in (bounds.low, bounds.high):
        if isfinite(end):
            yield from (_tidy(end), nextafter(end, start))
    yield from (nextafter(bounds.low, inf), nextafter(bounds.high, -inf))
    if isfinite(bounds.low) and isfinite(bounds.high):
        width = bounds.high / 2 - bounds.low / 2
        yield from (bounds.low + width * (part / 500) for part in range(1, MOST))
    else:
        yield from (whole + sign * part / 2 for part in range(1, MOST) for sign in (1, -1))


def _tidy(value: float) -> int | float:
    return int(value) if value == int(value) and abs(value) < _WIDE else float(value)


def _plain(value: Fraction) -> int | float:
    """A fraction as JSON has it. An integer too wide for 64 bits becomes a float."""
    if value.denominator == 1 and -(2**63) <= value.numerator < 2**63:
        return value.numerator
    return float(value)


def _shown(step: Fraction) -> str:
    return f"{float(step):g}" if step < _HUGE else "a huge number"
