"""The log: its two forms, and that no key gets into it, whatever a client sent."""

import io
import json
import logging
import sys
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.base import logs
from mockserver.base.masking import mask
from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from tests.conftest import NOW, MakeHeaders
from tests.corridor.test_engine import chat

SECRET = "sk-4f0c8e1b2a7d"
VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def record(
    message: str, *arguments: Any, error: BaseException | None = None, **fields: Any
) -> logging.LogRecord:
    """A record as a logger makes it."""
    trace = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord("mockserver", logging.WARNING, "here", 1, message, arguments, trace)
    made.created = 1_770_000_000.25
    if fields:
        made.fields = fields
    return made


def failure(message: str) -> ValueError:
    """An exception with a traceback."""
    with pytest.raises(ValueError) as caught:
        int(message)
    return caught.value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"the key {SECRET}.", f"the key {mask(SECRET + '.')}"),
        (f"model={SECRET}&x", f"model={mask(SECRET)}&x"),
        (f"b'{SECRET}'", f"b'{mask(SECRET)}'"),
        ("a task-force of desk-tops", "a task-force of desk-tops"),
        ("a key begins with sk- and more", "a key begins with sk- and more"),
        (mask(SECRET), mask(SECRET)),
    ],
)
def test_what_looks_like_a_key_is_masked(text: str, shown: str) -> None:
    assert logs.masked(text) == shown


@given(st.text(), st.text(st.sampled_from("abcXYZ019_-."), min_size=1), st.text())
def test_no_key_passes_wherever_it_stands(before: str, name: str, after: str) -> None:
    key = f"sk-{name}-secret"
    assert "-secret" not in logs.masked(
        f"{before.replace('-secret', '')} {key} {after.replace('-secret', '')}"
    )


@given(JSON, VISIBLE.map("sk-{}".format))
def test_one_key_is_masked_in_a_value_wherever_it_stands(value: Any, key: str) -> None:
    planted = {"a": [value, {key: key, "b": f"<{key}>"}], key: value}
    shown = logs.without(planted, key)
    assert shown["a"][1] == {mask(key): mask(key), "b": f"<{mask(key)}>"}
    assert key not in shown


@given(JSON)
def test_without_a_key_a_value_stays_as_it_is(value: Any) -> None:
    assert logs.without(value, None) is value
    assert logs.without(value, "") is value
    assert logs.without(value, "sk-\N{HOT BEVERAGE}-nobody-has-this") == value


def test_a_human_line_is_short_and_masked() -> None:
    assert logs.Human().format(record("no %s for %s", "tea", SECRET)) == f"WARNING no tea for {mask(SECRET)}"


def test_a_client_cannot_begin_a_line_of_the_log() -> None:
    shown = logs.Human().format(record("no model %s", "x\nERROR all is lost\x1b[2J\u2028"))
    assert shown == "WARNING no model x\\nERROR all is lost\\x1b[2J\\u2028"


@pytest.mark.parametrize("form", [logs.Human(), logs.Json()], ids=["human", "json"])
def test_an_exception_is_told_without_keys(form: logging.Formatter) -> None:
    shown = form.format(record("it broke", error=failure(SECRET)))
    assert SECRET not in shown
    assert "Traceback" in shown
    assert f"invalid literal for int() with base 10: '{mask(SECRET)}'" in shown


def test_a_json_line_carries_the_fields_of_its_event() -> None:
    line = logs.Json().format(record("no\ntea", key=mask(SECRET), model=SECRET, status=404, odd={1}))
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "2026-02-02T02:40:00.250+00:00",
        "level": "warning",
        "logger": "mockserver",
        "message": "no\ntea",
        "key": mask(SECRET),
        "model": mask(SECRET),
        "status": 404,
        "odd": "{1}",
    }


@given(st.text(), st.text())
def test_every_json_line_is_one_line_of_json(message: str, value: str) -> None:
    line = logs.Json().format(record("%s", message, value=value))
    assert len(line.split("\n")) == 1
    assert json.loads(line)["logger"] == "mockserver"


def test_setting_up_writes_to_stderr_in_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    given_to, stderr = Mock(), io.StringIO()
    monkeypatch.setattr(logging, "basicConfig", given_to)
    monkeypatch.setattr(sys, "stderr", stderr)
    uvicorn = logging.getLogger("uvicorn")
    level = uvicorn.level
    logs.set_up("json", verbose=False)
    assert uvicorn.level == logging.CRITICAL
    uvicorn.setLevel(level)
    (handler,) = given_to.call_args.kwargs["handlers"]
    handler.handle(record("tea"))
    assert json.loads(stderr.getvalue())["message"] == "tea"


@pytest.mark.parametrize("key", [SECRET, "my%secret", "sk-invalid"], ids=["good", "of no form", "refused"])
@pytest.mark.parametrize("form", [logs.Human(), logs.Json()], ids=["human", "json"])
def test_a_key_sent_as_model_reaches_neither_log_nor_journal(
    key: str, form: logging.Formatter, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mockserver")
    chat(engine, key=key, model=key, user=key)
    (entry,) = engine.journal
    told = [form.format(record) for record in caplog.records]
    assert told
    assert not any(key in line for line in told)
    assert key not in json.dumps(entry.shown())
    if key == SECRET:
        assert any(f"`{mask(key)}`" in line for line in told)


def test_a_key_written_in_escapes_does_not_reach_the_journal(engine: Engine, headers: MakeHeaders) -> None:
    body = (
        b'{"model":"qwen-plus","user":"\\u0073k-4f0c8e1b2a7d","messages":[{"role":"user","content":"Tea?"}]}'
    )
    engine.chat(COMPAT, headers(key=SECRET), body, arrived=NOW)
    (entry,) = engine.journal
    assert entry.shown()["body"]["user"] == mask(SECRET)
