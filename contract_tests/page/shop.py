"""A tea shop for the tests of the page: a server, what it was asked, and a real browser that looks at it."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from mockserver.corridor.engine import Engine

MakeShop = Callable[..., "Shop"]
"""Makes a shop: how the browser looks at it, and the settings of its server."""

CHAT = "/compatible-mode/v1/chat/completions"
HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>javascript:alert(1)"
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 375, "height": 740}
AXE = Axe()
VIEWS = ("exchanges", "desk", "usage", "scenario")


@dataclass
class Shop:
    """A server and a page that shows it: what the page `asked` for, and what was `wrong` with it."""

    url: str
    engine: Engine
    page: Page
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listens to what the page does and complains of."""
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda said: self.wrong.extend([said.text] * (said.type == "error")))
        self.page.on("dialog", lambda dialog: self.wrong.append(dialog.message))

    def ask(self, said: Any, *, key: str = "sk-test", fault: str = "", **body: Any) -> int:
        """Asks for a chat; its status."""
        messages = said if isinstance(said, list) else [{"role": "user", "content": said}]
        content = {"model": "qwen-plus", "messages": messages, **body}
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        if fault:
            headers["x-mock-fault"] = fault
        return self.post(CHAT, content, headers)

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> int:
        """Sends JSON; the status of the answer, whose body is read to its end."""
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers or {})
        try:
            with urllib.request.urlopen(request) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    def open(self, view: str = "exchanges") -> Page:
        """Opens the page at a view."""
        self.page.goto(f"{self.url}/_mock/#{view}")
        return self.page

    def row(self, number: int) -> Locator:
        return self.page.locator(f"#row-{number}")

    def look(self, number: int, tab: str = "conversation") -> Locator:
        """Opens an exchange at one of its tabs; the panel."""
        self.row(number).click()
        expect(self.page.locator("#detail h2")).to_contain_text(f"#{number} ")
        self.page.locator(f"#tab-{tab}").click()
        return self.page.locator("#panel")


def accessible(page: Page) -> None:
    """Axe finds nothing wrong with what is shown."""
    found = AXE.run(page).response["violations"]
    told = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found]
    assert told == [], told


def picture(page: Page, name: str) -> None:
    """Writes a picture for the documents, when it is asked for."""
    folder = os.environ.get("PAGE_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def tea_shop(shop: Shop) -> None:
    """What a shop was asked on a good day."""
    weather = {
        "type": "function",
        "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
    }
    shop.post("/_mock/replies", {"match": {"last_user": "Tea, please!"}, "reply": {"content": "Oolong."}})
    shop.ask("Tea, please!")
    shop.ask("Tea, pleese!", stream=True)
    shop.ask("Which tea?", temperature="hot")
    shop.ask(
        [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Is it cold in Hangzhou?"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "get_weather", "arguments": '{"city":"Hangzhou"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": '{"degrees":7}'},
        ],
        key="sk-other",
        model="qwen3-max",
        stream=True,
        enable_thinking=True,
        tools=[weather],
    )
    shop.ask("Again, slowly.", stream=True, fault="stall;ms=200")
