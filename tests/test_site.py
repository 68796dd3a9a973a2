"""The documentation as a site: every page has its place, every link its end, and the build is clean."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
READMES = [ROOT / "README.md", ROOT / "README.zh.md"]


def navigated(nav: Any) -> Iterator[str]:
    """The pages of a navigation, in their order."""
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list):
        for part in nav:
            yield from navigated(part)
    else:
        for part in nav.values():
            yield from navigated(part)


def outline(text: str) -> list[str]:
    """What a page is made of, in its order: headings by depth, blocks by language, tables, pictures."""
    marks, blocks = [], re.split(r"^```", text, flags=re.MULTILINE)
    for number, block in enumerate(blocks):
        if number % 2:
            marks.append(block.partition("\n")[0])
        else:
            marks += re.findall(r"^(?:#+(?= )|\|(?=[ |:-]*-)|!(?=\[))", block, re.MULTILINE)
    return marks


def anchors(page: Path) -> set[str]:
    """The names of a page's headings in links."""
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_every_page_has_one_place_in_the_navigation() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    assert sorted(navigated(config["nav"])) == PAGES


@pytest.mark.parametrize("page", [*READMES, *(DOCS / name for name in PAGES)], ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), target


def test_both_readmes_are_built_alike() -> None:
    english, chinese = (outline(page.read_text("utf-8")) for page in READMES)
    assert chinese == english


def test_the_strict_build_has_nothing_to_say(tmp_path: Path) -> None:
    zensical = shutil.which("zensical", path=Path(sys.executable).parent)
    if zensical is None:
        pytest.skip("zensical is not installed: it is of the extra `docs`")
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    client = tmp_path / ".cache" / "clients" / "node"
    client.mkdir(parents=True)
    (options,) = re.findall(
        r"zensical build (.*)$", (ROOT / "scripts" / "site").read_text("utf-8"), re.MULTILINE
    )
    assert "--strict" in options
    done = subprocess.run(  # noqa: S603 - our own words
        [zensical, "build", *options.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert client.exists()  # who builds the site keeps the clients of the tests
    home = (tmp_path / "site" / "index.html").read_text("utf-8")
    asked = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="?(?:https?:)?//[^">]+', home)
    assert asked == []
