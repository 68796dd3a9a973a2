"""One API key's world, scripted in words: when it is asked this, reply that, then fail, then recover."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from mockserver.testing.channel import Channel
from mockserver.testing.environment import pointed
from mockserver.testing.exchange import Exchange
from mockserver.testing.report import nearest_lines

__tracebackhide__ = True
"""Pytest leaves the frames of this module out: whoever misuses it looks for the line in the test."""

_MOST = 1000

_EXPLAINED = 20
"""Beside how many exchanges a report shows the nearest script: looking for it may take 50 ms each."""

Reply = str | Sequence[Mapping[str, Any]] | Mapping[str, Any]
"""A text, its parts (`[{"text": ...}, {"image": ...}]`), or a reply as the control API takes it."""


def _spec(said: Reply, more: Mapping[str, Any]) -> dict[str, Any]:
    spec = dict(said) if isinstance(said, Mapping) else {"content": said}
    if "reasoning" in more:
        more = {**more, "reasoning_content": more["reasoning"]}
    return {
        **spec,
        **{name: value for name, value in more.items() if name != "reasoning" and value is not None},
    }


class Script:
    """One scripted reply; each further verb adds to its sequence."""

    def __init__(self, channel: Channel, match: Mapping[str, Any]) -> None:
        self._channel = channel
        self._match = dict(match)
        self._replies: list[dict[str, Any]] = []
        self.id: str | None = None

    def __repr__(self) -> str:
        return f"<Script {self.id}: {len(self._replies)} replies>"

    def _add(self, spec: dict[str, Any], times: int | None) -> Self:
        if times is not None and not 1 <= times <= _MOST:
            msg = f"times is {times}: it must be 1 to {_MOST}, or None for ever"
            raise ValueError(msg)
        replies = [*self._replies, *[spec] * (times or 1)]
        body: dict[str, Any] = {"match": self._match, "reply": replies}
        if times is not None:
            body["times"] = len(replies)
        if self.id is None:
            self.id = str(json.loads(self._channel.call("POST", "replies", body))["id"])
        else:
            self._channel.call("PUT", f"replies/{self.id}", body)
        self._replies = replies  # a reply that is refused is not kept
        return self

    def reply(self, content: Reply = "", *, times: int | None = None, **more: Any) -> Self:
        """Says this; the last of a sequence is repeated, unless `times` says how often.

        `more` is what else a reply may have: `reasoning`, `tool_calls`, `chunks`, `pace`, `usage`, `fault`.
        """
        return self._add(_spec(content, more), times)

    def then(self, content: Reply = "", *, times: int | None = None, **more: Any) -> Self:
        """Says this the next time."""
        return self.reply(content, times=times, **more)

    def call(
        self, name: str, arguments: Mapping[str, Any] | str = "{}", *, times: int | None = None, **more: Any
    ) -> Self:
        """Calls a function that the app offers. `more` is what else a call has: `id`, `ids`, `chunks`."""
        given = arguments if isinstance(arguments, str) else dict(arguments)
        return self._add({"tool_calls": [{"name": name, "arguments": given, **more}]}, times)

    def fail(self, code: str, *, times: int | None = None, **more: Any) -> Self:
        """Is refused with this code of the error catalogue; `status` and `message` may be others."""
        return self._add({"error": {"code": code, **more}}, times)

    def raw(self, status: int = 200, *, times: int | None = None, **more: Any) -> Self:
        """Answers with this and nothing else: `headers`, and a `body` or the `frames` of a stream."""
        return self._add({"status": status, **more}, times)

    @property
    def used(self) -> int:
        """How often it has answered."""
        replies = json.loads(self._channel.call("GET", "replies"))["replies"]
        return next((int(reply["used"]) for reply in replies if reply["id"] == self.id), 0)


class Mock:
    """The world of one API key on a server."""

    def __init__(self, channel: Channel, url: str, key: str) -> None:
        self._channel = channel
        self.url = url
        self.key = key

    @property
    def base_url(self) -> str:
        """The base URL of the native surface, for the dashscope SDK."""
        return f"{self.url}/api/v1"

    @property
    def openai_base_url(self) -> str:
        """The base URL of the compatible surface, for the openai SDK."""
        return f"{self.url}/compatible-mode/v1"

    @property
    def anthropic_base_url(self) -> str:
        """The base URL of Anthropic's surface, for the anthropic SDK and for coding agents."""
        return f"{self.url}/apps/anthropic"

    @property
    def env(self) -> dict[str, str]:
        """The environment by which the known SDKs find the server and its key."""
        compat, socket = self.openai_base_url, self.url.replace("http", "ws", 1)
        host = urlsplit(self.url).hostname or "localhost"
        direct = ",".join(dict.fromkeys(("127.0.0.1", "localhost", host)))
        return {
            "DASHSCOPE_API_KEY": self.key,
            "DASHSCOPE_HTTP_BASE_URL": self.base_url,
            "DASHSCOPE_BASE_URL": self.base_url,
            "DASHSCOPE_HTTP_URL": self.base_url,
            "DASHSCOPE_COMPATIBLE_BASE_URL": compat,
            "DASHSCOPE_API_BASE": compat,
            "DASHSCOPE_WEBSOCKET_BASE_URL": f"{socket}/api-ws/v1/inference",
            "OPENAI_API_KEY": self.key,
            "OPENAI_BASE_URL": compat,
            "OPENAI_API_BASE": compat,
            "ALIBABA_API_KEY": self.key,
            "ANTHROPIC_API_KEY": self.key,
            "ANTHROPIC_AUTH_TOKEN": self.key,
            "ANTHROPIC_BASE_URL": self.anthropic_base_url,
            "NO_PROXY": direct,
            "no_proxy": direct,
        }

    def when(self, **match: Any) -> Script:
        """A reply to requests for which all of this holds: `last_user`, `model`, `turn`, `tools`, ..."""
        return Script(self._channel, {**match, "key": self.key})

    def reply(self, content: Reply = "", *, times: int | None = None, **more: Any) -> Script:
        """A reply to any request."""
        return self.when().reply(content, times=times, **more)

    def fail(self, code: str, *, times: int | None = None, **more: Any) -> Script:
        """A refusal of any request."""
        return self.when().fail(code, times=times, **more)

    def call(
        self, name: str, arguments: Mapping[str, Any] | str = "{}", *, times: int | None = None, **more: Any
    ) -> Script:
        """A function call in answer to any request."""
        return self.when().call(name, arguments, times=times, **more)

    def raw(self, status: int = 200, *, times: int | None = None, **more: Any) -> Script:
        """An answer to any request that is sent as it stands."""
        return self.when().raw(status, times=times, **more)

    def play(self, *files: str | Path) -> list[str]:
        """Plays scenario files in this world; gives their warnings. Raises `BrokenScenarioError`."""
        from mockserver.catalogue import errors  # noqa: PLC0415 - scenarios are read seldom
        from mockserver.scenario.document import load  # noqa: PLC0415
        from mockserver.scenario.problem import BrokenScenarioError  # noqa: PLC0415

        paths = [Path(file) for file in files]
        whole = load(paths, errors.load())
        if whole.broken:
            raise BrokenScenarioError(whole.problems)
        texts = {file.as_posix(): file.read_text("utf-8-sig") for file in whole.files}
        body = {"files": texts, "play": [path.as_posix() for path in paths]}
        answer = json.loads(self._channel.call("PUT", "scenario", body, key=self.key))
        return list(answer["warnings"])

    def on_miss(self, what: str) -> None:
        """What answers when no script matches: `built-in`, or `error`."""
        self._channel.call("PUT", "on-miss", {"on_miss": what}, key=self.key)

    def requests(self, **filters: Any) -> list[Exchange]:
        """What was asked in this world, oldest first; the filters are those of `GET /_mock/requests`."""
        content = self._channel.call("GET", "requests", key=self.key, **filters)
        return [Exchange(shown) for shown in json.loads(content)["requests"]]

    def export(self, format: str = "scenario", **filters: Any) -> str:  # noqa: A002 - the query's own name
        """The journal of this world as text: a `scenario` file, or `jsonl`."""
        return self._channel.call("GET", "requests", key=self.key, format=format, **filters).decode()

    def unused(self) -> list[Mapping[str, Any]]:
        """The scripts that could have answered in this world and did not."""
        content = self._channel.call("GET", "replies", key=self.key, unused="true")
        return list(json.loads(content)["replies"])

    def verify(self, *, count: int | Mapping[str, int] | None = None, **match: Any) -> None:
        """Raises `AssertionError` unless so many requests matched; left out: at least one."""
        expected: dict[str, Any] = {"match": match}
        self.verify_all([expected if count is None else {**expected, "count": count}])

    def verify_all(
        self, requests: Sequence[Mapping[str, Any]], *, ordered: bool = False, nothing_else: bool = False
    ) -> None:
        """Raises `AssertionError` unless all these were asked, each `{"match": ..., "count": ...}`."""
        body = {
            "key": self.key,
            "requests": list(requests),
            "ordered": ordered,
            "nothing_else": nothing_else,
        }
        answer = json.loads(self._channel.call("POST", "verify", body))
        if not answer["ok"]:
            raise AssertionError("\n".join(answer["problems"]))

    def environment(self) -> AbstractContextManager[None]:
        """Points every known SDK of this process here, for as long as the context lasts.

        What an SDK took from the environment when it was made, or imported in another process, stays.
        """
        return pointed(self.env)

    def reset(self) -> None:
        """Forgets what was scripted and asked in this world."""
        self._channel.call("POST", "reset", key=self.key)

    def report(self) -> str:
        """All exchanges of this world in words; beside the first that no script answered, the nearest one."""
        blocks, left = [], _EXPLAINED
        for exchange in self.requests():
            block = str(exchange)
            if left and exchange.answered_by == "built-in":
                left -= 1
                block += self._nearest(exchange)
            blocks.append(block)
        return "\n\n".join(blocks)

    def _nearest(self, exchange: Exchange) -> str:
        whole = json.loads(self._channel.call("GET", f"requests/{exchange.number}"))
        return nearest_lines(whole["near"])
