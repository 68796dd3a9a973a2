"""Quotas: how many requests and tokens a key may ask of a model, and how many answers at once.

Every limit of a rate is a sliding window: in any 60 seconds no more than `rpm` requests are let in, in
any one second no more than `burst`. A token bucket would let through up to twice as many around a full
bucket, and a test could not say which request is the first one too many. Nothing here reads a clock: the
time, in seconds, is given.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import field
from fnmatch import fnmatchcase
from typing import Any

from mockserver.base.values import value

MINUTE = 60.0
SECOND = 1.0
LIMITS = ("rpm", "tpm", "burst", "concurrency")
"""What a quota may limit: requests and tokens a minute, requests a second, answers at once."""

REFUSALS = {
    "rpm": "throttling.rate-quota",
    "tpm": "throttling.allocation-quota",
    "burst": "throttling.burst-rate",
    "concurrency": "throttling.general",
}
"""The refusal of each limit, in the order in which they are checked.

Model Studio docs, error codes, 2025-12. They name no code for too many answers at once; the general one
of throttling is the mock's own choice.
"""

_MOST = 1_000_000_000
_DIGITS = 20
_METERS = 10_000


class QuotaError(ValueError):
    """A quota that cannot be; the message shows value, rule and fix."""


class QuotaExceededError(Exception):
    """A request beyond a quota; `limit` is which of its limits, `refusal` the catalogue's entry."""

    def __init__(self, limit: str) -> None:
        self.limit = limit
        self.refusal = REFUSALS[limit]
        super().__init__(limit)


@value(kw_only=True)
class Quota:
    """The limits of each model that `model`, a glob, names: for one `key`, or for every key by itself.

    `rpm` and `tpm`: requests and tokens (input and output) in any 60 seconds. `burst`: requests in any
    one second. `concurrency`: answers that are being sent at once. None stands for no limit; 0 lets
    nothing in. Raises `QuotaError` for a limit out of range or a quota without any.
    """

    model: str = "*"
    key: str | None = field(default=None, repr=False)
    rpm: int | None = None
    tpm: int | None = None
    burst: int | None = None
    concurrency: int | None = None

    def __post_init__(self) -> None:
        """Raises `QuotaError`."""
        if not self.limits:
            msg = f"the quota of {self.model} limits nothing: give {', '.join(LIMITS[:-1])} or {LIMITS[-1]}"
            raise QuotaError(msg)
        for name, limit in self.limits.items():
            if not 0 <= limit <= _MOST:
                msg = f"{name} of {self.model} is {limit}: it must lie in 0 to {_MOST}"
                raise QuotaError(msg)

    @property
    def limits(self) -> dict[str, int]:
        """The limits that are set, by name."""
        given = ((name, getattr(self, name)) for name in LIMITS)
        return {name: limit for name, limit in given if limit is not None}

    def holds(self, key: str, model: str) -> bool:
        """Whether it limits the requests of a key to a model."""
        return (self.key is None or self.key == key) and fnmatchcase(model, self.model)


def read_quota(text: str) -> Quota:
    """A quota as the command line has it: `[KEY:]MODEL=rpm:60,tpm:100000`. Raises `QuotaError`."""
    scope, sign, given = text.rpartition("=")
    key, colon, model = scope.rpartition(":") if scope.startswith("sk-") else ("", ":", scope)
    limits: dict[str, int] = {}
    for part in given.split(","):
        name, _, number = part.partition(":")
        whole = number.isascii() and number.isdigit() and len(number) <= _DIGITS
        if not (sign and colon and model and name in LIMITS and whole):
            # The text may hold a key, so what could be one is not shown.
            shown = text if not text.startswith("sk-") else f"sk-...={given}" if sign else "sk-..."
            msg = f"{shown!r} is no quota: write [KEY:]MODEL=rpm:60,tpm:100000,burst:5,concurrency:2"
            raise QuotaError(msg)
        limits[name] = int(number)
    return Quota(model=model, key=key or None, **limits)


class Window:
    """What fell into the last so many seconds; it may be asked only of times that do not go back."""

    __slots__ = ("_entries", "_seconds", "_total")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._entries: deque[tuple[float, int]] = deque()
        self._total = 0

    def add(self, amount: int, *, now: float) -> None:
        """Enters an amount; it counts from `now` on, and no more when the window's seconds are over."""
        self._entries.append((now, amount))
        self._total += amount

    def total(self, *, now: float) -> int:
        """The sum of what was entered in the last seconds."""
        entries = self._entries
        while entries and now - entries[0][0] >= self._seconds:
            self._total -= entries.popleft()[1]
        return self._total


