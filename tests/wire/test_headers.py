"""Response headers: the cloud's names in the cloud's order."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import resources
from mockserver.wire.headers import http_date, response_headers

CORS = "Origin,Access-Control-Request-Method,Access-Control-Request-Headers"
TIMES = """req-cost-time: 113
req-arrive-time: 1770000000250
resp-start-time: 1770000000363
x-envoy-upstream-service-time: 113
"""
END = """date: Mon, 02 Feb 2026 02:40:00 GMT
server: istio-envoy
"""
SETS = {
    "native-json": f"""vary: {CORS}, Accept-Encoding
content-type: application/json
x-request-id: abc-9
x-dashscope-call-gateway: true
x-dashscope-finished: true
x-dashscope-timeout: 298
{TIMES}content-encoding: gzip
{END}""",
    "native-sse": f"""vary: {CORS}
x-request-id: abc-9
content-type: text/event-stream;charset=UTF-8
x-dashscope-call-gateway: true
x-dashscope-timeout: 298
x-dashscope-finished: false
{TIMES}{END}""",
    "native-door": f"""vary: Accept-Encoding
x-request-id: abc-9
content-type: application/json
{TIMES}content-encoding: gzip
{END}""",
    "compat-json": f"""vary: {CORS}, Accept-Encoding
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: application/json
{TIMES}content-encoding: gzip
{END}""",
    "compat-json-us-2025": f"""vary: {CORS}, Accept-Encoding
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: application/json
strict-transport-security: max-age=0
timing-allow-origin: *
{TIMES}content-encoding: gzip
{END}""",
    "compat-json-2026-05": f"""vary: {CORS}, Accept-Encoding
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: application/json
{TIMES}content-encoding: gzip
{END}""",
    "compat-sse": f"""vary: Origin
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: text/event-stream;charset=UTF-8
{TIMES}{END}""",
    "compat-sse-us-2025": f"""vary: Origin
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: text/event-stream;charset=UTF-8
strict-transport-security: max-age=0
timing-allow-origin: *
{TIMES}{END}""",
    "compat-sse-2026-05": f"""vary: Origin
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: text/event-stream;charset=utf-8
{TIMES}{END}""",
    "compat-json-2026": f"""vary: {CORS}, Accept-Encoding
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: application/json
x-dashscope-timeout: 298
x-dashscope-finished: true
{TIMES}content-encoding: gzip
{END}""",
    "compat-json-us-2026": f"""vary: {CORS}, Accept-Encoding
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: application/json
x-accel-buffering: no
x-dashscope-timeout: 298
x-dashscope-finished: true
{TIMES}content-encoding: gzip
{END}""",
    "compat-sse-2026": f"""vary: Origin
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: text/event-stream;charset=utf-8
x-dashscope-timeout: 298
x-dashscope-finished: false
{TIMES}{END}""",
    "compat-sse-us-2026": f"""vary: Origin
x-request-id: abc-9
x-dashscope-call-gateway: true
content-type: text/event-stream;charset=utf-8
x-accel-buffering: no
x-dashscope-timeout: 298
x-dashscope-finished: false
{TIMES}{END}""",
    "compat-door": f"""vary: {CORS}, Accept-Encoding
x-request-id: abc-9
content-type: application/json
{TIMES}content-encoding: gzip
{END}""",
    "native-task": f"""vary: {CORS}, Accept-Encoding
content-type: application/json
x-request-id: abc-9
x-dashscope-call-gateway: true
x-dashscope-timeout: 298
{TIMES}content-encoding: gzip
{END}""",
    "tasks": f"""content-type: application/json;charset=UTF-8
vary: Accept-Encoding
content-encoding: gzip
{TIMES}{END}""",
    "files": f"""x-request-id: abc-9
content-type: application/json
{TIMES}content-encoding: gzip
vary: Accept-Encoding
{END}""",
    "file-content": f"""x-request-id: abc-9
{TIMES}content-encoding: gzip
vary: Accept-Encoding
{END}""",
    "batches": f"""date: Mon, 02 Feb 2026 02:40:00 GMT
content-type: application/json;charset=UTF-8
vary: Accept-Encoding
x-request-id: abc-9
{TIMES}content-encoding: gzip
server: istio-envoy
""",
    "native-files": f"""content-type: application/json
{TIMES}content-encoding: gzip
vary: Accept-Encoding
{END}""",
}


def sent(name: str, *, encoding: bytes = b"") -> str:
    headers = response_headers(
        name,
        request_id="abc-9",
        arrived_ms=1_770_000_000_250,
        started_ms=1_770_000_000_363,
        timeout_s=298,
        encoding=encoding,
    )
    return "".join(f"{key.decode()}: {value.decode()}\n" for key, value in headers)


def test_every_set_of_the_fixtures_is_written_out_here() -> None:
    assert list(resources.fixture("headers")["sets"]) == list(SETS)


@pytest.mark.parametrize("name", SETS)
def test_names_and_values_in_the_recorded_order(name: str) -> None:
    assert sent(name, encoding=b"gzip") == SETS[name]


@pytest.mark.parametrize("name", SETS)
def test_a_body_that_is_not_encoded_has_no_content_encoding(name: str) -> None:
    assert sent(name) == SETS[name].replace("content-encoding: gzip\n", "")


@given(st.sampled_from(list(SETS)), st.integers(0, 2**41), st.integers(0, 10**6))
def test_start_less_arrival_is_the_cost(name: str, arrived: int, cost: int) -> None:
    headers = dict(response_headers(name, request_id="abc-9", arrived_ms=arrived, started_ms=arrived + cost))
    assert int(headers[b"req-arrive-time"]) == arrived
    assert int(headers[b"resp-start-time"]) - arrived == int(headers[b"req-cost-time"]) == cost
    assert headers[b"date"] == http_date((arrived + cost) // 1000)


@pytest.mark.parametrize(
    ("second", "date"),
    [
        (0, b"Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_770_000_000, b"Mon, 02 Feb 2026 02:40:00 GMT"),
        (1_709_164_800, b"Thu, 29 Feb 2024 00:00:00 GMT"),
    ],
)
def test_a_date_is_in_english_and_in_gmt(second: int, date: bytes) -> None:
    assert http_date(second) == date


@given(st.integers(0, 4_102_444_800))
def test_a_date_is_what_the_mail_library_writes(second: int) -> None:
    assert http_date(second).decode() == formatdate(second, usegmt=True)
