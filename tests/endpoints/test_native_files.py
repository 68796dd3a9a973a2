"""Files of the native side, in the form in which they were recorded, and through the SDK."""

from pathlib import Path
from typing import Any

import dashscope
import httpx
import pytest

from mockserver.corridor.engine import Engine
from mockserver.endpoints import native_files
from mockserver.endpoints.form import File, Form
from mockserver.rules.schemas import violations
from mockserver.talk.refused import Refused
from tests.conftest import KEY, NOW
from tests.endpoints.calls import ORIGIN, call

TWO = Form(
    {"descriptions": "tea"}, (File("files", "a.txt", 6, b"oolong"), File("files", "b.txt", 6, b"sencha"))
)


def test_all_files_of_a_form_are_kept_and_shown_in_the_recorded_order(engine: Engine) -> None:
    answer = native_files.upload(engine, call(engine, form=TWO))
    assert violations("native-files.uploaded", answer) == []
    one, two = [file["file_id"] for file in answer["data"]["uploaded_files"]]
    listed = native_files.listing(engine, call(engine, query={"page_size": "1"}))
    assert violations("native-files.list", listed) == []
    assert (listed["data"]["total"], listed["data"]["files"][0]["file_id"]) == (2, two)
    shown = native_files.retrieval(engine, call(engine, id=one))
    assert violations("native-files.response", shown) == []
    data = shown["data"]
    assert list(data)[:7] == ["id", "name", "description", "purpose", "size", "md5", "region"]
    assert (data["md5"], data["gmt_create"]) == ("EHQ9JeJFYaTpMAvE5ypRkA==", "2026-02-02 10:40:00")
    assert data["url"] == f"{ORIGIN}/dashscope-result/{one}/content"
    assert native_files.address(engine, one) == b"oolong"
    gone = native_files.deletion(engine, call(engine, id=one))
    assert violations("native-files.deleted", gone) == []
    assert native_files.address(engine, one) is None


@pytest.mark.parametrize("produce", [native_files.retrieval, native_files.deletion])
def test_what_is_unknown_foreign_or_over_is_not_found(engine: Engine, produce: Any) -> None:
    kept = native_files.upload(engine, call(engine, form=TWO))["data"]["uploaded_files"]
    name = kept[0]["file_id"]
    for asked in (call(engine, id="1"), call(engine, id=name, key="sk-other")):
        with pytest.raises(Refused, match="not-found"):
            produce(engine, asked)
    engine.clock = lambda: NOW + 30 * 86_400
    with pytest.raises(Refused, match="not-found"):
        produce(engine, call(engine, id=name))


@pytest.mark.parametrize("form", [None, Form({"purpose": "tea"})])
def test_a_form_without_a_file_is_refused(engine: Engine, form: Form | None) -> None:
    with pytest.raises(Refused, match="malformed"):
        native_files.upload(engine, call(engine, form=form))


def test_the_dashscope_sdk_keeps_lists_reads_and_deletes(url: str, tmp_path: Path) -> None:
    path = tmp_path / "tea.txt"
    path.write_bytes(b"oolong")
    files: Any = dashscope.Files  # its types leave out what its mixins add
    kept = files.upload(str(path), purpose="inference", api_key=KEY)
    assert kept.status_code == 200
    (file,) = kept.output["uploaded_files"]
    shown = files.get(file["file_id"], api_key=KEY)
    assert (shown.output["name"], shown.output["size"]) == ("tea.txt", 6)
    assert httpx.get(shown.output["url"], trust_env=False).content == b"oolong"
    listed = files.list(api_key=KEY)
    assert listed.output["total"] == 1
    gone = files.delete(file["file_id"], api_key=KEY)
    assert gone.status_code == 200
    missing = files.get(file["file_id"], api_key=KEY)
    assert (missing.status_code, missing.code) == (404, "NotFound")
