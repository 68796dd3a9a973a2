"""Drives plain `curl -N` on all three surfaces: what it prints is read by hand.

curl itself tells of a connection that broke (exit status 18 or 56). It measures silence over several seconds
only, so what limits it here is the time of the whole transfer (28), a second at least.
"""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract_tests.clients.loop import Answer, Conversation, Document, ToldError, heard, serve

PATHS = {
    "compat": "/chat/completions",
    "native-text": "/services/aigc/text-generation/generation",
    "native-multimodal": "/services/aigc/multimodal-generation/generation",
}
PASSING = (429, 500, 502, 503, 504)
PASSING_CODES = ("Throttling", "InternalError", "RequestTimeOut", "ModelUnavailable")


class Curl(Conversation):
    """A conversation in requests that are written by hand."""

    def body(self, messages: list[Any], command: Document) -> Document:
        """The request's body in the grammar of its surface."""
        begin, options = self.begin, self.options(command)
        stream = bool(command.get("stream"))
        if "tools" in begin:
            options["tools"] = begin["tools"]
        if begin["surface"] == "compat":
            if stream:
                options |= {"stream": True, "stream_options": {"include_usage": True}}
            return {"model": begin["model"], "messages": messages, **options}
        if begin["surface"] == "native-text":
            options = {"result_format": "message", **options}
        if stream:
            options = {"incremental_output": True, **options}
        return {"model": begin["model"], "input": {"messages": messages}, "parameters": options}

    def ask(self, messages: list[Any], command: Document) -> Answer:
        """Sends one request, and up to twice again where it was refused by what passes by itself."""
        for left in (2, 1, 0):
            answer = Answer()
            try:
                self.once(answer, messages, command)
            except ToldError as error:
                passing = error.status in PASSING or (error.code or "").startswith(PASSING_CODES)
                if not left or answer.choices or not passing:
                    raise
            else:
                return answer
        raise AssertionError

    def once(self, answer: Answer, messages: list[Any], command: Document) -> None:
        """One run of curl."""
        compat = self.begin["surface"] == "compat"
        base = self.begin["openai_url" if compat else "native_url"]
        headers = {"Authorization": f"Bearer {self.begin['key']}", "Content-Type": "application/json"}
        if command.get("stream") and not compat:
            headers["X-DashScope-SSE"] = "enable"
        seconds = str(max(1, round(self.begin.get("timeout", 30))))
        with tempfile.TemporaryDirectory() as folder:
            told = Path(folder, "told")
            line = ["curl", "--silent", "--no-buffer", "--noproxy", "*", "--data-binary", "@-"]
            line += ["--max-time", seconds, "--dump-header", str(told)]
            for name, value in (headers | self.headers()).items():
                line += ["--header", f"{name}: {value}"]
            process: Any = subprocess.Popen(
                [*line, base + PATHS[self.begin["surface"]]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            try:
                process.stdin.write(json.dumps(self.body(messages, command)).encode())
                process.stdin.close()
                self.read(answer, process, told, command)
            finally:
                process.kill()
                process.wait()
                process.stdout.close()

    def read(self, answer: Answer, process: Any, told: Path, command: Document) -> None:
        """What curl printed, and how it ended."""
        cumulative = bool(command.get("stream")) and self.options(command).get("incremental_output") is False
        for document in heard(documents(process.stdout), answer, command):
            gather(answer, document, status=int(told.read_text().split()[1]), cumulative=cumulative)
        if not answer.cancelled and process.wait():
            status = f"exit status {process.returncode}"
            kind = "curl"
            raise ToldError(kind, None, None, status)
        if not answer.cancelled and not answer.choices:
            kind = "empty"
            raise ToldError(kind, None, None, "what came is no answer")


def documents(output: Any) -> Iterator[Document]:
    """The documents of an event stream, or the one of a plain body."""
    rest = data = b""
    for line in output:  # only a line feed ends a line here, whatever the text holds
        if line.startswith(b"data:") and line.endswith(b"\n"):
            data += line[5:]
        elif data and not line.strip():
            yield from event(data)
            data = b""
        elif not line.startswith((b"id:", b"event:", b"retry:", b"x-", b":")):
            rest += line
    yield from event(data)
    if rest.strip().startswith(b"{"):
        yield json.loads(rest)


def event(data: bytes) -> list[Document]:
    """The document of an event's data; none at the end mark."""
    return [] if data.strip() in (b"", b"[DONE]") else [json.loads(data)]


def gather(answer: Answer, document: Document, *, status: int, cumulative: bool) -> None:
    """Notes one document; a cumulative one says all so far again."""
    error = document.get("error") or document
    if "code" in error:
        kind = "refused"
        raise ToldError(kind, error["code"], status, error["message"])
    output = document.get("output", document)
    text_only = {"message": {"content": output.get("text")}, "finish_reason": output.get("finish_reason")}
    if "choices" not in output and "text" not in output:
        kind = "empty"
        raise ToldError(kind, None, None, "what came is no answer")
    choices = output.get("choices", [text_only])
    answer.tokens(document.get("usage"), choice=choices[0].get("index", 0) if len(choices) == 1 else None)
    for choice in choices:
        said, index = choice["delta"] if "delta" in choice else choice["message"], choice.get("index", 0)
        if cumulative:
            answer.choices.pop(index, None)
        content = said.get("content") or ""
        text = content if isinstance(content, str) else "".join(part["text"] for part in content)
        thinking, finish = said.get("reasoning_content"), choice.get("finish_reason")
        answer.add(index=index, text=text, thinking=thinking, finish=finish)
        for call in said.get("tool_calls") or ():
            pieces = {name: call["function"].get(name) for name in ("name", "arguments")}
            answer.call(index=call.get("index"), id=call.get("id"), choice=index, **pieces)


if __name__ == "__main__":
    version = subprocess.run(
        ["curl", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    serve(Curl, client=f"curl {version}", surfaces=list(PATHS))
