"""What lies in buckets of OSS in the cloud: takes the form of a local file, gives what tasks have made."""

import logging
from html import escape

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from mockserver.catalogue.making import RESULTS_PATH
from mockserver.corridor.engine import Engine
from mockserver.endpoints import native_files, tasks, uploads
from mockserver.endpoints.form import FORM_BYTES, MalformedError, TooLargeError, read_form
from mockserver.server.paths import any_method

_MEDIA = {"png": "image/png", "mp4": "video/mp4", "wav": "audio/wav"}
"""The media types of what is made; what clients uploaded is given as bytes."""

log = logging.getLogger("mockserver")


class OssError(Exception):
    """A refusal in the words of OSS (OSS docs, PostObject)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        self.code = code
        super().__init__(message)


def _oss_refusal(error: OssError, request_id: str) -> Response:
    words = {"Code": error.code, "Message": str(error), "RequestId": request_id, "HostId": "dashscope-mock"}
    inner = "".join(f"  <{name}>{escape(text, quote=False)}</{name}>\n" for name, text in words.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>\n{inner}</Error>\n'
    headers = {"x-oss-request-id": request_id, "connection": "close"}
    return Response(body, error.status, headers, "application/xml")


async def _take(engine: Engine, request: Request) -> Response:
    """Takes a file. Raises `OssError`."""
    limit = uploads.MAX_FILE_MB * 1024**2 + FORM_BYTES
    content_type = request.headers.get("content-type", "")
    try:
        form = await read_form(content_type, request.stream(), limit=limit, keep=False)
    except TooLargeError:
        message = "Your proposed upload exceeds the maximum allowed size"
        raise OssError(400, "EntityTooLarge", message) from None
    except MalformedError:
        message = "The body of your POST request is not well-formed multipart/form-data."
        raise OssError(400, "MalformedPOSTRequest", message) from None
    if not uploads.permits(form.fields, engine.clock()):
        entry = engine.errors["upload.policy-expired"]
        raise OssError(entry.status, entry.code or "", entry.words["native"].message)
    file = form.file("file")
    if file is None:
        message = "POST requires exactly one file upload per request."
        raise OssError(400, "IncorrectNumberOfFilesInPOSTRequest", message)
    log.info("took the file %r, %d bytes", form.fields["key"].rpartition("/")[2], file.size)
    return Response(status_code=200 if form.fields.get("success_action_status") == "200" else 204)


def routes(engine: Engine) -> list[BaseRoute]:
    """The routes of the form and of the results."""

    async def files(request: Request) -> Response:
        """Takes a file; the form's signature stands in for a key."""
        request_id = engine.ids.request_id().replace("-", "")[:24].upper()
        if request.method != "POST":
            message = "The specified method is not allowed against this resource."
            return _oss_refusal(OssError(405, "MethodNotAllowed", message), request_id)
        try:
            return await _take(engine, request)
        except OssError as error:
            return _oss_refusal(error, request_id)
        except ClientDisconnect:
            return Response(status_code=400)

    async def results(request: Request) -> Response:
        """Gives what a task has made, or a file that was kept; its address stands in for a key."""
        owner, name = request.path_params["owner"], request.path_params["file"]
        made = None
        if request.method == "GET":
            made = native_files.address(engine, owner) or tasks.result(engine, owner, name)
        if made is None:
            request_id = engine.ids.request_id().replace("-", "")[:24].upper()
            return _oss_refusal(OssError(404, "NoSuchKey", "The specified key does not exist."), request_id)
        return Response(made, media_type=_MEDIA.get(name.rpartition(".")[2], "application/octet-stream"))

    return [
        any_method(uploads.FILES_PATH, files),
        any_method(f"{RESULTS_PATH}/{{owner}}/{{file}}", results),
    ]
