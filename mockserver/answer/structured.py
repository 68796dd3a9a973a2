"""Answers that are JSON: `response_format` json_object and json_schema."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from mockserver.answer.course import Course, course_of, directory
from mockserver.answer.heeding import heeding
from mockserver.answer.prompted import shape
from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import dumps
from mockserver.instances.impossible import ImpossibleSchemaError
from mockserver.instances.instance import instance
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


def answer(request: ChatRequest, said: str, drawn: Iterator[int], *, deadline: Deadline | None = None) -> str:
    """The answer as JSON text; `said` is what it would have said in words.

    What a complaint about the last answer demands is met where that can be. Raises `ImpossibleSchemaError`
    when nothing fits the schema of the format, and `TakesLongError` as `instance` does. What the words ask
    for may be impossible: a model answers them all the same.
    """
    course = course_of(request)
    asked = task(request, course)
    if asked.schema is not None:
        try:
            return instance_of(request, asked, course, drawn, deadline=deadline)
        except ImpossibleSchemaError:
            if schema(request) is not None:
                raise
    return dumps({"mock": True, "turn": request.turn, "answer": said}).decode()


def instance_of(
    request: ChatRequest, asked: Task, course: Course, drawn: Iterator[int], *, deadline: Deadline | None
) -> str:
    """The JSON text that a schema asks for. Raises as `answer` does."""
    words = Words.of(asked.words, directory=directory(request), results=course.results)
    if course.complaint:
        with suppress(ImpossibleSchemaError):
            mended = heeding(asked.schema, course.complaint)
            return dumps(instance(mended, numbers=drawn, words=words, deadline=deadline)).decode()
    return dumps(instance(asked.schema, numbers=drawn, words=words, deadline=deadline)).decode()
