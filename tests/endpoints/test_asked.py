"""Which app a path asks."""

import pytest

from mockserver.endpoints import asked

APP = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("path", "app"),
    [
        (f"/api/v1/apps/{APP}/completion", APP),
        ("/api/v1/apps//completion", ""),
        ("/api/v1/apps/a/b/completion", None),
        ("/api/v1/apps/a/completions", None),
    ],
)
def test_the_path_names_the_app(path: str, app: str | None) -> None:
    assert asked.app_of(path) == app
