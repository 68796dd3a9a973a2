"""`dashscope-mock serve`: runs the server."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mockserver.base.logs import FORMS, set_up
from mockserver.base.options import SettingsError
from mockserver.catalogue.models import UnknownModelError
from mockserver.catalogue.regions import REGIONS
from mockserver.commands import replay
from mockserver.commands.record import new_file
from mockserver.corridor.settings import CONTROL, ON_MISS, TOKEN_VARIABLE, Settings
from mockserver.meter.quotas import Quota, QuotaError, read_quota
from mockserver.scripts import pace
from mockserver.scripts.pace import PaceError
from mockserver.state.ports import StateError

if TYPE_CHECKING:
    import socket

    from mockserver.corridor.engine import Engine
    from mockserver.corridor.replay import Recorded

Task = Callable[[], Coroutine[Any, Any, None]]
"""What runs beside a server."""

_MOST_WORKERS = 64

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def _size(text: str) -> int:
    """A number of bytes: 500, 64k, 10M."""
    digits, unit = text.rstrip("bB"), ""
    if digits and digits[-1].lower() in _UNITS:
        digits, unit = digits[:-1], digits[-1].lower()
    if not digits.isdigit():
        msg = f"{text!r} is no size: write 500, 64k or 10M"
        raise argparse.ArgumentTypeError(msg)
    return int(digits) * _UNITS[unit]


def _added_model(text: str) -> tuple[str, str]:
    """A further model: NAME:like=KNOWN."""
    name, sign, like = text.partition(":like=")
    if not (name and sign and like):
        msg = f"{text!r} names no model: write NAME:like=KNOWN, such as my-model:like=qwen-plus"
        raise argparse.ArgumentTypeError(msg)
    return name, like


def _quota(text: str) -> Quota:
    """Limits: [KEY:]MODEL=rpm:60,tpm:100000."""
    try:
        return read_quota(text)
    except QuotaError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _switch(text: str) -> tuple[str, str]:
    """A rule and what is done about it: ID=refuse."""
    rule, sign, action = text.partition("=")
    if not (rule and sign and action):
        msg = f"{text!r} switches no rule: write ID=refuse, ID=report or ID=off"
        raise argparse.ArgumentTypeError(msg)
    return rule, action


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    serve = commands.add_parser(
        "serve",
        help="run the server",
        description="Runs the server until Ctrl-C.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    defaults = Settings()
    serve.add_argument("--host", default=defaults.host, help="address to listen on")
    serve.add_argument("--port", type=int, default=defaults.port, help="port; 0 takes a free one")
    serve.add_argument(
        "--api-key",
        action="append",
        default=[],
        metavar="KEY",
        help="let in this key only (repeatable); else every key that begins with sk-",
    )
    serve.add_argument(
        "--model",
        action="append",
        default=[],
        type=_added_model,
        metavar="NAME:like=KNOWN",
        help="add a model (repeatable)",
    )
    serve.add_argument(
        "--max-body", type=_size, default=defaults.max_body, metavar="SIZE", help="largest request body"
    )
    serve.add_argument(
        "--request-timeout",
        type=float,
        default=defaults.request_timeout,
        metavar="SECONDS",
        help="how long a request may take to arrive",
    )
    serve.add_argument(
        "--max-connections",
        type=int,
        default=defaults.max_connections,
        metavar="N",
        help="clients at once; one more hears the cloud's 429",
    )
    serve.add_argument(
        "--idle-timeout",
        type=float,
        default=defaults.idle_timeout,
        metavar="SECONDS",
        help="how long a connection may rest, or leave unread what it is sent",
    )
    serve.add_argument(
        "--grace",
        type=float,
        default=defaults.grace,
        metavar="SECONDS",
        help="how long running streams may go on after Ctrl-C",
    )
    serve.add_argument(
        "--journal", type=int, default=defaults.journal, metavar="N", help="exchanges to remember"
    )
    serve.add_argument(
        "--task-seconds",
        type=float,
        default=defaults.task_seconds,
        metavar="SECONDS",
        help="how long an asynchronous task or a batch takes",
    )
    serve.add_argument(
        "--quota",
        action="append",
        default=[],
        type=_quota,
        metavar="[KEY:]MODEL=LIMITS",
        help="limits such as rpm:60,tpm:100000,burst:5,concurrency:2; MODEL is a glob (repeatable)",
    )
    serve.add_argument(
        "--block-word",
        action="append",
        default=[],
        metavar="WORD",
        help="let moderation find this word in requests and answers (repeatable)",
    )
    serve.add_argument("--seed", type=int, default=None, help="fix all request and tool call ids")
    serve.add_argument(
        "--rules",
        choices=("cloud", "strict", "lenient"),
        default=defaults.rules,
        help="refuse what the cloud refuses, every broken rule, or nothing that can be answered",
    )
    serve.add_argument(
        "--rule",
        action="append",
        default=[],
        type=_switch,
        metavar="ID=ACTION",
        help="refuse, report or off for one rule, such as usage.not-asked=off (repeatable)",
    )
    serve.add_argument(
        "--scenario",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="play this file (repeatable); it is read anew when it changes",
    )
    serve.add_argument(
        "--on-miss",
        choices=ON_MISS,
        default=defaults.on_miss,
        help="what answers when no script matches",
    )
    serve.add_argument(
        "--region",
        choices=REGIONS,
        default=defaults.region,
        help="Beijing, Singapore or Virginia: where a request is answered whose Host names none of them",
    )
    serve.add_argument(
        "--no-buffering",
        action="store_true",
        help="send X-Accel-Buffering: no with every stream, for a proxy in between; the cloud sends it in "
        "Virginia only",
    )
    serve.add_argument(
        "--pace",
        default="instant",
        metavar="PACE",
        help="instant, recorded, or first_ms=200,per_token_ms=20,jitter=0.1,seed=1",
    )
    serve.add_argument(
        "--tls-certificate",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="speak HTTPS with this certificate and those that it rests on, in PEM",
    )
    serve.add_argument(
        "--tls-key",
        type=Path,
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="the key of the certificate, in PEM, without a password",
    )
    serve.add_argument(
        "--ready-file", type=new_file, metavar="FILE", help="written as JSON when the server answers"
    )
    serve.add_argument(
        "--control",
        choices=CONTROL,
        default=argparse.SUPPRESS,
        help="who may use /_mock/: everybody, nobody, or who has the token (default: on at the loopback, "
        "else token)",
    )
    serve.add_argument(
        "--control-token",
        metavar="TOKEN",
        default=argparse.SUPPRESS,
        help=f"the token for the header X-Mock-Token; {TOKEN_VARIABLE} keeps it off the command line "
        "(default: a random one, printed at the start)",
    )
    many = serve.add_argument_group("many processes and hosts")
    many.add_argument(
        "--state",
        metavar="URL",
        default=argparse.SUPPRESS,
        help="share scripts, faults, quotas, rules, journal and ledger with all servers that name the same "
        "Redis or Valkey: redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=NAME], rediss:// for TLS, "
        "unix:///PATH for a socket of this host",
    )
    many.add_argument("--workers", type=int, default=1, metavar="N", help="processes on this host")
    serve.add_argument("--log", choices=FORMS, default="human", help="how log lines on stderr look")
    cassette = serve.add_argument_group("recordings")
    cassette.add_argument(
        "--cassette", type=Path, metavar="DIR", help="answer from these recordings what is not scripted"
    )
    replay.add_playing(cassette)
    serve.add_argument("--quiet", action="store_true", help="print no banner")
    serve.add_argument("--verbose", action="store_true", help="log each refusal")
    serve.set_defaults(run=_serve)


def _played(engine: "Engine", files: Sequence[Path]) -> list[Task]:
    """Plays the scenario files; what follows them as long as the server runs."""
    if not files:
        return []
    from mockserver.server.watch import Watcher  # noqa: PLC0415 - a server without a file needs none

    watcher = Watcher(engine, files)
    for problem in watcher.start():
        print(problem, file=sys.stderr)  # noqa: T201
    return [watcher.run]


def _recorded(options: argparse.Namespace) -> "Recorded":
    """The recordings beside the scripts. Raises `SettingsError`."""
    from mockserver.recording.cassette import CassetteError  # noqa: PLC0415 - a server without them opens sooner
    from mockserver.recording.redaction import RedactionError  # noqa: PLC0415

    try:
        return replay.open_cassette(options, strict_miss=False)
    except (CassetteError, RedactionError) as error:
        raise SettingsError(str(error)) from None


def _run(settings: Settings, sock: "socket.socket", options: argparse.Namespace) -> int:
    """Serves on a socket until the end; the exit status. Raises what is wrong with the options."""
    # What is imported and made from here on stays for good: nothing of it need be looked at again and again.
    # The server has itself collected when it has loaded the rest.
    gc.disable()
    try:
        from mockserver.corridor.engine import Engine  # noqa: PLC0415
        from mockserver.server.serve import serve  # noqa: PLC0415

        engine = Engine(settings)
        if options.cassette is not None:
            engine.recorded = _recorded(options)
        beside = _played(engine, options.scenario)
        with suppress(KeyboardInterrupt):
            serve(engine, sock=sock, ready_file=options.ready_file, quiet=options.quiet, beside=beside)
    finally:
        gc.enable()
    return replay.end(engine.recorded, options) if engine.recorded is not None else 0


_REFUSED_WITH_STATE = {
    "scenario": ("--scenario", "play it by PUT /_mock/scenario, which all of them hear"),
    "cassette": ("--cassette", "the turns of recordings are not shared; replay with one process"),
    "seed": ("--seed", "two processes would give out the same ids"),
}
"""What does not go with a shared state, and why."""


def _check_many(options: argparse.Namespace) -> str | None:
    """The URL of the state; None without one. Raises `SettingsError` for what does not go together."""
    url: str | None = getattr(options, "state", None)
    if not 1 <= options.workers <= _MOST_WORKERS:
        msg = f"workers is {options.workers}: it must lie in 1 to {_MOST_WORKERS}"
        raise SettingsError(msg)
    if url is None:
        if options.workers > 1:
            msg = (
                f"--workers {options.workers} without --state: each process would have worlds of its own, "
                "and each connection of a client would meet another one; name a Redis by --state, or run "
                "servers of one process behind a balancer that takes each key to the same one (docs/many.md)"
            )
            raise SettingsError(msg)
        return None
    for name, (option, why) in _REFUSED_WITH_STATE.items():
        if getattr(options, name) not in (None, []):
            msg = f"{option} does not go with --state: {why}"
            raise SettingsError(msg)
    return url


def _run_many(settings: Settings, url: str, options: argparse.Namespace) -> int:
    """Serves with a shared state until the end; the exit status. Raises what is wrong with the options."""
    from mockserver.server.many import serve_many  # noqa: PLC0415 - a server by itself needs none of it

    return serve_many(
        settings, url, workers=options.workers, ready_file=options.ready_file, quiet=options.quiet
    )


def _serve(options: argparse.Namespace) -> int:
    # Help and version answer without the server, and the port is open before all of it is imported.
    from mockserver.scenario.problem import BrokenScenarioError  # noqa: PLC0415
    from mockserver.server.listening import CertificateError, PortTakenError, listen  # noqa: PLC0415

    set_up(options.log, verbose=options.verbose)
    try:
        settings = Settings(
            host=options.host,
            port=options.port,
            api_keys=tuple(options.api_key),
            models=dict(options.model),
            max_body=options.max_body,
            max_connections=options.max_connections,
            idle_timeout=options.idle_timeout,
            control=getattr(options, "control", None),
            control_token=getattr(options, "control_token", None) or os.environ.get(TOKEN_VARIABLE) or None,
            request_timeout=options.request_timeout,
            grace=options.grace,
            journal=options.journal,
            task_seconds=options.task_seconds,
            seed=options.seed,
            quotas=tuple(options.quota),
            block_words=tuple(options.block_word),
            rules=options.rules,
            rule_switches=dict(options.rule),
            on_miss=options.on_miss,
            pace=pace.read(options.pace),
            region=options.region,
            unbuffered=options.no_buffering,
            certificate=getattr(options, "tls_certificate", None),
            certificate_key=getattr(options, "tls_key", None),
        )
        url = _check_many(options)
        if url is not None:
            return _run_many(settings, url, options)
        with listen(settings) as sock:
            return _run(settings, sock, options)
    except BrokenScenarioError as error:
        print(f"{error}\ndashscope-mock: the scenario is broken", file=sys.stderr)  # noqa: T201
        return 2
    except (
        SettingsError,
        PaceError,
        StateError,
        UnknownModelError,
        PortTakenError,
        CertificateError,
    ) as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
        return 2
