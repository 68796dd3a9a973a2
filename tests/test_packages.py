"""What the project is packed in for others: each form by its own linter, and what can run here is run."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml

from mockserver.base.version import __version__
from mockserver.corridor.engine import Engine
from mockserver.dialects.table import at
from tests.conftest import make_headers

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "packages"
BIN = Path(sys.executable).parent


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """What a command of our own says."""
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **more)  # noqa: S603


def tool(name: str) -> str:
    """The path of a tool; without it the test is skipped."""
    found = shutil.which(name) or shutil.which(name, path=BIN)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.gitlab-ci", "packages/gitlab/dashscope-mock.yml"),
        ("vendor.compose-spec", "packages/compose.yaml"),
        ("vendor.compose-spec", "packages/compose.many.yaml"),
    ],
)
def test_a_file_keeps_to_the_schema_of_its_kind(schema: str, file: str) -> None:
    done = run(tool("check-jsonschema"), "--builtin-schema", schema, ROOT / file)
    assert done.returncode == 0, done.stdout


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    done = run(tool("hadolint"), ROOT / "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_the_image_holds_what_the_wheel_is_made_of_and_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    kept = (ROOT / ".dockerignore").read_text("utf-8")
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for name in line.split()
    }
    assert copied == set(re.findall(r"^!(.*)$", kept, re.MULTILINE))
    for name in copied:
        assert (ROOT / name).exists(), name
    assert re.search(r"^USER [1-9]\d*$", text, re.MULTILINE)


def test_helm_accepts_the_chart_with_and_without_scenarios(tmp_path: Path) -> None:
    helm, chart = tool("helm"), PACKAGES / "helm" / "dashscope-mock"
    assert run(helm, "lint", "--strict", chart).returncode == 0
    values = tmp_path / "values.yaml"
    document = {"scenarios": {"shop.yaml": "replies: []"}, "controlTokenSecret": "mock"}
    values.write_text(json.dumps({**document, "arguments": ["--quiet"]}), "utf-8")
    choices: list[list[str]] = [[], ["--values", str(values)]]
    for more in choices:
        done = run(helm, "template", "tea", chart, *more)
        assert done.returncode == 0, done.stderr
        kinds = [document["kind"] for document in yaml.safe_load_all(done.stdout) if document]
        assert kinds == (["ConfigMap"] * bool(more)) + ["Service", "Deployment"]
    assert run(helm, "template", "tea", chart, "--set", "argument=x").returncode != 0


MANY = ("stateSecret=redis", "controlTokenSecret=mock", "replicas=3")


def set_to(*values: str) -> list[str]:
    """Options of helm that set values."""
    return [part for value in values for part in ("--set", value)]


def test_the_chart_runs_as_many_as_share_a_state() -> None:
    helm, chart = tool("helm"), PACKAGES / "helm" / "dashscope-mock"
    done = run(helm, "template", "tea", chart, *set_to(*MANY))
    assert done.returncode == 0, done.stderr
    made = {document["kind"]: document for document in yaml.safe_load_all(done.stdout) if document}
    assert list(made) == ["PodDisruptionBudget", "Service", "Deployment"]
    assert made["PodDisruptionBudget"]["spec"]["selector"] == made["Deployment"]["spec"]["selector"]
    assert made["Deployment"]["spec"]["replicas"] == 3
    assert "strategy" not in made["Deployment"]["spec"]
    (container,) = made["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["args"][-2:] == ["--state", "$(DASHSCOPE_MOCK_STATE)"]
    assert {env["name"]: env["valueFrom"]["secretKeyRef"] for env in container["env"]} == {
        "DASHSCOPE_MOCK_CONTROL_TOKEN": {"name": "mock", "key": "token"},
        "DASHSCOPE_MOCK_STATE": {"name": "redis", "key": "url"},
    }
    for short in ([*MANY[1:]], [MANY[0], MANY[2]], [*MANY, "scenarios.shop=replies: []"]):
        assert run(helm, "template", "tea", chart, *set_to(*short)).returncode != 0, short


@pytest.mark.parametrize("version", ["1.25.0", "1.37.0"])
@pytest.mark.parametrize(
    "values", [["--set-json", 'scenarios={"shop.yaml":"replies: []"}'], set_to(*MANY)], ids=["one", "many"]
)
def test_what_the_chart_makes_keeps_to_the_schemas_of_kubernetes(
    values: list[str], version: str, tmp_path: Path
) -> None:
    chart, checker = PACKAGES / "helm" / "dashscope-mock", tool("kubernetes-validate")
    made = run(tool("helm"), "template", "tea", chart, *values)
    file = tmp_path / "chart.yaml"
    file.write_text(made.stdout, "utf-8")
    done = run(checker, "--kubernetes-version", version, "--strict", file)
    assert done.returncode == 0, done.stdout + done.stderr
    file.write_text(made.stdout.replace("containerPort:", "containerHarbour:"), "utf-8")
    done = run(checker, "--kubernetes-version", version, "--strict", file)
    assert "'containerPort' is a required property" in done.stdout


def test_every_package_has_the_version_of_the_project() -> None:
    chart = yaml.safe_load((PACKAGES / "helm/dashscope-mock/Chart.yaml").read_text("utf-8"))
    package = json.loads((PACKAGES / "npm/package.json").read_text("utf-8"))
    module = (PACKAGES / "npm/index.mjs").read_text("utf-8")
    assert (chart["version"], chart["appVersion"], package["version"]) == (__version__,) * 3
    assert f'VERSION = "{__version__}"' in module
    starter = (PACKAGES / "java/src/main/java/dashscope/mock/Mock.java").read_text("utf-8")
    assert f'VERSION = "{__version__}"' in starter
    for page in ("packages/java/pom.xml", "docs/java.md", "docs/zh/java.md"):
        library = "<artifactId>dashscope-mock</artifactId>\n  <version>{}</version>"
        assert library.format(__version__) in (ROOT / page).read_text("utf-8"), page


def test_the_page_that_typed_clients_are_made_of_is_that_of_the_server() -> None:
    done = run(sys.executable, ROOT / "scripts" / "control-clients", "--check")
    assert done.returncode == 0, done.stdout
    for page in (PACKAGES / "control.openapi.json", PACKAGES / "java" / "control.openapi.json"):
        assert json.loads(page.read_text("utf-8"))["info"]["version"] == __version__


def test_what_a_page_shows_of_the_library_for_java_stands_in_its_test() -> None:
    test = (PACKAGES / "java/src/test/java/example/ShopTest.java").read_text("utf-8")
    body = textwrap.dedent(test.partition("class ShopTest {\n")[2].rpartition("}")[0])
    for page in ("docs/java.md", "docs/zh/java.md"):
        shown = re.findall(r"```java\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)[1]
        assert shown in body, page


def shapes(part: Any) -> Iterator[dict[str, Any]]:
    """Every object within a part of a page."""
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from shapes(inner)


def test_a_place_has_one_type_in_java() -> None:
    page = json.loads((PACKAGES / "java" / "control.openapi.json").read_text("utf-8"))
    schemas = page["components"]["schemas"]
    for shape in shapes(schemas):
        assert not isinstance(shape.get("type"), list), shape
        assert "anyOf" not in shape, shape
        for choice in shape.get("oneOf", ()):
            assert choice.get("type") in ("string", "integer") or choice["$ref"].endswith("Form"), shape
    assert schemas["Reply"]["properties"]["reply"]["items"] == {"$ref": "#/components/schemas/ReplyReply"}
    assert schemas["ReplyTextForm"]["properties"].keys() == {"contains", "regex"}


def test_what_two_schemas_would_be_called_alike_is_told_apart() -> None:
    page = json.loads((PACKAGES / "control.openapi.json").read_text("utf-8"))
    body = page["paths"]["/_mock/faults"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    entered = page["components"]["schemas"][body["$ref"].rpartition("/")[2]]
    assert entered["properties"].keys() == {"match", "fault", "times"}
    assert entered["properties"]["fault"] == {"$ref": "#/components/schemas/Fault"}


def test_the_npm_package_lists_all_that_it_is_made_of() -> None:
    folder = PACKAGES / "npm"
    package = json.loads((folder / "package.json").read_text("utf-8"))
    modules = {path.name for path in folder.iterdir() if path.suffix in (".mjs", ".ts")}
    assert set(package["files"]) == {name for name in modules if ".test." not in name}


def test_the_npm_package_starts_a_server_for_the_tests_of_node() -> None:
    if os.name == "nt":
        pytest.skip("run where CI runs")
    done = run(
        tool("node"),
        "--test",
        "mock.test.mjs",
        cwd=PACKAGES / "npm",
        env={**os.environ, "DASHSCOPE_MOCK": str(BIN / "dashscope-mock")},
    )
    assert done.returncode == 0, done.stdout


def outputs(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text("utf-8").splitlines())


def act(folder: Path, arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs the script of the action as a runner does."""
    for name in ("out", "env"):
        (folder / name).touch()
    surroundings = {
        **os.environ,
        "INPUT_ARGUMENTS": arguments,
        "INPUT_ENVIRONMENT": "true",
        "DASHSCOPE_MOCK": str(BIN / "dashscope-mock"),
        "RUNNER_TEMP": str(folder),
        "GITHUB_OUTPUT": str(folder / "out"),
        "GITHUB_ENV": str(folder / "env"),
        **more,
    }
    return run(tool("bash"), PACKAGES / "action" / "start", env=surroundings)


