"""Who asked for a fault: the request's header, the control API, or the API key itself."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.base.weighing import weight
from mockserver.catalogue.errors import Errors, Refusal, Voice, Words
from mockserver.faults.reading import BadFaultError, nearest_fault, read_faults
from mockserver.scripts.match import Match
from mockserver.state.worlds import World
from mockserver.talk.fault import Fault, Faults
from mockserver.talk.refused import Refused
from mockserver.talk.request import ChatRequest

HEADER = "x-mock-fault"
"""The request header that names a fault."""

KEY_PREFIX = "sk-mock-"
"""A key that begins so names a fault; what follows an ``@`` makes it a world of its own."""

_MOST = 1000

_FAULT = 1600
"""About what a fault takes in bytes beside what it says."""


@dataclass(slots=True)
class Entered:
    """One fault of the control API: which requests it takes, how many it took, about how large it is."""

    id: str
    match: Match
    faults: Faults
    times: int | None
    spec: Mapping[str, Any] = field(repr=False)
    size: int = 0
    used: int = 0

    @property
    def limit(self) -> int | None:
        """How many requests it takes; None for all."""
        limits = [limit for limit in (self.times, self.faults.length) if limit is not None]
        return min(limits) if limits else None

    @property
    def spent(self) -> bool:
        """Whether it takes no more requests."""
        limit = self.limit
        return limit is not None and self.used >= limit


def _refused(message: str) -> Refused:
    """The refusal of a fault that cannot be understood; no cloud has words for it."""
    words: Mapping[Voice, Words] = {
        "native": Words("InvalidFault", message),
        "compat": Words("invalid_fault", message, "invalid_request_error"),
    }
    return Refused(Refusal(400, words, "door", id="fault.unknown"))


class Desk:
    """All faults that were asked for, and how often each was."""

    def __init__(self, errors: Errors) -> None:
        self._errors = errors
        self._entered: dict[str, Entered] = {}
        self._count = 0

    def __iter__(self) -> Iterator[Entered]:
        return iter(self._entered.values())

    @property
    def size(self) -> int:
        """About how many bytes they take."""
        return sum(entered.size for entered in self)

    def __bool__(self) -> bool:
        """Whether the control API entered any."""
        return bool(self._entered)

    def add(self, spec: Mapping[str, Any]) -> Entered:
        """Enters a fault of the control API and gives it an id. Raises `BadFaultError` or `MatchError`."""
        return self.enter(self.read(spec))

    def enter(self, entered: Entered) -> Entered:
        """Enters a fault that was read and gives it an id."""
        self._count += 1
        entered.id = f"fault-{self._count}"
        self._entered[entered.id] = entered
        return entered

    def read(self, spec: Mapping[str, Any]) -> Entered:
        """A fault of the control API, not entered yet. Raises `BadFaultError` or `MatchError`."""
        faults = read_faults(spec["fault"], self._errors)
        size = _FAULT + weight(spec)
        return Entered("", Match.read(spec.get("match")), faults, spec.get("times"), spec, size)

    def number_from(self, count: int) -> None:
        """So many faults were entered before the next one, wherever."""
        self._count = count

    def remove(self, fault_id: str) -> bool:
        """Takes a fault out; False when there is none of that id."""
        return self._entered.pop(fault_id, None) is not None

    def clear(self, key: str | None = None) -> None:
        """Forgets all faults, or those of one API key's world."""
        kept = {} if key is None else self._entered
        self._entered = {name: entered for name, entered in kept.items() if entered.match.key != key}

    def asked(self, key: str, headers: Mapping[str, str]) -> bool:
        """Whether a request may ask for a fault at all; cheap, for every request is asked this."""
        return key.startswith(KEY_PREFIX) or HEADER in headers or bool(self._entered)

    def matching(self, key: str, request: ChatRequest) -> list[Entered]:
        """What the control API entered for such a request, as far as it is not spent; a header goes first."""
        if HEADER in request.headers:
            return []
        entered = tuple(self._entered.values())
        return [each for each in entered if not each.spent and each.match.holds(key, request)]

    def draw(self, world: World, request: ChatRequest, matching: Iterable[Entered]) -> Fault | None:
        """The fault that strikes a request, and counts it; None when it is to be answered well.

        The header goes before the control API, of whose faults those are `matching`, and that before the key.
        Raises `Refused` for a name or an option that nobody knows.
        """
        for entered in matching:
            if not entered.spent:  # others may have had their turn
                entered.used += 1
                return entered.faults.at(entered.used - 1)
        return self.named(world, request.headers)

    def named(self, world: World, headers: Mapping[str, str]) -> Fault | None:
        """The fault that the header of a request names, or else its key, and counts it; None for neither.

        Raises `Refused` as `draw` does.
        """
        asked = self.asked_by(world, headers)
        if asked is None:
            return None
        uses, (name, faults) = world.fault_uses, asked
        if name not in uses and len(uses) >= _MOST:
            del uses[next(iter(uses))]
        uses[name] = uses.get(name, 0) + 1
        return faults.at(uses[name] - 1)

    def asked_by(self, world: World, headers: Mapping[str, str]) -> tuple[str, Faults] | None:
        """The faults that a request asks for by its header or its key, and the name that they are counted by.

        Raises `Refused` as `draw` does.
        """
        text = headers.get(HEADER)
        if text is not None:
            try:
                return f"{HEADER}: {text}", read_faults(text, self._errors)
            except BadFaultError as error:
                message = f"{HEADER}: {error}"
                raise _refused(message) from None
        if not world.key.startswith(KEY_PREFIX):
            return None
        text = world.key.removeprefix(KEY_PREFIX).partition("@")[0]
        try:
            return f"key: {text}", read_faults(text, self._errors)
        except BadFaultError:
            # What stands in a key is not repeated: it would get into the log and the journal.
            near = nearest_fault(text.partition(";")[0], self._errors)
            message = (
                f"what follows {KEY_PREFIX} in the API key names no fault; the nearest known one is "
                f"{KEY_PREFIX}{near}; a key that begins in another way asks for none"
            )
            raise _refused(message) from None
