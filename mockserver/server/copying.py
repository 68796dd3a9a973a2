"""An exchange of the journal as code: the same request in several languages, or a script that answers it.

Every text of the request becomes a literal of the language that it is written into; nothing of it is code.
"""

import json
import pprint
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from mockserver.dialects.table import named
from mockserver.state.brief import last_message

KEY = "DASHSCOPE_API_KEY"
"""The variable that the copies take their key from: the journal does not know it."""

_LITERAL = 8000
"""A string of a Java class holds 65,535 bytes at most (JVM specification, 4.4.7), so long ones are joined."""

_LAID_OUT = 1_000_000
"""The most characters of a literal of Python's, or of JSON, that is laid out, which takes 0.2 s."""

_WIDE = 96
"""How wide a literal is laid out."""


def _headers(shown: Mapping[str, Any], key: str) -> dict[str, str]:
    """The headers that the request needs, with what stands for its key."""
    surface = shown["surface"]
    headers = {"Content-Type": "application/json"}
    if surface == "anthropic":
        return headers | {"x-api-key": key, "anthropic-version": "2023-06-01"}
    headers["Authorization"] = f"Bearer {key}"
    if shown["stream"] and surface.startswith("native-"):
        headers["X-DashScope-SSE"] = "enable"
    return headers


def _path(shown: Mapping[str, Any]) -> str:
    return named(shown["surface"]).paths[0]


def _body(shown: Mapping[str, Any]) -> str:
    """The body as it is sent: JSON, or a text that is none."""
    body = shown["body"]
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _curl(shown: Mapping[str, Any], url: str) -> str:
    lines = [f"curl -N {shlex.quote(url + _path(shown))}"]
    # The key alone stands in double quotes, so that the shell fills it in.
    lines += [f'  -H "{name}: {value}"' for name, value in _headers(shown, f"${KEY}").items()]
    lines.append(f"  --data-binary {shlex.quote(_body(shown))}")
    return " \\\n".join(lines) + "\n"


def _laid_out(value: Any) -> int:
    """About how many characters a value takes when each thing in it has a line of its own.

    A line stands as far in as all names before it are long, so nesting may make many of few.
    """
    size, left = 0, [(value, 1)]
    while left:
        one, margin = left.pop()
        lines = 1
        if isinstance(one, dict):
            left += ((each, margin + len(name) + 4) for name, each in one.items())
            size += sum(map(len, one))
        elif isinstance(one, list):
            left += ((each, margin + 1) for each in one)
        elif isinstance(one, str):
            lines += len(one[:_LAID_OUT].splitlines()) + len(one) // max(2, (_WIDE - margin) // 2)
            size += len(one)
        size += lines * margin
        if size > _LAID_OUT:
            break
    return size


def _literal(value: Any, *, width: int) -> str:
    """A value in Python: laid out, or in one line where that would be too much."""
    if _laid_out(value) > _LAID_OUT:
        return repr(value)
    return pprint.pformat(value, width=width, sort_dicts=False)


def _sent(shown: Mapping[str, Any]) -> str:
    """The body in Python: what httpx makes JSON of, or a text."""
    body = shown["body"]
    if isinstance(body, str):
        return f"content={body!r}.encode()"
    return f"json={_literal(body, width=_WIDE)}"


def _python_headers(shown: Mapping[str, Any], key: str) -> str:
    pairs = [
        f"{name!r}: {'f' if '{' in value else ''}{value!r}" for name, value in _headers(shown, key).items()
    ]
    return "{" + ", ".join(pairs) + "}"


def _python(shown: Mapping[str, Any], url: str) -> str:
    return f"""\
import os

import httpx

key = os.environ[{KEY!r}]
with httpx.stream(
    "POST",
    {url + _path(shown)!r},
    headers={_python_headers(shown, "{key}")},
    {_sent(shown)},
) as answer:
    for text in answer.iter_text():
        print(text, end="")
"""


