"""The languages that translation models know, by name and code (`fixtures/translation.json`)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from mockserver.base import resources


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = resources.fixture("translation")
    return table


@cache
def _codes() -> Mapping[str, str]:
    """The code of each language by its name and by itself, in small letters."""
    languages: dict[str, str] = _table()["languages"]
    return {spelled.casefold(): code for code, name in languages.items() for spelled in (code, name)}


def supported(spelled: str, model: str) -> bool:
    """Whether a model knows a language of this name or code; the smallest one knows fewer."""
    code = _codes().get(spelled.casefold())
    return code is not None and ("lite" not in model or code in _table()["lite"])


def automatic(spelled: str) -> bool:
    """Whether a language is to be found out."""
    automatic: str = _table()["auto"]
    return spelled.casefold() == automatic


def named(spelled: str) -> str:
    """The English name of a language; one that is not known, as it is spelled."""
    languages: dict[str, str] = _table()["languages"]
    return languages.get(_codes().get(spelled.casefold(), ""), spelled)
