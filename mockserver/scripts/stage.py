"""What is playing on a server: the settings that a scenario brings, by the key that it serves."""

from collections.abc import Iterator
from dataclasses import replace

from mockserver.base.values import value
from mockserver.scripts.pace import Profile
from mockserver.scripts.script import FILES
from mockserver.talk.reply import Pace
from mockserver.talk.request import ChatRequest


@value
class Setting:
    """The settings of one scenario; None leaves one to whoever is asked next."""

    on_miss: str | None = None
    pace: Profile | None = None


class Stage:
    """The settings of all scenarios: a key's own come first, then those for all, the files', the server's."""

    def __init__(self, *, on_miss: str, pace: Profile) -> None:
        self._last = Setting(on_miss, pace)
        self._settings: dict[str | None, Setting] = {}
        self._paced = bool(pace.rows)

    def play(self, name: str | None, setting: Setting | None) -> None:
        """Puts the settings of a scenario in the place of those before; None takes them away."""
        self._settings.pop(name, None)
        if setting is not None and setting != Setting():
            self._settings[name] = setting
        self._paced = any(each.pace is not None for each in self._settings.values()) or bool(
            self._last.pace and self._last.pace.rows
        )

    def change(self, name: str | None, *, on_miss: str) -> None:
        """Changes what answers a miss, whatever else is played there."""
        self.play(name, replace(self._settings.get(name, Setting()), on_miss=on_miss))

    def clear(self, key: str | None = None) -> None:
        """Forgets the settings of one key, or all but the files'."""
        for name in [name for name in self._settings if name == key or (key is None and name != FILES)]:
            self.play(name, None)

    def _for(self, key: str) -> Iterator[Setting]:
        for name in (key, None, FILES):
            if name in self._settings:
                yield self._settings[name]
        yield self._last

    def on_miss(self, key: str) -> str:
        """What happens in the world of this key when no script matches: `built-in` or `error`."""
        return next(each.on_miss for each in self._for(key) if each.on_miss is not None)

    def pace(self, key: str, request: ChatRequest) -> Pace | None:
        """The pace of a reply that has none of its own; None is at once."""
        if not self._paced:
            return None
        return next(each.pace for each in self._for(key) if each.pace is not None).of(request)
