"""The script that answers a large request: looked for aside, while others have their turn."""

from mockserver.corridor.work import Steps, aside
from mockserver.scripts.script import Script, Scripts, first
from mockserver.talk.request import ChatRequest


def searched(scripts: Scripts, key: str, request: ChatRequest) -> Steps[Script | None]:
    """As `Scripts.find`; one that others used up meanwhile does not answer."""
    left = tuple(scripts.seen_by(key))
    while left and (at := (yield from aside(first, left, key, request))) is not None:
        if not left[at].spent_for(key):
            return left[at]
        left = left[at + 1 :]
    return None
