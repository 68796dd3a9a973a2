"""What is heard in sounds and read from pictures: made-up words, in the forms of the models that do so.

A model that puts sounds into words tells their language and a feeling beside them; one that reads pictures
tells of some tasks in an object of their own (`fixtures/recognition.json`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from mockserver.answer import prose
from mockserver.base import resources
from mockserver.base.jsontext import dumps, loads
from mockserver.instances.language import language
from mockserver.talk.reply import Choice, Notes, Reply
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Trait

_SPOKEN = ("en", "zh", "ja")
"""The languages that the built-in model has words in."""

_DEEP, _FIELDS = 20, 200
"""How deep fields may lie in each other, and how many are filled."""

_FENCE, _FENCED = "```json\n", "\n```"


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = resources.fixture("recognition")
    return table


def recognizes(request: ChatRequest) -> bool:
    """Whether the model of a request puts sounds or pictures into words in a form of its own."""
    if request.model.task == "ocr":
        return Trait.PARTS in request.surface.traits and _task(request) is not None
    return request.model.task == "asr"


def _language(request: ChatRequest) -> str | None:
    """The language that a sound is said to be in."""
    asked = request.options("asr_options").get("language")
    return asked if isinstance(asked, str) and asked else None


def _task(request: ChatRequest) -> Mapping[str, str] | None:
    """What is known of the task that a picture is read for; None when none is asked for."""
    found: Mapping[str, str] | None = _table()["tasks"].get(str(request.options("ocr_options").get("task")))
    return found


def recognized(request: ChatRequest, index: int) -> str:
    """What the built-in model hears or reads."""
    drawn = prose.numbers(request, index)
    if request.model.task == "asr":
        asked = _language(request)
        tongue = asked if asked in _SPOKEN else "en"
        return prose.lexicon(tongue).blank.join(prose.sentences(tongue, drawn))
    lines = prose.sentences(language(request.last_user), drawn)
    return _FORMS[(_task(request) or {}).get("text", "lines")](request, lines)


def _table_of(_: ChatRequest, lines: Sequence[str]) -> str:
    rows = "".join(f"<tr><td>{number}</td><td>{line}</td></tr>" for number, line in enumerate(lines, 1))
    return f"```html\n<table>{rows}</table>\n```"


def _fields(request: ChatRequest, lines: Sequence[str]) -> str:
    """What was asked for, each field filled."""
    config = request.options("ocr_options").get("task_config")
    shape = config.get("result_schema") if isinstance(config, Mapping) else None
    return _fenced(_filled(shape or {"text": ""}, iter(list(lines) * _FIELDS), _DEEP))


_FORMS: Mapping[str, Callable[[ChatRequest, Sequence[str]], str]] = {
    "lines": lambda _, lines: "\n".join(lines),
    "boxes": lambda _, lines: _fenced(_boxes(lines)),
    "fields": _fields,
    "table": _table_of,
    "document": lambda _, lines: "\n\n".join(f"\\section{{{at}}} {line}" for at, line in enumerate(lines, 1)),
    "formula": lambda _, lines: f"$$ \\sum_{{i=1}}^{{{len(lines)}}} x_i $$",
}
"""What each form makes of the lines that were read."""


def _fenced(value: Any) -> str:
    return f"{_FENCE}{dumps(value).decode()}{_FENCED}"


def _filled(shape: Any, lines: Iterator[str], deep: int) -> Any:
    """A value of the shape that was asked for: each text in it is something that was read."""
    if isinstance(shape, Mapping) and deep:
        return {str(name): _filled(part, lines, deep - 1) for name, part in list(shape.items())[:_FIELDS]}
    if isinstance(shape, Sequence) and not isinstance(shape, str) and deep:
        return [_filled(part, lines, deep - 1) for part in shape[:1]]
    return next(lines, "")


def _boxes(lines: Sequence[str]) -> list[dict[str, Any]]:
    """Where each line stands, its keys in the recorded order."""
    box = _table()["box"]
    boxes = []
    for number, line in enumerate(lines):
        left, top = box["left"], box["top"] + number * box["line"]
        width, height = max(1, len(line)) * box["letter"], box["height"]
        right, bottom = left + width, top + height
        boxes.append(
            {
                "location": [left, top, right, top, right, bottom, left, bottom],
                "rotate_rect": [left + width // 2, top + height // 2, width, height, 0],
                "text": line,
            }
        )
    return boxes


def with_notes(request: ChatRequest, reply: Reply) -> Reply:
    """A reply with what stands beside the words of each choice, also of those that a script says."""
    choices = tuple(
        replace(choice, notes=_notes(request, choice, index)) for index, choice in enumerate(reply.choices)
    )
    return replace(reply, choices=choices)


def _notes(request: ChatRequest, choice: Choice, index: int) -> Notes | None:
    if request.model.task == "asr":
        if not request.model.family.annotates_sound:
            return None
        return Notes(annotations=(_annotation(request, choice, index),))
    result = (_task(request) or {}).get("result")
    if result is None:
        return None
    said = _read_back(choice.content)
    if result == "words_info":
        boxes = said if isinstance(said, list) else _boxes(choice.content.splitlines())
        return Notes(result={"words_info": boxes})
    return Notes(result={"kv_result": said}) if isinstance(said, dict) else None


def _read_back(text: str) -> Any:
    """The JSON that a text holds, with a fence around it or without; None when it is none."""
    try:
        return loads(text.removeprefix(_FENCE).removesuffix(_FENCED))
    except ValueError:
        return None


def _annotation(request: ChatRequest, choice: Choice, index: int) -> dict[str, str]:
    """The language of a sound, the one that was asked for if any, and a feeling."""
    table = _table()
    emotions: Sequence[str] = table["emotions"]
    values = {
        "emotion": emotions[next(prose.numbers(request, index)) % len(emotions)],
        "language": _language(request) or language(choice.content),
        "type": "audio_info",
    }
    return {name: values[name] for name in table["annotation"]["stream" if request.stream else "whole"]}
