"""Answers that are JSON: `response_format` json_object and json_schema."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from mockserver.answer import prose
from mockserver.answer.course import Course, course_of, directory
from mockserver.answer.heeding import heeding
from mockserver.answer.prompted import shape
from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import dumps
from mockserver.instances.impossible import ImpossibleSchemaError
from mockserver.instances.instance import instance
from mockserver.instances.kinds import parts
from mockserver.instances.words import Words
from mockserver.talk.request import ChatRequest


class Task(NamedTuple):
    """What JSON is asked for: its schema, None where any object will do, and the words that fill it."""

    schema: Any
    words: str


def wanted(request: ChatRequest) -> bool:
    """Whether the answer has to be JSON."""
    return request.options("response_format").get("type") in ("json_object", "json_schema")


def schema(request: ChatRequest) -> Any:
    """The schema of the format; None where it has none.

    It stands under `schema`; some clients send it in place of the wrapper.
    """
    asked = request.options("response_format")
    if asked.get("type") != "json_schema":
        return None
    wrapper = asked.get("json_schema") or {}
    return wrapper.get("schema", wrapper)


def task(request: ChatRequest, course: Course) -> Task:
    """What is asked for: by the format, else by the words of the system and of the user.

    What of the user's words shows the JSON fills none of it.
    """
    asked = schema(request)
    texts = [message.text for message in request.messages if message.role == "system"]
    texts.append(course.question)
    found = shape(texts)
    words = course.question
    if found is not None and found.which == len(texts) - 1:
        words = f"{words[: found.start].rstrip()}\n{words[found.end :].lstrip()}"
    if asked is None and found is not None:
        asked = found.schema
    return Task(asked, words)


def answer(request: ChatRequest, drawn: Iterator[int], *, deadline: Deadline | None = None) -> str:
    """The answer as JSON text; where any object will do, it holds what would have been said in words.

    What a complaint about the last answer demands is met where that can be. Raises `ImpossibleSchemaError`
    when nothing fits the schema of the format, and `TakesLongError` as `instance` does. What the words ask
    for may be impossible, or no object: a model answers them all the same, and in JSON mode with an object.
    """
    course = course_of(request)
    asked = task(request, course)
    if asked.schema is not None:
        bound = schema(request) is not None
        try:
            made = _made(request, asked, course, drawn, deadline=deadline)
            if not (bound or isinstance(made, dict)):
                made = _object(request, asked, course, drawn, made, deadline=deadline)
            return dumps(made).decode()
        except ImpossibleSchemaError:
            if bound:
                raise
    return dumps({"mock": True, "turn": request.turn, "answer": prose.answer(request, drawn)}).decode()


def instance_of(
    request: ChatRequest, asked: Task, course: Course, drawn: Iterator[int], *, deadline: Deadline | None
) -> str:
    """The JSON text that a schema asks for. Raises as `answer` does."""
    return dumps(_made(request, asked, course, drawn, deadline=deadline)).decode()


def _made(
    request: ChatRequest, asked: Task, course: Course, drawn: Iterator[int], *, deadline: Deadline | None
) -> Any:
    """The value that a schema asks for. Raises as `answer` does."""
    words = Words.of(asked.words, directory=directory(request), results=course.results)
    if course.complaint:
        with suppress(ImpossibleSchemaError):
            mended = heeding(asked.schema, course.complaint)
            return instance(mended, numbers=drawn, words=words, deadline=deadline)
    return instance(asked.schema, numbers=drawn, words=words, deadline=deadline)


def _object(
    request: ChatRequest,
    asked: Task,
    course: Course,
    drawn: Iterator[int],
    value: Any,
    *,
    deadline: Deadline | None,
) -> Mapping[str, Any]:
    """The object among what a schema allows, else one that holds its value by the schema's title or kind."""
    types = asked.schema.get("type", ["object"])
    if isinstance(types, list) and "object" in types:
        strict = asked._replace(schema={**asked.schema, "type": "object"})
        with suppress(ImpossibleSchemaError):
            found: Mapping[str, Any] = _made(request, strict, course, drawn, deadline=deadline)
            return found
    title = asked.schema.get("title")
    named = "_".join(parts(title)) if isinstance(title, str) else ""
    return {named or ("items" if isinstance(value, list) else "value"): value}
