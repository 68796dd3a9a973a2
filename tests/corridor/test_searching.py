"""A script is looked for in steps: the same as at once, unless others used one up meanwhile."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue import errors as error_catalogue
from mockserver.corridor.searching import searched
from mockserver.corridor.work import Steps, at_once
from mockserver.scripts.script import Script, Scripts
from tests.asking import ask

ERRORS = error_catalogue.load()


def scripts_of(*matches: dict[str, Any]) -> tuple[Scripts, list[Script]]:
    """Scripts that answer once each."""
    scripts = Scripts()
    made = [
        scripts.add({"match": match, "reply": {"content": "Tea."}, "times": 1}, ERRORS) for match in matches
    ]
    return scripts, made


@given(st.lists(st.sampled_from([{}, {"last_user": "Tea?"}, {"last_user": "Cake?"}, {"key": "sk-b"}])))
def test_without_others_it_is_the_script_that_is_found_at_once(matches: list[dict[str, Any]]) -> None:
    scripts, _ = scripts_of(*matches)
    request = ask("Tea?")
    assert at_once(searched(scripts, "sk-a", request)) is scripts.find("sk-a", request)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_that_others_used_up_meanwhile_is_passed_over(count: int) -> None:
    scripts, made = scripts_of(*[{}] * count)

    def busy() -> Steps[Script | None]:
        """The same way, on which others take the first script whenever something is handed out."""
        steps = searched(scripts, "sk-a", ask("Tea?"))
        work = next(steps)
        while True:
            at = yield work
            made[0].used = 1
            try:
                work = steps.send(at)
            except StopIteration as end:
                found: Script | None = end.value
                return found

    assert at_once(busy()) is (made[1] if count > 1 else None)
