"""The matrix of real clients: its table, its comparisons, its pages. The clients run in scripts/matrix."""

import re

import pytest

from contract_tests import conformity, published
from contract_tests.conformity import CLIENTS, Explanation, Table
from mockserver.contract.report import Result
from mockserver.contract.report.result import Held
from mockserver.contract.requirements import requirements
from mockserver.contract.suite import Verdict


def held(name: str, *broken: str, verdict: Verdict = Verdict.FAILED, requires: tuple[str, ...] = ()) -> Held:
    failures = tuple(
        {
            "requirement": one,
            "severity": "MUST",
            "message": "wrong",
            "place": "",
            "rule": "",
            "source": "docs",
        }
        for one in broken
    )
    transcript = (("user", "'Hi'\n```"), ("client", "x" * 500))
    return Held(name, "A title.", requires, verdict, "", failures, transcript)


def good(name: str, *requires: str) -> Held:
    return held(name, verdict=Verdict.PASSED, requires=requires)


def result(*conversations: Held) -> Result:
    return Result("client 1.0", 1, list(conversations))


WHY = Explanation(
    title="It loses things",
    clients=("one",),
    requirements=("history.text",),
    why="It does.",
    code="client.py",
)


class TestTheTable:
    def test_every_client_has_a_name_of_its_own(self) -> None:
        names = [client.name for client in conformity.clients()]
        assert len(set(names)) == len(names)

    def test_every_home_is_one_that_the_script_knows(self) -> None:
        script = (conformity.ROOT / "scripts" / "install-clients").read_text("utf-8")
        known = set(" ".join(re.findall(r"(?:usual|heavy)\+?=\((.*)\)", script)).split())
        assert {client.home for client in conformity.clients() if client.home} <= known

    def test_what_ci_drives_is_installed_without_arguments(self) -> None:
        script = (conformity.ROOT / "scripts" / "install-clients").read_text("utf-8")
        (usual,) = re.findall(r"usual=\((.*)\)", script)
        assert {client.home for client in conformity.clients() if client.ci and client.home} <= {
            *usual.split()
        }

    def test_every_client_has_its_known_failures(self) -> None:
        there = {path.stem for path in (CLIENTS / "expected").glob("*.txt")}
        assert {client.name for client in conformity.clients()} == there

    def test_every_explanation_names_clients_and_requirements_that_there_are(self) -> None:
        names = {client.name for client in conformity.clients()}
        for known in conformity.explanations():
            assert set(known.clients) <= names
            assert set(known.requirements) <= set(requirements())

    def test_a_client_without_its_environment_says_what_to_do(self) -> None:
        client = conformity.Client(name="x", command=("{home}/bin/python",), home="nowhere")
        assert client.missing() == "x is not installed: run scripts/install-clients nowhere"

    def test_a_client_without_its_tool_says_which(self) -> None:
        assert conformity.Client(name="x", command=("no-such-tool", "a")).missing() == "no no-such-tool"


class TestComparisons:
    def test_the_same_runs_differ_nowhere(self) -> None:
        run = result(held("a/compat/plain", "history.text"))
        assert conformity.differences(run, run) == []

    def test_another_requirement_is_a_difference(self) -> None:
        first, second = (result(held("a/compat/plain", name)) for name in ("history.text", "history.order"))
        told, _ = conformity.differences(first, second)
        assert told == "history.order: first unchecked, then failed"

    def test_a_red_cell_wants_an_explanation(self) -> None:
        table = Table({"one": result(held("a/compat/plain", "history.text"))})
        told = "one: nobody explained why history.text does not hold"
        assert conformity.unexplained(table, []) == [told]
        assert conformity.unexplained(table, [WHY]) == []

    def test_an_explanation_wants_a_red_cell(self) -> None:
        table = Table({"one": result(good("a/compat/plain", "history.text"))})
        told = "one: history.text holds, which 'It loses things' explains away"
        assert conformity.unexplained(table, [WHY]) == [told]

    def test_a_client_that_did_not_run_is_not_missed(self) -> None:
        assert conformity.unexplained(Table({}), [WHY]) == []


@pytest.mark.parametrize(
    ("conversations", "patterns"),
    [
        ([good("a/compat/plain")], []),
        ([held("a/compat/plain")], ["*"]),
        ([held("a/compat/plain"), held("a/compat/stream"), good("b/compat/plain")], ["a/*"]),
        ([held("a/compat/plain"), good("a/native-text/plain")], ["a/compat/*"]),
        ([held("a/compat/plain"), good("a/compat/stream")], ["a/compat/plain"]),
    ],
)
def test_known_failures_are_folded(conversations: list[Held], patterns: list[str]) -> None:
    head, *lines = conformity.known_failures(result(*conversations)).splitlines()
    assert head.startswith("# What client 1.0 is known to fail")
    assert lines == patterns


class TestPages:
    TABLE = Table(
        {"one": result(held("a/compat/plain", "history.text"), good("b/compat/plain", "history.order"))}
    )

    def test_the_matrix_has_a_row_for_each_requirement(self) -> None:
        page = published.matrix_page(self.TABLE)
        assert "| `history.text` | MUST | **no** |" in page
        assert "| `history.order` | MUST | ok |" in page
        assert page.count("| MUST |") + page.count("| SHOULD |") == len(requirements())

    def test_a_verdict_shows_its_conversation(self) -> None:
        page = published.verdicts_page(self.TABLE, [WHY])
        assert "## It loses things" in page
        assert "`a/compat/plain`, client 1.0:" in page
        assert "'''" in page  # what was said cannot end the block
        assert f"{'x' * 392}… (508 characters)" in page

    def test_a_verdict_without_a_conversation_stands_alone(self) -> None:
        assert "```text" not in published.verdicts_page(Table({}), [WHY])
