"""Real recorders record the server; their files replay what was sent, or say what was lost of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contract_tests.drivers import program, required
from contract_tests.recorders import EXCHANGES, KEY, SECRETS, TOOLS, Tool
from contract_tests.recording import playing
from contract_tests.world import Server
from mockserver.recording.intake import Line, take_in
from mockserver.recording.interaction import Interaction
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction


@pytest.fixture
def tool(request: pytest.FixtureRequest) -> Tool:
    """Give the tool, where its ecosystem is; it must be installed there."""
    one: Tool = request.param
    if one.needs:
        program(one.needs)
    if one.home is not None:
        required(one.home.missing())
    return one


@pytest.fixture
def sent(tool: Tool, server: Server, tmp_path: Path) -> Iterator[dict[str, Interaction]]:
    """Let the tool record, with our own recorder between: what was really sent, by the keys of requests."""
    upstream = server.openai_url.removesuffix("/compatible-mode/v1")
    with playing(tmp_path / "truth", "all", upstream=upstream) as recorder:
        tool.record(recorder.url, tmp_path / "recorded")
    library = Library(tmp_path / "truth")
    yield {row.strict: library.load(row) for row in library.rows}
    server.world(KEY).forget()


def imported(tmp_path: Path) -> list[Line]:
    """Take in what the tool wrote; none of the secrets may be anywhere."""
    told = list(take_in(tmp_path / "recorded", tmp_path / "cassette", Redaction.of()))
    for path in (tmp_path / "cassette").rglob("*"):
        content = path.read_bytes()
        assert [secret for secret in SECRETS if secret.encode() in content] == []
    assert [secret for secret in SECRETS if secret in "\n".join(map(str, told))] == []
    return told


def replayed(tmp_path: Path) -> list[tuple[int, bytes]]:
    """Ask everything again, of the cassette alone."""
    answers = []
    with (
        playing(tmp_path / "cassette") as replayer,
        httpx.Client(base_url=replayer.url, trust_env=False) as client,
    ):
        for one in EXCHANGES:
            answer = client.request(
                one["method"], one["target"], headers=one["headers"], content=one["body"].encode("utf-8")
            )
            answers.append((answer.status_code, answer.content))
        assert replayer.unused == []
    return answers


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.form != "aimock"], ids=str, indirect=True)
def test_what_a_real_tool_recorded_is_replayed(
    tool: Tool, sent: dict[str, Interaction], tmp_path: Path
) -> None:
    told = imported(tmp_path)
    assert [line.kind for line in told] == [tool.form] * len(EXCHANGES)
    assert {line.verdict for line in told} <= {"complete", "rebuilt"}
    library = Library(tmp_path / "cassette")
    assert {row.strict for row in library.rows} == set(sent)
    for row in library.rows:
        kept, really = library.load(row).response, sent[row.strict].response
        assert kept.status == really.status
        if kept.standing == "complete":
            assert kept.body == really.body
        else:
            assert json.loads(kept.body) == json.loads(really.body)
    answers = replayed(tmp_path)
    assert [status for status, _ in answers] == [200] * 7 + [401, 400]
    bodies = {one.response.body for one in (library.load(row) for row in library.rows)}
    assert {body for _, body in answers} == bodies


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.form == "aimock"], ids=str, indirect=True)
@pytest.mark.usefixtures("tool")
def test_aimock_becomes_a_scenario(sent: dict[str, Interaction], tmp_path: Path) -> None:
    told = imported(tmp_path)
    assert [(line.kind, line.verdict) for line in told] == [("aimock", "scenario")]
    text = (tmp_path / "cassette" / told[0].what).read_text(encoding="utf-8")
    said = [choice.content for one in sent.values() for choice in one.folded().choices if choice.content]
    assert said
    assert all(content[:20] in text for content in said)
