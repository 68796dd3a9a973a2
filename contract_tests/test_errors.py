"""What a client tells of a refusal: the class, status, code and message that its SDK makes of it."""

from dataclasses import dataclass

from contract_tests.clients.jobs import Failure, Report
from contract_tests.conftest import Converse
from contract_tests.drivers import Client
from contract_tests.matrix import both_ways, cumulative_clients, every_client
from contract_tests.world import World


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A refusal, as both dialects and the SDKs' classes name it."""

    kind: str
    status: int
    compat_code: str
    native_code: str
    compat_text: str
    native_text: str


WRONG_KEY = Refusal(
    kind="AuthenticationError",
    status=401,
    compat_code="invalid_api_key",
    native_code="InvalidApiKey",
    compat_text="Incorrect API key provided.",
    native_text="Invalid API-key provided.",
)
TOO_HOT = Refusal(
    kind="BadRequestError",
    status=400,
    compat_code="invalid_parameter_error",
    native_code="InvalidParameter",
    compat_text="Temperature should be in [0.0, 2.0)",
    native_text="Temperature should be in [0.0, 2.0)",
)
TOO_MANY = Refusal(
    kind="RateLimitError",
    status=429,
    compat_code="limit_requests",
    native_code="Throttling.RateQuota",
    compat_text="request limit",
    native_text="request limit",
)


def failure_in(report: Report) -> Failure:
    """Give the failure of a conversation that ended with its first turn."""
    (turn,) = report["turns"]
    assert "choices" not in turn
    return turn["error"]


def check(client: Client, failure: Failure, refusal: Refusal, *, status: bool) -> None:
    """Compare what the SDK told with what is documented; `status`: whether the SDK can know it."""
    assert (refusal.native_text if client.native else refusal.compat_text) in failure["message"]
    assert failure["code"] == (refusal.native_code if client.native else refusal.compat_code)
    if status:
        assert failure["status"] == refusal.status
    if client.raises:
        assert failure["kind"] == refusal.kind


@every_client
@both_ways
def test_wrong_key(client: Client, converse: Converse, *, stream: bool) -> None:
    """A key that is none is refused with 401 and a JSON body, streams included."""
    failure = failure_in(converse("你好", stream=stream, key="no-key-at-all"))

    check(client, failure, WRONG_KEY, status=True)


@every_client
@both_ways
def test_parameter_out_of_range(client: Client, converse: Converse, *, stream: bool) -> None:
    """A parameter out of its range is refused with the documented text."""
    failure = failure_in(converse("你好", stream=stream, parameters={"temperature": 5}))

    check(client, failure, TOO_HOT, status=not stream)


@every_client
@both_ways
def test_throttled(client: Client, converse: Converse, world: World, *, stream: bool) -> None:
    """A scripted refusal by its catalogue code arrives under the surface's own code; nobody asks twice."""
    world.script({"error": {"code": "Throttling.RateQuota"}})

    failure = failure_in(converse("你好", stream=stream))

    check(client, failure, TOO_MANY, status=not stream)
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
    assert second["error"]["code"] == ("DataInspectionFailed" if client.native else "data_inspection_failed")


@cumulative_clients
def test_thinking_needs_pieces(converse: Converse) -> None:
    """Cumulative frames and thinking exclude each other."""
    failure = failure_in(converse("你好", stream=True, parameters={"enable_thinking": True}))

    assert 'incremental_output parameter must be "true"' in failure["message"]
    assert failure["code"] == "InvalidParameter"
