"""The register of broken clients: each with the requirement that has to catch it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from contract_tests.gallery.reference import Reference


@dataclass(frozen=True)
class Defect:
    """One broken client. `museum` names a public issue that shows the same defect, if there is one."""

    name: str
    requirement: str
    client: type[Reference]
    museum: str = ""

    @property
    def title(self) -> str:
        """What it does wrong."""
        return (self.client.__doc__ or "").strip()

    def __str__(self) -> str:
        return self.name


DEFECTS: list[Defect] = []

T = TypeVar("T", bound=Reference)


def defect(requirement: str, museum: str = "") -> Callable[[type[T]], type[T]]:
    """Enter a broken client, with the requirement that has to catch it."""

    def enter(client: type[T]) -> type[T]:
        name = re.sub(r"(?<!^)(?=[A-Z])", "-", client.__name__).lower()
        DEFECTS.append(Defect(name, requirement, client, museum))
        return client

    return enter
