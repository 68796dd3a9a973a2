"""schemathesis asks the server what its own OpenAPI page allows, and what it forbids.

No answer is a server error but those that the cloud documents, none has a status or a type that the page
does not know, and none breaks its schema: each event of a stream is held against it, too. How many examples
are tried follows the profile of Hypothesis: 20 for each endpoint in the usual one.
"""

from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mockserver.base.resources import fixture
from mockserver.catalogue import errors as error_catalogue
from mockserver.corridor.engine import Engine
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules.registry import rules_by_id
from mockserver.server.app import App
from tests.conftest import KEY

DOCUMENTED = {
    refusal.words["compat"].message
    for rule in rules_by_id().values()
    for name in rule.refusals
    if (refusal := error_catalogue.load()[name]).status >= HTTPStatus.INTERNAL_SERVER_ERROR
}
"""What the cloud says of a bad request with a status that is else a server's own failure."""


def not_broken(context: Any, response: Any, case: Any) -> bool | None:
    """No answer is a server error but those that the cloud documents of a bad request."""
    if any(message in response.text for message in DOCUMENTED):
        return None
    return not_a_server_error(context, response, case)


CHECKS = [
    not_broken,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
HEADERS = {
    "Authorization": f"Bearer {KEY}",
    "Host": "localhost",
    # In lower case: the client has one of its own. The path of the Coding Plan lets coding agents in only.
    "user-agent": "QwenCode/0.24.4 (linux; x64)",
}

PAGE = "/_mock/openapi.json"
ROWS = {f"{row['method'].upper()} {row['path']}": row for row in fixture("endpoints")["endpoints"]}
NAMES = [name for name, row in ROWS.items() if row["path"] != PAGE]
"""All operations but the page itself, which is no operation to who reads it."""

CHATS = [name for name, row in ROWS.items() if row["tag"] == "chat"]
MODELS = ("qwen-plus", "qwen3.7-plus", "qwen3-vl-plus", "qwen-mt-plus", "qwq-plus", "text-embedding-v4", None)
"""Models that a request is given in place of the one that was drawn, which hardly ever exists."""

Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]

