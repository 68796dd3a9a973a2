"""The mock in a Python program: a server in a thread, an application without a socket, the verbs of both."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import OpenAI

import mockserver
from mockserver import ControlError, InProcess, Mock, MockServer, contains, regex
from mockserver.base.options import SettingsError
from mockserver.corridor.settings import TOKEN_VARIABLE, Settings
from mockserver.scenario.problem import BrokenScenarioError
from mockserver.server.listening import bind
from mockserver.testing.channel import AsgiChannel, HttpChannel
from tests.server.talk import collector_as_it_was


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with collector_as_it_was(), MockServer(seed=1) as running:
        yield running


@pytest.fixture(params=["server", "in process"])
def mock(request: pytest.FixtureRequest, server: MockServer) -> Mock:
    """The mock by HTTP, and without a socket."""
    if request.param == "in process":
        return InProcess()
    server.reset()
    return server


def ask(mock: Mock, said: str = "Tea?", *, key: str | None = None, **more: Any) -> Any:
    """What a compatible client hears."""
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": said}], **more}
    headers = {"Authorization": f"Bearer {key or mock.key}"}
    url = f"{mock.openai_base_url}/chat/completions"
    if not isinstance(mock, InProcess):
        return httpx.post(url, json=body, headers=headers).json()

    async def go() -> Any:
        async with httpx.AsyncClient(transport=mock.transport()) as client:
            return (await client.post(url, json=body, headers=headers)).json()

    return asyncio.run(go())


def say(mock: Mock, said: str = "Tea?", **more: Any) -> str:
    """The text of an answer, or the code of a refusal."""
    heard = ask(mock, said, **more)
    return str(heard["error"]["code"] if "error" in heard else heard["choices"][0]["message"]["content"])


def test_verbs_read_as_sentences(mock: Mock) -> None:
    script = mock.when(last_user=contains("6.5")).reply("Which resolution?").then("1080p it is.")
    mock.when(last_user=regex("^Tea")).fail("Throttling.RateQuota", times=2).then("Oolong.", times=1)
    assert [say(mock, "6.5 inches") for _ in range(3)] == [
        "Which resolution?",
        "1080p it is.",
        "1080p it is.",
    ]
    assert [say(mock) for _ in range(3)] == ["limit_requests", "limit_requests", "Oolong."]
    assert say(mock) != "Oolong."
    assert script.used == 3
    assert repr(script) == f"<Script {script.id}: 2 replies>"


def test_a_reply_may_be_all_that_a_reply_can_be(mock: Mock) -> None:
    mock.reply("3", reasoning="1 + 2", usage={"prompt_tokens": 7}, chunks=None, times=1)
    heard = ask(mock)
    assert heard["choices"][0]["message"]["reasoning_content"] == "1 + 2"
    assert heard["usage"]["prompt_tokens"] == 7
    mock.reply({"content": "4"}, times=1)
    assert say(mock) == "4"
    mock.call("brew", {"leaf": "oolong"}, times=1)
    assert ask(mock)["choices"][0]["message"]["tool_calls"][0]["function"] == {
        "name": "brew",
        "arguments": '{"leaf":"oolong"}',
    }
    mock.fail("TeaPot", status=418, message="Short and stout.", times=1)
    assert ask(mock)["error"]["message"] == "Short and stout."
    mock.when(turn=1).call("brew", times=1).then("Poured.")
    assert "tool_calls" in ask(mock)["choices"][0]["message"]
    assert say(mock) == "Poured."


@pytest.mark.parametrize("times", [0, 1001])
def test_times_out_of_range_is_explained(mock: Mock, times: int) -> None:
    with pytest.raises(ValueError, match=f"times is {times}: it must be 1 to 1000"):
        mock.reply("a", times=times)


def test_what_the_server_refuses_is_raised_in_its_words(mock: Mock) -> None:
    with pytest.raises(
        ControlError, match=r"match has no field 'last_usr'; the nearest known one is 'last_user'"
    ) as caught:
        mock.when(last_usr="a").reply("b")
    assert caught.value.status == 400
    with pytest.raises(ControlError, match="the nearest known one is 'Throttling'"):
        mock.fail("Throtling")


def test_requests_are_seen_filtered_and_verified(mock: Mock) -> None:
    mock.when(last_user="Tea?").reply("Oolong.")
    say(mock)
    say(mock, "Milk?")
    assert [exchange.last_user for exchange in mock.requests()] == ["Tea?", "Milk?"]
    assert [exchange.answer for exchange in mock.requests(contains="Oolong")] == ["Oolong."]
    mock.verify(last_user="Tea?")
    mock.verify(count=2)
    mock.verify_all(
        [{"match": {"last_user": "Tea?"}}, {"match": {"last_user": "Milk?"}}], ordered=True, nothing_else=True
    )
    with pytest.raises(AssertionError, match="diff      Te"):
        mock.verify(last_user="Tee?")
    assert "says      Oolong." in mock.report()
    assert "Oolong." in mock.export()
    assert len(mock.export("jsonl").splitlines()) == 2


def test_worlds_never_meet(mock: Mock) -> None:
    assert isinstance(mock, MockServer | InProcess)
    other = mock.world("sk-other")
    other.reset()
    other.reply("Mine.")
    assert say(mock) != "Mine."
    assert say(mock, key="sk-other") == "Mine."
    assert len(other.requests()) == 1
    other.reset()
    assert len(mock.requests()) == 1


def test_unused_scripts_are_told(mock: Mock) -> None:
    mock.when(last_user="Tea?").reply("a")
    unused = mock.when(last_user="Milk?").reply("b")
    say(mock)
    assert [script["id"] for script in mock.unused()] == [unused.id]


def test_a_miss_can_be_an_error(mock: Mock) -> None:
    mock.on_miss("error")
    mock.when(last_user="Tee?").reply("a")
    assert "diff      Te[-e-][+a+]?" in ask(mock)["error"]["message"]


def test_scenario_files_are_played_with_all_they_include(mock: Mock, tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text("include: [tea.yaml]\nreplies: [{match: {turn: 2}, reply: {}}]")
    (tmp_path / "tea.yaml").write_text("replies: [{reply: {content: '{{ request.last_user }}!'}}]")
    assert mock.play(tmp_path / "main.yaml") == []
    assert say(mock) == "Tea?!"
    (tmp_path / "main.yaml").write_text("replies:\n  - rply: {}")
    with pytest.raises(BrokenScenarioError, match=r"main\.yaml:2:5: error: replies\[0\] has no field 'rply'"):
        mock.play(str(tmp_path / "main.yaml"))
    with pytest.raises(BrokenScenarioError, match="cannot be read: No such file"):
        mock.play(tmp_path / "none.yaml")
    assert say(mock) == "Tea?!"


def test_a_server_may_begin_with_a_scenario(tmp_path: Path) -> None:
    file = tmp_path / "tea.yaml"
    file.write_text("replies: [{reply: {content: Oolong.}}]")
    with collector_as_it_was():
        with MockServer(scenario=file) as server:
            assert say(server) == "Oolong."
        file.write_text("7")
        broken = MockServer(scenario=[str(file)])
        with pytest.raises(BrokenScenarioError):
            broken.start()
        assert broken._thread is None


def test_the_environment_points_every_sdk_here_and_back(
    server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dashscope  # noqa: PLC0415

    monkeypatch.setenv("OPENAI_API_KEY", "sk-before")
    monkeypatch.delenv("DASHSCOPE_HTTP_BASE_URL", raising=False)
    before = dashscope.base_http_api_url
    server.reset()
    server.reply("Oolong.")
    messages: Any = [{"role": "user", "content": "Tea?"}]
    with server.environment():
        assert os.environ["OPENAI_API_KEY"] == server.key
        assert os.environ["DASHSCOPE_WEBSOCKET_BASE_URL"].startswith("ws://127.0.0.1:")
        said = OpenAI().chat.completions.create(model="qwen-plus", messages=messages)
        told: Any = dashscope.Generation.call("qwen-plus", messages=messages, result_format="message")
    assert said.choices[0].message.content == "Oolong."
    assert told.output.choices[0].message.content == "Oolong."
    assert os.environ["OPENAI_API_KEY"] == "sk-before"
    assert "DASHSCOPE_HTTP_BASE_URL" not in os.environ
    assert dashscope.base_http_api_url == before


def test_a_server_runs_once_at_a_time_and_again_when_it_has_ended() -> None:
    server = MockServer(settings=Settings(port=0, grace=0))
    server.stop()
    with collector_as_it_was():
        for _ in range(2):
            with server, pytest.raises(RuntimeError, match="this server is running already"):
                server.start()


def test_a_server_takes_a_socket_that_is_bound() -> None:
    sock = bind("127.0.0.1", 0)
    server = MockServer()
    with collector_as_it_was():
        server.start(sock)
        assert server.url.endswith(f":{sock.getsockname()[1]}")
        server.stop()


@pytest.mark.parametrize("options", [{"control": "token"}, {"control_token": "oolong-oolong-oolong"}])
@pytest.mark.parametrize("kind", [MockServer, InProcess])
def test_a_guarded_server_lets_its_own_program_in(
    kind: type[MockServer | InProcess], options: dict[str, Any]
) -> None:
    with collector_as_it_was(), ExitStack() as stack:
        mock = kind(**options)
        if isinstance(mock, MockServer):
            stack.enter_context(mock)
            with pytest.raises(ControlError, match="the control API needs a token"):
                HttpChannel(mock.url).call("GET", "requests")
        else:
            with pytest.raises(ControlError, match="the control API needs a token"):
                AsgiChannel(mock.app).call("GET", "requests")
        mock.when(last_user="Tea?").reply("Oolong.")
        mock.world("sk-other").reset()


@pytest.mark.parametrize("token", ["short", "x" * 251, "green\r\ntea: oolong-oolong"])
def test_a_channel_takes_no_token_that_cannot_be(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=f"the control token has {len(token)} characters"):
        HttpChannel("http://127.0.0.1:1", token=token)
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(SettingsError, match=f"the control token has {len(token)} characters"):
        HttpChannel("http://127.0.0.1:1")
    with pytest.raises(OSError, match="refused"):
        HttpChannel("http://127.0.0.1:1", token="").call("GET", "replies")


def test_a_channel_tells_what_it_cannot_understand() -> None:
    async def strange(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b"<html>"})

    with pytest.raises(ControlError, match="the server answered 502"):
        AsgiChannel(strange).call("GET", "replies")
    with pytest.raises(OSError, match="refused"):
        HttpChannel("http://127.0.0.1:1").call("GET", "replies")


def test_a_public_name_is_imported_when_it_is_asked_for() -> None:
    for name in mockserver.__all__:
        assert getattr(mockserver, name) is not None
    with pytest.raises(AttributeError, match="module 'mockserver' has no attribute 'Tea'"):
        _ = mockserver.Tea


def test_importing_the_package_imports_its_version_and_nothing_else() -> None:
    code = (
        "import sys, mockserver; "
        "print([name for name in sys.modules if name.startswith(('mockserver.', 'starlette', 'orjson'))])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert result.stdout.strip() == "['mockserver.base', 'mockserver.base.version']"


def test_a_report_shows_the_script_that_almost_answered(mock: Mock) -> None:
    mock.when(last_user="Tea, please!").reply("Oolong.")
    say(mock, "Tea, pleese!")
    assert ": 0 of 1 conditions hold\n            last_user: expected" in mock.report()
