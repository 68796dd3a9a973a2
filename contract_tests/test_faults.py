"""What real SDKs make of faults: what they survive, what they raise, what they try again."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import dashscope
import httpx
import openai
import pytest
import requests

from contract_tests.clients.jobs import RefusedError
from contract_tests.sdks import Sdk, sdks, text_sdks
from contract_tests.world import Server, World

SAID = "绿茶用八十度的水泡三分钟, no longer than that."
BROKEN = (
    RefusedError,
    openai.OpenAIError,
    httpx.TransportError,
    requests.RequestException,
    dashscope.v2.DashScopeError,
)
"""What SDKs raise for a connection that breaks off."""


def heading(fault: str) -> dict[str, str]:
    """Write the header that asks for a fault."""
    return {"x-mock-fault": fault}


@text_sdks
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "fault",
    ["one-byte", "all-in-one", "mid-character", "mid-data", "crlf", "heartbeat", "slow=5ms", "trickle=1ms"],
)
def test_benign_faults_are_not_noticed(sdk: Sdk, world: World, fault: str, *, stream: bool) -> None:
    """Legal bytes, however unkind, make the same answer."""
    world.script({"content": SAID})

    assert sdk.ask("Tea?", stream=stream, headers=heading(fault)).content == SAID
    assert world.requests()[0]["fault"].startswith(fault.partition("=")[0])


@text_sdks
@pytest.mark.parametrize("after", [1, 7, 64, 201, 202, 203])
def test_split_anywhere(sdk: Sdk, world: World, after: int) -> None:
    """A stream in two packets is the same stream."""
    world.script({"content": SAID})

    assert sdk.ask("Tea?", stream=True, headers=heading(f"split={after}")).content == SAID


@text_sdks
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "fault", ["reset-before-headers", "reset-mid-chunk", "reset-before-done", "close-mid-chunk"]
)
def test_a_broken_connection_is_raised(sdk: Sdk, fault: str, *, stream: bool) -> None:
    """Whoever reads to the end is told that it is none."""
    with pytest.raises(BROKEN):
        sdk.ask("Tea?", stream=stream, headers=heading(fault))


@text_sdks
@pytest.mark.parametrize("code", ["Throttling.RateQuota", "InternalError"])
def test_an_error_twice_and_then_well(sdk: Sdk, world: World, code: str) -> None:
    """Two requests fail, the third is answered, each with the same header."""
    world.script({"content": SAID})
    fault = heading(f"{code};times=2")

    for _ in range(2):
        with pytest.raises(RefusedError):
            sdk.ask("Tea?", headers=fault)

    assert sdk.ask("Tea?", headers=fault).content == SAID
    assert [entry["fault"] is None for entry in world.requests()] == [False, False, True]


@text_sdks
def test_blocked_in_the_middle_of_a_stream(sdk: Sdk) -> None:
    """An error behind the first tokens is raised or returned under its code."""
    with pytest.raises(RefusedError) as caught:
        sdk.ask("Tea?", stream=True, headers=heading("DataInspectionFailed;after=2"))

    assert "inappropriate content" in caught.value.failure["message"]


@pytest.fixture
def keyed(server: Server, request: pytest.FixtureRequest) -> Iterator[World]:
    """Give a world whose key names a fault."""
    own = server.world(f"sk-mock-{request.param}@{uuid.uuid4().hex}")
    yield own
    own.forget()


TWICE = pytest.mark.parametrize("keyed", ["throttled-twice"], indirect=True)


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SDKs try again at once."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


@TWICE
@pytest.mark.usefixtures("_no_waiting")
def test_openai_tries_again(keyed: World) -> None:
    """The SDK that nobody changed, with its own two retries, gets through in the end."""
    keyed.script({"content": SAID})
    http = openai.DefaultHttpxClient(verify=False, trust_env=False, timeout=30)
    with openai.OpenAI(api_key=keyed.key, base_url=keyed.openai_url, http_client=http) as client:
        said: Any = client.chat.completions.create(
            model="qwen-plus", messages=[{"role": "user", "content": "Tea?"}]
        )

    assert said.choices[0].message.content == SAID
    assert [entry["status"] for entry in keyed.requests()] == [429, 429, 200]


@TWICE
@pytest.mark.usefixtures("_no_waiting")
def test_dashscope_2_tries_again(keyed: World) -> None:
    """So does the native client of the second generation."""
    keyed.script({"content": SAID})
    own = {"Authorization": f"Bearer {keyed.key}"}
    with (
        httpx.Client(base_url=keyed.native_url, headers=own, trust_env=False, timeout=30) as http,
        dashscope.Client(
            api_key=keyed.key, base_url=keyed.native_url, protocol="native", http_client=http, max_retries=2
        ) as client,
    ):
        said: Any = client.chat.completions.create(
            model="qwen-plus", messages=[{"role": "user", "content": "Tea?"}]
        )

    assert said.choices[0].message.content == SAID
    assert len(keyed.requests()) == 3


@pytest.mark.parametrize("keyed", ["reset-once"], indirect=True)
def test_openai_does_not_try_a_broken_stream_again(keyed: World) -> None:
    """A stream that began is the caller's: it breaks, and the next request is a new one."""
    http = openai.DefaultHttpxClient(verify=False, trust_env=False, timeout=30)
    with openai.OpenAI(api_key=keyed.key, base_url=keyed.openai_url, http_client=http) as client:

        def ask() -> str:
            stream = client.chat.completions.create(
                model="qwen-plus", messages=[{"role": "user", "content": "Tea?"}], stream=True
            )
            return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

        with pytest.raises(BROKEN):
            ask()
        assert ask()

    assert len(keyed.requests()) == 2