def test_the_action_starts_a_server_that_outlives_its_step(tmp_path: Path) -> None:
    done = act(tmp_path, "--rules strict --block-word 'bad word' --block-word '$(touch /tmp/x)`'")
    assert done.returncode == 0, done.stderr
    said, variables = outputs(tmp_path / "out"), outputs(tmp_path / "env")
    try:
        words = httpx.get(said["url"] + "/_mock/moderation", trust_env=False).json()
        assert words["input"] == ["bad word", "$(touch /tmp/x)`"]
        assert said["openai-url"] == variables["OPENAI_BASE_URL"] == said["url"] + "/compatible-mode/v1"
        assert said["native-url"] == variables["DASHSCOPE_HTTP_BASE_URL"]
    finally:
        os.kill(int(said["pid"]), 15)


def test_an_action_that_cannot_start_says_why(tmp_path: Path) -> None:
    done = act(tmp_path, "--rules tea")
    assert done.returncode == 1
    assert "invalid choice: 'tea'" in done.stderr


def test_the_outputs_of_the_action_are_those_of_its_script() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    script = (PACKAGES / "action" / "start").read_text("utf-8")
    assert [name for name in action["outputs"] if f'echo "{name}=' not in script] == []
    inputs = {f"INPUT_{name.upper()}" for name in action["inputs"]}
    assert inputs == set(action["runs"]["steps"][0]["env"])
    assert [name for name in inputs if name not in script] == []


