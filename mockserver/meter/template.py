"""The texts of the prompt template around messages and tools: what a model is shown of them."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from mockserver.base import resources

CallStyle = Literal["json", "xml", "fncall"]
"""How a model writes its calls: as a JSON object, as nested tags (qwen3.5 and newer), or behind the
flowered words of its own function calling (qwen-max)."""


@cache
def texts() -> dict[str, Any]:
    """The template's fixed texts and numbers."""
    template: dict[str, Any] = resources.fixture("prompt")
    return template


def tools_block(tools: Iterable[Mapping[str, Any]], style: CallStyle) -> str:
    """What the system message says of the tools. Signatures stand there with their keys sorted.

    (counts are exact on recordings: alibaba/loongsuite-python-agent, maruel/genai.)
    """
    words = texts()["tools"][style]
    tools = list(tools)
    if style == "fncall":
        names = ",".join(_function(tool)["name"] for tool in tools)
        signatures = "".join(_described(_function(tool)) for tool in tools)
        return f"{words['head']}{signatures}{words['foot'].replace('{names}', names)}"
    signatures = "".join("\n" + json.dumps(tool, ensure_ascii=False, sort_keys=True) for tool in tools)
    return f"{words['head']}{signatures}{words['foot']}"


def _function(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    function: Mapping[str, Any] = tool["function"]
    return function


def _described(function: Mapping[str, Any]) -> str:
    name, description = function["name"], function.get("description") or ""
    parameters = json.dumps(function.get("parameters"), ensure_ascii=False)
    return (
        f"\n\n### {name}\n\n{name}: {description} Parameters: {parameters} "
        "Format the arguments as a JSON object."
    )


def call_text(name: str, arguments: str, style: CallStyle) -> str:
    """A function call as the model writes it.

    Arguments that are no JSON, or are nested more deeply than can be read and written, count as their text.
    """
    if style == "fncall":
        return f"✿FUNCTION✿: {name}\n✿ARGS✿: {arguments}"
    try:
        return _called(name, json.loads(arguments), style)
    except (ValueError, RecursionError):
        return _called(name, arguments, style)


def _called(name: str, parsed: Any, style: CallStyle) -> str:
    """A call with its arguments as a value, or as the text that stands in its place."""
    if style == "json":
        shown = parsed if isinstance(parsed, str) else json.dumps(parsed, ensure_ascii=False)
        return f'<tool_call>\n{{"name": "{name}", "arguments": {shown}}}\n</tool_call>'
    given = parsed if isinstance(parsed, dict) else {}
    parameters = "".join(
        f"<parameter={key}>\n{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        "\n</parameter>\n"
        for key, value in given.items()
    )
    return f"<tool_call>\n<function={name}>\n{parameters}</function>\n</tool_call>"


def response_text(content: str, style: CallStyle) -> str:
    """A tool's result as the model is shown it."""
    if style == "fncall":
        return f"✿RESULT✿: {content}\n✿RETURN✿"
    return f"<tool_response>\n{content}\n</tool_response>"


def answer_text(content: str, calls: list[str], style: CallStyle) -> str:
    """An answer and its calls as the model writes them."""
    if not calls:
        return content
    blank = "\n\n" if style == "xml" else "\n"
    return f"{content}{blank if content else ''}{chr(10).join(calls)}"


def thinking_text(reasoning: str, content: str, *, blank: str = "\n\n") -> str:
    """An answer and the thinking before it, with a `blank` between them."""
    return f"<think>\n{reasoning}\n</think>{blank}{content}"
