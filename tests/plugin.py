"""How a pytest inside of a test gets the plugin, installed or not."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import entry_points

# Pytester forgets what a run within imports, and half of it stays: YAML's compiled one, for example.
import mockserver.scenario.source
import mockserver.server.routes  # noqa: F401
from mockserver import pytest_plugin

_INSTALLED = any(point.value == "mockserver.pytest_plugin" for point in entry_points(group="pytest11"))
_PLUGIN = () if _INSTALLED else ("-p", "mockserver.pytest_plugin")
ARGUMENTS = ("-p", "no:cacheprovider", "-p", "no:asyncio", *_PLUGIN)
"""The arguments with which the plugin is there, once."""


@contextmanager
def read_anew() -> Iterator[None]:
    """The plugin is read once more, so that coverage sees what pytest imported before it.

    Behind it the module is what it was: the pytest around looks for what it stashed under its own keys.
    """
    before = dict(vars(pytest_plugin))
    importlib.reload(pytest_plugin)
    try:
        yield
    finally:
        vars(pytest_plugin).update(before)
