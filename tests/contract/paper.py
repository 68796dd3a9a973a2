"""A stage without a server and a client without a socket: a conversation is judged in no time at all."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from contract_tests.gallery.reference import Message, Reference, Reply
from mockserver.contract.cases import SURFACES, Case, Turn
from mockserver.contract.client import client_under_test
from mockserver.contract.session import Session
from mockserver.contract.stage import Seen, Stage, late_error
from mockserver.corridor.engine import Answer, Engine
from mockserver.corridor.threads import Conversation
from mockserver.dialects.table import PATHS, dialect_of
from mockserver.wire.incoming import RequestHeaders
from tests.conftest import NOW


class PaperStage(Stage):
    """A stage on which a request is a call. It has no patience: whoever is still there is there for good."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine=engine, patience=0.0)
        self._socket.close()

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[Answer, Seen | None]:
        """Answers one request, and notes it as the server does."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        surface = PATHS[urlsplit(url).path]
        answer = self.engine.chat(surface, RequestHeaders(raw), body, arrived=NOW)
        seen = self._app._note(answer, {"type": "http", "headers": raw})
        if seen is not None and seen.planned is not None:
            seen.frames = len(answer.frames)
            seen.ended |= bool(seen.planned.delivery.of(answer.frames, b"", tail=0)[0].end)
        return answer, seen

    def conversation(self, key: str) -> str:
        """Begins a conversation that the service keeps for a key."""
        made = Conversation(f"conv_{self.engine.ids.request_id()}", 0, {})
        self.engine.threads.put(self.engine.worlds.of(key), made, now=NOW)
        return made.id

    def sent(self, answer: Answer, seen: Seen | None, path: str) -> bytes:
        """What a client hears of an answer."""
        if seen is None or seen.planned is None:
            return b"".join(answer.frames or [answer.body])
        surface = PATHS[path]
        tail = dialect_of(surface).grammar.tail
        delivery, frames, tail = seen.planned.delivery.of(answer.frames, answer.body, tail=tail)
        heard = b"".join(delivery.pieces(frames, tail=tail))
        if delivery.end == "error":
            heard += late_error(self.engine, delivery, surface, seen.entry.request_id)
        return heard


class _Heard(io.BytesIO):
    """An answer as `http.client` gives it."""

    def __init__(self, heard: bytes, status: int) -> None:
        super().__init__(heard)
        self.status = status


class PaperClient(Reference):
    """The reference client, which is right in everything, on a stage of paper."""

    stage: ClassVar[PaperStage]

    def exchange(self, body: Message, *, stream: bool, options: dict[str, Any], stop: int | None) -> Reply:
        """One request and its answer."""
        answer, seen = self.stage.post(self.url(), self.headers(stream=stream), self.encoded(self.sent(body)))
        heard = self.stage.sent(answer, seen, urlsplit(self.url()).path)
        response: Any = _Heard(heard, answer.status)
        try:
            if b"event-stream" not in dict(answer.headers)[b"content-type"]:
                return self.whole(answer.status, heard)
            reply = self.streamed(response, options, stop)
            if not reply.cancelled:
                self.check(reply, options)
            return reply
        finally:
            self.leave(seen)

    def conversation(self) -> str:
        """A conversation that the service keeps."""
        return self.stage.conversation(self.begin.key)

    def leave(self, seen: Seen | None) -> None:
        """Lets the connection go."""
        if seen is not None:
            seen.gone.set()


def talk(*turns: Turn, **fields: Any) -> Case:
    """A case of these turns."""
    return Case(id="paper", turns=turns, **fields)


def say(text: str, *replies: Mapping[str, Any] | str, **fields: Any) -> Turn:
    """A turn; an answer that is a text stands for itself."""
    given = tuple({"content": reply} if isinstance(reply, str) else reply for reply in replies)
    return Turn(say=text, replies=given, **fields)


def session(
    stage: PaperStage,
    case: Case,
    client: type[PaperClient] = PaperClient,
    *,
    surface: str = "compat",
    mode: str = "plain",
) -> Session:
    """A session with such a client, about to begin."""
    factory: type[PaperClient] = type(client.__name__, (client,), {"stage": stage})
    return Session(stage, client_under_test(surfaces=SURFACES)(factory), case, surface, mode)


def led(
    stage: PaperStage,
    case: Case,
    client: type[PaperClient] = PaperClient,
    *,
    surface: str = "compat",
    mode: str = "plain",
) -> Session:
    """A session that was held to its end."""
    held = session(stage, case, client, surface=surface, mode=mode)
    held.run()
    return held


def broken(held: Session) -> Sequence[str]:
    """The requirements that were broken, in order."""
    return [failure.requirement for failure in held.failures]
