"""How a pytest inside of a test gets the plugin, installed or not."""

from importlib.metadata import entry_points

_INSTALLED = any(point.value == "mockserver.pytest_plugin" for point in entry_points(group="pytest11"))
_PLUGIN = () if _INSTALLED else ("-p", "mockserver.pytest_plugin")
ARGUMENTS = ("-p", "no:cacheprovider", "-p", "no:asyncio", *_PLUGIN)
"""The arguments with which the plugin is there, once."""
