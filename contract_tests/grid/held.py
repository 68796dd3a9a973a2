"""Holds broken clients against the suite, and those that survive against the machine."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from contract_tests.gallery.registry import COMPLETIONS
from contract_tests.grid.mutant import Memory, Mutant, Spy
from contract_tests.grid.table import Mutation, by_place
from mockserver.contract import Case, Outcome, PythonClient, Stage, Verdict, client_under_test, hold
from mockserver.contract.machine import Budget, explore
from mockserver.contract.protocol import KNOWN_FEATURES
from mockserver.contract.suite import permutations

MOST_TRIED = 40
"""In how many conversations a broken client is held before it has survived."""


class Fate(StrEnum):
    """What became of a broken client."""

    KILLED = "killed"
    ASIDE = "killed by another requirement"
    MACHINE = "found by the machine"
    SURVIVED = "survived"
    UNPLAYED = "never played"
    ALIKE = "invisible: whoever reads it reads the same"
    NO_LINE = "impossible: no driver may report that"
    HIDDEN = "invisible by rule"


LIVING = (Fate.SURVIVED, Fate.UNPLAYED)
VISIBLE = (Fate.KILLED, Fate.ASIDE, Fate.MACHINE, *LIVING)


@dataclass(frozen=True, slots=True)
class Fallen:
    """A broken client and what became of it. `by` is the requirement and `where` the conversation."""

    mutation: Mutation
    fate: Fate
    by: str = ""
    where: str = ""
    why: str = ""


@dataclass(slots=True)
class Plan:
    """Every conversation of the suite, with what the spy saw in it, cheapest first."""

    held: list[Outcome] = field(default_factory=list)
    places: dict[str, list[tuple[int, frozenset[str]]]] = field(default_factory=dict)

    def conversations(self, mutation: Mutation) -> list[Outcome]:
        """Those in which a mutation would strike: one of each case first, then further ones."""
        found = dict.fromkeys(
            at for at, moment in self.places.get(mutation.pair, ()) if mutation.strikes(moment)
        )
        first: dict[str, int] = {}
        for at in found:
            first.setdefault(self.held[at].case.id, at)
        order = dict.fromkeys((*first.values(), *found))
        return [self.held[at] for at in list(order)[:MOST_TRIED]]


def client_of(kind: type[Mutant | Spy], name: str) -> PythonClient:
    """A client of this process on the surfaces that the reference speaks."""
    return client_under_test(surfaces=COMPLETIONS, features=KNOWN_FEATURES, name=name)(kind)


def spied(stage: Stage, cases: Sequence[Case], mutations: Sequence[Mutation]) -> Plan:
    """Leads the spy through the suite, for these mutations."""
    plan, seen, places = Plan(), [], by_place(mutations)
    for case, surface, mode in permutations(cases, COMPLETIONS):
        noted: set[tuple[str, frozenset[str]]] = set()
        spy = type(
            "Spying", (Spy,), {"memory": Memory(), "noted": noted, "places": places, "looked": Counter()}
        )
        started = time.thread_time()
        outcome = hold(stage, client_of(spy, "reference"), case, surface, mode)
        seen.append((time.thread_time() - started, outcome, noted))
    # The costs of one case are alike in all runs; so are the places within it.
    for at, (_, outcome, noted) in enumerate(sorted(seen, key=lambda one: one[0])):
        plan.held.append(outcome)
        for pair, moment in noted:
            plan.places.setdefault(pair, []).append((at, moment))
    return plan


def judged(stage: Stage, plan: Plan, mutation: Mutation, *, examples: int = 0) -> Fallen:
    """What becomes of one broken client, in the suite and, if it survives that, by the machine."""
    if mutation.hidden:
        return Fallen(mutation, Fate.HIDDEN, why=mutation.hidden)
    memory = Memory()
    client = client_of(type("Broken", (Mutant,), {"memory": memory, "mutation": mutation}), mutation.id)
    conversations = plan.conversations(mutation)
    fallen = _by_suite(stage, client, conversations, mutation, memory)
    if fallen is not None:
        return fallen
    if conversations and not memory.told:
        return Fallen(mutation, Fate.ALIKE)
    found = (
        explore(stage, client, surfaces=COMPLETIONS, budget=Budget(examples=examples)) if examples else None
    )
    if found is not None and found.failures:
        return Fallen(mutation, Fate.MACHINE, found.failures[0].requirement, found.id)
    fate = Fate.SURVIVED if conversations else Fate.UNPLAYED
    return Fallen(mutation, fate, where=", ".join(one.id for one in conversations[:3]))


def _by_suite(
    stage: Stage, client: PythonClient, conversations: Sequence[Outcome], mutation: Mutation, memory: Memory
) -> Fallen | None:
    """What becomes of a broken client in these conversations; None where it survives them."""
    wanted = frozenset(mutation.what["requirements"])
    aside: Fallen | None = None
    for one in conversations:
        memory.seen.clear()
        memory.open.clear()
        outcome = hold(stage, client, one.case, one.surface, one.mode)
        if outcome.verdict is Verdict.DRIVER:
            return Fallen(mutation, Fate.NO_LINE, why=outcome.message)
        blamed = [failure.requirement for failure in outcome.failures]
        named = next((name for name in blamed if name in wanted), "")
        if named:
            return Fallen(mutation, Fate.KILLED, named, outcome.id)
        if blamed and aside is None:
            aside = Fallen(mutation, Fate.ASIDE, blamed[0], outcome.id)
    return aside
