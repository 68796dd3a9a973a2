"""The control API's calls for quotas and moderation."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from mockserver.answer.moderation import Moderation
from mockserver.answer.wordlist import WordError, WordList
from mockserver.base.masking import mask
from mockserver.corridor.changes import changed, moderate, words_of
from mockserver.corridor.engine import Engine
from mockserver.meter.quotas import Quota
from mockserver.server.aside import Aside
from mockserver.server.control import FaultError, read_document, read_query, reply_json


def _quota(quota: Quota) -> dict[str, Any]:
    return {"key": None if quota.key is None else mask(quota.key), "model": quota.model, **quota.limits}


def _words(document: Mapping[str, Any], name: str) -> WordList:
    """One list of words. Raises `FaultError` for a word that cannot be blocked."""
    try:
        return words_of(document, name)
    except WordError as error:
        msg = f"{name}: {error}"
        raise FaultError(msg, name) from None


class Limits:
    """The endpoints of one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def put_quota(self, request: Request) -> Response:
        """Sets a quota, in the place of the one with the same key and glob."""
        read_query(request)
        document = await read_document(request, "control.quota")
        quota = Quota(**document)
        await changed(self.engine, "quota", document)
        return reply_json(_quota(quota))

    async def quotas(self, request: Request) -> Response:
        """All quotas, and what is used of them."""
        read_query(request)
        used = self.engine.keeping.used(now=self.engine.clock())
        return reply_json(
            {
                "quotas": [_quota(quota) for quota in self.engine.quotas],
                "used": [{**row, "key": mask(row["key"])} for row in used],
            }
        )

    async def remove_quotas(self, request: Request) -> Response:
        """Takes out all quotas, or those of a key or a glob."""
        query = read_query(request, "key", "model")
        given = {"key": query.get("key"), "model": query.get("model")}
        await changed(self.engine, "quotas-removed", given)
        return Response(status_code=204)

    async def put_moderation(self, request: Request) -> Response:
        """Sets the words that are looked for."""
        read_query(request)
        document = await read_document(request, "control.moderation")
        words = Moderation(_words(document, "input"), _words(document, "output"))
        ready = partial(moderate, self.engine, words)
        await changed(self.engine, "moderation", document, ready=ready)
        return self._moderation()

    async def moderation(self, request: Request) -> Response:
        """The words that are looked for."""
        read_query(request)
        return self._moderation()

    async def remove_moderation(self, request: Request) -> Response:
        """Looks for no words any more."""
        read_query(request)
        await changed(self.engine, "moderation", {})
        return Response(status_code=204)

    def _moderation(self) -> Response:
        given = self.engine.moderation
        return reply_json({"input": list(given.input.words), "output": list(given.output.words)})


def routes(engine: Engine, _: Aside) -> list[BaseRoute]:
    """The routes of these calls, below the prefix of the control API."""
    limits = Limits(engine)
    return [
        Route("/quotas", limits.put_quota, methods=["PUT"]),
        Route("/quotas", limits.quotas, methods=["GET"]),
        Route("/quotas", limits.remove_quotas, methods=["DELETE"]),
        Route("/moderation", limits.put_moderation, methods=["PUT"]),
        Route("/moderation", limits.moderation, methods=["GET"]),
        Route("/moderation", limits.remove_moderation, methods=["DELETE"]),
    ]
