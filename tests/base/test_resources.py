"""Where the data of the package lies, in a checkout and in a wheel."""

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
