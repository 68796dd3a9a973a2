"""A real browser for the tests of the page: Chromium as the system has it, driven by Playwright.

Nothing is downloaded: Playwright is told where the system's own one is.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def missing() -> str:
    """Why there is no browser; empty where there is one."""
    found = any(shutil.which(name) for name in NAMES)
    return "" if found else f"none of {', '.join(NAMES)} is on the PATH: install Debian's chromium"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, as long as the context runs."""
    path = next(found for name in NAMES if (found := shutil.which(name)))
    options = ["--disable-dev-shm-usage"]
    if os.name == "posix" and os.geteuid() == 0:
        options.append("--no-sandbox")  # which root cannot have
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        try:
            yield browser
        finally:
            browser.close()