TOOLS = [{"type": "function", "function": {"name": "brew", "parameters": {"type": "object"}}}]


@pytest.mark.parametrize(
    ("sdk", "fault"),
    [
        (name, fault)
        for name in ("openai", "generation", "client")
        for fault in ("empty-tool-id", "null-arguments")
        if (name, fault) != ("client", "null-arguments")
    ],
    indirect=["sdk"],
)
def test_odd_frames_of_tool_calls(sdk: Sdk, world: World, fault: str) -> None:
    """A call keeps its id and its arguments."""
    world.script({"tool_calls": [{"id": "call_1", "name": "brew", "arguments": {"leaf": "龙井"}}]})

    (call,) = sdk.ask("Tea?", stream=True, headers=heading(fault), tools=TOOLS).calls

    assert (call.id, call.name, call.arguments) == ("call_1", "brew", '{"leaf":"龙井"}')


@sdks("client")
def test_dashscope_2_cannot_read_null_arguments(sdk: Sdk, world: World) -> None:
    """The compatible surface was recorded with them; the native client does not allow for them."""
    world.script({"tool_calls": [{"name": "brew", "arguments": {"leaf": "龙井"}}]})

    with pytest.raises(ValueError, match=r"function\.arguments"):
        sdk.ask("Tea?", stream=True, headers=heading("null-arguments"), tools=TOOLS)


@text_sdks
def test_a_chunk_without_choices(sdk: Sdk, world: World) -> None:
    """Usage alone is no end and no answer."""
    world.script({"content": SAID})

    assert sdk.ask("Tea?", stream=True, headers=heading("usage-only-chunk")).content == SAID


@text_sdks
def test_an_unknown_fault_says_the_nearest(sdk: Sdk) -> None:
    """A misspelt fault is no silent success."""
    with pytest.raises(RefusedError) as caught:
        sdk.ask("Tea?", headers=heading("reset-midchunk"))

    assert "the nearest known one is 'reset-mid-chunk'" in caught.value.failure["message"]
    assert caught.value.failure["status"] == 400
