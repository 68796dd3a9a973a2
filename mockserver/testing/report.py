"""An exchange of the journal as people read it: one block each."""

import json
import re
import textwrap
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from mockserver.base.names import several
from mockserver.state.brief import last_message, spoken, system_of, tools_of


def _cut(text: str, width: int = 600) -> str:
    text = text.strip()
    return text if len(text) <= width else f"{text[:width]} ... {len(text) - width} more characters"


_MARGIN = " " * 12
"""What stands before each line of a text but its first, which has a name there."""


def _indented(name: str, text: str) -> str:
    return f"  {name:<10}" + _cut(text).replace("\n", "\n" + _MARGIN)


def folded(text: str, width: int) -> str:
    """Exchanges for a terminal of so many columns: no word that fits on a line is broken."""
    lines = []
    for line in text.split("\n"):
        parts = textwrap.wrap(
            line,
            max(width, 2 * len(_MARGIN)),
            subsequent_indent=_MARGIN,
            break_long_words=False,
            break_on_hyphens=False,
            expand_tabs=False,
            replace_whitespace=False,
        )
        lines += parts if len(line) > width else [line]
    return "\n".join(lines)


_PAINT = (
    (re.compile(r"^#\d+  .*  [45]\d\d$"), "1;31"),
    (re.compile(r"^#\d+  "), "1;32"),
    (re.compile(r"^  (?:refused|finding) "), "33"),
    (re.compile(r"^  (?:tokens|by|nearest|history|tools|system) "), "2"),
)
"""The lines that have a colour on a terminal; the first that fits, so heads of errors before other heads."""


def painted(text: str) -> str:
    """Exchanges in the colours of a terminal."""
    lines = []
    for line in text.split("\n"):
        colour = next((colour for pattern, colour in _PAINT if pattern.search(line)), None)
        lines.append(line if colour is None else f"\x1b[{colour}m{line}\x1b[0m")
    return "\n".join(lines)


def _answer(choice: Mapping[str, Any]) -> list[str]:
    lines = []
    if choice.get("reasoning_content"):
        lines.append(_indented("thinks", choice["reasoning_content"]))
    if choice["content"] or not (choice.get("tool_calls") or choice.get("media")):
        lines.append(_indented("says", choice["content"]))
    lines += [
        _indented("shows", f"{kind}: {value}")
        for part in choice.get("media", ())
        for kind, value in part.items()
    ]
    lines += [
        _indented("calls", f"{call['name']}({call['arguments']})") for call in choice.get("tool_calls", ())
    ]
    return lines


def _sent(raw: Mapping[str, Any]) -> str:
    """The bytes of a raw reply, as far as they are text."""
    body = raw.get("body", "(nothing)")
    whole = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return "".join(raw["frames"]) if "frames" in raw else whole


def _cost(usage: Mapping[str, int], timings: Mapping[str, Any]) -> str:
    tokens = f"{usage.get('input_tokens', 0)} in, {usage.get('output_tokens', 0)} out"
    if usage.get("cached_tokens"):
        tokens += f", {usage['cached_tokens']} cached"
    spent = timings.get("finished_ms")
    return tokens if spent is None else f"{tokens}; {spent:.0f} ms"


def nearest_lines(near: Mapping[str, Any] | None) -> str:
    """The script that almost answered, as `GET /_mock/requests/{number}` gives it; "" for none."""
    if near is None:
        return ""
    name = near["source"] or near["script"]["id"]
    if near["answers_now"] or near["spent"]:
        why = "it would answer now" if near["answers_now"] else "it has answered as often as it may"
        return "\n" + _indented("nearest", f"{name}: {why}")
    told = [f"{name}: {near['held']} of {near['total']} conditions hold"]
    failed = next(one for one in near["conditions"] if not one["holds"])
    told.append(f"{failed['condition']}: expected {failed['expected']}, actual {failed['actual']}")
    if failed["diff"]:
        told.append(failed["diff"])
    return "\n" + _indented("nearest", "\n".join(told))


def block(shown: Mapping[str, Any]) -> str:
    """One exchange, as `GET /_mock/requests` shows it."""
    moment = datetime.fromtimestamp(shown["time"], UTC).strftime("%H:%M:%S")
    model = shown["model"] or "no model"
    how = f"{shown['surface']}{', stream' if shown['stream'] else ''}"
    lines = [f"#{shown['number']}  {moment}  {shown['key']}  {model}  {how}  {shown['status']}"]
    system, tools, before = system_of(shown["body"]), tools_of(shown["body"]), len(spoken(shown["body"])) - 1
    role, text = last_message(shown["body"])
    if system:
        lines.append(_indented("system", system))
    if tools:
        lines.append(_indented("tools", ", ".join(tools)))
    if before > 0:
        lines.append(_indented("history", several(before, "message")))
    lines.append(_indented(role or "asked", text or "(nothing)"))
    for choice in shown["answer"] or ():
        lines += _answer(choice)
    if "raw" in shown:
        lines.append(_indented("sends", _sent(shown["raw"])))
    if shown["error"]:
        lines.append(_indented("refused", f"{shown['error']['code']}: {shown['error']['message']}"))
    if shown["usage"]:
        lines.append(_indented("tokens", _cost(shown["usage"], shown["timings"])))
    lines += [
        _indented("finding", "{severity}: {rule} at {path}: {message}".format(**finding))
        for finding in shown["findings"]
    ]
    lines.append(_indented("by", shown["answered_by"]))
    return "\n".join(lines)
