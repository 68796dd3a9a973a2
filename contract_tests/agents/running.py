"""Runs the programs of one framework in the framework's own environment, as it is told on its input.

An empty line asks for the names of the programs, another one for the program of that name to be run: it is
answered with a line of JSON. `BASE` in the environment is the URL of the compatible surface. It needs nothing
but Python's own library.
"""

import asyncio
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

BASE = os.environ.get("BASE", "")
KEY, MODEL = "sk-agents", "qwen-plus"

_PROGRAMS: list[tuple[str, Callable[[], Any]]] = []


def program(kind: str) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Enters a program under what it shows: chat, tool, tools, structured, stream, retry."""

    def enter(run: Callable[[], Any]) -> Callable[[], Any]:
        _PROGRAMS.append((kind, run))
        return run

    return enter


def get_weather(city: str) -> str:
    """Get the weather of a city.

    Args:
        city: The name of the city.
    """
    return f"It is sunny in {city}, 24 degrees."


def book_hotel(city: str) -> str:
    """Book a hotel in a city.

    Args:
        city: The name of the city.
    """
    return f"Booked the Grand Hotel in {city}."


def has(text: object, *words: str) -> None:
    """Asserts that a text holds words."""
    for word in words:
        assert word in str(text), f"{word!r} is not in {str(text)[:300]!r}"


def main() -> None:
    """Run the programs that the lines of the input name; what is asynchronous has one loop for all.

    What frameworks print goes where errors go, so that it is not taken for an answer.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    programs = dict(_PROGRAMS)
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            kind = line.strip()
            told = {"program": kind, "error": _error(runner, programs[kind])} if kind else list(programs)
            print(json.dumps(told), file=answers)


def _error(runner: asyncio.Runner, run: Callable[[], Any]) -> str:
    """What ends a program otherwise than it should; "" for nothing."""
    try:
        made = run()
        if inspect.iscoroutine(made):
            runner.run(made)
    except BaseException as raised:  # noqa: BLE001 - whatever ends a program is its result
        if os.environ.get("TRACE"):
            traceback.print_exc()
        return f"{type(raised).__name__}: {raised}"[:600]
    return ""
