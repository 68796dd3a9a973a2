"""The recorders of other people, run for real: what they are asked to record, and how each is started."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.drivers import SOURCES, Home

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


@dataclass(frozen=True, kw_only=True)
class Homes:
    """Where the recorders of one generation live: the newest versions, or those before."""

    python: Home
    node: Home
    java: Home

    @classmethod
    def of(cls, ending: str = "") -> "Homes":
        """The homes whose folders end so."""
        name = f"recorders%s{ending.replace('_', '-')}"
        node = (f"recorders_node{ending}/package.json", f"recorders_node{ending}/package-lock.json")
        java = (f"recorders_java{ending}/pom.xml", f"recorders_java{ending}/Driver.java")
        return cls(
            python=Home(name=name % "-python", sources=(f"recorders_python{ending}/requirements.txt",)),
            node=Home(name=name % "-node", sources=node),
            java=Home(name=name % "-java", sources=java),
        )


_GO = Home(
    name="recorders-go", sources=("recorders_go/go.mod", "recorders_go/go.sum", "recorders_go/driver.go")
)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One recorder: its name for its driver, the format that its files have, and how it is started."""

    name: str
    form: str
    home: Home | None
    """Where it lives; None: beside the tests themselves."""
    command: tuple[str, ...]
    needs: str = ""
    """What must be on the PATH."""
    version: str = ""
    modules: Path | None = None
    """Where Node finds its packages."""

    def __str__(self) -> str:
        """Show the name and the version, where it is not the newest: it is the test's id."""
        return f"{self.name}-{self.version}" if self.version else self.name

    def record(self, base: str, out: Path) -> None:
        """Let the tool record all exchanges with a server, into a folder. Raises `RuntimeError`."""
        job = out.with_suffix(".job.json")
        document = {"tool": self.name, "base": base, "out": str(out), "exchanges": EXCHANGES}
        job.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        out.mkdir()
        unwanted = ("HTTP_PROXY", "HTTPS_PROXY", "NODE_OPTIONS", "PYTHONPATH", "JAVA_TOOL_OPTIONS")
        environment = {name: value for name, value in os.environ.items() if name.upper() not in unwanted}
        environment |= {"NODE_PATH": str(self.modules), "NO_PROXY": "*", "no_proxy": "*"}
        done = subprocess.run(
            [*self.command, str(job)], env=environment, capture_output=True, timeout=120, check=False
        )
        if done.returncode:
            message = (
                f"{self.name} ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-2000:]}"
            )
            raise RuntimeError(message)


def _tools(homes: Homes, versions: Mapping[str, str]) -> tuple[Tool, ...]:
    """The recorders of one generation; `versions`: what shows in their names."""

    def python(name: str, form: str) -> Tool:
        command = (str(homes.python.path / "bin" / "python"), str(SOURCES / "recorders_python" / "driver.py"))
        return Tool(name=name, form=form, home=homes.python, command=command, version=versions.get(form, ""))

    def node(name: str, form: str) -> Tool:
        return Tool(
            name=name,
            form=form,
            home=homes.node,
            command=("node", str(SOURCES / "recorders_node" / "driver.cjs")),
            needs="node",
            version=versions.get(name, ""),
            modules=homes.node.path / "node_modules",
        )

    def java(name: str) -> Tool:
        path = f"{homes.java.path}/classes:{homes.java.path}/lib/*"
        command = ("java", "-Dfile.encoding=UTF-8", "-cp", path, "Driver")
        version = versions.get("wiremock", "")
        return Tool(
            name=name, form="wiremock", home=homes.java, command=command, needs="java", version=version
        )

    return (
        python("vcrpy", "vcr"),
        python("betamax", "betamax"),
        python("cassetter-yaml", "cassetter"),
        python("cassetter-toml", "cassetter"),
        node("polly", "har"),
        node("nock", "nock"),
        node("aimock", "aimock"),
        java("wiremock"),
        java("wiremock-files"),
    )


def _go(name: str) -> Tool:
    return Tool(name=name, form="go-vcr", home=_GO, command=(str(_GO.path / "driver"),), needs="go")


def _mitmproxy(name: str, form: str) -> Tool:
    command = (sys.executable, str(SOURCES / "recorders_mitmproxy" / "driver.py"))
    return Tool(name=name, form=form, home=None, command=command)


NEWEST = (*_tools(Homes.of(), {}), _go("go-vcr-v3"), _go("go-vcr-v4"))
"""Those that CI runs: of each tool the newest version; of go-vcr both that are in use."""

BEFORE = _tools(
    Homes.of("_before"),
    {
        "vcr": "8",
        "betamax": "0.8",
        "cassetter": "0.15",
        "polly": "5.1",
        "nock": "14.0",
        "aimock": "1.42",
        "wiremock": "3.12",
    },
)
"""Their versions before; `scripts/nightly recorders` runs them."""

MITMPROXY = (_mitmproxy("mitmproxy", "mitmproxy"), _mitmproxy("mitmproxy-har", "har"))
"""Run where its library can be read too: in Python 3.12 and newer."""

TOOLS = {"newest": NEWEST, "before": BEFORE, "mitmproxy": MITMPROXY}[os.environ.get("RECORDERS", "newest")]
"""All that are run; the environment says which."""
