"""Answers in the formats that frameworks ask for in their prompts, each in a smallest valid form."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from mockserver.answer import prose
from mockserver.answer.calls import next_calls
from mockserver.answer.course import Course, bare, course_of, directory, known
from mockserver.answer.prompt_tools import tools_in
from mockserver.answer.structured import instance_of, task
from mockserver.answer.typed import type_named
from mockserver.base.deadline import Deadline
from mockserver.base.jsontext import dumps, loads
from mockserver.instances.impossible import ImpossibleSchemaError
from mockserver.instances.instance import instance
from mockserver.instances.words import Words
from mockserver.talk.request import ChatRequest

_ENDING = "final_answer"
_FIELD = re.compile(r"\[\[ ## (\w+) ## \]\]")
_DESCRIBED = re.compile(r"`(\w+)` \(")
_TOLD = re.compile(r"\)(?::|\Z)")
_LITERAL = "Literal["
_QUESTION, _THOUGHT = "\nQuestion:", "\nThought:"
_PREVIOUS = re.compile(r"\n[^\S\n]*+This was your previous work[^\n]*+\n")
_ACTION = re.compile(r"Action:[^\n]*+")

Marks = tuple[re.Pattern[str], re.Pattern[str]]
"""What opens a part of a text, and what closes it."""

_INPUT: Marks = (
    re.compile(r"\[\[ ## \w+ ## \]\]\s*\n"),
    re.compile(r"\n(?=[^\S\n]*+(?:\[\[ ## |Respond with))"),
)
_SCRATCHED: Marks = re.compile(r"Observation:\s*+"), re.compile(_THOUGHT)
_OBSERVATION: Marks = re.compile("Observation:"), re.compile(r"\n(?=[^\S\n]*+(?:Thought|Action):)")
_OBSERVED: Marks = re.compile("<observation>"), re.compile("</observation>")

_WORDS = {"type": "array", "items": {"type": "string"}, "minItems": 5, "maxItems": 5, "uniqueItems": True}
_ROLES = re.compile(r"select the next role from \[([^\[\]\n]{1,4000}+)\]")

_LONGEST = 60_000
"""How much of a text is read for what it describes, as of one that asks for JSON or has tools."""

_WORK = 1_000_000
"""How much of a text is read for the steps and turns in it: no prompt of an agent has more characters."""

Draw = Iterator[int]


@cache
def _cue(name: str) -> re.Pattern[str]:
    """A pattern for texts in lower case: one that looks for either case takes several times as long."""
    return re.compile(known()["formats"][name])


def answer(name: str, request: ChatRequest, drawn: Draw, *, deadline: Deadline | None = None) -> str | None:
    """The answer in a format; None where plain words will do, or where nothing is what the words ask for.

    Raises `TakesLongError` as `instance` does.
    """
    try:
        return _ANSWERS[name](request, course_of(request), drawn, deadline)
    except ImpossibleSchemaError:
        return None


def _prompt(request: ChatRequest) -> str:
    """The words that describe the work: of the system, and of the user's where it has none."""
    said = [message.text for message in request.messages if message.role == "system"]
    return "\n".join(said or [message.text for message in request.messages if message.role == "user"])


def _told(request: ChatRequest, course: Course, drawn: Draw) -> str:
    """What is said when all is done: what the last tool has answered, or prose."""
    if course.results:
        return prose.telling(bare(course.results[-1]), drawn, like=course.question)
    return prose.answer(request, drawn)


def _hermes(request: ChatRequest, course: Course, drawn: Draw, deadline: Deadline | None) -> str | None:
    made = next_calls(
        tools_in(_prompt(request)), course, drawn, folder=partial(directory, request), deadline=deadline
    )
    if not made:
        return _told(request, course, drawn) if course.results else None
    return "\n".join(
        f'<tool_call>\n{{"name": {dumps(call.name).decode()}, "arguments": {call.arguments}}}\n</tool_call>'
        for call in made
    )


def _react(request: ChatRequest, course: Course, drawn: Draw, deadline: Deadline | None) -> str:
    text = _prompt(request)
    question, thought, said = request.last_user[:_WORK].partition(_QUESTION)[2].partition(_THOUGHT)
    if thought:
        course = _scratched(question.lstrip(), said)
    made = next_calls(tools_in(text), course, drawn, folder=partial(directory, request), deadline=deadline)
    if made:
        call = made[0]
        return f"Thought: I need a tool for this.\nAction: {call.name}\nAction Input: {call.arguments}"
    final = next((mark for mark in known()["formats"]["final"] if mark in text), "Final Answer:")
    return f"Thought: I can answer now.\n{final} {_told(request, course, drawn)}"


def _scratched(question: str, said: str) -> Course:
    """The work that stands below its question in one message."""
    results, _ = _parted(said, _SCRATCHED)
    actions = "\n".join(_ACTION.findall(said))
    return Course(question, said=actions, results=tuple(results), answered=bool(results))


def _blob(request: ChatRequest, course: Course, drawn: Draw, deadline: Deadline | None) -> str:
    told = request.last_user[:_WORK]
    work = _PREVIOUS.search(told)
    if work:
        course = _worked(told[: work.start()], told[work.end() :], _OBSERVATION)
    tools = tools_in(_prompt(request))
    made = next_calls(tools, course, drawn, folder=partial(directory, request), deadline=deadline)
    action = made[0].name if made else "Final Answer"
    given = loads(made[0].arguments) if made else _told(request, course, drawn)
    blob = dumps({"action": action, "action_input": given}).decode()
    return f"Thought: I write the next step.\nAction:\n```\n{blob}\n```"