def _node(shown: Mapping[str, Any], url: str) -> str:
    # As a text, so that no name in it, such as __proto__, means anything to JavaScript.
    headers = ", ".join(
        f"{json.dumps(name)}: {json.dumps(value) if '$' not in value else f'`{value}`'}"
        for name, value in _headers(shown, "${key}").items()
    )
    return f"""\
const key = process.env.{KEY};
const answer = await fetch({json.dumps(url + _path(shown))}, {{
  method: "POST",
  headers: {{ {headers} }},
  body: {json.dumps(_body(shown))},
}});
const text = new TextDecoder();
for await (const bytes of answer.body) process.stdout.write(text.decode(bytes, {{ stream: true }}));
"""


def _java_text(text: str) -> str:
    """A Java string; JSON in ASCII is one, for both write what is beyond in units of UTF-16."""
    pieces = [text[at : at + _LITERAL] for at in range(0, len(text), _LITERAL)] or [""]
    literals = [json.dumps(piece) for piece in pieces]
    return literals[0] if len(literals) == 1 else f'String.join("",\n{", ".join(literals)})'


def _java(shown: Mapping[str, Any], url: str) -> str:
    mark = "<key>"
    headers = "\n".join(
        f"            .header({json.dumps(name)}, "
        + (f"{json.dumps(value.removesuffix(mark))} + key)" if mark in value else f"{json.dumps(value)})")
        for name, value in _headers(shown, mark).items()
    )
    return f"""\
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

class Ask {{
    public static void main(String[] args) throws Exception {{
        String key = System.getenv("{KEY}");
        HttpRequest request = HttpRequest.newBuilder(URI.create({json.dumps(url + _path(shown))}))
{headers}
            .POST(HttpRequest.BodyPublishers.ofString({_java_text(_body(shown))}))
            .build();
        HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofLines())
            .body()
            .forEach(System.out::println);
    }}
}}
"""


def _choice(choice: Mapping[str, Any]) -> dict[str, Any]:
    spec = {name: value for name, value in choice.items() if name != "media"}
    if "media" in choice:
        parts = [{"text": choice["content"]}] * bool(choice["content"])
        spec["content"] = [*parts, *choice["media"]]
    return spec


def _script(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A script that gives the same answer to the same last words."""
    match = {} if shown["model"] is None else {"model": shown["model"]}
    role, text = last_message(shown["body"])
    if text and role in ("user", "tool"):
        match["last_user" if role == "user" else "tool_result"] = text
    return {"match": match, "reply": _reply(shown)}


def _reply(shown: Mapping[str, Any]) -> dict[str, Any]:
    if shown["error"] is not None:
        return {"error": shown["error"]}
    if "raw" in shown:
        return dict(shown["raw"])
    choices = [_choice(choice) for choice in shown["answer"] or ()]
    if not choices:
        return {"content": ""}
    return choices[0] if len(choices) == 1 else {"choices": choices}


def _as_script(shown: Mapping[str, Any], _: str) -> str:
    script = _script(shown)
    return json.dumps(script, ensure_ascii=False, indent=2 if _laid_out(script) <= _LAID_OUT else None) + "\n"


def _pytest(shown: Mapping[str, Any], _: str) -> str:
    script = _script(shown)
    conditions = ", ".join(f"{name}={text!r}" for name, text in script["match"].items())
    reply = _literal(script["reply"], width=_WIDE - 4).replace("\n", "\n        ")
    return f"""\
import httpx


def test_the_app_is_answered(dashscope_mock):
    dashscope_mock.when({conditions}).reply(
        {reply}
    )
    key = dashscope_mock.key
    answer = httpx.post(  # in its place: what your app does
        dashscope_mock.url + {_path(shown)!r},
        headers={_python_headers(shown, "{key}")},
        {_sent(shown)},
    )
    assert answer.status_code == {shown["status"]}
    [asked] = dashscope_mock.requests()
    assert asked.answered_by.startswith("reply-")
"""


_WRITERS: dict[str, Callable[[Mapping[str, Any], str], str]] = {
    "curl": _curl,
    "python": _python,
    "node": _node,
    "java": _java,
    "script": _as_script,
    "pytest": _pytest,
}

FORMS = tuple(_WRITERS)
"""What an exchange can be copied as."""


def copied(shown: Mapping[str, Any], form: str, *, url: str) -> str:
    """The exchange, as `Entry.shown` gives it, in one of the `FORMS`, for a server at this `url`."""
    return _WRITERS[form](shown, url)
