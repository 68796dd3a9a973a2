"""Candidates for strings and numbers: plausible ones first, then ever more of them. Each is to be checked."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import count, islice
from math import ceil, floor, inf, isfinite, nextafter

from mockserver.answer.facts import Bounds, Facts
from mockserver.answer.kinds import kind_of, made_up, usual
from mockserver.answer.patterns import LONGEST, UnreadablePatternError, texts

MOST = 1_000
"""How many different leaves one place is given, and how many items or properties one value."""

_WIDE = 2**53
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ONE_WORD = ("hostname", "idn-hostname")


def _digits(numbers: Iterator[int], length: int, alphabet: str = "0123456789abcdef") -> str:
    return "".join(alphabet[next(numbers) % len(alphabet)] for _ in range(length))


def _uuid(numbers: Iterator[int]) -> str:
    return "-".join(
        (
            _digits(numbers, 8),
            _digits(numbers, 4),
            "4" + _digits(numbers, 3),
            "a" + _digits(numbers, 3),
            _digits(numbers, 12),
        )
    )


def _of_format(form: str, numbers: Iterator[int]) -> Iterator[str]:
    """Texts of a format; none for a format that is unknown."""
    while True:
        one, two = next(numbers), next(numbers)
        date = f"{2020 + one % 7}-{1 + two % 12:02}-{1 + (one + two) % 28:02}"
        time = f"{one % 24:02}:{two % 60:02}:00"
        host = f"{_LETTERS[one % 26]}{two}.example.com"
        match form:
            case "date":
                yield date
            case "date-time":
                yield f"{date}T{time}Z"
            case "time":
                yield f"{time}Z"
            case "duration":
                yield f"P{1 + one % 30}D" if two % 2 else f"PT{1 + one % 48}H"
            case "email" | "idn-email":
                yield f"{made_up('person', 'en')[one % 4].lower()}{two}@example.com"
            case "uri" | "iri" | "uri-reference" | "iri-reference" | "url":
                yield f"https://example.com/{_LETTERS[one % 26]}{two}"
            case "uri-template":
                yield f"https://example.com/{_LETTERS[one % 26]}{two}/{{id}}"
            case "uuid":
                yield _uuid(numbers)
            case "ipv4":
                yield f"192.0.2.{one}"
            case "ipv6":
                yield f"2001:db8::{one:x}:{two:x}"
            case "hostname" | "idn-hostname":
                yield host
            case "json-pointer":
                yield f"/{_LETTERS[one % 26]}{two}"
            case "relative-json-pointer":
                yield f"{one % 3}/{_LETTERS[two % 26]}"
            case "regex":
                yield f"^{_LETTERS[one % 26]}{{{1 + two % 9}}}$"
            case "byte" | "binary":
                yield "bW9jaw=="
            case _:
                return


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
    things = made_up(kind_of(name, str(facts.first("description") or "")), language)
    start = next(numbers)
    yield from (things[(start + index) % len(things)] for index in range(len(things)))
    for index in count(2):
        tail = f" {index}"
        thing = things[(start + index) % len(things)]
        kept = max(int(min(most, len(thing) + len(tail))) - len(tail), 0)
        yield thing[:kept].rstrip() + (tail if kept else _spelled(index))


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
        raise facts.dead(f"minLength {least} is more than the mock writes, which is {LONGEST}")
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
        if not facts.texts("pattern"):
            yield from islice(_of_format(form, numbers), MOST // 2)
    for pattern in facts.texts("pattern"):
        rounds = 0
        try:
            for _ in range(MOST // 100):
                yield from texts(pattern, numbers, least=least, most=None if most == inf else int(most))
                rounds += 1
        except UnreadablePatternError as error:
            raise facts.dead(f"pattern {pattern!r}: {error}") from None
    for text in _made_up(facts, name, language, numbers, most=most):
        yield _fitted(text, least, most)


def numbers_of(facts: Facts, name: str, numbers: Iterator[int], *, whole: bool) -> Iterator[int | float]:
    """Candidates for a number, each once. Raises `DeadEndError` where none can be."""
    bounds = facts.bounds()
    step = facts.step(whole=whole)
    seen = set()
    for value in _numbers(facts, name, numbers, bounds, step):
        if bounds.has(value) and value not in seen:
            seen.add(value)
            yield value


def _numbers(
    facts: Facts, name: str, numbers: Iterator[int], bounds: Bounds, step: Fraction | None
) -> Iterator[int | float]:
    start = _start(name, numbers, bounds)
    if step is None:
        if bounds.low > -1 and bounds.high <= 1:
            yield round(start + (1 if start < bounds.low else 0), 2)
        yield from _between(start, bounds)
        return
    first = -_WIDE if bounds.low == -inf else ceil(Fraction(bounds.low) / step)
    last = _WIDE if bounds.high == inf else floor(Fraction(bounds.high) / step)
    first, last = min(first, max(last, first)), max(last, min(first, last))
    first += not bounds.has(first * step)
    last -= not bounds.has(last * step)
    if first > last:
        thing = "integer" if step == 1 else f"multiple of {_shown(step)}"
        raise facts.dead(
            f"no {thing} lies within {bounds.low_name} {bounds.low} and {bounds.high_name} {bounds.high}"
        )
    middle = min(max(round(Fraction(start) / step), first), last)
    divisors = [float(number) for number in facts.numbers("multipleOf") if isinstance(number, float)]
    for distance in range(min(last - first, MOST) + 1):
        for times in dict.fromkeys((middle + distance, middle - distance)):
            value = _plain(times * step)
            if first <= times <= last and all((value / divisor).is_integer() for divisor in divisors):
                yield value


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
    whole = round(start)
    short = round(start, 1)
    yield from (short, round(start, 2), whole)
    for ends in (bounds.low, bounds.high):
        if isfinite(ends):
            yield from (
                int(ends) if ends == int(ends) and abs(ends) < _WIDE else ends,
                nextafter(ends, start),
            )
    if isfinite(bounds.low) and isfinite(bounds.high):
        width = bounds.high / 2 - bounds.low / 2
        yield from (bounds.low + width * (part / 500) for part in range(1, MOST))
    else:
        yield from (whole + sign * part / 2 for part in range(1, MOST) for sign in (1, -1))


def _plain(value: Fraction) -> int | float:
    """A fraction as JSON has it. An integer too wide for 64 bits becomes a float."""
    if value.denominator == 1 and -(2**63) <= value.numerator < 2**63:
        return value.numerator
    return float(value)


def _shown(step: Fraction) -> str:
    return f"{float(step):g}"
