"""The context caches of the cloud: what of a prompt was read before and costs less.

Implicit: every prompt leaves its prefixes behind, message by message; a later prompt of the same key
and model that begins in the same way hits, in whole blocks and from a minimum on. Explicit: a
`cache_control` marker on a content part creates a cache of all before it; it lives five minutes,
longer with each hit, and stands in for the implicit one (Model Studio docs, context cache, 2026).
Lives end by the server's own clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter

from mockserver.base.values import value
from mockserver.meter.prompt import PromptTokens
from mockserver.meter.template import texts
from mockserver.meter.tokenizer import Tokenizer
from mockserver.talk.request import ChatRequest

LIFE_S = 300.0
"""How long a cache lives, in seconds."""

EXPLICIT_MINIMUM = 1024
"""The least tokens of an explicit cache."""

EXPLICIT_MARKERS = 4
"""How many markers of a request count: the last ones."""

LOOK_BACK = 20
"""How many messages before a marker are searched for a cache that an earlier marker made."""

_MOST = 4096

_cached = attrgetter("cached")


@value
class CacheUse:
    """What a request found and left in the caches, in tokens. `created` is None without a marker."""

    cached: int = 0
    created: int | None = None


def _prefixes(parts: Iterable[tuple[str, str, int]]) -> Iterator[tuple[int, int]]:
    """The mark of each prefix of a prompt, and its tokens."""
    mark, tokens = 0, 0
    for role, text, count in parts:
        mark = hash((mark, role, text))
        tokens += count
        yield mark, tokens


Prefixes = Sequence[tuple[int, int]]
"""The mark of each prefix of a conversation, and its tokens."""


def prefixes_of(prompt: PromptTokens) -> Prefixes:
    """The prefixes of a prompt."""
    return list(_prefixes(prompt.parts))


def marked(request: ChatRequest, tokenizer: Tokenizer) -> Prefixes | None:
    """The prefixes of a request with a marker; None for one without.

    They are counted message by message, where a prompt may hold less of them: neighbours of one role share a
    frame. Some models do not read markers (RarogCmex/pi-alibaba-models, measured 2026-10: glm-5.3).
    """
    if not request.model.explicit_cache:
        return None
    if not any(map(_cached, request.messages)):
        return None
    frame: int = texts()["message_tokens"]
    parts = ((m.role, m.text, frame + tokenizer.count(m.text.strip())) for m in request.messages)
    return [(~mark, tokens) for mark, tokens in _prefixes(parts)]


class PrefixCache:
    """What one API key's requests to one model left behind: prefixes and when they end."""

    def __init__(self) -> None:
        self._ends: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._ends)

    def _alive(self, mark: int, now: float) -> bool:
        return self._ends.get(mark, 0.0) > now

    def _keep(self, marks: Iterable[int], now: float) -> None:
        for mark in marks:
            self._ends.pop(mark, None)
            self._ends[mark] = now + LIFE_S
        while len(self._ends) > _MOST:
            for mark in list(islice(self._ends, _MOST // 4)):
                del self._ends[mark]

    def use(
        self, request: ChatRequest, prompt: PromptTokens, marks: Prefixes | None, *, now: float
    ) -> CacheUse:
        """What a request finds and leaves: explicitly when it is `marked`, else implicitly."""
        if marks is not None:
            return self.explicit(request, prompt, marks, now=now)
        family = request.model.family
        return self.implicit(prompt, block=family.cache_block, minimum=family.cache_minimum, now=now)

    def implicit(self, prompt: PromptTokens, *, block: int, minimum: int, now: float) -> CacheUse:
        """The hit of a prompt, which then leaves its own prefixes behind."""
        if prompt.text < minimum:
            return CacheUse()
        prefixes = prefixes_of(prompt)
        found = self.found(prompt, prefixes, block=block, now=now)
        self.leave(prefixes, now=now)
        return found

    def found(self, prompt: PromptTokens, prefixes: Prefixes, *, block: int, now: float) -> CacheUse:
        """What a prompt with these prefixes hits implicitly."""
        hit = max((tokens for mark, tokens in prefixes if self._alive(mark, now)), default=0)
        return CacheUse(min(hit, prompt.total - 1) // block * block)

    def leave(self, prefixes: Prefixes, *, now: float) -> None:
        """Keeps these prefixes from now on."""
        self._keep((mark for mark, _ in prefixes), now)

    def explicit(
        self, request: ChatRequest, prompt: PromptTokens, prefixes: Prefixes, *, now: float
    ) -> CacheUse:
        """What the markers of a request hit, and what they create; together no more than its prompt."""
        marked = [at for at, message in enumerate(request.messages) if message.cached][-EXPLICIT_MARKERS:]
        marked = [at for at in marked if prefixes[at][1] >= EXPLICIT_MINIMUM]
        near = {step for at in marked for step in range(max(0, at - LOOK_BACK), at + 1)}
        alive = [prefixes[at] for at in sorted(near) if self._alive(prefixes[at][0], now)]
        hit = min(max((tokens for _, tokens in alive), default=0), prompt.total)
        longest = min(max((prefixes[at][1] for at in marked), default=0), prompt.total)
        self._keep((mark for mark, _ in [*alive, *(prefixes[at] for at in marked)]), now)
        return CacheUse(hit, max(0, longest - hit))