EXAMPLES = settings(
    max_examples=max(1, settings().max_examples // 5),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def engine(lazy_tokenizer: LazyTokenizer) -> Engine:
    """An engine that remembers what all these tests do to it."""
    return Engine(tokenizer=lazy_tokenizer)


@pytest.fixture(scope="module")
def operations(engine: Engine) -> dict[str, Operation]:
    """Every operation of the page, by method and path, to be called in process."""
    schema = schemathesis.openapi.from_asgi(PAGE, App(engine), headers={"Host": "localhost"})
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    return {operation.label: operation for operation in found}


def _of_a_known_model(case: Case, model: str | None) -> Case:
    if model is not None and isinstance(case.body, dict) and "model" in case.body:
        case.body = {**case.body, "model": model}
    return case


def _asking(operation: Operation, mode: GenerationMode) -> st.SearchStrategy[Case]:
    """Requests to an operation, good or bad by its schema."""
    return st.builds(_of_a_known_model, operation.as_strategy(generation_mode=mode), st.sampled_from(MODELS))


def _headers(*, streamed: bool) -> dict[str, str]:
    return {**HEADERS, "X-DashScope-SSE": "enable"} if streamed else HEADERS


_LEFT_OUT = {"error", "pace"}
"""Fields of a script that are not tried: a server error may be its wish, and nothing is to wait here."""


def _names(value: Any) -> set[str]:
    """The names of all fields in a JSON value."""
    if isinstance(value, list):
        return set().union(*map(_names, value))
    if isinstance(value, dict):
        return set(value).union(*map(_names, value.values()))
    return set()


def _fails(value: Any) -> bool:
    """Whether a script itself asks for the status of a server's failure."""
    if isinstance(value, list):
        return any(map(_fails, value))
    if not isinstance(value, dict):
        return False
    status = value.get("status")
    wanted = isinstance(status, int) and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return wanted or any(map(_fails, value.values()))


def _chat(operation: Operation, *, streamed: bool) -> Case:
    """A good chat."""
    tea = [{"role": "user", "content": "Which tea?"}]
    if operation.path.endswith("/completions"):
        body: dict[str, Any] = {"model": "qwen-plus", "messages": tea, "stream": streamed}
    elif operation.path.endswith("/responses"):
        body = {"model": "qwen-plus", "input": tea, "stream": streamed}
    elif operation.path.endswith("/messages"):
        body = {"model": "qwen-plus", "max_tokens": 64, "messages": tea, "stream": streamed}
    elif "multimodal" in operation.path:
        seen = [{"role": "user", "content": [{"text": "Which tea?"}]}]
        body = {"model": "qwen3-vl-plus", "input": {"messages": seen}}
    else:
        body = {"model": "qwen-plus", "input": {"messages": tea}}
    # There is one app, on the one path that has a place for it.
    places = {"app": "tea"} if "{app}" in operation.path else {}
    return operation.Case(body=body, media_type="application/json", path_parameters=places)


def test_the_page_is_read_by_others_as_we_wrote_it(
    operations: dict[str, Operation],
) -> None:
    assert list(operations) == NAMES


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize("streamed", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize(
    "change",
    [
        {"model": "qwen-tea"},
        {"model": "qwen-mt-plus", "role": "system"},
        {"role": "teapot"},
        {"model": "qwen3.7-plus"},
    ],
)
def test_a_refusal_is_what_the_page_says(
    name: str, change: dict[str, str], operations: dict[str, Operation], *, streamed: bool
) -> None:
    case = _chat(operations[name], streamed=streamed)
    body: Any = case.body
    holder = body.get("input", body)
    (message,) = holder if isinstance(holder, list) else holder["messages"]
    body["model"] = change.get("model", body["model"])
    message["role"] = change.get("role", message["role"])
    answer = case.call_and_validate(checks=CHECKS, headers=_headers(streamed=streamed))
    assert any(name in answer.text for name in ("request_id", "chatcmpl", "msg_", "resp_"))


@pytest.mark.parametrize("name", CHATS)
def test_a_failure_of_the_mock_is_noticed(
    name: str, engine: Engine, operations: dict[str, Operation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.door, "parse", lambda _: 1 / 0)
    with pytest.raises(FailureGroup, match="Server error"):
        _chat(operations[name], streamed=False).call_and_validate(checks=CHECKS, headers=HEADERS)


def _can_be_broken(name: str) -> bool:
    """Whether a request can break what the page demands of it: a body, a query or a header."""
    return not {"body", "form", "query", "headers"}.isdisjoint(ROWS[name])


MODES = [(name, GenerationMode.POSITIVE) for name in NAMES] + [
    (name, GenerationMode.NEGATIVE) for name in NAMES if _can_be_broken(name)
]


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_every_answer_is_what_the_page_says(
    name: str, mode: GenerationMode, operations: dict[str, Operation]
) -> None:
    operation = operations[name]

    @EXAMPLES
    @given(case=_asking(operation, mode))
    def ask(case: Case) -> None:
        case.call_and_validate(checks=CHECKS, headers=HEADERS)

    ask()


@pytest.mark.parametrize("name", CHATS)
def test_whatever_is_scripted_the_server_answers(
    name: str, engine: Engine, operations: dict[str, Operation]
) -> None:
    """What a script says is sent as it is written, even when no cloud would say it; it breaks no server."""
    entering, asking = operations["POST /_mock/replies"], operations[name]
    listing = [operations[f"GET /_mock/{call}"] for call in ("replies", "requests", "usage")]

    @EXAMPLES
    @given(case=_asking(entering, GenerationMode.POSITIVE), streamed=st.booleans())
    def ask(case: Case, *, streamed: bool) -> None:
        engine.reset()
        assert isinstance(case.body, dict)
        reply = case.body["reply"]
        assume(_LEFT_OUT.isdisjoint(_names(reply)) and not _fails(reply))
        case.body = {**case.body, "match": None}
        case.call_and_validate(checks=CHECKS, headers=HEADERS)
        _chat(asking, streamed=streamed).call_and_validate(
            checks=[not_broken], headers=_headers(streamed=streamed)
        )
        for operation in listing:
            operation.Case().call_and_validate(checks=CHECKS, headers=HEADERS)

    ask()
    engine.reset()