def _tags(request: ChatRequest, course: Course, drawn: Draw, deadline: Deadline | None) -> str:
    before, marked, asked = request.last_user[:_WORK].rpartition("Question:")
    if marked and before:
        question, opened, steps = asked.partition("<tool>")
        course = _worked(question, opened + steps, _OBSERVED)
    tools = tools_in(_prompt(request))
    made = next_calls(tools, course, drawn, folder=partial(directory, request), deadline=deadline)
    if not made:
        return f"<final_answer>{_told(request, course, drawn)}</final_answer>"
    given = loads(made[0].arguments)
    values = list(given.values())
    single = values[0] if len(values) == 1 and isinstance(values[0], str) else made[0].arguments
    return f"<tool>{made[0].name}</tool><tool_input>{single}</tool_input>"


def _worked(question: str, said: str, marks: Marks) -> Course:
    """The work that stands behind its question in one message, with what each step has found."""
    found, rest = _parted(said, marks)
    results = tuple(each.strip() for each in found)
    return Course(question.strip(), said=rest, results=results, answered=bool(results))


def _parted(text: str, marks: Marks) -> tuple[list[str], str]:
    """What stands within marks, each part up to the next closing mark or the end, and the rest.

    No part of the text is read twice, whatever stands in it: one pattern for both marks would look for the
    closing one from each that opens.
    """
    opening, closing = marks
    found: list[str] = []
    rest: list[str] = []
    done = 0
    while opened := opening.search(text, done):
        closed = closing.search(text, opened.end())
        rest.append(text[done : opened.start()])
        found.append(text[opened.end() : closed.start() if closed else None])
        done = closed.end() if closed else len(text)
    return found, "\n".join((*rest, text[done:]))


def _list(_: ChatRequest, course: Course, drawn: Draw, deadline: Deadline | None) -> str:
    words = Words.of(course.question)
    return ", ".join(instance(_WORDS, numbers=drawn, words=words, deadline=deadline))


def _code(request: ChatRequest, course: Course, drawn: Draw, deadline: Deadline | None) -> str:
    text = _prompt(request)
    opening, closing = ("<code>", "</code>") if "<code>" in text else ("```python", "```")
    tools = [tool for tool in tools_in(text) if tool["function"]["name"] != _ENDING]
    made = next_calls(tools, course, drawn, folder=partial(directory, request), deadline=deadline)
    if made:
        given = ", ".join(f"{name}={value!r}" for name, value in loads(made[0].arguments).items())
        lines = f"result = {made[0].name}({given})\nprint(result)"
    else:
        lines = f"{_ENDING}({_told(request, course, drawn)!r})"
    return f"Thought: I write the next step.\n{opening}\n{lines}\n{closing}"


def _fields(request: ChatRequest, course: Course, drawn: Draw, deadline: Deadline | None) -> str | None:
    asked = course.question.rpartition("Respond with")[2][:_LONGEST]
    names = [name for name in dict.fromkeys(_FIELD.findall(asked)) if name != "completed"]
    if not names:
        return None
    types = _types(_prompt(request)[:_LONGEST])
    schema = {
        "type": "object",
        "properties": {name: _field_schema(types.get(name, "")) for name in names},
        "required": names,
    }
    words = Words.of("\n".join(text.strip() for text in _parted(course.question[:_WORK], _INPUT)[0]))
    value = instance(schema, numbers=drawn, words=words, deadline=deadline)
    shown = (
        f"[[ ## {name} ## ]]\n{each if isinstance(each, str) else dumps(each).decode()}"
        for name, each in value.items()
    )
    return "\n\n".join((*shown, "[[ ## completed ## ]]"))


def _role(request: ChatRequest, *_: object) -> str | None:
    """The first of some roles that has not spoken since the user has, in a conversation that is told."""
    text = _prompt(request) + "\n" + request.messages[0].text
    listed = _ROLES.search(text)
    roles = [role.strip().strip("'\"") for role in listed[1].split(",")] if listed else []
    history = text[listed.end() :] if listed else ""
    last = history[history.rfind("\nuser:") :][-_WORK:]
    turns = (line.partition(":") for line in last.split("\n"))
    spoken = {name for name, colon, _ in turns if colon}
    return next((role for role in roles if role not in spoken), roles[0] if roles else None)


def _types(text: str) -> dict[str, str]:
    """The type of each field that a text describes in a line, as in ``1. `age` (int): how old``."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        done = 0
        while (named := _DESCRIBED.search(line, done)) and (ended := _TOLD.search(line, named.end())):
            found[named[1]] = line[named.end() : ended.start()]
            done = ended.end()
    return found


def _field_schema(said: str) -> dict[str, Any]:
    members, closed, _ = said.partition(_LITERAL)[2].partition("]")
    if closed:
        return {"enum": [each.strip().strip("'\"") for each in members.split(",")]}
    return type_named(said) or {"type": "string"}


def _json(request: ChatRequest, course: Course, drawn: Draw, deadline: Deadline | None) -> str | None:
    asking = (message for message in request.messages if message.role in ("system", "user"))
    texts = [message.text[:_LONGEST].lower() for message in asking]
    if not any(_cue("json_cue").search(text) for text in texts):
        return None
    asked = task(request, course)
    if asked.schema is None:
        return None
    made = instance_of(request, asked, course, drawn, deadline=deadline)
    block = any(_cue("block_cue").search(text) for text in texts)
    return f"```json\n{made}\n```" if block else made


_ANSWERS: Mapping[str, Callable[[ChatRequest, Course, Draw, Deadline | None], str | None]] = {
    "hermes": _hermes,
    "blob": _blob,
    "xml": _tags,
    "list": _list,
    "react": _react,
    "code": _code,
    "fields": _fields,
    "role": _role,
    "json": _json,
}
