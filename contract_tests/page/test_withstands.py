"""The page in a real browser stays usable, safe and accessible whatever is thrown at it."""

import json
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from contract_tests.page.shop import (
    CHAT,
    HOSTILE,
    VIEWS,
    MakeShop,
    Shop,
    accessible,
    tea_shop,
)
from mockserver.state.journal import Entry
from mockserver.talk.reply import Choice, Reply


def test_a_journal_that_is_emptied_while_one_looks_is_empty_and_what_is_read_stays(shop: Shop) -> None:
    shop.ask("Tea?")
    page = shop.open()
    shop.look(1)
    shop.post("/_mock/reset", {})
    expect(page.locator("#list")).to_contain_text("Nothing was asked yet.")
    expect(page.locator("#panel")).to_contain_text("Tea?")
    shop.ask("Coffee?")
    expect(page.locator(".row")).to_have_count(1)


def test_hostile_texts_are_texts(shop: Shop) -> None:
    shop.post(
        "/_mock/replies",
        {"match": {"model": "*"}, "reply": {"content": HOSTILE, "reasoning_content": HOSTILE}},
    )
    call = {"id": HOSTILE, "type": "function", "function": {"name": "f", "arguments": HOSTILE}}
    talk = [
        {"role": "user", "content": HOSTILE},
        {"role": "assistant", "content": HOSTILE, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": HOSTILE, "content": HOSTILE},
        {"role": "user", "content": [{"type": "text", "text": HOSTILE}, {"type": HOSTILE, HOSTILE: HOSTILE}]},
    ]
    shop.ask(talk, stream=True)
    shop.ask(HOSTILE, tools=[{"type": "function", "function": {"name": "f", "description": HOSTILE}}])
    page = shop.open()
    for number in (1, 2):
        tabs = shop.look(number).page.get_by_role("tab")
        for at in range(tabs.count()):
            tabs.nth(at).click()
            expect(page.locator("#panel")).to_be_visible()
    expect(shop.row(2)).to_contain_text("<img src=x onerror=")
    for view in "2345"[: len(VIEWS) - 1]:
        page.keyboard.press(view)
    expect(page.locator("body")).to_be_visible()
    assert page.evaluate("window.hacked") is None
    assert page.locator("img").count() == page.locator("header img").count() == 1
    assert page.locator("script").count() == 1


@pytest.mark.parametrize(
    "body", ["7", '"tea"', "[[1]]", '{"messages": 7, "input": [], "tools": {}}', "null", "not JSON"]
)
def test_a_body_of_any_form_is_shown(shop: Shop, body: str) -> None:
    headers = {"Authorization": "Bearer sk-test", "Content-Type": "application/json"}
    request = urllib.request.Request(shop.url + CHAT, body.encode(), headers)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(request)
    shop.open()
    for tab in ("conversation", "frames", "raw", "copy"):
        expect(shop.look(1, tab)).to_be_visible()


def test_a_message_of_megabytes_is_shown_in_part(shop: Shop) -> None:
    entry = Entry("1", shop.engine.worlds.of("sk-test"), "compat", stream=False, body=b"", arrived=1.0)
    entry.body = json.dumps(
        {"messages": [{"role": "user", "content": "茶" * 3_300_000}]}, ensure_ascii=False
    ).encode()
    entry.reply = Reply((Choice("y" * 20_000),))
    shop.engine.journal.add(entry)
    page = shop.open()
    panel = shop.look(1)
    expect(panel).to_contain_text("show more (3,295,000 characters left)")
    panel.get_by_role("button").last.click()
    expect(panel.locator(".answer")).to_contain_text("y" * 20_000)
    assert page.locator("#panel").evaluate("node => node.textContent.length") < 40_000


def test_thousands_of_exchanges_cost_what_dozens_do(make_shop: MakeShop) -> None:
    shop = make_shop(journal=6000)
    world = shop.engine.worlds.of("sk-test")
    for at in range(5000):
        body = b'{"messages":[{"role":"user","content":"Tea %d?"}]}' % (at + 1)
        entry = Entry(str(at), world, "compat", stream=False, body=body, arrived=float(at), model="qwen-plus")
        shop.engine.journal.add(entry)
    page = shop.open()
    expect(page.locator("#counted")).to_have_text("5000 of 5000 exchanges")
    rows = page.locator(".row")
    for part in (0.25, 0.5, 1):
        page.locator("#list").evaluate("(node, part) => { node.scrollTop = node.scrollHeight * part; }", part)
        expect(rows.first).not_to_contain_text("Tea 5000?" if part else "")
        assert rows.count() < 60
    expect(rows.last).to_contain_text("Tea 1?")
    before = page.locator("#list").evaluate("node => node.scrollTop")
    shop.ask("One more")
    expect(page.locator("#counted")).to_have_text("5001 of 5001 exchanges")
    expect(rows.last).to_contain_text("Tea 1?")
    assert page.locator("#list").evaluate("node => node.scrollTop") > before


def test_a_stream_without_end_is_running_until_its_client_leaves(shop: Shop) -> None:
    page = shop.open()
    shop.post(
        "/_mock/replies",
        {"reply": {"content": "Oolong. " * 50, "pace": {"first_ms": 0, "per_token_ms": 60_000}}},
    )
    content = {"model": "qwen-plus", "stream": True, "messages": [{"role": "user", "content": "Tea?"}]}
    request = urllib.request.Request(
        shop.url + CHAT, json.dumps(content).encode(), {"Authorization": "Bearer sk-test"}
    )
    with urllib.request.urlopen(request):
        expect(shop.row(1)).to_contain_text("running")
        shop.look(1, "frames")
        expect(page.locator("#panel")).to_contain_text("not sent yet")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view(make_shop: MakeShop, scheme: str) -> None:
    shop = make_shop(scheme=scheme)
    tea_shop(shop)
    page = shop.open()
    for tab in ("conversation", "frames", "near", "raw", "copy"):
        shop.look(2, tab)
        accessible(page)
    shop.look(3, "findings")
    accessible(page)
    for view in ("scripts", "usage", "scenario"):
        shop.page.evaluate("view => { location.hash = view; }", view)
        page.reload()
        expect(page.locator("main h2").locator("visible=true").first).to_be_visible()
        accessible(page)
