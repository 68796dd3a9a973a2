"""What a state outside of this process is to whoever asks it: something to wait for, and that may be gone."""

from collections.abc import Awaitable, Callable
from typing import Any

from mockserver.base.values import value


class StateError(ValueError):
    """A shared state that cannot be used at all; the message says what is wrong and how to mend it."""


class GoneError(Exception):
    """The shared state does not answer, or not in time."""


@value
class Need:
    """A step that waits for a shared state. Only a server's loop can: who does all steps at once has none.

    Many may ask and be given the same to wait for, which none of them may cancel.
    """

    ask: Callable[[], Awaitable[Any]]

    def __call__(self) -> Any:
        """Raises `RuntimeError`: nothing is to be had here and now."""
        msg = "a shared state is asked for where nobody waits"
        raise RuntimeError(msg)
