"""The page as files: what is sent, and that it asks nothing of anybody else."""

import json
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from mockserver.base.resources import folder
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.server import page
from mockserver.server.app import App
from mockserver.server.copying import FORMS

FILES = sorted(path for path in folder("page").iterdir() if path.is_file())
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in FILES if path.suffix == ".js"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def client_of(**settings: Any) -> TestClient:
    app = App(Engine(Settings(**settings)))
    return TestClient(app, base_url="http://localhost", follow_redirects=False)


def test_a_browser_at_the_address_of_the_server_is_led_to_the_page(client: TestClient) -> None:
    found = client.get("/", headers=BROWSER, follow_redirects=False)
    assert (found.status_code, found.headers["location"]) == (307, "/_mock/")
    shown = client.get("/", headers=BROWSER)
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert "<title>dashscope-mock</title>" in shown.text


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [("GET", "/", {}), ("POST", "/", BROWSER), ("GET", "/docs", {}), ("GET", "/", {"Accept": "*/*"})],
)
def test_everybody_else_hears_the_cloud(method: str, path: str, headers: dict[str, str]) -> None:
    found = client_of().request(method, path, headers=headers)
    assert found.status_code == 401
    assert found.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_sent_as_it_is_with_its_type_and_the_policy(path: Any, client: TestClient) -> None:
    found = client.get(f"/_mock/page/{path.name}")
    assert found.status_code == 200
    assert found.content == path.read_bytes()
    kinds = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
    assert found.headers["content-type"].partition(";")[0] == kinds[path.suffix]
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("name", ["tea.js", "..%2Fcli.py", "%2e%2e", "main.js%00", "page.css%0a"])
def test_there_is_no_other_file(name: str, client: TestClient) -> None:
    found = client.get(f"/_mock/page/{name}")
    assert found.status_code == 404
    assert "error" in found.json()


def test_the_page_is_there_for_who_has_no_token_yet_and_what_it_shows_is_not() -> None:
    client = client_of(control="token", control_token="0123456789abcdef")
    assert client.get("/_mock/").status_code == 200
    assert client.get("/_mock/page/main.js").status_code == 200
    assert client.get("/_mock/changes").status_code == 403
    assert client.post("/_mock/").status_code == 403
    assert client.get("/", headers=BROWSER).status_code == 307


def test_where_the_control_api_is_off_there_is_no_page() -> None:
    client = client_of(control="off")
    assert client.get("/_mock/").status_code == 404
    assert client.get("/", headers=BROWSER).status_code == 401


def test_the_page_may_be_opened_from_a_link_but_not_read_by_its_site() -> None:
    away = {**BROWSER, "Sec-Fetch-Site": "cross-site"}
    assert client_of().get("/_mock/", headers=away).status_code == 200
    assert client_of().get("/_mock/changes", headers=away).status_code == 403


def test_nothing_asks_another_host() -> None:
    for name, text in SCRIPTS.items():
        # What stands in the picture's own namespace is a name and no address.
        found = re.findall(r"https?://[^\"'` )]+", text.replace("http://www.w3.org/2000/svg", ""))
        assert found == [], name


@pytest.mark.parametrize(
    "word", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc"]
)
def test_no_text_ever_becomes_markup(word: str) -> None:
    assert [name for name, text in SCRIPTS.items() if word in text] == []


def test_the_scripts_are_small() -> None:
    assert sum(len(text.encode()) for text in SCRIPTS.values()) < 100_000


def words_of(language: str) -> dict[str, str]:
    """What the page says in a language: the table is a literal that JSON nearly is."""
    table = re.search(rf"^  {language}: \{{(.*?)^  \}},$", SCRIPTS["words.js"], re.DOTALL | re.MULTILINE)
    assert table is not None
    pairs = re.findall(r'(?:"([\w.]+)"|(\w+)): ("(?:[^"\\]|\\.)*")', table[1])
    return {quoted or bare: json.loads(text) for quoted, bare, text in pairs}


def test_both_languages_say_the_same_things_with_the_same_holes() -> None:
    english, chinese = words_of("en"), words_of("zh")
    assert english.keys() == chinese.keys()
    for name, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[name])), name


def test_every_word_is_said_somewhere_and_none_is_missing() -> None:
    code = "\n".join(text for name, text in SCRIPTS.items() if name != "words.js")
    for name in words_of("en"):
        ended = name.startswith(("theme.", "ending"))
        assert ended or re.search(rf'["\'`]{re.escape(name)}["\'`]|\b{name}\b', code), name
    said = set(re.findall(r'\bt\("([\w.]+)"', code))
    assert said <= words_of("en").keys()


def test_the_forms_of_a_copy_are_those_of_the_server() -> None:
    listed = re.search(r"const FORMS = (\[.*?\]);", SCRIPTS["detail.js"])
    assert listed is not None
    assert tuple(json.loads(listed[1])) == FORMS


def test_only_what_a_page_is_made_of_is_a_file_of_it() -> None:
    assert {path.name for path in FILES} == set(page.files())


@pytest.mark.parametrize("path", ["/docs", "/health", "/%3Cscript%3Ealert(1)%3C/script%3E", "/" + "x" * 5000])
def test_a_browser_at_a_path_where_nothing_is_is_told_so_in_its_own_form(path: str) -> None:
    found = client_of().get(path, headers=BROWSER)
    assert found.status_code == 404
    assert "Nothing is here" in found.text
    assert "<script" not in found.text
    assert len(found.text) < 1000
    assert "default-src 'none'" in found.headers["content-security-policy"]
