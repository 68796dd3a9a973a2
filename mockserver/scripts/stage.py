"""What is playing on a server: the settings that a scenario brings, by the key that it serves."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from mockserver.base.kept import Kept
from mockserver.base.values import value
from mockserver.scripts.pace import Profile
from mockserver.scripts.script import FILES
from mockserver.talk.reply import Pace
from mockserver.talk.request import ChatRequest

_MOST, _BYTES, _SETTING = 10_000, 4 * 1024 * 1024, 300
"""Of how many keys settings are kept, of how many bytes, and about what one takes beside its key."""


@value
class Setting:
    """The settings of one scenario; None leaves one to whoever is asked next."""

    on_miss: str | None = None
    pace: Profile | None = None


class Stage:
    """The settings of all scenarios: a key's own come first, then those for all, the files', the server's.

    Of too many keys those go that nobody has asked with for longest.
    """

    def __init__(self, *, on_miss: str, pace: Profile) -> None:
        self._last = Setting(on_miss, pace)
        self._common: dict[str | None, Setting] = {}
        self._own: Kept[str, Setting] = Kept(
            most=_MOST, size=_BYTES, weigh=lambda key, _: len(key) + _SETTING
        )
        self._paced = bool(pace.rows)

    def play(self, name: str | None, setting: Setting | None) -> None:
        """Puts the settings of a scenario in the place of those before; None takes them away."""
        if setting == Setting():
            setting = None
        if name is None or name == FILES:
            self._common.pop(name, None)
            if setting is not None:
                self._common[name] = setting
        elif setting is None:
            self._own.pop(name)
        else:
            self._own.put(name, setting)
        played = chain(self._common.values(), self._own.values())
        self._paced = any(each.pace is not None for each in played) or bool(
            self._last.pace and self._last.pace.rows
        )

    def change(self, name: str | None, *, on_miss: str) -> None:
        """Changes what answers a miss, whatever else is played there."""
        common = name is None or name == FILES
        before = self._common.get(name) if common else self._own.get(str(name))
        self.play(name, replace(before or Setting(), on_miss=on_miss))

    def clear(self, key: str | None = None) -> None:
        """Forgets the settings of one key, or all but the files'."""
        if key is None:
            self._own.clear()
        self.play(key, None)

    def _for(self, key: str) -> Iterator[Setting]:
        own = self._own.get(key)
        if own is not None:
            yield own
        for name in (None, FILES):
            if name in self._common:
                yield self._common[name]
        yield self._last

    def on_miss(self, key: str) -> str:
        """What happens in the world of this key when no script matches: `built-in` or `error`."""
        return next(each.on_miss for each in self._for(key) if each.on_miss is not None)

    def pace(self, key: str, request: ChatRequest) -> Pace | None:
        """The pace of a reply that has none of its own; None is at once."""
        if not self._paced:
            return None
        return next(each.pace for each in self._for(key) if each.pace is not None).of(request)
