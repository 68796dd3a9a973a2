"""What a client tells of a refusal: the class, status, code and message that its SDK makes of it."""

from dataclasses import dataclass

from contract_tests.clients.jobs import Failure, Report
from contract_tests.conftest import Converse
from contract_tests.drivers import Client
from contract_tests.matrix import both_ways, cumulative_clients, every_client
from contract_tests.world import World


@dataclass(frozen=True)
class Words:
    """What one dialect calls a refusal, and the class that its raising SDKs make of it."""

    kind: str
    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A refusal, as both dialects tell it."""

    status: int
    compat: Words
    native: Words


WRONG_KEY = Refusal(
    status=401,
    compat=Words("AuthenticationError", "invalid_api_key", "Incorrect API key provided."),
    native=Words("AuthenticationError", "InvalidApiKey", "Invalid API-key provided."),
)
TOO_HOT = Refusal(
    status=400,
    compat=Words("BadRequestError", "invalid_parameter_error", "Temperature should be in [0.0, 2.0)"),
    native=Words("BadRequestError", "InvalidParameter", "Temperature should be in [0.0, 2.0)"),
)
TOO_MANY = Refusal(
    status=429,
    compat=Words("RateLimitError", "limit_requests", "You have exceeded your current request limit."),
    native=Words(
        "RateLimitError", "Throttling.RateQuota", "Requests rate limit exceeded, please try again later."
    ),
)
BLOCKED = Refusal(
    status=400,
    compat=Words("BadRequestError", "data_inspection_failed", "data may contain inappropriate content."),
    native=Words("ContentFilterError", "DataInspectionFailed", "data may contain inappropriate content."),
)


def failure_in(report: Report) -> Failure:
    """Give the failure of a conversation that ended with its first turn."""
    (turn,) = report["turns"]
    assert "choices" not in turn
    return turn["error"]


def check(client: Client, failure: Failure, refusal: Refusal, *, events: bool = False) -> None:
    """Compare what the SDK told with what is documented; `events`: the refusal comes as an event stream.

    Such a native refusal has the status 200, and SDKs make up another. Such a compat refusal has its own, but
    some SDKs read nothing else of it than that.
    """
    words = refusal.native if client.native else refusal.compat
    if events and client.json_errors_only:
        assert failure["code"] is None
        assert words.text in (failure.get("body") or failure["message"])
    else:
        assert failure["code"] == words.code
        assert words.text in failure["message"]
    if not (events and client.native):
        assert failure["status"] == refusal.status
    if client.raises:
        assert failure["kind"] == words.kind


@every_client
@both_ways
def test_wrong_key(client: Client, converse: Converse, *, stream: bool) -> None:
    """A key that is none is refused with 401 and a JSON body, streams included."""
    failure = failure_in(converse("你好", stream=stream, key="no-key-at-all"))

    check(client, failure, WRONG_KEY)


@every_client
@both_ways
def test_parameter_out_of_range(client: Client, converse: Converse, *, stream: bool) -> None:
    """A parameter out of its range is refused with the documented text."""
    failure = failure_in(converse("你好", stream=stream, parameters={"temperature": 5}))

    check(client, failure, TOO_HOT, events=stream)


@every_client
@both_ways
def test_throttled(client: Client, converse: Converse, world: World, *, stream: bool) -> None:
    """A scripted refusal by its catalogue code arrives under the surface's own code; nobody asks twice."""
    world.script({"error": {"code": "Throttling.RateQuota"}})

    failure = failure_in(converse("你好", stream=stream))

    check(client, failure, TOO_MANY, events=stream and client.native)
    assert len(world.requests()) == 1


@every_client
@both_ways
def test_refused_in_the_second_turn(
    client: Client, converse: Converse, world: World, *, stream: bool
) -> None:
    """A refusal after a good turn leaves that turn alone."""
    world.script({"content": "第一"}, {"error": {"code": "DataInspectionFailed"}})

    first, second = converse("一", "二", stream=stream)["turns"]

    assert first["choices"][0]["content"] == "第一"
    check(client, second["error"], BLOCKED, events=stream)


@cumulative_clients
def test_thinking_needs_pieces(converse: Converse) -> None:
    """Cumulative frames and thinking exclude each other."""
    failure = failure_in(converse("你好", stream=True, parameters={"enable_thinking": True}))

    assert 'incremental_output parameter must be "true"' in failure["message"]
    assert failure["code"] == "InvalidParameter"
