"""The twelve commonest errors, as every SDK tells them: its class, code and message, streamed and not.

They are those that users report most: what breaks their clients in public issues, and what every account
meets sooner or later (no money, no quota, too fast).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from contract_tests.clients.jobs import Failure
from contract_tests.conftest import Converse
from contract_tests.drivers import Client
from contract_tests.matrix import both_ways, every_client
from contract_tests.test_errors import failure_in
from contract_tests.world import World


@dataclass(frozen=True, kw_only=True)
class Common:
    """A common error: how it comes about, and what each dialect and each family of SDKs makes of it."""

    why: str
    """Why it is one of the twelve."""
    status: int
    compat: str
    native: str
    text: str
    """What the message holds."""
    native_text: str | None = None
    """What it holds on the native surface, where it has other words there."""
    openai: str
    """The class that `openai` raises, in Python and Node: the one of the status."""
    v2: str
    """The class that `dashscope.Client` raises: the one of the native code, or of the status."""
    v2_native: str | None = None
    """The one of the native code on the native surface, where that tells another."""
    v2_frame: str | None = None
    """The class it raises for a frame in a 200, where code and status tell it nothing."""
    door: bool = False
    """Whether it is refused before the gateway: JSON with its own status, streams included."""
    line: bool = False
    """Whether a compatible stream is refused by one data line, which `openai` cannot read."""
    entry: str | None = None
    """The catalogue's entry that is scripted; None when `job` brings it about."""
    job: tuple[tuple[str, Any], ...] = ()


_SERVICE: dict[str, Any] = {
    "status": 400,
    "compat": "invalid_parameter_error",
    "native": "InvalidParameter",
    "openai": "BadRequestError",
    "v2": "BadRequestError",
    "line": True,
}
_THROTTLED: dict[str, Any] = {"status": 429, "openai": "RateLimitError", "v2": "RateLimitError"}

COMMON = {
    "wrong-key": Common(
        why="the first error that everybody meets",
        status=401,
        compat="invalid_api_key",
        native="InvalidApiKey",
        text="Incorrect API key provided. For details, see: ",
        native_text="Invalid API-key provided.",
        openai="AuthenticationError",
        v2="AuthenticationError",
        door=True,
        job=(("key", "no-key-at-all"),),
    ),
    "unknown-model": Common(
        why="names of models differ by region and date",
        status=404,
        compat="model_not_found",
        native="InvalidParameter",
        text="The model `no-such-model` does not exist or you do not have access to it.",
        native_text="Model not exist.",
        openai="NotFoundError",
        v2="NotFoundError",
        v2_native="BadRequestError",
        door=True,
        job=(("model", "no-such-model"),),
    ),
    "thinking-without-stream": Common(
        why="eleven public cases, the most of all",
        text="parameter.enable_thinking must be set to false for non-streaming calls",
        entry="thinking.non-streaming",
        **_SERVICE,
    ),
    "tool-without-call": Common(
        why="seven public cases",
        text='messages with role "tool" must be a response to a preceeding message with "tool_calls".',
        entry="tool.no-call",
        **_SERVICE,
    ),
    "call-without-tool": Common(
        why="agents meet it after three to five turns",
        text='An assistant message with "tool_calls" must be followed by tool messages',
        entry="tool.no-response",
        **_SERVICE,
    ),
    "prompt-too-long": Common(
        why="where every long conversation ends",
        text="Range of input length should be [1, ",
        entry="parameter.input-length",
        **_SERVICE,
    ),
    "no-money": Common(
        why="a 400 where other vendors send 402 or 403",
        status=400,
        compat="Arrearage",
        native="Arrearage",
        text="Access denied, please make sure your account is in good standing.",
        openai="BadRequestError",
        v2="PermissionDeniedError",
        entry="account.arrearage",
    ),
    "free-tier-used-up": Common(
        why="the only common 403",
        status=403,
        compat="AllocationQuota.FreeTierOnly",
        native="AllocationQuota.FreeTierOnly",
        text="The free tier of the model has been exhausted.",
        openai="PermissionDeniedError",
        v2="PermissionDeniedError",
        v2_frame="DashScopeError",
        entry="account.free-tier-only",
    ),
    "too-many-requests": Common(
        why="what every retry is written for",
        compat="limit_requests",
        native="Throttling.RateQuota",
        text="You have exceeded your current request limit. For details, see: ",
        native_text="Requests rate limit exceeded, please try again later.",
        entry="throttling.rate-quota",
        **_THROTTLED,
    ),
    "too-many-tokens": Common(
        why="reads like a bill to be paid, and passes within a minute",
        compat="insufficient_quota",
        native="Throttling.AllocationQuota",
        text="You exceeded your current quota, please check your plan and billing details. For details",
        native_text="Allocated quota exceeded, please increase your quota limit.",
        entry="throttling.allocation-quota",
        **_THROTTLED,
    ),
    "moderated": Common(
        why="any user's words can bring it about",
        status=400,
        compat="data_inspection_failed",
        native="DataInspectionFailed",
        text="data may contain inappropriate content.",
        openai="BadRequestError",
        v2="BadRequestError",
        line=True,
        entry="moderation.input-text",
    ),
    "internal": Common(
        why="what is worth a second try",
        status=500,
        compat="internal_error",
        native="InternalError",
        text="An internal error has occured, please try again later",
        openai="InternalServerError",
        v2="InternalServerError",
        entry="internal.error",
    ),
}

