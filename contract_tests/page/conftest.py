"""What the tests of the page share: one browser, and shops as they are asked for."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from contract_tests.drivers import required
from contract_tests.page.browser import chromium, missing
from contract_tests.page.shop import DESK, MakeShop, Shop
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.meter.tokenizer import LazyTokenizer
from tests.server.live import serving


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Give the browser; where there is none, skip the test, or fail it if REQUIRE_ALL_CLIENTS=1.

    It ends with these tests: as long as Playwright runs, its thread has an event loop that runs too.
    """
    required(missing())
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def tokenizer() -> LazyTokenizer:
    """Give the vocabulary, read once for all servers."""
    return LazyTokenizer()


@pytest.fixture
def make_shop(browser: Browser, tokenizer: LazyTokenizer) -> Iterator[MakeShop]:
    """Make shops; at the end their pages must have asked nobody else, and complained of nothing."""
    shops: list[Shop] = []
    with ExitStack() as stack:

        def make(
            *, viewport: Any = DESK, locale: str = "en-GB", scheme: Any = "light", **settings: Any
        ) -> Shop:
            engine = Engine(Settings(**settings), tokenizer=tokenizer)
            url = stack.enter_context(serving(engine))
            context = stack.enter_context(
                browser.new_context(
                    viewport=viewport, locale=locale, color_scheme=scheme, reduced_motion="reduce"
                )
            )
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            shops.append(Shop(url, engine, context.new_page()))
            return shops[-1]

        yield make
    for shop in shops:
        own = (shop.url, "data:", "blob:")
        assert [url for url in shop.asked if not url.startswith(own)] == []
        assert [text for text in shop.wrong if "Failed to load resource" not in text] == []


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    """Give a shop as it comes."""
    return make_shop()
