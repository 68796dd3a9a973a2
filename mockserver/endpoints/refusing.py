"""How endpoints beside chat refuse: an unknown or unfit model, a broken schema."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.models import Model
from mockserver.dialects.table import dialect_of
from mockserver.rules import schemas
from mockserver.talk.refused import Refused
from mockserver.talk.surface import Surface

if TYPE_CHECKING:
    from mockserver.corridor.engine import Engine

Kept = TypeVar("Kept")


def model_of(engine: "Engine", surface: Surface, name: object, *, task: str, unknown: str = "") -> Model:
    """The model of a request for a task. Raises `Refused`; by the entry `unknown` where there is none."""
    model = engine.models.find(name)
    if model is None:
        if not isinstance(name, str) or not name:
            raise Refused(engine.errors.refuse("model.missing"))
        raise Refused(engine.errors.refuse(unknown or dialect_of(surface).unknown_beside, model=name))
    if model.task != task:
        raise Refused(engine.errors.refuse(dialect_of(surface).unserved_model, model=model.name))
    return model


def there(engine: "Engine", kept: Kept | None, entry: str, **values: object) -> Kept:
    """What a path names, where it is kept. Raises `Refused` by an entry of the catalogue where it is not."""
    if kept is None:
        raise Refused(engine.errors.refuse(entry, **values))
    return kept


def worded(surface: Surface, refusal: Refusal) -> Refused:
    """A refusal as the services beside chat word it.

    What they refuse has no prefix on the native surface (agentscope-ai/agentscope#1242, 2026-02); on the
    compatible one its code and type are the native code, and the id is the request id (HelloAgents#27,
    2025-12; memodb-io/memobase#142, 2025-11).
    """
    if refusal.origin in ("door", "gateway"):
        return Refused(refusal)
    compat = replace(refusal.words["compat"], envelope="nested-embedding")
    if refusal.origin == "validator":
        return Refused(replace(refusal, words={**refusal.words, "compat": compat}))
    compat = replace(compat, code=refusal.code, type=refusal.code)
    words = {**refusal.words, "compat": compat}
    return Refused(replace(refusal, words=words, prefix="" if surface.voice == "native" else refusal.prefix))


def plain(engine: "Engine", schema: str, data: Any, surface: Surface) -> None:
    """Raises `Refused` for a document that breaks its schema, as the services beside chat word it."""
    found = schemas.findings(schema, data, surface, engine.errors)
    if found:
        assert found[0].refusal is not None
        raise worded(surface, found[0].refusal)
