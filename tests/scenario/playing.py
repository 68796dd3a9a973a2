"""Scenarios for tests: texts read as files, and what an engine answers from them."""

from pathlib import Path
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.catalogue import errors as error_catalogue
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.dialects.compat.surface import COMPAT
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.scenario.document import Scenario, Texts, load
from mockserver.wire.ids import Ids
from tests.conftest import NOW, make_headers

_TOKENIZER = LazyTokenizer()
"""One for all engines of these tests."""

Talk = list[dict[str, Any]]


def fresh() -> Engine:
    """An engine that remembers nothing."""
    return Engine(Settings(), tokenizer=_TOKENIZER, clock=lambda: NOW, ids=Ids(1))


def scenario(text: str, **included: str) -> Scenario:
    """The scenario of one text, `main.yaml`, and of those that it includes: `tea` is `tea.yaml`."""
    texts = {"main.yaml": text, **{f"{name}.yaml": content for name, content in included.items()}}
    return load([Path("main.yaml")], error_catalogue.load(), library=Texts(texts))


def told(whole: Scenario) -> list[str]:
    """What is wrong with a scenario, in words."""
    return [str(problem) for problem in whole.problems]


def playable(text: str, **included: str) -> Scenario:
    """A scenario with which nothing is wrong."""
    whole = scenario(text, **included)
    assert told(whole) == []
    return whole


def ask(
    engine: Engine, said: str | Talk, *, key: str = "sk-test", model: str = "qwen-plus", **extra: Any
) -> dict[str, Any]:
    """What a compatible client hears, parsed."""
    messages = [{"role": "user", "content": said}] if isinstance(said, str) else said
    body = dumps({"model": model, "messages": messages, **extra})
    answer = engine.chat(COMPAT, make_headers(key=key), body, arrived=NOW)
    heard: dict[str, Any] = loads(answer.body)
    return heard


def say(engine: Engine, said: str | Talk, **extra: Any) -> str:
    """The text of an answer, or the code of a refusal."""
    heard = ask(engine, said, **extra)
    if "error" in heard:
        return str(heard["error"]["code"])
    return str(heard["choices"][0]["message"]["content"])


def user(text: str) -> dict[str, Any]:
    """A user message."""
    return {"role": "user", "content": text}


def assistant(text: str, **more: Any) -> dict[str, Any]:
    """A message of the model."""
    return {"role": "assistant", "content": text, **more}
