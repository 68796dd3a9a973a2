"""A fleet of clients against the mock: `locust -f packages/locust/locustfile.py --host http://127.0.0.1:8000`.

Three kinds of user, each with an API key of its own: one asks for whole answers, one for streams, of which
the time to the first token is a row of its own, one is an agent that answers tool calls until there are none.
A 429 is what a quota is for: it is counted as `throttled`, and its client waits. When the run is over, what
the server booked is held against what was asked; give users the time to hear the end: `--stop-timeout 30`.
"""

from __future__ import annotations

import json
import time
from secrets import token_hex
from typing import Any

from locust import HttpUser, between, events, tag, task

CHAT = "/compatible-mode/v1/chat/completions"
MODEL = "qwen-plus"
STEPS = 8
"""So often an agent is asked for what it wants to have done, at most."""

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


class Client(HttpUser):
    """What all of them have: a key, and a way to ask."""

    abstract = True
    wait_time = between(0.1, 1.0)

    def on_start(self) -> None:
        """Have a world of one's own."""
        self.key = f"sk-fleet-{token_hex(12)}"
        self.asked = 0

    def ask(self, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any] | None:
        """Return the message that answers; None when there is none, which is counted for what it is."""
        body = {"model": MODEL, "messages": messages, **more}
        with self._post(body) as answer:
            if self._throttled(answer):
                return None
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}: {answer.text[:200]}")
                return None
            message: dict[str, Any] = answer.json()["choices"][0]["message"]
            return message

    def stream(self, messages: list[dict[str, Any]]) -> None:
        """Read a stream to its end; one without it fails."""
        body = {"model": MODEL, "messages": messages, "stream": True}
        began, first, last = time.perf_counter(), 0.0, b""
        with self._post(body, stream=True) as answer:
            if self._throttled(answer):
                return
            for line in answer.iter_lines():
                if line.startswith(b"data: "):
                    first = first or time.perf_counter()
                    last = line
            if answer.status_code != 200 or last != b"data: [DONE]":
                answer.failure(f"status {answer.status_code}, and no end: {last[:200]!r}")
                return
        self._row("first token", 1000 * (first - began))

    def _post(self, body: dict[str, Any], **how: Any) -> Any:
        self.asked += 1
        return self.client.post(
            CHAT,
            json=body,
            headers={"Authorization": f"Bearer {self.key}"},
            name="chat",
            catch_response=True,
            **how,
        )

    def _throttled(self, answer: Any) -> bool:
        if answer.status_code != 429:
            return False
        answer.success()
        self._row("throttled", 0.0)
        time.sleep(1.0)  # locust's own, which lets the others go on
        return True

    def _row(self, name: str, milliseconds: float) -> None:
        self.environment.events.request.fire(
            request_type="MOCK", name=name, response_time=milliseconds, response_length=0, context={}
        )


class Asking(Client):
    """Asks for whole answers."""

    weight = 4

    @tag("whole")
    @task
    def question(self) -> None:
        """Ask one thing, like no other."""
        self.ask(
            [
                {
                    "role": "user",
                    "content": f"Question {self.asked} of {self.key[-8:]}: which tea for the evening?",
                }
            ]
        )


class Reading(Client):
    """Reads streams."""

    weight = 3

    @tag("stream")
    @task
    def question(self) -> None:
        """Ask for one stream."""
        self.stream([{"role": "user", "content": f"Tell {self.asked} things about tea."}])


class Agent(Client):
    """Has a tool, and uses it for as long as it is told to."""

    weight = 3

    @tag("agent")
    @task
    def errand(self) -> None:
        """Go the whole way of one errand."""
        messages: list[dict[str, Any]] = [
            {"role": "user", "content": "Use weather for Hangzhou, then say what to wear."}
        ]
        for _ in range(STEPS):
            said = self.ask(messages, tools=[WEATHER])
            if said is None or not said.get("tool_calls"):
                return
            messages.append(said)
            messages += [
                {"role": "tool", "tool_call_id": call["id"], "content": json.dumps({"degrees": 21})}
                for call in said["tool_calls"]
            ]


_booked = {"before": 0}


def _requests(environment: Any) -> int | None:
    """Return how many chats the server has booked; None where its control API is not to be had."""
    import urllib.request  # noqa: PLC0415 - twice in a run

    try:
        with urllib.request.urlopen(f"{environment.host}/_mock/usage", timeout=30) as told:  # noqa: S310 - ours
            return sum(row["requests"] for row in json.load(told)["usage"])
    except OSError:
        return None


@events.test_start.add_listener
def begins(environment: Any, **_: Any) -> None:
    """Remember what was booked before."""
    _booked["before"] = _requests(environment) or 0


@events.quitting.add_listener
def ends(environment: Any, **_: Any) -> None:
    """Hold what was booked against what was asked; the exit status says whether it is the same."""
    booked = _requests(environment)
    if booked is None or type(environment.runner).__name__ == "WorkerRunner":
        return
    asked = environment.stats.get("chat", "POST").num_requests
    print(f"chats that were asked: {asked}; that the server booked: {booked - _booked['before']}")
    if asked != booked - _booked["before"]:
        environment.process_exit_code = 1
