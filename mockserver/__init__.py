"""An offline DashScope: the HTTP dialects of Alibaba Cloud Model Studio, for tests.

    from mockserver import MockServer, contains

    with MockServer() as mock:
        mock.when(last_user=contains("tea")).reply("Oolong.")

Nothing is imported before it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mockserver.base.version import __version__ as __version__

if TYPE_CHECKING:
    from mockserver.testing.channel import ControlError
    from mockserver.testing.embedded import InProcess, MockServer
    from mockserver.testing.exchange import Exchange
    from mockserver.testing.matchers import contains, regex
    from mockserver.testing.mock import Mock, Script

__all__ = ["ControlError", "Exchange", "InProcess", "Mock", "MockServer", "Script", "contains", "regex"]

_HOMES = {
    "ControlError": "testing.channel",
    "Exchange": "testing.exchange",
    "InProcess": "testing.embedded",
    "Mock": "testing.mock",
    "MockServer": "testing.embedded",
    "Script": "testing.mock",
    "contains": "testing.matchers",
    "regex": "testing.matchers",
}
"""The module of each public name."""


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module 'mockserver' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"mockserver.{home}"), name)