MADE_UP = 400
"""What those SDKs that return errors, and the one for Java, call the status of every error in a 200."""


def kind_of(client: Client, error: Common, *, frame: bool) -> str | None:
    """Name the class that an SDK documents; None for curl, which has none."""
    family = client.name.removeprefix("dashscope-")
    if family.startswith("curl"):
        return None
    if family.startswith("openai"):
        return error.openai
    if family.startswith("client"):
        found = error.v2_frame if frame and error.v2_frame else error.v2
        if client.native and error.native == "DataInspectionFailed":
            return "ContentFilterError"
        return error.v2_native if client.native and error.v2_native else found
    if family == "java":
        return "ApiException"
    return "MultiModalConversationResponse" if family == "multimodal" else "GenerationResponse"


def status_of(client: Client, error: Common, *, frame: bool) -> int:
    """Name the status that an SDK tells."""
    if not frame:
        return error.status
    return 200 if "client" in client.name or "curl" in client.name else MADE_UP


def compare(client: Client, error: Common, failure: Failure, *, stream: bool) -> None:
    """Compare class, status, code and message with what is documented."""
    frame = stream and client.native and not error.door
    kind = kind_of(client, error, frame=frame)
    assert kind is None or failure["kind"] == kind
    assert failure["status"] == status_of(client, error, frame=frame)
    if stream and error.line and client.json_errors_only:
        # `openai` takes the line for a body that is not JSON, and hands it on as it is.
        assert failure["code"] is None
        line = failure.get("body") or failure["message"]
        assert f'"code":"{error.compat}"' in line
        assert error.text.replace('"', '\\"') in line
        return
    assert failure["code"] == (error.native if client.native else error.compat)
    assert (error.native_text or error.text if client.native else error.text) in failure["message"]


@every_client
@both_ways
@pytest.mark.parametrize("name", COMMON)
def test_a_common_error(client: Client, converse: Converse, world: World, name: str, *, stream: bool) -> None:
    """Each arrives under the class, the code and the message that its SDK documents."""
    error = COMMON[name]
    if error.entry is not None:
        world.script({"error": {"code": error.entry}})

    failure = failure_in(converse("你好", stream=stream, **dict(error.job)))

    compare(client, error, failure, stream=stream)


def test_there_are_twelve_each_with_its_reason() -> None:
    """The table keeps to its number."""
    assert len(COMMON) == 12
    assert all(error.why and (error.entry or error.job) for error in COMMON.values())


WORD = "禁词"


@pytest.fixture
def moderated(world: World) -> Iterator[World]:
    """Let moderation find a word in answers that no other test says."""
    world.control.put("/_mock/moderation", json={"output": [WORD]}).raise_for_status()
    yield world
    world.control.delete("/_mock/moderation").raise_for_status()


@every_client
@both_ways
def test_an_answer_that_is_moderated(
    client: Client, converse: Converse, moderated: World, *, stream: bool
) -> None:
    """An answer is refused as a whole; a stream that has begun breaks off with an error in it."""
    moderated.script({"chunks": ["一", "二", WORD, "四"]})

    failure = failure_in(converse("你好", stream=stream))

    assert failure["code"] == ("DataInspectionFailed" if client.native else "data_inspection_failed")
    assert "Output data may contain inappropriate content." in failure["message"]
    if not stream:
        compare(client, COMMON["moderated"], failure, stream=False)
    elif client.name.startswith("openai"):
        assert (failure["kind"], failure["status"]) == ("APIError", None)
    elif client.name == "dashscope-client-openai":
        assert (failure["kind"], failure["status"]) == ("DashScopeError", 200)
    elif client.native:
        assert kind_of(client, COMMON["moderated"], frame=True) in (None, failure["kind"])
    (entry,) = moderated.requests()
    assert entry["status"] == (200 if stream else 400)
    assert entry["error"]["code"] == failure["code"]
