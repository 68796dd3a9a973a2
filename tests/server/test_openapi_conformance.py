"""schemathesis asks the server what its own OpenAPI page allows, and what it forbids.

No answer is a server error but those that the cloud documents, none has a status or a type that the page
does not know, and none breaks its schema: each event of a stream is held against it, too. How many examples
are tried follows the profile of Hypothesis: 20 for each endpoint in the usual one, ten minutes of them by
night. Where a path or a body names something that is stored, half of the requests name what is there: a new
response, conversation, file, batch or task for each of them.
"""

import re
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, event, given, settings
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
from starlette.testclient import TestClient

from mockserver.base.jsontext import dumps
from mockserver.base.resources import fixture
from mockserver.catalogue import errors as error_catalogue
from mockserver.corridor.engine import Engine
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.rules.registry import rules_by_id
from mockserver.server.app import App
from tests.conftest import ASKED, KEY

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
    max_examples=ASKED,
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


@pytest.fixture(scope="module")
def storing(engine: Engine) -> "Storing":
    """Who puts new things into the same server."""
    return Storing(App(engine))


def _of_a_known_model(case: Case, model: str | None) -> Case:
    if model is not None and isinstance(case.body, dict) and "model" in case.body:
        case.body = {**case.body, "model": model}
    return case


def _asking(operation: Operation, mode: GenerationMode) -> st.SearchStrategy[Case]:
    """Requests to an operation, good or bad by its schema."""
    return st.builds(_of_a_known_model, operation.as_strategy(generation_mode=mode), st.sampled_from(MODELS))


TEA = {"role": "user", "content": "Which tea?"}
LINE = dumps(
    {
        "custom_id": "1",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "qwen-plus", "messages": [TEA]},
    }
)


class Storing:
    """Puts new things into the server, and tells how a request names them.

    Where rules, scripts or faults that a test has left would refuse them, all of that is forgotten first.
    """

    def __init__(self, app: App) -> None:
        self._client = TestClient(app, base_url="http://localhost", headers=HEADERS)

    def _post(self, path: str, body: Any = None, **more: Any) -> Any:
        answer = self._client.post(path, json=body, **more)
        if not answer.is_success:
            assert self._client.post("/_mock/reset").is_success
            answer = self._client.post(path, json=body, **more)
        assert answer.is_success, answer.text
        return answer.json()

    def response(self) -> dict[str, str]:
        return {
            "id": self._post("/compatible-mode/v1/responses", {"model": "qwen-plus", "input": [TEA]})["id"]
        }

    def conversation(self) -> dict[str, str]:
        path = "/compatible-mode/v1/conversations"
        begun = self._post(path, {})["id"]
        added = self._post(f"{path}/{begun}/items", {"items": [{"type": "message", **TEA}]})
        return {"id": begun, "item": added["first_id"]}

    def file(self) -> dict[str, str]:
        form = {"data": {"purpose": "batch"}, "files": {"file": ("tea.jsonl", LINE)}}
        return {"id": self._post("/compatible-mode/v1/files", **form)["id"]}

    def native_file(self) -> dict[str, str]:
        form = {"data": {"purpose": "fine-tune"}, "files": {"files": ("tea.jsonl", LINE)}}
        return {"id": self._post("/api/v1/files", **form)["data"]["uploaded_files"][0]["file_id"]}

    def batch(self) -> dict[str, str]:
        asked = {
            "input_file_id": self.file()["id"],
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
        }
        return {"id": self._post("/compatible-mode/v1/batches", asked)["id"]}

    def task(self) -> dict[str, str]:
        asked = {"model": "wanx-v1", "input": {"prompt": "A cup of tea."}}
        path, headers = "/api/v1/services/aigc/text2image/image-synthesis", {"X-DashScope-Async": "enable"}
        return {"id": self._post(path, asked, headers=headers)["output"]["task_id"]}

    def result(self) -> dict[str, str]:
        return {"owner": self.native_file()["id"], "file": "content"}

    def session(self) -> dict[str, str]:
        asked = {"input": {"prompt": "Which tea?"}}
        return {"id": self._post("/api/v1/apps/tea/completion", asked)["output"]["session_id"]}

    def script(self) -> dict[str, str]:
        return {
            "id": self._post("/_mock/replies", {"match": {"turn": 9}, "reply": {"content": "Tea."}})["id"]
        }

    def fault(self) -> dict[str, str]:
        asked = {"match": {"turn": 9}, "fault": {"kind": "close-mid-chunk"}}
        return {"id": self._post("/_mock/faults", asked)["id"]}

    def exchange(self) -> dict[str, str]:
        self.response()
        return {"number": str(self._client.get("/_mock/requests").json()["requests"][-1]["number"])}

    def model(self) -> dict[str, str]:
        return {"model": "qwen-plus"}

    def page(self) -> dict[str, str]:
        return {"name": "main.js"}

    def app(self) -> dict[str, str]:
        return {"app": "tea"}


NAMED = {
    r"/responses/\{id\}": Storing.response,
    r"/conversations/\{id\}": Storing.conversation,
    r"/compatible-mode/v1/files/\{id\}": Storing.file,
    r"/api/v1/files/\{id\}": Storing.native_file,
    r"/batches/\{id\}": Storing.batch,
    r"/tasks/\{id\}": Storing.task,
    r"/dashscope-result/": Storing.result,
    r"/_mock/replies/\{id\}": Storing.script,
    r"/_mock/faults/\{id\}": Storing.fault,
    r"/_mock/requests/\{number\}": Storing.exchange,
    r"/models/\{model\}": Storing.model,
    r"/_mock/page/\{name\}": Storing.page,
    r"\{app\}": Storing.app,
}
"""What there is at paths that have a place for it."""

REFERRED = {
    "/responses": {"previous_response_id": Storing.response},
    "/completion": {"input.session_id": Storing.session},
    "/batches": {"input_file_id": Storing.file},
}
"""What bodies refer to, by the end of the path."""


def _naming_what_is_there(case: Case, storing: Storing) -> bool:
    """Whether a request names something stored; it names what was just put there, in its path or its body."""
    path = case.operation.path
    for pattern, stored in NAMED.items():
        if re.search(pattern, path):
            case.path_parameters = {**case.path_parameters, **stored(storing)}
            return True
    for ending, fields in REFERRED.items():
        for name, stored in fields.items():
            *above, last = name.split(".")
            holder = case.body
            for part in above:
                holder = holder.get(part) if isinstance(holder, dict) else None
            if path.endswith(ending) and isinstance(holder, dict):
                holder[last] = stored(storing)["id"]
                return True
    return False


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
    wanted = isinstance(status, int | float) and status >= HTTPStatus.INTERNAL_SERVER_ERROR
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
    name: str, mode: GenerationMode, operations: dict[str, Operation], storing: Storing
) -> None:
    operation = operations[name]
    found: list[bool] = []

    @EXAMPLES
    @given(case=_asking(operation, mode), there=st.booleans())
    def ask(case: Case, *, there: bool) -> None:
        named = there and _naming_what_is_there(case, storing)
        answer = case.call_and_validate(checks=CHECKS, headers=HEADERS)
        if named:
            found.append(answer.status_code < HTTPStatus.BAD_REQUEST)
        event(f"{'names what is there' if named else 'names nothing'}: {answer.status_code}")

    ask()
    # What is to be bad, or has a body that was drawn, may be refused for something else than what it names.
    drawn = mode is GenerationMode.NEGATIVE or "body" in ROWS[name]
    assert drawn or not found or any(found), f"{name} found nothing that is there"


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
