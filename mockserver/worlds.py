"""Every API key is a world of its own: what one client scripts or asks, no other sees."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from mockserver.memory import Session
from mockserver.meter.caches import PrefixCache
from mockserver.rules.past import Past

_MOST = 10_000


def mask(key: str) -> str:
    """A key as it may be shown: told apart from others, never to be used."""
    return f"sk-***{blake2b(key.encode(), digest_size=3).hexdigest()}" if key else "none"


@dataclass(slots=True)
class Ledger:
    """What one model cost in one world."""

    requests: int = 0
    refusals: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


@dataclass(slots=True, eq=False)
class World:
    """One API key's world. `name` is the masked key."""

    key: str = field(repr=False)
    name: str = ""
    ledger: dict[str, Ledger] = field(default_factory=dict)
    caches: dict[str, PrefixCache] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    fault_uses: dict[str, int] = field(default_factory=dict)
    past: Past = field(default_factory=Past)

    def masked(self, text: str) -> str:
        """A text as it may be shown: without this world's key."""
        return text.replace(self.key, self.name) if self.key else text

    counters: dict[str, int] = field(default_factory=dict)

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
            if len(self.sessions) >= _MOST:
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
    """All worlds of a server, made when first asked for; the oldest go when there are too many."""

    def __init__(self) -> None:
        self._worlds: dict[str, World] = {}

    def __iter__(self) -> Iterator[World]:
        return iter(self._worlds.values())

    def of(self, key: str) -> World:
        """The world of a key."""
        found = self._worlds.get(key)
        if found is None:
            if len(self._worlds) >= _MOST:
                del self._worlds[next(iter(self._worlds))]
            found = self._worlds[key] = World(key, mask(key))
        return found

    def known(self, key: str) -> World | None:
        """The world of a key, if it has been used."""
        return self._worlds.get(key)

    def reset(self, key: str | None = None) -> None:
        """Forgets all worlds, or one."""
        if key is None:
            self._worlds.clear()
        else:
            self._worlds.pop(key, None)
