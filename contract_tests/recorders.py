"""The recorders of other people, run for real: what they are asked to record, and how each is started."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.drivers import HOMES, SOURCES, Home

KEY = "sk-0123456789abcdef0123456789abcdef"
SECRETS = (
    KEY,
    "sk-fedcba9876543210fedcba9876543210",
    "sk-aaaabbbbccccdddd0000111122223333",
    "sk-99998888777766665555444433332222",
)
"""A key of the service, one in another header, one in a query, and one in what is said."""

_COMPAT = "/compatible-mode/v1/chat/completions"
_NATIVE = "/api/v1/services/aigc/text-generation/generation"
_PLAIN = {"content-type": "application/json", "authorization": f"Bearer {KEY}", "accept-encoding": "identity"}
_TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def _compat(said: str, **more: Any) -> str:
    messages = [{"role": "user", "content": said}]
    return json.dumps({"model": "qwen-plus", "messages": messages, **more}, ensure_ascii=False)


def _native(said: str, **parameters: Any) -> str:
    given = {"result_format": "message", **parameters}
    asked = {
        "model": "qwen-plus",
        "input": {"messages": [{"role": "user", "content": said}]},
        "parameters": given,
    }
    return json.dumps(asked, ensure_ascii=False)


def _exchange(target: str, body: str, headers: Mapping[str, str] = _PLAIN) -> dict[str, Any]:
    return {"method": "POST", "target": target, "headers": dict(headers), "body": body}


_PACKED = {**_PLAIN, "accept-encoding": "gzip"}
_KEYLESS = {name: value for name, value in _PLAIN.items() if name != "authorization"}

EXCHANGES = (
    _exchange(_COMPAT, _compat("你好，说说龙井。")),
    _exchange(_COMPAT, _compat("你好，说说龙井。", stream=True)),
    _exchange(_NATIVE, _native("再说说乌龙。")),
    _exchange(
        _NATIVE, _native("再说说乌龙。", incremental_output=True), {**_PLAIN, "x-dashscope-sse": "enable"}
    ),
    _exchange(
        _COMPAT,
        _compat("What is the weather in Hangzhou?", tools=[_TOOL], tool_choice="required"),
        {**_PLAIN, "x-api-key": SECRETS[1]},
    ),
    _exchange(f"{_COMPAT}?api_key={SECRETS[2]}", _compat("packed, please: 茶"), _PACKED),
    _exchange(_NATIVE, _native(f"my key is {SECRETS[3]}, keep it"), _PACKED),
    _exchange(_COMPAT, _compat("no key at all"), _KEYLESS),
    _exchange(_COMPAT, _compat("too hot", temperature=9)),
)
"""Both dialects, streamed and not, Chinese, a tool call, gzip, 401 and 400."""

_PYTHON = Home(name="recorders-python", sources=("recorders_python/requirements.txt",))
_NODE = Home(
    name="recorders-node", sources=("recorders_node/package.json", "recorders_node/package-lock.json")
)
_GO = Home(
    name="recorders-go", sources=("recorders_go/go.mod", "recorders_go/go.sum", "recorders_go/driver.go")
)
_JAVA = Home(name="recorders-java", sources=("recorders_java/pom.xml", "recorders_java/Driver.java"))


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One recorder: its name for its driver, the format that its files have, and how it is started."""

    name: str
    form: str
    home: Home
    command: tuple[str, ...]
    needs: str = ""
    """What must be on the PATH."""

    def __str__(self) -> str:
        """Show the name: it is the test's id."""
        return self.name

    def record(self, base: str, out: Path) -> None:
        """Let the tool record all exchanges with a server, into a folder. Raises `RuntimeError`."""
        job = out.with_suffix(".job.json")
        document = {"tool": self.name, "base": base, "out": str(out), "exchanges": EXCHANGES}
        job.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        out.mkdir()
        unwanted = ("HTTP_PROXY", "HTTPS_PROXY", "NODE_OPTIONS", "PYTHONPATH", "JAVA_TOOL_OPTIONS")
        environment = {name: value for name, value in os.environ.items() if name.upper() not in unwanted}
        environment |= {"NODE_PATH": str(_NODE.path / "node_modules"), "NO_PROXY": "*", "no_proxy": "*"}
        done = subprocess.run(
            [*self.command, str(job)], env=environment, capture_output=True, timeout=120, check=False
        )
        if done.returncode:
            message = (
                f"{self.name} ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-2000:]}"
            )
            raise RuntimeError(message)


def _python(name: str, form: str) -> Tool:
    command = (str(_PYTHON.path / "bin" / "python"), str(SOURCES / "recorders_python" / "driver.py"))
    return Tool(name=name, form=form, home=_PYTHON, command=command)


def _node(name: str, form: str) -> Tool:
    command = ("node", str(SOURCES / "recorders_node" / "driver.cjs"))
    return Tool(name=name, form=form, home=_NODE, command=command, needs="node")


def _go(name: str) -> Tool:
    return Tool(name=name, form="go-vcr", home=_GO, command=(str(_GO.path / "driver"),), needs="go")


def _java(name: str) -> Tool:
    path = f"{HOMES}/recorders-java/classes:{HOMES}/recorders-java/lib/*"
    command = ("java", "-Dfile.encoding=UTF-8", "-cp", path, "Driver")
    return Tool(name=name, form="wiremock", home=_JAVA, command=command, needs="java")


TOOLS = (
    _python("vcrpy", "vcr"),
    _python("betamax", "betamax"),
    _python("cassetter-yaml", "cassetter"),
    _python("cassetter-toml", "cassetter"),
    _node("polly", "har"),
    _node("nock", "nock"),
    _node("aimock", "aimock"),
    _go("go-vcr-v3"),
    _go("go-vcr-v4"),
    _java("wiremock"),
    _java("wiremock-files"),
)
"""All that are run."""
