"""What the control API can change of a server, each as a name and a document of JSON.

A change is checked before it is made. Whoever makes it anew, in another process, makes the same of it.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.answer.moderation import Moderation
from mockserver.answer.wordlist import WordList
from mockserver.corridor.engine import Engine
from mockserver.meter.quotas import Quota
from mockserver.scripts.desk import Entered
from mockserver.scripts.script import Script

if TYPE_CHECKING:
    from mockserver.scenario.document import Scenario

Document = Mapping[str, Any]


def enter(engine: Engine, script: Script) -> str:
    """Enters a script; its id."""
    engine.scripts.enter(script)
    return script.id


def strike(engine: Engine, fault: Entered) -> str:
    """Enters a fault that was read; its id."""
    return engine.faults.enter(fault).id


def scenario_of(engine: Engine, document: Document) -> "Scenario":
    """The scenario of the files of a document; none of them is opened."""
    # A server that plays none need not know how scenarios are read.
    from mockserver.scenario.document import Scenario, Texts, load  # noqa: PLC0415

    texts: dict[str, str] = document.get("files") or {}
    if not texts:
        return Scenario()
    names = document.get("play") or [next(iter(texts))]
    return load([Path(name) for name in names], engine.errors, library=Texts(texts))


def _script(engine: Engine, document: Document) -> Script:
    return Script.read(document, "", engine.errors)


def words_of(document: Document, name: str) -> WordList:
    """A list of words that are looked for. Raises `WordError` for one that cannot be."""
    return WordList(tuple(document.get(name, ())))


def moderate(engine: Engine, moderation: Moderation) -> None:
    """Looks for other words from now on."""
    engine.moderation = moderation


def _moderation(engine: Engine, document: Document) -> None:
    moderate(engine, Moderation(words_of(document, "input"), words_of(document, "output")))


CHANGES: dict[str, Callable[[Engine, Document], Any]] = {
    "reply": lambda engine, document: enter(engine, _script(engine, document)),
    "reply-replaced": lambda engine, document: engine.scripts.replace(
        document["id"], _script(engine, document["reply"])
    ),
    "reply-removed": lambda engine, document: engine.scripts.remove(document["id"]),
    "fault": lambda engine, document: engine.faults.add(document).id,
    "fault-removed": lambda engine, document: engine.faults.remove(document["id"]),
    "quota": lambda engine, document: engine.quotas.put(Quota(**document)),
    "quotas-removed": lambda engine, document: engine.quotas.remove(**document),
    "moderation": _moderation,
    "rules": lambda engine, document: engine.door.policies.change(**document),
    "scenario": lambda engine, document: engine.play(document["key"], scenario_of(engine, document)),
    "on-miss": lambda engine, document: engine.stage.change(document["key"], on_miss=document["on_miss"]),
    "reset": lambda engine, document: engine.reset(document["key"]),
}
"""Every change, by its name."""


async def changed(
    engine: Engine, name: str, document: Document, *, ready: Callable[[], Any] | None = None
) -> Any:
    """What a change comes to. `ready` makes it of what was read already, where it is made in this process."""
    return await engine.keeping.change(name, document, ready or (lambda: CHANGES[name](engine, document)))
