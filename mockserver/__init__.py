"""An offline DashScope: both HTTP dialects of Alibaba Cloud Model Studio, for tests.

    from mockserver import MockServer, contains

    with MockServer() as mock:
        mock.when(last_user=contains("tea")).reply("Oolong.")

Nothing is imported before it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mockserver.channel import ControlError
    from mockserver.embedded import InProcess, MockServer
    from mockserver.exchange import Exchange
    from mockserver.matchers import contains, regex
    from mockserver.mock import Mock, Script

__version__ = "0.1.0"

__all__ = ["ControlError", "Exchange", "InProcess", "Mock", "MockServer", "Script", "contains", "regex"]

_HOMES = {
    "ControlError": "channel",
    "Exchange": "exchange",
    "InProcess": "embedded",
    "Mock": "mock",
    "MockServer": "embedded",
    "Script": "mock",
    "contains": "matchers",
    "regex": "matchers",
}
"""The module of each public name."""


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module 'mockserver' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"mockserver.{home}"), name)
