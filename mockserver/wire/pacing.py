"""When the frames of a stream are due."""

import random
from collections.abc import Sequence

from mockserver.talk.reply import Pace


def schedule(tokens: Sequence[int], pace: Pace) -> list[float]:
    """When each frame of a stream is due, in seconds after the first one that carries a token."""
    # Not secrets; to seed it costs as much as the rest.
    rand = random.Random(pace.seed) if pace.jitter else None  # noqa: S311
    due: list[float] = []
    at, begun = 0.0, False
    for count in tokens:
        if count and begun:
            step = count * pace.per_token_ms / 1000
            at += step if rand is None else step * (1 + pace.jitter * rand.uniform(-1, 1))
        begun = begun or count > 0
        due.append(at)
    return due
