"""What the built-in model makes at once: addresses of placeholders, which the server serves itself."""

from hashlib import blake2b

from mockserver.catalogue import making
from mockserver.talk.reply import Choice, Reply
from mockserver.talk.request import ChatRequest, Part

_SECONDS_A_CHARACTER, _MOST = 0.1, 10


def _address(request: ChatRequest, form: str, at: int) -> str:
    """Where a placeholder lies: what it is like stands in its name, so that nothing is kept."""
    seen = f"{request.model.name}\n{request.last_user}\n{request.seed}\n{at}"
    digest = blake2b(seen.encode(errors="replace"), digest_size=8).hexdigest()
    host = request.headers.get("host") or "127.0.0.1"
    name, _, media = form.partition(".")
    return f"http://{host}{making.RESULTS_PATH}/{making.AT_ONCE}/{name}-{digest}.{media}"


def reply(request: ChatRequest) -> Reply:
    """Pictures of the size that was asked for, or a sound about as long as its text."""
    if request.model.task == "tts":
        seconds = min(1 + int(len(request.last_user) * _SECONDS_A_CHARACTER), _MOST)
        return Reply((Choice(media=(Part("audio", _address(request, f"{seconds}.wav", 1)),)),))
    width, height = making.size_of(request.model.name, request.get("size"))
    count = min(request.n, making.most_of(request.model.name))
    pictures = [Part("image", _address(request, f"{width}x{height}.png", at + 1)) for at in range(count)]
    return Reply((Choice(media=tuple(pictures)),))
