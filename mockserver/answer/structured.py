"""Answers that are JSON: `response_format` json_object and json_schema."""

from collections.abc import Iterator
from typing import Any

from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import dumps
from mockserver.instances.instance import instance
from mockserver.instances.words import Words
from mockserver.talk.request import ChatRequest


def _format(request: ChatRequest) -> dict[str, Any]:
    return dict(request.get("response_format") or {})


def wanted(request: ChatRequest) -> bool:
    """Whether the answer has to be JSON."""
    return _format(request).get("type") in ("json_object", "json_schema")


def schema(request: ChatRequest) -> Any:
    """The schema that the answer has to fit; None where any object will do.

    It stands under `schema`; some clients send it in place of the wrapper.
    """
    asked = _format(request)
    if asked.get("type") != "json_schema":
        return None
    wrapper = asked.get("json_schema") or {}
    return wrapper.get("schema", wrapper)


def answer(request: ChatRequest, said: str, drawn: Iterator[int], *, deadline: Deadline | None = None) -> str:
    """The answer as JSON text; `said` is what it would have said in words.

    Raises `ImpossibleSchemaError` when nothing fits the schema, and `TakesLongError` as `instance` does.
    """
    asked = schema(request)
    if asked is None:
        return dumps({"mock": True, "turn": request.turn, "answer": said}).decode()
    words = Words.of(request.last_user)
    return dumps(instance(asked, numbers=drawn, words=words, deadline=deadline)).decode()
