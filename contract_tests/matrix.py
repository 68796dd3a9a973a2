"""Which clients are driven, and the ways that a test goes through."""

import os
import sys
from collections.abc import Iterable
from functools import partial

import pytest

from contract_tests.drivers import SOURCES, Client, Home

OLD_SDK = Home(name="dashscope-1.24", sources=("dashscope_1_24/requirements.txt",))
NODE = Home(name="node", sources=("node/package.json", "node/package-lock.json"))
JAVA = Home(
    name="java",
    sources=("java/pom.xml", "java/src/main/java/Beside.java", "java/src/main/java/Conversations.java"),
)


def _python(module: str, *arguments: str, executable: str = sys.executable) -> tuple[str, ...]:
    return (executable, "-m", f"contract_tests.clients.{module}", *arguments)


def _old_python() -> str:
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return str(OLD_SDK.path / folder / name)


def java(program: str) -> tuple[str, ...]:
    """Say how a program that uses the SDK for Java is run."""
    classpath = os.pathsep.join((str(JAVA.path / "classes"), str(JAVA.path / "lib" / "*")))
    return ("java", "-XX:TieredStopAtLevel=1", "-cp", classpath, program)


_compat = partial(Client, surface="compat", model="qwen-plus")
_openai = partial(_compat, raises=True, json_errors_only=True)
_native = partial(Client, surface="native-text", model="qwen-plus")
_multimodal = partial(Client, surface="native-multimodal", model="qwen3-vl-plus")

CLIENTS = (
    _openai(name="openai-python", command=_python("openai_python_sync")),
    _openai(name="openai-python-async", command=_python("openai_python_async")),
    _openai(
        name="openai-node",
        command=("node", str(SOURCES / "node" / "openai_node.cjs")),
        tool="node",
        home=NODE,
    ),
    _compat(name="dashscope-client-openai", command=_python("dashscope_client", "openai"), raises=True),
    _compat(name="curl-compat", command=_python("curl"), tool="curl"),
    _native(name="dashscope-client-native", command=_python("dashscope_client", "native"), raises=True),
    _native(name="dashscope-generation", command=_python("dashscope_generation")),
    _native(name="dashscope-aio", command=_python("dashscope_aio"), merges=True),
    _native(
        name="dashscope-1.24",
        command=_python("dashscope_generation", "cumulative", executable=_old_python()),
        home=OLD_SDK,
        cumulative=True,
    ),
    _native(name="dashscope-java", command=java("Conversations"), tool="java", home=JAVA),
    _native(name="curl-native", command=_python("curl"), tool="curl"),
    _multimodal(name="dashscope-multimodal", command=_python("dashscope_multimodal")),
    _multimodal(name="curl-multimodal", command=_python("curl"), tool="curl"),
)


def clients(chosen: Iterable[Client]) -> pytest.MarkDecorator:
    """Run a test with each of these clients."""
    return pytest.mark.parametrize("client", list(chosen), ids=str, indirect=True)


every_client = clients(CLIENTS)
text_clients = clients(client for client in CLIENTS if client.surface != "native-multimodal")
"""Those whose model documents `n`; no vision model does."""
cumulative_clients = clients(client for client in CLIENTS if client.cumulative)
thinking_clients = clients(client for client in CLIENTS if not client.cumulative)
"""Thinking is refused to those that ask for cumulative frames."""
both_ways = pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