class Meter:
    """What one key asked of one model lately, and how many of its answers are being sent."""

    __slots__ = ("latest", "requests", "running", "rush", "tokens")

    def __init__(self) -> None:
        self.requests = Window(MINUTE)
        self.rush = Window(SECOND)
        self.tokens = Window(MINUTE)
        self.running = 0
        self.latest = 0.0

    def at(self, now: float) -> float:
        """The time, for a clock that may be set back."""
        self.latest = max(self.latest, now)
        return self.latest

    def used(self, now: float) -> dict[str, int]:
        """What is used of each limit."""
        now = self.at(now)
        return {
            "rpm": self.requests.total(now=now),
            "tpm": self.tokens.total(now=now),
            "burst": self.rush.total(now=now),
            "concurrency": self.running,
        }


class Admission:
    """A request that was let in: it costs tokens, and holds its place until it is freed."""

    __slots__ = ("_held", "_meter")

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._held = True
        meter.running += 1

    def spend(self, tokens: int, *, now: float) -> None:
        """Books what the answer cost."""
        self._meter.tokens.add(tokens, now=self._meter.at(now))

    def free(self) -> None:
        """Gives the place back; once is enough, more does no harm."""
        if self._held:
            self._held = False
            self._meter.running -= 1


class Quotas:
    """All quotas of a server. It is false when there are none.

    `given` are those of the settings, which a reset brings back.
    """

    def __init__(self, given: Iterable[Quota] = ()) -> None:
        self._given = tuple(given)
        self._quotas: dict[tuple[str | None, str], Quota] = {}
        self._meters: dict[tuple[str, str], Meter] = {}
        self.reset()

    def __bool__(self) -> bool:
        return bool(self._quotas)

    def __iter__(self) -> Iterator[Quota]:
        return iter(self._quotas.values())

    def put(self, quota: Quota) -> None:
        """Sets a quota, in the place of the one with the same key and glob."""
        self._quotas[quota.key, quota.model] = quota

    def remove(self, *, key: str | None = None, model: str | None = None) -> int:
        """Takes out the quotas of a key, of a glob, of both, or all; how many there were."""
        gone = [
            scope
            for scope in self._quotas
            if key in (None, scope[0]) and (model is None or model == scope[1])
        ]
        for scope in gone:
            del self._quotas[scope]
        return len(gone)

    def remove_one(self, quota: Quota) -> None:
        """Takes a quota out, unless another one stands in its place."""
        if self._quotas.get((quota.key, quota.model)) == quota:
            del self._quotas[quota.key, quota.model]

    def reset(self, key: str | None = None) -> None:
        """Forgets what was used and set since the start: by one key, or by all."""
        if key is None:
            self._quotas.clear()
            self._meters.clear()
        else:
            self.remove(key=key)
            self._meters = {scope: meter for scope, meter in self._meters.items() if scope[0] != key}
        for quota in self._given:
            if key in (None, quota.key):
                self.put(quota)

    def admit(self, key: str, model: str, *, now: float) -> Admission | None:
        """Lets a request in, or raises `QuotaExceededError`; None when no quota holds for it.

        A request that is refused counts for nothing. Its tokens are known when it is answered, so a
        request is let in as long as those before it have left some.
        """
        limits = self.limits_of(key, model)
        if not limits:
            return None
        meter = self._meter(key, model)
        used = meter.used(now)
        for name in REFUSALS:
            if name in limits and used[name] >= limits[name]:
                raise QuotaExceededError(name)
        meter.requests.add(1, now=meter.latest)
        meter.rush.add(1, now=meter.latest)
        return Admission(meter)

    def limits_of(self, key: str, model: str) -> dict[str, int]:
        """What all quotas together limit the requests of a key to a model to."""
        limits: dict[str, int] = {}
        for quota in self:
            if quota.holds(key, model):
                for name, limit in quota.limits.items():
                    limits[name] = min(limit, limits.get(name, limit))
        return limits

    def used(self, *, now: float) -> list[dict[str, Any]]:
        """What each key used of each model that has a quota."""
        return [
            {"key": key, "model": model, **meter.used(now)} for (key, model), meter in self._meters.items()
        ]

    def _meter(self, key: str, model: str) -> Meter:
        found = self._meters.get((key, model))
        if found is None:
            if len(self._meters) >= _METERS:
                del self._meters[next(iter(self._meters))]
            found = self._meters[key, model] = Meter()
        return found
