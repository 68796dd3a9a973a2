"""instructor: what its tutorials show, in three modes and with a retry."""

from typing import Annotated

import instructor
from openai import OpenAI
from pydantic import AfterValidator, BaseModel
from running import BASE, KEY, MODEL, has, main, program

openai = OpenAI(base_url=BASE, api_key=KEY)


class Person(BaseModel):
    name: str
    age: int


def upper(name: str) -> str:
    if not name.isupper():
        msg = "Name must be in uppercase"
        raise ValueError(msg)
    return name


class Loud(BaseModel):
    name: Annotated[str, AfterValidator(upper)]
    age: int


def ask(mode: instructor.Mode, kind: type[BaseModel], said: str, **more: object) -> BaseModel:
    client = instructor.from_openai(openai, mode=mode)
    messages = [{"role": "user", "content": said}]
    return client.chat.completions.create(model=MODEL, response_model=kind, messages=messages, **more)


def same(found: BaseModel, **fields: object) -> None:
    assert found.model_dump() == fields, found


@program("tool")
def tool() -> None:
    same(ask(instructor.Mode.TOOLS, Person, "Jason is 25 years old"), name="Jason", age=25)


@program("json")
def json() -> None:
    same(ask(instructor.Mode.JSON, Person, "Jason is 25 years old"), name="Jason", age=25)


@program("structured")
def structured() -> None:
    mode = instructor.Mode.JSON_SCHEMA
    same(ask(mode, Person, "Jason is 25 years old"), name="Jason", age=25)


@program("markdown")
def markdown() -> None:
    same(ask(instructor.Mode.MD_JSON, Person, "Jason is 25 years old"), name="Jason", age=25)


@program("retry")
def retry() -> None:
    found = ask(instructor.Mode.TOOLS, Loud, "Jason is 25 years old", max_retries=3)
    same(found, name="JASON", age=25)


@program("retry-json")
def retry_json() -> None:
    found = ask(instructor.Mode.JSON, Loud, "Jason is 25 years old", max_retries=3)
    same(found, name="JASON", age=25)


@program("stream")
def stream() -> None:
    client = instructor.from_openai(openai, mode=instructor.Mode.TOOLS)
    messages = [{"role": "user", "content": "Jason is 25 years old"}]
    *_, last = client.chat.completions.create_partial(model=MODEL, response_model=Person, messages=messages)
    has(last.name, "Jason")


main()
