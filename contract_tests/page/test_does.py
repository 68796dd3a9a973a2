"""What one does with the page in a real browser, by mouse and by keyboard."""

import re

import pytest
from playwright.sync_api import expect

from contract_tests.page.shop import VIEWS, MakeShop, Shop, tea_shop


def test_an_exchange_is_copied_as_code(shop: Shop) -> None:
    tea_shop(shop)
    page = shop.open()
    panel = shop.look(1, "copy")
    for form, word in {
        "curl": "curl -N",
        "python": "import httpx",
        "node": "process.env",
        "java": "HttpClient",
        "script": '"last_user": "Tea, please!"',
        "pytest": "dashscope_mock",
    }.items():
        panel.get_by_role("button", name=form, exact=True).click()
        expect(panel.locator("pre")).to_contain_text(word)
    panel.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#told")).to_have_text("Copied.")
    assert "dashscope_mock" in page.evaluate("navigator.clipboard.readText()")


def test_a_reply_is_scripted_and_a_fault_struck_from_an_exchange(shop: Shop) -> None:
    shop.ask("Tea?")
    page = shop.open()
    shop.look(1)
    page.get_by_role("button", name="Script a reply").first.click()
    reply = page.get_by_label("Say (text")
    expect(reply).to_have_value(re.compile("content"))
    reply.fill("Longjing.")
    page.locator("form").first.get_by_role("button", name="Add").click()
    expect(page.locator("#desk")).to_contain_text("Longjing.")
    shop.ask("Tea?")
    expect(page.locator("#desk td", has_text=re.compile("^1$"))).to_have_count(1)
    page.keyboard.press("1")
    expect(shop.row(2)).to_contain_text("Longjing.")
    page.get_by_role("button", name="Strike a fault").first.click()
    expect(page.get_by_label("Fault, such as")).to_have_value("Throttling.RateQuota")
    page.locator("form").nth(1).get_by_role("button", name="Add").click()
    expect(page.locator("#desk")).to_contain_text("fault-1")
    assert shop.ask("Tea?") == 429
    page.get_by_role("button", name="Remove fault-1").click()
    expect(page.locator("#desk")).to_contain_text("Nothing goes wrong.")
    assert shop.ask("Tea?") == 200
    page.get_by_label("Say (text").fill('{"contents": "tea"}')
    page.locator("form").first.get_by_role("button", name="Add").click()
    expect(page.locator("#told")).to_contain_text("'contents'")


@pytest.mark.parametrize("stream", [True, False])
def test_a_scenario_is_written_played_and_tried(shop: Shop, *, stream: bool) -> None:
    page = shop.open("scenario")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#scenario")).to_contain_text("replies play.")
    page.get_by_label("as a stream").set_checked(stream)
    answers = page.locator("#scenario .answer .bubble")
    for said, answered in {
        "Which tea do you have?": "Green or black?",
        "Green": "Then take the Longjing.",
    }.items():
        page.get_by_label("Message").fill(said)
        page.keyboard.press("Enter")
        expect(answers.last).to_have_text(answered)
    page.get_by_label("Scenario file").fill("replies: 7")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("#scenario pre.bad")).to_contain_text("scenario.yaml")
    page.get_by_role("button", name="Take away").click()
    expect(page.locator("#told")).to_have_text("It is taken away.")


def test_everything_is_done_by_keyboard(shop: Shop) -> None:
    tea_shop(shop)
    page = shop.open()
    expect(page.locator(".row")).to_have_count(5)
    page.keyboard.press("j")
    expect(page.locator("#detail h2")).to_contain_text("#5 ")
    page.keyboard.press("j")
    expect(page.locator("#detail h2")).to_contain_text("#4 ")
    page.keyboard.press("k")
    page.locator("#list").focus()
    page.keyboard.press("End")
    expect(page.locator("#detail h2")).to_contain_text("#1 ")
    assert page.locator("#list").get_attribute("aria-activedescendant") == "row-1"
    page.locator("#tab-conversation").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-frames")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tab-copy")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("/")
    page.keyboard.type("slowly")
    expect(page.locator(".row")).to_have_count(1)
    page.keyboard.press("Escape")
    for number, view in enumerate(VIEWS, 1):
        page.keyboard.press(str(number))
        expect(page.locator(f"#{view}")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Reset").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_have_text("Everything is forgotten.")
    assert len(shop.engine.journal) == 0


def test_a_server_that_wants_a_token_is_given_it(make_shop: MakeShop) -> None:
    shop = make_shop(control="token", control_token="0123456789abcdef")
    shop.ask("Tea?")
    page = shop.open()
    page.get_by_label("This server wants the token").fill("wrong-token-here")
    page.get_by_role("button", name="Enter").click()
    expect(page.get_by_role("alert")).to_contain_text("has the wrong token")
    page.get_by_label("This server wants the token").fill("0123456789abcdef")
    page.get_by_role("button", name="Enter").click()
    expect(shop.row(1)).to_contain_text("Tea?")
