"""Verifying what was asked: so many requests that match this, in order or not, and none besides."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mockserver.base.deadline import Deadline, working_time
from mockserver.base.jsontext import loads_bounded
from mockserver.base.values import value
from mockserver.corridor.door import Door
from mockserver.dialects.table import named
from mockserver.scripts.match import Match
from mockserver.scripts.miss import PATIENCE, compare, nearest_of
from mockserver.state.journal import Entry
from mockserver.talk.refused import Refused
from mockserver.talk.request import ChatRequest
from mockserver.wire.incoming import unpacked


@value
class Expectation:
    """Requests that are to have been: between `least` and `most` (None: any number) that match."""

    match: Match
    least: int
    most: int | None

    @classmethod
    def read(cls, spec: Mapping[str, Any]) -> "Expectation":
        """An expectation as its schema allows it. Raises `MatchError`."""
        count = spec.get("count", {"at_least": 1})
        # JSON's 2.0 is a whole number too.
        if not isinstance(count, Mapping):
            count = {"at_least": int(count), "at_most": int(count)}
        return cls(Match.read(spec.get("match")), count.get("at_least", 0), count.get("at_most"))

    @property
    def wanted(self) -> str:
        """How many, in words."""
        if self.most is None:
            return f"at least {self.least}"
        return str(self.least) if self.least == self.most else f"{self.least} to {self.most}"

    def fits(self, count: int) -> bool:
        """Whether so many are right."""
        return self.least <= count and (self.most is None or count <= self.most)


@value
class Asked:
    """One exchange of the journal and its request, read again; None when it cannot be read."""

    entry: Entry
    request: ChatRequest | None

    def matches(self, match: Match) -> bool:
        """Whether the request matches; one that cannot be read matches only what asks for nothing."""
        if self.request is None:
            return not match.conditions and match.key in (None, self.entry.world.key)
        return match.holds(self.entry.world.key, self.request)


def reread(entry: Entry, door: Door) -> ChatRequest | None:
    """The request of an exchange; None when it could never be read."""
    surface = named(entry.surface)
    try:
        data = loads_bounded(entry.body)
        headers = unpacked(entry.headers)
        request, _ = door.read(surface, data, door.model(surface, data, headers), headers, entry.world)
    except (ValueError, AttributeError, Refused):
        return None
    return request


def _nearest(expectation: Expectation, asked: Sequence[Asked], deadline: Deadline) -> str:
    misses = (
        (each, miss)
        for each in asked
        if each.request is not None
        and (miss := compare(expectation.match, each.request, diff=False)) is not None
    )
    near = nearest_of(misses, deadline)
    if near is None or near.request is None:
        return ""
    miss = compare(expectation.match, near.request)
    return "" if miss is None else f"\n{miss.report(f'request {near.entry.number}')}"


def _unordered(
    expectations: Sequence[Expectation], asked: Sequence[Asked], deadline: Deadline
) -> Iterable[str]:
    for at, expectation in enumerate(expectations):
        found = [each for each in asked if each.matches(expectation.match)]
        if not expectation.fits(len(found)):
            near = _nearest(expectation, asked, deadline) if len(found) < expectation.least else ""
            yield f"requests[{at}]: {expectation.wanted} should match, {len(found)} did{near}"


def _ordered(
    expectations: Sequence[Expectation], asked: Sequence[Asked], deadline: Deadline
) -> Iterable[str]:
    """Walks the journal once: each expectation takes as many as it may, from where the last one ended."""
    begin = 0
    for at, expectation in enumerate(expectations):
        count = 0
        for position in range(begin, len(asked)):
            if expectation.most is not None and count == expectation.most:
                break
            later = expectations[at + 1] if at + 1 < len(expectations) else None
            if count >= expectation.least and later and asked[position].matches(later.match):
                break
            if asked[position].matches(expectation.match):
                count, begin = count + 1, position + 1
        if count < expectation.least:
            where = f" after request {asked[begin - 1].entry.number}" if begin else ""
            near = _nearest(expectation, asked[begin:], deadline)
            yield f"requests[{at}]: {expectation.wanted} should match{where}, {count} did{near}"


def problems(
    expectations: Sequence[Expectation],
    asked: Sequence[Asked],
    *,
    ordered: bool,
    nothing_else: bool,
    deadline: Deadline | None = None,
) -> list[str]:
    """What is not as expected, in words; empty when all is well.

    Until the deadline, each comes with the request that almost matched. Raises `MatchError` for a condition
    that cannot be decided.
    """
    deadline = deadline or Deadline(PATIENCE, timer=working_time)
    found = list((_ordered if ordered else _unordered)(expectations, asked, deadline))
    if nothing_else:
        for each in asked:
            if not any(each.matches(expectation.match) for expectation in expectations):
                last = each.request.last_user[:80] if each.request is not None else "it could not be read"
                found.append(f"request {each.entry.number} was not expected: {last!r}")
    return found
