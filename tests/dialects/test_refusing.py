"""Refusals: status, envelope and framing for each origin, surface and kind of request."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.errors import Errors, Refusal, Words
from mockserver.catalogue.models import Models
from mockserver.dialects.compat.refuse import refused as render_compat
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.native.refuse import refused as render_native
from mockserver.dialects.native.surface import NATIVE_TEXT
from mockserver.dialects.refusing import RenderedError
from mockserver.dialects.table import dialect_of
from mockserver.rules import schemas
from mockserver.wire import sse
from tests.wire.strategies import texts

RID = "0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"
OLD, NEW = "qwen-plus", "qwen3.8-max"
LENGTH = "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]"
RANGE = "Range of input length should be [1, 129024]"
ROLE = "Role must be one of these."
ALGO = "<400> InternalError.Algo.InvalidParameter: "


def refusal(origin: Any, *, status: int = 400, prefix: str = "") -> Refusal:
    """A refusal of that origin, in words of our own."""
    return Refusal(
        status,
        {
            "native": Words("InvalidParameter", ROLE),
            "compat": Words("invalid_parameter_error", ROLE, "invalid_request_error"),
        },
        origin,
        prefix,
    )


PLAIN = (
    '{"error":{"message":"Role must be one of these.","type":"invalid_request_error","param":null,'
    '"code":"invalid_parameter_error"},"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}'
)
WITH_ID = (
    '{"error":{"message":"Role must be one of these.","type":"invalid_request_error","param":null,'
    '"code":"invalid_parameter_error"},"id":"chatcmpl-0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f",'
    '"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}'
)
LINE = (
    'data: {"error":{"code":"invalid_parameter_error","param":null,"message":"Role must be one of these.",'
    '"type":"invalid_request_error"},"id":"chatcmpl-0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}\n\n'
)
NATIVE = (
    '{"code":"InvalidParameter","message":"Role must be one of these.",'
    '"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}'
)
ID_FIRST = (
    '{"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f","code":"InvalidParameter",'
    '"message":"Role must be one of these."}'
)
FRAME = f"id:1\nevent:error\n:HTTP_STATUS/400\ndata:{NATIVE}\n\n"
FRAME_ID_FIRST = f"id:1\nevent:error\n:HTTP_STATUS/400\ndata:{ID_FIRST}\n\n"


@pytest.mark.parametrize(
    ("origin", "stream", "model", "body", "door"),
    [
        ("door", False, None, PLAIN, True),
        ("door", True, None, PLAIN, True),
        ("door", True, OLD, PLAIN, True),
        ("gateway", False, OLD, PLAIN, False),
        ("gateway", True, OLD, PLAIN, False),
        ("gateway", True, NEW, PLAIN, False),
        ("validator", False, OLD, WITH_ID, False),
        ("validator", True, OLD, LINE, False),
        ("validator", True, None, LINE, False),
        ("validator", True, NEW, LINE, False),
        ("service", False, OLD, WITH_ID, False),
        ("service", True, OLD, LINE, False),
        ("service", False, NEW, WITH_ID, False),
        ("service", True, NEW, WITH_ID, False),
    ],
)
def test_a_compat_client_reads(
    models: Models, origin: str, model: str | None, body: str, *, stream: bool, door: bool
) -> None:
    found = models[model] if model else None
    assert render_compat(refusal(origin), RID, found, stream=stream) == RenderedError(
        400, body.encode(), sse=body is LINE, door=door
    )


def test_a_line_may_be_without_the_name_of_the_model_service(models: Models) -> None:
    # Joycai/simple-ai-writer, 2026-09: qwen3.8-flash, Beijing; the native surface has it there.
    said = refusal("service", prefix=ALGO)
    line = LINE.encode()
    flash = models["qwen3.8-flash"]
    assert render_compat(said, RID, flash, stream=True) == RenderedError(400, line, sse=True, door=False)
    assert ALGO in render_compat(said, RID, flash, stream=False).body.decode()
    assert ALGO in render_compat(said, RID, models[OLD], stream=True).body.decode()
    assert ALGO in render_native(said, RID, flash, stream=True).body.decode()


@pytest.mark.parametrize(
    ("origin", "stream", "status", "body", "door"),
    [
        ("door", False, 400, NATIVE, True),
        ("door", True, 400, NATIVE, True),
        ("gateway", False, 400, ID_FIRST, False),
        ("gateway", True, 200, FRAME_ID_FIRST, False),
        ("validator", False, 400, ID_FIRST, False),
        ("validator", True, 200, FRAME_ID_FIRST, False),
        ("service", False, 400, NATIVE, False),
        ("service", True, 200, FRAME, False),
    ],
)
def test_a_native_client_reads(origin: str, status: int, body: str, *, stream: bool, door: bool) -> None:
    assert render_native(refusal(origin), RID, stream=stream) == RenderedError(
        status, body.encode(), sse=body.startswith("id:1"), door=door
    )


@pytest.mark.parametrize(
    ("origin", "status", "sse"),
    [("door", 400, False), ("gateway", 400, True), ("validator", 400, True), ("service", 400, True)],
)
def test_the_newest_backends_refuse_a_native_stream_with_its_own_status(
    models: Models, origin: str, status: int, *, sse: bool
) -> None:
    rendered = render_native(refusal(origin), RID, models[NEW], stream=True)
    body = FRAME_ID_FIRST if origin in ("gateway", "validator") else FRAME if sse else NATIVE
    assert rendered == RenderedError(status, body.encode(), sse=sse, door=origin == "door")


def test_a_native_stream_that_is_throttled_is_a_200_with_the_real_status_inside(errors: Errors) -> None:
    rendered = render_native(errors.refuse("throttling.general"), RID, stream=True)
    assert rendered.status == 200
    assert rendered.body.startswith(
        b'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f",'
        b'"code":"Throttling","message":"'
    )


def test_a_compat_stream_is_one_line_only_for_400(models: Models) -> None:
    rendered = render_compat(refusal("service", status=500), RID, models[OLD], stream=True)
    assert (rendered.status, rendered.sse, rendered.body) == (500, False, WITH_ID.encode())


@pytest.mark.parametrize("model", [OLD, NEW, "qwen3-max", "qwen3.5-omni-flash", "deepseek-v4-pro"])
def test_the_parameter_check_refuses_a_stream_before_a_backend_opens_it(models: Models, model: str) -> None:
    rendered = render_compat(refusal("validator"), RID, models[model], stream=True)
    assert rendered == RenderedError(400, LINE.encode(), sse=True, door=False)


@pytest.mark.parametrize("model", [OLD, NEW])
def test_a_compat_stream_refused_with_status_200_is_one_line_of_every_model(
    models: Models, model: str
) -> None:
    rendered = render_compat(refusal("service", status=200), RID, models[model], stream=True)
    assert (rendered.status, rendered.sse, rendered.body) == (200, True, LINE.encode())


def test_a_download_that_takes_too_long_ends_a_compat_stream_that_is_open(
    models: Models, errors: Errors
) -> None:
    late = errors.refuse("media.download-timeout")
    old = render_compat(late, RID, models["qwen3-vl-flash"], stream=True)
    assert (old.status, old.sse) == (200, True)
    assert old.body.startswith(
        b'data: {"error":{"code":"invalid_parameter_error","param":null,"message":"<400> InternalError.Algo.'
    )
    assert render_compat(late, RID, models[NEW], stream=True).status == 400
    assert render_compat(late, RID, models["qwen3-vl-flash"], stream=False).status == 400


def test_a_compat_body_that_cannot_be_read_has_no_code(errors: Errors) -> None:
    rendered = render_compat(errors.refuse("body.malformed"), RID, None, stream=False)
    assert rendered == RenderedError(
        400,
        b'{"error":{"message":"Required body invalid, please check the request body format.",'
        b'"type":"invalid_request_error","param":null,"code":null},'
        b'"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}',
        sse=False,
        door=False,
    )


def test_moderation_ends_a_stream_in_the_dialect_of_its_surface(errors: Errors) -> None:
    blocked = errors.refuse("moderation.output")
    assert dialect_of(COMPAT).late(blocked, RID, 7) == (
        b'data: {"error":{"code":"data_inspection_failed","param":null,'
        b'"message":"Output data may contain inappropriate content. For details, see: '
        b'https://help.aliyun.com/zh/model-studio/error-code#inappropriate-content",'
        b'"type":"data_inspection_failed"},'
        b'"id":"chatcmpl-0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f",'
        b'"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}\n\n'
    )
    assert dialect_of(NATIVE_TEXT).late(blocked, RID, 7) == (
        b'id:7\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"DataInspectionFailed",'
        b'"message":"<400> InternalError.Algo.DataInspectionFailed: '
        b'Output data may contain inappropriate content.",'
        b'"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}\n\n'
    )


def test_throttling_ends_a_compat_stream_with_a_native_frame(errors: Errors) -> None:
    assert dialect_of(COMPAT).late(errors.refuse("throttling.allocation-quota"), RID, 7) == (
        b'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f",'
        b'"code":"Throttling.AllocationQuota",'
        b'"message":"Allocated quota exceeded, please increase your quota limit."}\n\n'
    )


def test_what_the_model_service_says_begins_with_its_prefix_on_both_surfaces(
    models: Models, errors: Errors
) -> None:
    said = Refusal(
        400,
        {
            "native": Words("InvalidParameter", RANGE),
            "compat": Words("invalid_parameter_error", RANGE, "invalid_request_error"),
        },
        "service",
        errors["messages.no-user"].prefix,
    )
    native = json.loads(render_native(said, RID, stream=False).body)
    compat = json.loads(render_compat(said, RID, models[OLD], stream=False).body)
    (line,) = sse.read(render_compat(said, RID, models[OLD], stream=True).body)
    assert line.data is not None
    messages = native["message"], compat["error"]["message"], json.loads(line.data)["error"]["message"]
    assert messages == (LENGTH, LENGTH, LENGTH)


def test_the_wrong_key(errors: Errors) -> None:
    wrong = errors.refuse("auth.wrong-key")
    assert render_compat(wrong, RID, None, stream=True) == RenderedError(
        401,
        b'{"error":{"message":"Incorrect API key provided. For details, see: '
        b'https://help.aliyun.com/zh/model-studio/error-code#apikey-error",'
        b'"type":"invalid_request_error","param":null,"code":"invalid_api_key"},'
        b'"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}',
        sse=False,
        door=True,
    )
    assert render_native(wrong, RID, stream=True) == RenderedError(
        401,
        b'{"code":"InvalidApiKey","message":"Invalid API-key provided.",'
        b'"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}',
        sse=False,
        door=True,
    )


def test_no_key_at_all_has_a_code_of_null_and_a_trailing_blank(errors: Errors) -> None:
    rendered = render_compat(errors.refuse("auth.missing-key"), RID, None, stream=False)
    error = json.loads(rendered.body)["error"]
    assert error["code"] is None
    assert error["message"].endswith("(i.e. Authorization: Bearer YOUR_KEY). ")


def test_an_unknown_model_is_named_in_raw_utf8(errors: Errors) -> None:
    unknown = errors.refuse("model.unknown", model="茶-max")
    assert render_compat(unknown, RID, None, stream=True) == RenderedError(
        404,
        '{"error":{"message":"The model `茶-max` does not exist or you do not have access to it.",'
        '"type":"invalid_request_error","param":null,"code":"model_not_found"},'
        '"request_id":"0b8f3d52-6c1e-9d2a-8f4b-2a7c5e910d3f"}'.encode(),
        sse=False,
        door=True,
    )


def one_frame(rendered: RenderedError) -> bytes:
    """The JSON of an error, whatever its framing."""
    if not rendered.sse:
        return rendered.body
    (frame,) = sse.read(rendered.body)
    assert frame.data is not None
    return frame.data.encode()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("entry", [entry.id for entry in error_catalogue.load()])
def test_every_refusal_of_the_catalogue_keeps_to_the_schemas(
    errors: Errors, models: Models, entry: str, *, stream: bool
) -> None:
    said = errors.refuse(entry)
    native = render_native(said, RID, stream=stream)
    assert schemas.violations("native.error", json.loads(one_frame(native))) == []
    for model in (None, models[OLD], models[NEW]):
        compat = render_compat(said, RID, model, stream=stream)
        assert schemas.violations("compat.error", json.loads(one_frame(compat))) == []
        assert compat.door == native.door == (said.origin == "door")


_MEDIA = (
    "download-timeout download-failed content-type image-sides image-too-small image-illegal file-size "
    "video-length video-invalid image-decode file-format audio-format format"
)
FETCHED = {f"media.{name}" for name in _MEDIA.split(" ")}
"""What is seen when a medium is fetched and read; the stream is open then."""


def seen_by(native: bool, entry: error_catalogue.ErrorEntry, model: str) -> tuple[int, bool]:  # noqa: FBT001
    """The status of a refused stream and whether its body is a frame, as recorded and reported."""
    newest = model == NEW
    if native:
        if entry.origin == "door":
            return entry.status, False
        return (entry.status if newest and entry.id not in FETCHED else 200), True
    if entry.status != 400 or entry.origin in ("door", "gateway") or (newest and entry.origin == "service"):
        return entry.status, False
    return (200 if entry.id == "media.download-timeout" else 400), True


@pytest.mark.parametrize("model", [OLD, NEW])
def test_every_refusal_of_the_catalogue_looks_as_recorded_streamed_and_not(
    errors: Errors, models: Models, model: str
) -> None:
    for entry in errors:
        said = errors.refuse(entry.id)
        for native, rendered in (
            (True, [render_native(said, RID, models[model], stream=stream) for stream in (False, True)]),
            (False, [render_compat(said, RID, models[model], stream=stream) for stream in (False, True)]),
        ):
            plain, streamed = rendered
            assert (plain.status, plain.sse) == (entry.status, False), entry.id
            assert (streamed.status, streamed.sse) == seen_by(native, entry, model), entry.id
            document = json.loads(plain.body)
            words = entry.words["native"] if native else entry.words["compat"]
            if words.envelope is not None:
                continue
            error = document if native else document["error"]
            assert error.get("code") == words.code
            assert error.get("type") == (None if native else words.type)
            has_id = entry.origin in ("validator", "service")
            assert native or ("id" in document) is has_id


NO_RESOURCE = {
    "requestId": RID,
    "code": "InvalidParameter",
    "message": "No static resource api-openai/v1/tea.",
}
NOT_A_LIST = (
    "Invalid type for 'messages.[0].content': expected one of a string or array of objects, "
    "but got an object instead."
)


@pytest.mark.parametrize(
    ("entry", "values", "native", "compat"),
    [
        (
            "path.no-resource",
            {"path": "v1/tea"},
            NO_RESOURCE,
            NO_RESOURCE,
        ),
        (
            "plan.agents-only",
            {},
            {"error": "Coding Plan is currently only available for Coding Agents"},
            {"error": "Coding Plan is currently only available for Coding Agents"},
        ),
        (
            "content.invalid-type",
            {"index": 0, "actual": "an object"},
            {
                "request_id": RID,
                "code": "InvalidParameter",
                "message": NOT_A_LIST,
            },
            {
                "error": {
                    "message": NOT_A_LIST,
                    "type": "invalid_request_error",
                    "param": "'messages.[0].content'",
                    "code": "invalid_type",
                },
                "request_id": f"chatcmpl-{RID}",
            },
        ),
        (
            # A body of the native form on the compatible path: three raw bodies, 2024 to 2026.
            "messages.missing",
            {},
            {
                "request_id": RID,
                "code": "InvalidParameter",
                "message": 'Either "prompt" or "messages" must exist and cannot both be none',
            },
            {
                "error": {
                    "message": "you must provide a messages parameter",
                    "type": "invalid_request_error",
                    "param": "message",
                    "code": "missing_required_parameter",
                },
                "request_id": f"chatcmpl-{RID}",
            },
        ),
        (
            "path.wrong-task",
            {},
            {
                "request_id": RID,
                "code": "InvalidParameter",
                "message": "url error, please check url！ For details, see: "
                "https://help.aliyun.com/zh/model-studio/error-code#error-url",
            },
            None,
        ),
    ],
)
def test_some_words_have_a_body_of_their_own(
    errors: Errors, entry: str, values: dict[str, Any], native: Any, compat: Any
) -> None:
    said = errors.refuse(entry, **values)
    bodies = [render_native(said, RID, stream=False).body]
    bodies.append(render_compat(said, RID, None, stream=False).body)
    told = [list(json.loads(body).items()) for body in bodies]
    assert told[0] == list(native.items())
    assert compat is None or told[1] == list(compat.items())


def test_singapore_names_its_own_help_page(errors: Errors) -> None:
    wrong = errors.refuse("auth.wrong-key")
    body = render_compat(wrong, RID, None, stream=True, region="intl").body
    assert b"https://www.alibabacloud.com/help/en/model-studio/error-code#apikey-error" in body
    late = dialect_of(COMPAT).late(errors.refuse("moderation.output"), RID, 3, region="intl")
    assert b"https://www.alibabacloud.com/help/en/model-studio/error-code#inappropriate-content" in late


@given(
    texts.filter(bool),
    st.sampled_from(["door", "gateway", "validator", "service"]),
    st.sampled_from([200, 400, 403, 429, 500]),
    st.sampled_from([None, OLD, NEW]),
    st.booleans(),
)
def test_any_message_arrives_as_it_was_written(
    message: str,
    origin: Any,
    status: int,
    name: str | None,
    stream: bool,  # noqa: FBT001
) -> None:
    said = Refusal(
        status,
        {"native": Words("Code", message), "compat": Words("code", message, "type")},
        origin,
    )
    model = model_catalogue.load()[name] if name else None
    assert json.loads(one_frame(render_native(said, RID, stream=stream)))["message"] == message
    compat = json.loads(one_frame(render_compat(said, RID, model, stream=stream)))
    assert compat["error"]["message"] == message
    assert schemas.violations("compat.error", compat) == []
