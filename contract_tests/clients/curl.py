"""`curl -sN` on all three surfaces: no SDK, so that the bytes themselves are judged.

Where SDKs forgive, this reader does not: frames must be exactly those of the recordings (native: four lines
without a space after the colons, ids counting from 1, no end mark; compat: one `data: ` line, then `[DONE]`).
"""

import json
import re
import subprocess
from typing import Any

from contract_tests.clients.jobs import Failure, Gathering, Job, Message, RefusedError, Turn, serve

PATHS = {
    "compat": "/chat/completions",
    "native-text": "/services/aigc/text-generation/generation",
    "native-multimodal": "/services/aigc/multimodal-generation/generation",
}
NATIVE_FRAME = re.compile(
    rb"id:(?P<id>\d+)\nevent:(?:result|error)\n:HTTP_STATUS/\d+\ndata:(?P<data>\{[^\n]*\})"
)
COMPAT_FRAME = re.compile(rb"data: (?P<data>\{[^\n]*\}|\[DONE\])")


def body_of(job: Job, history: list[Message]) -> dict[str, Any]:
    """Write the request's body in the grammar of the surface."""
    parameters = job["parameters"] | ({"n": job["n"]} if job["n"] > 1 else {})
    if job["surface"] == "compat":
        if job["stream"]:
            parameters |= {"stream": True, "stream_options": {"include_usage": True}}
        return {"model": job["model"], "messages": history, **parameters}
    if job["surface"] == "native-multimodal":
        history = [{**message, "content": [{"text": message["content"]}]} for message in history]
    parameters |= {"result_format": "message"} | ({"incremental_output": True} if job["stream"] else {})
    return {"model": job["model"], "input": {"messages": history}, "parameters": parameters}


def exchange(job: Job, history: list[Message]) -> tuple[int, str, bytes]:
    """Send one request; give status, content type and body."""
    base = job["openai_url"] if job["surface"] == "compat" else job["native_url"]
    headers = [f"Authorization: Bearer {job['key']}", "Content-Type: application/json"]
    if job["stream"] and job["surface"] != "compat":
        headers.append("X-DashScope-SSE: enable")
    headers += [f"{name}: {value}" for name, value in (job.get("headers") or {}).items()]
    command = ["curl", "-sSN", "--noproxy", "*", "--data-binary", "@-"]
    command += ["--write-out", "%{stderr}%{http_code} %{content_type}", base + PATHS[job["surface"]]]
    for header in headers:
        command += ["--header", header]
    body = json.dumps(body_of(job, history), ensure_ascii=False).encode()
    done = subprocess.run(command, input=body, capture_output=True, check=True)
    status, content_type = done.stderr.decode().split(" ", 1)
    return int(status), content_type, done.stdout


def frames(surface: str, body: bytes) -> list[dict[str, Any]]:
    """Read the documents of an event stream, each frame matched to the byte."""
    *blocks, rest = body.split(b"\n\n")
    if rest:
        message = f"the stream ends with {rest!r}, not with a blank line"
        raise ValueError(message)
    grammar = COMPAT_FRAME if surface == "compat" else NATIVE_FRAME
    documents = []
    for number, block in enumerate(blocks, start=1):
        frame = grammar.fullmatch(block)
        if frame is None or frame.groupdict().get("id") not in {None, b"%d" % number}:
            message = f"not frame {number} of a {surface} stream: {block!r}"
            raise ValueError(message)
        documents.append(frame["data"])
    if surface == "compat" and documents[-1] == b"[DONE]":
        documents.pop()
    elif surface == "compat" and b'"error"' not in documents[-1]:
        message = f"the stream ends with {documents[-1]!r}, not with [DONE]"
        raise ValueError(message)
    return [json.loads(document) for document in documents]


def gather(answer: Gathering, document: dict[str, Any]) -> None:
    """Note a response, whole or a piece."""
    answer.envelope(answer_id=document.get("id") or document["request_id"], usage=document["usage"])
    output = document.get("output", document)
    for choice in output["choices"]:
        said = choice["delta"] if "delta" in choice else choice["message"]
        content = said.get("content")
        answer.choice(
            index=choice.get("index", 0),
            content="".join(part["text"] for part in content) if isinstance(content, list) else content,
            reasoning=said.get("reasoning_content"),
            finish_reason=choice.get("finish_reason"),
        )


def ask(job: Job, history: list[Message]) -> Turn:
    """Send one request."""
    status, content_type, body = exchange(job, history)
    streamed = content_type.startswith("text/event-stream")
    if status == 200 and streamed != job["stream"]:
        message = f"asked with stream={job['stream']}, answered with {content_type}"
        raise ValueError(message)
    answer = Gathering()
    for document in frames(job["surface"], body) if streamed else [json.loads(body)]:
        error = document.get("error", document)
        if "code" in error:
            told = Failure(kind=content_type, status=status, code=error["code"], message=error["message"])
            raise RefusedError(told)
        gather(answer, document)
    return answer.turn()


if __name__ == "__main__":
    serve(ask)
