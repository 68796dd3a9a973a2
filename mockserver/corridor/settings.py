"""What a server can be told, checked when it is told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mockserver.answer.wordlist import WordError, WordList
from mockserver.base.options import SettingsError
from mockserver.catalogue.regions import DEFAULT, REGIONS, Region
from mockserver.meter.quotas import Quota
from mockserver.scripts.pace import INSTANT, Profile

KEY_FORM = re.compile(r"sk-[!-~]{1,250}")
"""The form of an API key (Model Studio docs, get an API key)."""

INVALID_KEY = "sk-invalid"
"""The key that is always refused, so that a client can see its 401 without any option."""

CONTROL = ("on", "off", "token")
"""Who may use the control API: everybody, nobody, or who has the token."""

ON_MISS = ("built-in", "error")
"""What may answer a request that no script matches."""

TOKEN_VARIABLE = "DASHSCOPE_MOCK_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
"""Where the token of the control API may stand, so that no list of processes shows it."""

_TOKEN_FORM = re.compile(r"[!-~]{16,250}")
_LAST_PORT = 65535
_DAY = 86_400


def _demand(condition: object, message: str) -> None:
    if not condition:
        raise SettingsError(message)


def check_token(token: str) -> None:
    """Raises `SettingsError` for a text that cannot be a token of the control API; it shows nothing of it."""
    _demand(
        _TOKEN_FORM.fullmatch(token),
        f"the control token has {len(token)} characters: it must be 16 to 250 visible "
        "ones; python -c 'import secrets; print(secrets.token_urlsafe())' makes one",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a server. Sizes are in bytes, times in seconds.

    `api_keys`: the keys that are let in; empty lets in every key of the right form.
    `models`: further models, each name with the known model that it is like.
    `journal`: how many exchanges are remembered. `seed`: fixes all identifiers. `quotas`: limits on
    requests and tokens. `block_words`: what moderation finds in requests and answers.
    `rules`: the mode of the rules, cloud, strict or lenient; `rule_switches`: refuse, report or off, by id.
    `max_connections`: how many clients at once; each has one request at a time.
    `idle_timeout`: how long a connection may rest, or leave unread what it is sent.
    `control`: who may use the control API; None: everybody at the loopback, else who has the token.
    `on_miss`: what answers when no script matches, the `built-in` model or an `error`.
    `pace`: how fast answers go out that do not say so themselves.
    `region`: as which region a request is answered whose `Host` names none.
    `unbuffered`: every stream has `X-Accel-Buffering: no`, not only where the cloud sends it.
    `task_seconds`: how long an asynchronous task or a batch takes.
    `certificate`: the chain of a TLS certificate, in PEM, with its `certificate_key`; with them it is HTTPS.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    models: Mapping[str, str] = field(default_factory=dict)
    max_body: int = 10 * 1024 * 1024
    max_connections: int = 5000
    request_timeout: float = 30.0
    idle_timeout: float = 75.0
    grace: float = 5.0
    journal: int = 1000
    seed: int | None = None
    quotas: tuple[Quota, ...] = ()
    block_words: tuple[str, ...] = ()
    control: Literal["on", "off", "token"] | None = None
    control_token: str | None = field(default=None, repr=False)
    rules: str = "cloud"
    rule_switches: Mapping[str, str] = field(default_factory=dict)
    on_miss: str = "built-in"
    pace: Profile = INSTANT
    region: Region = DEFAULT
    unbuffered: bool = False
    task_seconds: float = 1.0
    certificate: Path | None = None
    certificate_key: Path | None = None

    def __post_init__(self) -> None:
        """Raises `SettingsError` for a value out of its range."""
        _demand(
            0 <= self.port <= _LAST_PORT,
            f"port is {self.port}: it must lie in 0 to 65535; 0 takes a free one",
        )
        for key in self.api_keys:
            shown = f"{key[:3]}... ({len(key)} characters)"
            _demand(
                KEY_FORM.fullmatch(key), f"api key {shown}: a key is `sk-` and 1 to 250 visible characters"
            )
        _demand(self.max_body > 0, f"max body is {self.max_body}: it must be at least 1 byte")
        _demand(
            0 < self.request_timeout <= _DAY,
            f"request timeout is {self.request_timeout}: it must be above 0 seconds and at most {_DAY}",
        )
        _demand(
            0 <= self.grace <= _DAY, f"grace is {self.grace}: it must be 0 seconds or more, at most {_DAY}"
        )
        _demand(
            self.max_connections >= 1,
            f"max connections is {self.max_connections}: it must let in at least 1",
        )
        _demand(
            0 < self.idle_timeout <= _DAY,
            f"idle timeout is {self.idle_timeout}: it must be above 0 seconds and at most {_DAY}",
        )
        _demand(
            self.control in (None, *CONTROL),
            f"control is {self.control!r}: it must be one of {', '.join(CONTROL)}",
        )
        if self.control_token is not None:
            check_token(self.control_token)
            _demand(
                self.control in (None, "token"),
                f"there is a control token, but control is {self.control}: only --control token asks for one",
            )
        _demand(
            self.on_miss in ON_MISS, f"on miss is {self.on_miss!r}: it must be one of {', '.join(ON_MISS)}"
        )
        _demand(self.region in REGIONS, f"region is {self.region!r}: it must be one of {', '.join(REGIONS)}")
        _demand(
            0 <= self.task_seconds <= _DAY,
            f"task seconds is {self.task_seconds}: it must be 0 seconds or more, at most {_DAY}",
        )
        _demand(self.journal >= 1, f"journal is {self.journal}: it must keep at least 1 exchange")
        _demand(
            (self.certificate is None) == (self.certificate_key is None),
            "a certificate and its key come together: give --tls-certificate and --tls-key, or neither",
        )
        try:
            WordList(self.block_words)
        except WordError as error:
            raise SettingsError(str(error)) from None