def test_the_agents_of_the_fleet_use_their_tool_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is read with stand-ins for what Locust gives it; a whole run of it needs Locust."""

    def as_it_is(thing: Any) -> Any:
        return thing

    locust = ModuleType("locust")
    listeners = SimpleNamespace(add_listener=as_it_is)
    given = {
        "HttpUser": object,
        "between": lambda *_: None,
        "tag": lambda *_: as_it_is,
        "task": as_it_is,
        "events": SimpleNamespace(test_start=listeners, quitting=listeners),
    }
    for name, value in given.items():
        setattr(locust, name, value)
    monkeypatch.setitem(sys.modules, "locust", locust)
    fleet = runpy.run_path(str(PACKAGES / "locust" / "locustfile.py"))
    engine, surface = Engine(), at(fleet["CHAT"])
    assert surface is not None
    heard: list[Any] = []

    def ask(self: Any, messages: list[Any], **more: Any) -> Any:
        body = json.dumps({"model": fleet["MODEL"], "messages": messages, **more}).encode()
        answer = engine.chat(surface, make_headers(), body, arrived=0.0)
        assert answer.status == 200, answer.body
        heard.append(json.loads(answer.body)["choices"][0]["message"])
        return heard[-1]

    monkeypatch.setattr(fleet["Client"], "ask", ask)
    fleet["Agent"]().errand()
    assert [bool(said.get("tool_calls")) for said in heard] == [True, False]
    assert heard[0]["tool_calls"][0]["function"]["name"] == "weather"
