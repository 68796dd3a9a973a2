"""Runs the programs of one framework in the framework's own environment, and prints a JSON line for each.

`BASE` in the environment is the URL of the compatible surface. It needs nothing but Python's own library.
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
    """Run all programs, or those whose kinds are named; what is asynchronous has one loop for all."""
    wanted = sys.argv[1:]
    with asyncio.Runner() as runner:
        for kind, run in _PROGRAMS:
            if wanted and kind not in wanted:
                continue
            error = ""
            try:
                made = run()
                if inspect.iscoroutine(made):
                    runner.run(made)
            except BaseException as raised:  # noqa: BLE001 - whatever ends a program is its result
                error = f"{type(raised).__name__}: {raised}"[:600]
                if os.environ.get("TRACE"):
                    traceback.print_exc()
            print(json.dumps({"program": kind, "ok": not error, "error": error}), flush=True)
