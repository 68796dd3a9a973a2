"""The lines of a batch: checked when it begins, each asked like any other request when it is worked off.

Sources: recordings of cnblogs/dashscope-sdk, 2026-04 (errors, results); Model Studio docs, batch, 2026.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mockserver.base.jsontext import dumps, loads, loads_bounded
from mockserver.base.values import value
from mockserver.catalogue.errors import Refusal
from mockserver.corridor.answers import Answer
from mockserver.corridor.work import Steps, sized
from mockserver.dialects.compat.surface import COMPAT
from mockserver.dialects.table import dialect_of
from mockserver.endpoints import embeddings
from mockserver.endpoints.endpoint import Call
from mockserver.endpoints.files import table
from mockserver.state.worlds import World
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Reply, Usage
from mockserver.wire.incoming import RequestHeaders

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

_OK = 200


@value
class Line:
    """One request of a batch: its `text` is JSON, which takes as many bytes as it weighs."""

    custom_id: str
    text: bytes

    @property
    def body(self) -> dict[str, Any]:
        """What is asked."""
        body: dict[str, Any] = loads(self.text)["body"]
        return body


def _error(code: str, line: int, **values: Any) -> dict[str, Any]:
    """One error of a file in the words of the table."""
    words = table()["errors"][code]
    param = words["param"]
    return {
        "code": code,
        "message": words["message"].format(**values),
        "param": None if param is None else param.format(**values),
        "line": line,
    }


class _Checked:
    """What is found in the lines of a file, one after the other."""

    def __init__(self, engine: "Engine", endpoint: str) -> None:
        self._engine = engine
        self._endpoint = endpoint
        self._model: str | None = None
        self._ids: set[str] = set()

    def errors(self, number: int, data: Any) -> Iterator[dict[str, Any]]:
        """What is wrong with a line, the first of it."""
        if not isinstance(data, dict):
            yield _error("invalid_json_line", number)
            return
        body = data.get("body")
        named = {"custom_id": data.get("custom_id"), "url": data.get("url"), "body": body}
        for name, given in named.items():
            if not isinstance(given, dict if name == "body" else str) or not given:
                yield _error("missing_required_parameter", number, value=name)
                return
        assert isinstance(body, dict)
        yield from self._fitting(number, data, str(body.get("model", "")))

    def _fitting(self, number: int, data: Mapping[str, Any], model: str) -> Iterator[dict[str, Any]]:
        """Whether a whole line fits the batch and the lines before it."""
        url, custom_id, test = data["url"], data["custom_id"], table()["test"]
        first, self._model = self._model is None, self._model or model
        if url not in table()["endpoints"]:
            yield _error("url_not_found", number, value=url)
        elif (model == test["model"]) is not (url == test["endpoint"]):
            yield _error("mismatched_test_url", number, value=url, model=model)
        elif url != self._endpoint:
            yield _error("mismatched_url", number, value=url, endpoint=self._endpoint)
        elif model != test["model"] and not self._known(model, url):
            yield _error("model_not_found", number, model=model)
        elif not first and model != self._model:
            yield _error("mismatched_model", number, model=model)
        elif custom_id in self._ids:
            yield _error("duplicate_custom_id", number, value=custom_id)
        self._ids.add(custom_id)

    def _known(self, name: str, url: str) -> bool:
        model = self._engine.models.find(name)
        if model is None or not model.compat:
            return False
        return model.task == "embedding" if url.endswith("/embeddings") else model.chat


def read(engine: "Engine", content: bytes, endpoint: str) -> tuple[tuple[Line, ...], list[dict[str, Any]]]:
    """The lines of a file, and what is wrong with them, at most a hundred errors."""
    checked, errors, lines = _Checked(engine, endpoint), [], []
    for number, text in enumerate(content.split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            data = loads_bounded(text)
        except ValueError:
            data = None
        found = list(checked.errors(number, data))
        errors += found
        if not found:
            lines.append(Line(data["custom_id"], text))
        if len(errors) >= table()["most_errors"]:
            break
    if not (lines or errors):
        errors.append(_error("empty_file", 1))
    return tuple(lines), errors


def asked(engine: "Engine", world: World, endpoint: str, line: Line) -> Steps[tuple[bool, bytes]]:
    """Whether a line went well, and what its file of results says, as steps."""
    if endpoint == table()["test"]["endpoint"]:
        return True, _result(engine, line, _OK, _test_body(engine))
    if endpoint.endswith("/embeddings"):
        name = engine.ids.request_id()
        return (yield from sized(len(line.text), _embedded, engine, world, line, name))
    headers = RequestHeaders([(b"authorization", f"Bearer {world.key}".encode())])
    body = yield from sized(len(line.text), _chat, line)
    answer = yield from engine.steps(COMPAT, headers, body, arrived=engine.clock())
    engine.ended(answer)
    return (yield from sized(len(answer.body), _of_chat, engine, line, answer))


def _chat(line: Line) -> bytes:
    """What a line asks of the chat. Whoever waits a day for an answer needs no stream of it."""
    return dumps(
        {name: value for name, value in line.body.items() if name not in ("stream", "stream_options")}
    )


def _of_chat(engine: "Engine", line: Line, answer: Answer) -> tuple[bool, bytes]:
    entry = answer.entry
    if entry is None or entry.reply is None or entry.usage is None or entry.refusal is not None:
        request_id = entry.request_id if entry is not None else engine.ids.request_id()
        body = loads(answer.body) if answer.body.startswith(b"{") else {}
        return answer.status == _OK, _result(engine, line, answer.status, body, request_id)
    body = _body(entry.request_id, int(entry.arrived), entry.model or "", entry.reply, entry.usage)
    return True, _result(engine, line, _OK, body, entry.request_id)


def _body(request_id: str, created: int, model: str, reply: Reply, usage: Usage) -> dict[str, Any]:
    """A chat as files of results show it, in an order of keys of their own."""
    choices = []
    for index, choice in enumerate(reply.choices):
        message: dict[str, Any] = {"role": "assistant", "content": choice.content}
        if choice.reasoning:
            message["reasoning_content"] = choice.reasoning
        if choice.tool_calls:
            message["tool_calls"] = [
                {
                    "index": at,
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for at, call in enumerate(choice.tool_calls)
            ]
        choices.append({"finish_reason": choice.finish_reason, "index": index, "message": message})
    counts = {
        "completion_tokens": usage.output,
        "prompt_tokens": usage.input,
        "total_tokens": usage.total,
    }
    return {
        "created": created,
        "usage": counts,
        "model": model,
        "id": f"chatcmpl-{request_id}",
        "choices": choices,
        "object": "chat.completion",
    }


def _test_body(engine: "Engine") -> dict[str, Any]:
    test = table()["test"]
    message = {"role": "assistant", "content": test["said"]}
    return {
        "created": int(engine.clock()),
        "usage": {"completion_tokens": 0, "prompt_tokens": 0, "total_tokens": 0},
        "model": test["model"],
        "id": f"chatcmpl-{engine.ids.request_id()}",
        "choices": [{"finish_reason": "stop", "index": 0, "message": message}],
        "object": "chat.completion",
    }


def _embedded(engine: "Engine", world: World, line: Line, request_id: str) -> tuple[bool, bytes]:
    call = Call(request_id=request_id, world=world, surface=COMPAT, body=dumps(line.body))
    try:
        return True, _result(engine, line, _OK, embeddings.compat(engine, call), request_id)
    except Refused as refused:
        return False, refusal_line(engine, line, refused.refusal, request_id)


def refusal_lines(
    engine: "Engine", lines: Iterable[Line], refusal: Refusal, request_ids: Iterable[str]
) -> bytes:
    """What the file of errors says of lines that are refused."""
    return b"".join(
        refusal_line(engine, line, refusal, name) for line, name in zip(lines, request_ids, strict=True)
    )


def refusal_line(engine: "Engine", line: Line, refusal: Refusal, request_id: str) -> bytes:
    """What the file of errors says of a line that is refused."""
    rendered = dialect_of(COMPAT).refused(refusal, request_id, stream=False)
    return _result(engine, line, rendered.status, loads(rendered.body), request_id)


def _result(
    engine: "Engine", line: Line, status: int, answer: Mapping[str, Any], request_id: str | None = None
) -> bytes:
    """One line of results, its keys in the recorded order."""
    name = request_id or engine.ids.request_id()
    said = answer.get("error")
    error = None if said is None else {"code": said.get("code"), "message": said.get("message")}
    response = {"status_code": status, "request_id": name, "body": answer}
    return dumps({"id": name, "custom_id": line.custom_id, "response": response, "error": error}) + b"\n"
