"""Every API key is a world of its own: what one client scripts or asks, no other sees."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from mockserver.base.kept import Kept
from mockserver.base.masking import mask
from mockserver.meter.caches import PrefixCache
from mockserver.rules.past import Past
from mockserver.state.memory import Session

_MOST = 10_000
_BYTES = 64 * 1024 * 1024
"""What all worlds may remember together."""

_SESSIONS = 1000
"""How many conversations a world remembers for character models."""

_WORLD, _TURN, _MARK, _ROW = 1200, 400, 120, 250
"""About what a world takes in bytes, and each answered turn, mark of a cache and row of its tables."""


@dataclass(slots=True)
class Ledger:
    """What one model cost in one world."""

    requests: int = 0
    refusals: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


@dataclass(slots=True, eq=False, weakref_slot=True)
class World:
    """One API key's world. `name` is the masked key."""

    key: str = field(repr=False)
    name: str = ""
    ledger: dict[str, Ledger] = field(default_factory=dict)
    caches: dict[str, PrefixCache] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    fault_uses: dict[str, int] = field(default_factory=dict)
    past: Past = field(default_factory=Past)
    counters: dict[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """About how many bytes it remembers."""
        rows = len(self.ledger) + len(self.fault_uses) + len(self.counters)
        size = _WORLD + _ROW * rows + _TURN * len(self.past)
        for cache in self.caches.values():
            size += _MARK * len(cache)
        for session in self.sessions.values():
            size += _ROW + session.size
        return size

    def masked(self, text: str) -> str:
        """A text as it may be shown: without this world's key."""
        return text.replace(self.key, self.name) if self.key else text

    def cache(self, model: str) -> PrefixCache:
        """What this world's requests to one model left in the context cache."""
        found = self.caches.get(model)
        if found is None:
            found = self.caches[model] = PrefixCache()
        return found

    def session(self, session_id: str) -> Session:
        """A conversation that the server remembers; the oldest go when there are too many."""
        found = self.sessions.get(session_id)
        if found is None:
            if len(self.sessions) >= _SESSIONS:
                del self.sessions[next(iter(self.sessions))]
            found = self.sessions[session_id] = Session()
        return found

    def account(self, model: str) -> Ledger:
        """The ledger of one model."""
        found = self.ledger.get(model)
        if found is None:
            found = self.ledger[model] = Ledger()
        return found


class Worlds:
    """All worlds of a server, made when first asked for; the one that rested longest goes first.

    They are bounded in number and in what they remember together. A world that something still holds, an
    answer on its way or an exchange of the journal, is not gone: whoever asks for its key finds it.
    """

    def __init__(self, *, most: int = _MOST, size: int = _BYTES) -> None:
        self._worlds: Kept[str, World] = Kept(most=most, size=size, weigh=lambda _, world: world.size)
        self._held: WeakValueDictionary[str, World] = WeakValueDictionary()

    def __iter__(self) -> Iterator[World]:
        return iter(list(self._worlds.values()))

    @property
    def size(self) -> int:
        """About how many bytes they remember together."""
        return self._worlds.size

    def of(self, key: str) -> World:
        """The world of a key."""
        found = self.known(key)
        if found is None:
            found = self._held[key] = World(key, mask(key))
            self._worlds.put(key, found)
        return found

    def known(self, key: str) -> World | None:
        """The world of a key, if it has been used."""
        found = self._worlds.get(key)
        if found is None:
            found = self._held.get(key)
            if found is not None:
                self._worlds.put(key, found)
        return found

    def rest(self, world: World) -> None:
        """An exchange of a world has ended: it rests from now on, and is weighed."""
        if not self._worlds.again(world.key, world) and self._held.get(world.key) is world:
            self._worlds.put(world.key, world)

    def reset(self, key: str | None = None) -> None:
        """Forgets all worlds, or one."""
        if key is None:
            self._worlds.clear()
            self._held.clear()
        else:
            self._worlds.pop(key)
            self._held.pop(key, None)
