"""The kit's report in a real browser: CSS alone filters it, and opens what stands behind a cell."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from contract_tests.page.shop import DESK, PHONE, accessible, picture
from mockserver.contract.report import Result
from mockserver.contract.report.matrix import as_html
from mockserver.contract.requirements import requirements
from tests.contract.report.results import result

Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open the report of five runs; it asks for nothing but itself, and complains of nothing."""
    file = tmp_path / "report.html"
    file.write_text(as_html([result(), Result("nobody"), result(), result(), result()]), "utf-8")
    asked: list[str] = []
    wrong: list[str] = []

    def open_page(viewport: Any = DESK, scheme: Any = "light") -> Page:
        page = browser.new_context(viewport=viewport, color_scheme=scheme).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: wrong.append(said.text))
        page.goto(file.as_uri())
        return page

    yield open_page
    assert (set(asked), wrong) == ({file.as_uri()}, [])


def test_a_cell_opens_its_conversations_beside_the_matrix_and_closes_them(opened: Open) -> None:
    page = opened()
    text = page.locator(".beside pre:visible")
    expect(text).to_have_count(0)
    cell = page.locator("[id='3.history.text']")
    cell.click()
    expect(text).to_have_count(1)
    expect(text).to_contain_text("failed: text.emoji/compat/plain")
    matrix, beside = page.locator(".matrix").bounding_box(), text.bounding_box()
    assert matrix is not None
    assert beside is not None
    assert beside["x"] >= matrix["x"] + matrix["width"]
    picture(page, "report")
    page.get_by_role("link", name="back to the matrix").click()
    expect(text).to_have_count(0)
    expect(cell).to_be_in_viewport()


def test_the_summary_leads_there_by_keyboard_alone(opened: Open) -> None:
    page = opened()
    page.locator(".summary details summary").first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".beside pre:visible")).to_contain_text("request.valid")


def test_rows_and_columns_go_and_come_back(opened: Open) -> None:
    page = opened()
    rows, heads = page.locator(".matrix tbody tr:visible"), page.locator(".matrix thead th:visible")
    expect(rows).to_have_count(len(requirements()))
    page.get_by_label("Rows").select_option("failed")
    expect(rows).to_have_count(3)
    page.get_by_label("Owed").select_option("SHOULD")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("options.unasked")
    page.get_by_label("Owed").select_option("all")
    page.get_by_label("Area").select_option("history")
    expect(rows).to_have_count(1)
    page.get_by_label("Rows").select_option("all")
    expect(rows).to_have_count(sum(name.startswith("history.") for name in requirements()))
    expect(heads).to_have_count(6)
    page.locator(".fields").get_by_label("Client").select_option("2")
    expect(heads).to_have_text(["requirement 要求", "nobody0 of 0"])


def test_heads_and_the_first_column_stay_where_they_are_while_one_scrolls(opened: Open) -> None:
    page = opened(PHONE)
    matrix = page.locator(".matrix")
    head, name = matrix.locator("thead th").first, matrix.locator("tbody th").first
    before, column = head.bounding_box(), name.bounding_box()
    matrix.evaluate("it => it.scrollTo(it.scrollWidth, 0)")
    assert (head.bounding_box(), name.bounding_box()) == (before, column)
    matrix.evaluate("it => it.scrollTo(0, it.scrollHeight)")
    assert head.bounding_box() == before
    assert name.bounding_box() != column


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read(opened: Open, viewport: dict[str, int], scheme: str) -> None:
    page = opened(viewport, scheme)
    accessible(page)
    page.locator("[id='1.history.text']").click()
    expect(page.locator(".beside pre:visible")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    accessible(page)


def test_on_paper_every_conversation_stands_behind_the_matrix(opened: Open) -> None:
    page = opened()
    page.emulate_media(media="print")
    shown = page.locator(".beside article:visible")
    assert shown.count() == page.locator(".beside article").count() > 0
    expect(page.get_by_label("Rows")).to_be_hidden()
