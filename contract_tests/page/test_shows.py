"""What the page shows in a real browser, in both languages, on a desk and on a phone.

`PAGE_PICTURES=docs/images pytest contract_tests/page` writes the pictures of the documents.
"""

import re
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import expect

from contract_tests.page.shop import DOT, PHONE, MakeShop, Shop, accessible, picture, tea_shop


def test_exchanges_come_in_while_one_looks(shop: Shop) -> None:
    page = shop.open()
    expect(page.locator("#list")).to_contain_text("OPENAI_BASE_URL")
    shop.ask("Tea?")
    expect(shop.row(1)).to_contain_text("Tea?")
    expect(page.locator("#counted")).to_have_text("1 of 1 exchange")
    shop.ask("Coffee?")
    expect(page.locator(".row").first).to_contain_text("Coffee?")
    expect(page.locator("#counted")).to_have_text("2 of 2 exchanges")


def test_an_address_opens_its_view_in_a_page_that_is_open_already(shop: Shop) -> None:
    page = shop.open()
    for view, heading in {"usage": "Usage", "scripts": "Script a reply", "scenario": "Scenario file"}.items():
        page.evaluate("view => { location.hash = view; }", view)
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.evaluate("location.hash = 'tea'")
    expect(page.locator("#list")).to_be_visible()
    assert page.url.endswith("#exchanges")


def test_what_is_asked_for_is_filtered(shop: Shop) -> None:
    tea_shop(shop)
    page = shop.open()
    for kind, rows in {"refused": 1, "faulted": 1, "streamed": 3, "missed": 3, "all": 5}.items():
        page.get_by_label("Show").select_option(kind)
        expect(page.locator(".row")).to_have_count(rows)
    model = page.locator("#left").get_by_label("model")
    model.select_option("qwen3-max")
    expect(page.locator(".row")).to_have_count(1)
    model.select_option("")
    page.get_by_label("Search").fill("Hangzhou")
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_label("Search").fill("nobody said this")
    expect(page.locator("#list")).to_contain_text("No exchange fits")


def test_calls_beside_chat_have_a_list_of_their_own(shop: Shop) -> None:
    urllib.request.urlopen(
        urllib.request.Request(
            f"{shop.url}/compatible-mode/v1/models", headers={"Authorization": "Bearer sk-a"}
        )
    ).close()
    page = shop.open()
    page.get_by_label("calls beside chat").check()
    expect(shop.row(1)).to_contain_text("models")
    shop.row(1).click()
    expect(page.locator("#detail h2")).to_contain_text("models")


def test_a_conversation_reads_as_people_talk(shop: Shop) -> None:
    tea_shop(shop)
    page = shop.open()
    panel = shop.look(4)
    turns = panel.locator(".turn > .who")
    expect(turns).to_have_text(["system", "user", "assistant", re.compile("answer")])
    call = panel.locator(".card")
    expect(call).to_contain_text("get_weather")
    expect(call).to_contain_text('"degrees": 7')
    thinking = panel.locator(".turn details")
    assert thinking.get_attribute("open") is None
    thinking.locator("summary").click()
    assert thinking.get_attribute("open") is not None
    picture(page, "conversation")


def test_pictures_are_shown_from_the_request_alone(shop: Shop) -> None:
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as elsewhere:
        threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
        far = f"http://127.0.0.1:{elsewhere.server_port}/far.png"
        pictures = [f"data:image/png;base64,{DOT}", far, "data:image/svg+xml;base64,PHN2Zy8+"]
        parts = [{"type": "image_url", "image_url": {"url": url}} for url in pictures]
        shop.ask([{"role": "user", "content": [*parts, {"type": "text", "text": "?"}]}], model="qwen-vl-max")
        shop.open()
        panel = shop.look(1)
        expect(panel.locator("img")).to_have_count(1)
        expect(panel).to_contain_text(f"image, not fetched: {far}")
        elsewhere.shutdown()
    assert asked == []


def test_frames_stand_on_a_line_of_time_with_what_each_carries(shop: Shop) -> None:
    tea_shop(shop)
    page = shop.open()
    panel = shop.look(5, "frames")
    first, last = panel.locator("tbody tr").first, panel.locator("tbody tr").last
    expect(first).to_contain_text("0.0 ms")
    expect(last).to_contain_text("200 ms")
    expect(last).to_contain_text("done")
    expect(panel.locator("tbody tr", has_text="finish_reason")).to_have_count(1)
    panel.locator("tbody details").first.click()
    expect(first).to_contain_text("data: {")
    picture(page, "frames")
    shop.look(3, "frames")
    expect(panel).to_contain_text("All frames left at once")


def test_a_finding_says_what_helps_and_how_that_is_known(shop: Shop) -> None:
    tea_shop(shop)
    shop.open()
    panel = shop.look(3, "findings")
    expect(panel).to_contain_text("parameters.type")
    expect(panel).to_contain_text("What helps")
    expect(panel).to_contain_text("Known from")


def test_a_miss_stands_beside_its_nearest_script(shop: Shop) -> None:
    tea_shop(shop)
    shop.open()
    panel = shop.look(2, "near")
    expect(panel).to_contain_text("0 of 1 condition holds")
    expect(panel.locator("tbody tr")).to_contain_text("ple[-a-][+e+]se")


def test_usage_is_a_chart_and_a_table(shop: Shop) -> None:
    tea_shop(shop)
    page = shop.open("usage")
    expect(page.locator("svg.chart g")).to_have_count(2)
    page.get_by_role("button", name="by model").click()
    expect(page.locator("svg.chart")).to_contain_text("qwen3-max")
    expect(page.locator("#usage tbody tr")).to_have_count(2)
    picture(page, "usage")


def test_the_page_speaks_chinese_and_keeps_the_choice(make_shop: MakeShop) -> None:
    shop = make_shop(locale="zh-CN")
    tea_shop(shop)
    page = shop.open()
    expect(page.locator("nav")).to_contain_text("请求记录")
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    shop.look(4)
    expect(page.locator("#panel")).to_contain_text("思考")
    picture(page, "conversation.zh")
    accessible(page)
    page.get_by_role("button", name="English").click()
    expect(page.locator("nav")).to_contain_text("Exchanges")
    page.reload()
    expect(page.locator("nav")).to_contain_text("Exchanges")


def test_a_theme_is_chosen_and_kept(shop: Shop) -> None:
    page = shop.open()
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    for _ in range(2):
        page.get_by_role("button", name="Theme").click()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate(paper) != light
    page.reload()
    assert page.evaluate(paper) != light


def test_on_a_phone_one_pane_follows_the_other_and_nothing_is_off_the_screen(make_shop: MakeShop) -> None:
    shop = make_shop(viewport=PHONE)
    tea_shop(shop)
    page = shop.open()
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    expect(shop.row(4)).to_be_visible()
    assert page.evaluate(wide) is False
    top = page.evaluate("document.querySelector('#list').getBoundingClientRect().top")
    assert top < 0.4 * PHONE["height"]
    shop.row(4).click()
    expect(page.locator("#panel")).to_contain_text("get_weather")
    expect(page.locator("#panel")).to_contain_text("1 tool offered")
    expect(page.locator("#list")).to_be_hidden()
    assert page.evaluate(wide) is False
    picture(page, "phone")
    accessible(page)
    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator("#list")).to_be_visible()
    for view in "234":
        page.keyboard.press(view)
        assert page.evaluate(wide) is False
