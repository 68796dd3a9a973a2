"""A local file on its way into a message: the policy, the form, the message; and what goes wrong on it."""

import asyncio
import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import dashscope
import httpx
import pytest
from starlette.types import Message, Scope

from mockserver.corridor.engine import Engine
from mockserver.endpoints import uploads
from mockserver.rules.schemas import validator, violations
from mockserver.server.app import App
from tests.conftest import KEY, NOW
from tests.server.live import serving

POLICY_URL = "/api/v1/uploads?action=getPolicy&model=qwen3-vl-flash"
FORM_TYPE = "multipart/form-data; boundary=bo"


def ask(engine: Engine, method: str, url: str, **options: Any) -> httpx.Response:
    """One request to the application, without a socket."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(App(engine))
        async with httpx.AsyncClient(transport=transport, base_url="http://mock.test:8123") as client:
            return await client.request(method, url, **options)

    return asyncio.run(send())


def get_policy(engine: Engine) -> dict[str, Any]:
    """The `data` of a policy."""
    response = ask(engine, "GET", POLICY_URL, headers={"Authorization": f"Bearer {KEY}"})
    data: dict[str, Any] = response.json()["data"]
    return data


def form_fields(data: dict[str, Any], **changed: str) -> dict[str, str]:
    """The fields that the SDKs send with a file."""
    fields = {
        "OSSAccessKeyId": data["oss_access_key_id"],
        "Signature": data["signature"],
        "policy": data["policy"],
        "key": f"{data['upload_dir']}/cup.png",
        "x-oss-object-acl": data["x_oss_object_acl"],
        "x-oss-forbid-overwrite": data["x_oss_forbid_overwrite"],
        "success_action_status": "200",
    }
    return {**fields, **changed}


def post_file(engine: Engine, fields: dict[str, str], content: bytes = b"\x89PNG") -> httpx.Response:
    return ask(engine, "POST", uploads.FILES_PATH, data=fields, files={"file": ("cup.png", content)})


def test_the_sdk_uploads_a_local_file_and_asks_about_it(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "a cup.png"
    image.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300_000))
    with serving(engine) as url:
        monkeypatch.setattr(dashscope, "base_http_api_url", f"{url}/api/v1")
        response: Any = dashscope.MultiModalConversation.call(
            model="qwen3-vl-flash",
            api_key=KEY,
            messages=[{"role": "user", "content": [{"image": f"file://{image}"}, {"text": "What is it?"}]}],
        )
    assert response.status_code == 200
    assert response.usage["image_tokens"] == 92
    (entry,) = engine.journal
    (message,) = json.loads(entry.body)["input"]["messages"]
    named = message["content"][0]["image"]
    assert named.startswith("oss://dashscope-instant/")
    assert named.endswith("/a cup.png")
    assert b"PNG" not in entry.body


def test_a_policy_says_all_that_a_form_needs(engine: Engine) -> None:
    response = ask(engine, "GET", POLICY_URL, headers={"Authorization": f"Bearer {KEY}"})
    assert response.status_code == 200
    assert violations("uploads.response", response.json()) == []
    assert response.headers["x-request-id"] == response.json()["request_id"]
    data = response.json()["data"]
    assert data["upload_host"] == "http://mock.test:8123/api/v1/uploads/files"
    assert data["upload_dir"].split("/")[2:] == ["2026-02-02", response.json()["request_id"]]
    assert json.loads(b64decode(data["policy"])) == {
        "expiration": "2026-02-02T02:45:00.250Z",
        "conditions": [["content-length-range", 0, 104857600], ["starts-with", "$key", data["upload_dir"]]],
    }


def test_the_folder_is_the_same_for_one_key_and_does_not_show_it(engine: Engine) -> None:
    one, again = get_policy(engine)["upload_dir"], get_policy(engine)["upload_dir"]
    assert one != again
    assert one.split("/")[1] == again.split("/")[1]
    other = ask(engine, "GET", POLICY_URL, headers={"Authorization": "Bearer sk-other"}).json()["data"]
    assert other["upload_dir"].split("/")[1] != one.split("/")[1]
    assert KEY not in one


@pytest.mark.parametrize(
    ("method", "query", "status", "code", "message"),
    [
        (
            "GET",
            "?action=getPolicy",
            400,
            "BadRequest.EmptyModel",
            'Required parameter "model" missing from request.',
        ),
        (
            "GET",
            "?action=getPolicy&model=",
            400,
            "BadRequest.EmptyModel",
            'Required parameter "model" missing from request.',
        ),
        ("GET", "?model=qwen-vl-max", 400, "InvalidParameter", "Field required: action"),
        (
            "GET",
            "?action=getPolice&model=qwen-vl-max",
            400,
            "InvalidParameter",
            "Input should be 'getPolicy': action",
        ),
    ],
)
def test_a_policy_asked_for_wrongly_is_refused(
    engine: Engine, method: str, query: str, status: int, code: str, message: str
) -> None:
    response = ask(engine, method, f"/api/v1/uploads{query}", headers={"Authorization": f"Bearer {KEY}"})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["message"].endswith(message)
    assert validator("native.error").is_valid(response.json())


def test_a_policy_is_asked_for_with_get_and_a_key(engine: Engine) -> None:
    posted = ask(engine, "POST", POLICY_URL, headers={"Authorization": f"Bearer {KEY}"})
    assert posted.json()["message"] == "Request method 'POST' is not supported."
    assert ask(engine, "GET", POLICY_URL).status_code == 401


@pytest.mark.parametrize(("asked", "status"), [("200", 200), ("204", 204), ("", 204)])
def test_a_file_is_taken_with_the_status_that_its_form_asks_for(
    engine: Engine, caplog: pytest.LogCaptureFixture, asked: str, status: int
) -> None:
    fields = form_fields(get_policy(engine), success_action_status=asked)
    with caplog.at_level("INFO", "mockserver"):
        response = post_file(engine, fields, bytes(1000))
    assert (response.status_code, response.content) == (status, b"")
    assert "took the file 'cup.png', 1000 bytes" in caplog.messages


REFUSED = [
    {"policy": ""},
    {"Signature": ""},
    {"Signature": "ﬂ"},
    {"policy": b64encode(b'{"conditions":[]}').decode()},
    {"key": "elsewhere/cup.png"},
    {"key": "dashscope-instant/"},
]


@pytest.mark.parametrize("changed", REFUSED)
def test_a_form_without_its_policy_is_refused(engine: Engine, changed: dict[str, str]) -> None:
    response = post_file(engine, form_fields(get_policy(engine), **changed))
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/xml"
    request_id = response.headers["x-oss-request-id"]
    assert len(request_id) == 24
    assert response.text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<Error>\n"
        "  <Code>AccessDenied</Code>\n"
        "  <Message>Invalid according to Policy: Policy expired.</Message>\n"
        f"  <RequestId>{request_id}</RequestId>\n"
        "  <HostId>dashscope-mock</HostId>\n"
        "</Error>\n"
    )


def test_a_policy_is_good_for_five_minutes(engine: Engine) -> None:
    fields = form_fields(get_policy(engine))
    engine.clock = lambda: NOW + 300
    assert post_file(engine, fields).status_code == 200
    engine.clock = lambda: NOW + 300.01
    assert post_file(engine, fields).status_code == 403


def test_a_form_without_a_file_is_refused(engine: Engine) -> None:
    fields: dict[str, Any] = {name: (None, text) for name, text in form_fields(get_policy(engine)).items()}
    response = ask(engine, "POST", uploads.FILES_PATH, files=fields)
    assert response.status_code == 400
    assert "<Code>IncorrectNumberOfFilesInPOSTRequest</Code>" in response.text


def test_what_is_no_form_is_refused(engine: Engine) -> None:
    response = ask(engine, "POST", uploads.FILES_PATH, content=b"{}")
    assert response.status_code == 400
    assert "<Code>MalformedPOSTRequest</Code>" in response.text


def test_a_file_is_posted(engine: Engine) -> None:
    response = ask(engine, "PUT", uploads.FILES_PATH, content=b"\x89PNG")
    assert response.status_code == 405
    assert "<Code>MethodNotAllowed</Code>" in response.text


def test_a_file_that_is_too_large_is_read_no_further(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = form_fields(get_policy(engine))
    monkeypatch.setattr(uploads, "MAX_FILE_MB", 0)
    response = post_file(engine, fields, bytes(100_000))
    assert response.status_code == 400
    assert response.headers["connection"] == "close"
    assert "<Code>EntityTooLarge</Code>" in response.text


def test_a_client_that_leaves_within_its_file_is_let_go(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": uploads.FILES_PATH,
        "headers": [(b"content-type", FORM_TYPE.encode())],
    }
    arriving: list[Message] = [
        {"type": "http.request", "body": b"--bo\r\n", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return arriving.pop(0)

    async def send(message: Message) -> None:
        assert message.get("status", 400) == 400

    asyncio.run(App(engine)(scope, receive, send))
    assert arriving == []
    assert caplog.messages == []
