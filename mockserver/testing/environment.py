"""The environment by which SDKs find a server, set and put back."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_READ_AT_IMPORT = {
    "base_http_api_url": "DASHSCOPE_HTTP_BASE_URL",
    "base_compatible_api_url": "DASHSCOPE_COMPATIBLE_BASE_URL",
    "base_websocket_api_url": "DASHSCOPE_WEBSOCKET_BASE_URL",
    "api_key": "DASHSCOPE_API_KEY",
}
"""What the dashscope SDK takes from its environment when it is imported, by the name it keeps it under."""


@contextmanager
def pointed(env: Mapping[str, str]) -> Iterator[None]:
    """Sets these variables, and what the dashscope SDK made of them if it is imported already."""
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    sdk = sys.modules.get("dashscope")
    known = {name: env[variable] for name, variable in _READ_AT_IMPORT.items() if variable in env}
    kept = {name: getattr(sdk, name) for name in known if hasattr(sdk, name)}
    for name in kept:
        setattr(sdk, name, known[name])
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        for name, value in kept.items():
            setattr(sdk, name, value)
