"""Where the data of the package lies, in a checkout and in a wheel."""

import sys
from pathlib import Path

import pytest

from mockserver.base import resources


def test_a_checkout_keeps_its_data_beside_the_package() -> None:
    root = Path(resources.__file__).resolve().parent.parent.parent
    assert resources.folder("schemas") == root / "schemas"
    assert resources.folder("fixtures") == root / "fixtures"


def test_a_wheel_keeps_its_data_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mockserver"
    (package / "fixtures").mkdir(parents=True)
    (package / "schemas").mkdir()
    (package / "fixtures" / "tea.json").write_text('{"leaf": "龙井"}', encoding="utf-8")
    (package / "schemas" / "pot.schema.json").write_text('{"type": "object"}', encoding="utf-8")
    (package / "schemas" / "a.cup.schema.json").write_text("{}", encoding="utf-8")
    (package / "schemas" / "notes.txt").write_text("", encoding="utf-8")
    monkeypatch.setattr(resources, "_PACKAGE", package)
    assert resources.folder("fixtures") == package / "fixtures"
    assert resources.fixture("tea") == {"leaf": "龙井"}
    assert resources.schema("pot") == {"type": "object"}
    assert resources.schema_names() == ["a.cup", "pot"]


def test_data_that_is_not_there_is_an_error_with_its_name() -> None:
    with pytest.raises(FileNotFoundError, match="no-such"):
        resources.fixture("no-such")
    with pytest.raises(FileNotFoundError, match=r"no-such\.schema\.json"):
        resources.schema("no-such")


def test_every_fixture_is_json() -> None:
    for path in resources.folder("fixtures").glob("*.json"):
        assert resources.fixture(path.stem)


def test_the_schemas_are_named_in_order() -> None:
    names = resources.schema_names()
    assert names == sorted(names)
    assert {"compat.request", "native-text.chunk", "control.reply"} <= set(names)


@pytest.mark.parametrize(
    ("platform", "variable", "other"),
    [("linux", "XDG_CACHE_HOME", "LOCALAPPDATA"), ("win32", "LOCALAPPDATA", "XDG_CACHE_HOME")],
)
def test_the_cache_lies_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, platform: str, variable: str, other: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv(other, str(tmp_path / "not here"))
    monkeypatch.setenv(variable, str(tmp_path / "here"))
    assert resources.cache_folder() == tmp_path / "here" / "dashscope-mock"
    monkeypatch.delenv(variable)
    assert resources.cache_folder() == tmp_path / ".cache" / "dashscope-mock"


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError(path)

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "expanduser", homeless)
    with pytest.raises(NotADirectoryError):
        resources.cache_folder().mkdir(parents=True)
