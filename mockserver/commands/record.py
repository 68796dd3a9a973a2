"""`dashscope-mock record`: a proxy that keeps what the cloud answers."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.catalogue.regions import REGIONS, host_of
from mockserver.commands.ending import ended_by_signal

if TYPE_CHECKING:
    from mockserver.recording.redaction import Redaction


def add_redaction(command: argparse._ActionsContainer) -> None:
    """Enters the options of what is not to be kept."""
    command.add_argument(
        "--redact", action="append", default=[], metavar="REGEX", help="take out this too (repeatable)"
    )
    command.add_argument(
        "--redact-header",
        action="append",
        default=[],
        metavar="NAME",
        help="take out the value of this header too (repeatable)",
    )
    command.add_argument(
        "--redact-field",
        action="append",
        default=[],
        metavar="NAME",
        help="take out the value of this JSON field too (repeatable)",
    )


def redaction_of(options: argparse.Namespace) -> "Redaction":
    """What the options say is not to be kept. Raises `RedactionError`."""
    from mockserver.recording.redaction import Redaction  # noqa: PLC0415 - help answers without it

    return Redaction.of(patterns=options.redact, headers=options.redact_header, fields=options.redact_field)


def new_file(text: str) -> Path:
    """A file that is to be written: its folder is there."""
    path = Path(text)
    if path.is_dir():
        msg = f"{text!r} is a folder: name a file in it"
        raise argparse.ArgumentTypeError(msg)
    if not path.parent.is_dir():
        msg = f"{text!r} cannot be written, for there is no folder {str(path.parent)!r}: make it first"
        raise argparse.ArgumentTypeError(msg)
    return path


def add_listening(command: argparse.ArgumentParser) -> None:
    """Enters the options of where to listen."""
    command.add_argument("--host", default="127.0.0.1", help="address to listen on")
    command.add_argument("--port", type=int, default=8000, help="port; 0 takes a free one")
    command.add_argument(
        "--ready-file", type=new_file, metavar="FILE", help="written as JSON when the port is open"
    )
    command.add_argument("--quiet", action="store_true", help="print no banner")


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    record = commands.add_parser(
        "record",
        help="record what the cloud answers",
        description="Passes requests on to the cloud and keeps its answers in a cassette, without keys.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    where = record.add_mutually_exclusive_group()
    where.add_argument(
        "--upstream",
        metavar="URL",
        default="https://dashscope.aliyuncs.com",
        help="where requests go: any region or workspace host; HTTPS_PROXY and NO_PROXY hold on the way",
    )
    where.add_argument(
        "--region",
        choices=REGIONS,
        default=None,
        help="the same by the name of a region: Beijing, Singapore or Virginia",
    )
    record.add_argument(
        "--cassette", type=Path, required=True, metavar="DIR", help="folder of the recordings"
    )
    record.add_argument(
        "--mode",
        choices=("all", "new", "none", "overwrite"),
        default="new",
        help="all: record everything; new: replay what is known; none: replay only; overwrite: record anew",
    )
    record.add_argument(
        "--upstream-key-env",
        metavar="NAME",
        help="send the key in this environment variable, not the client's own",
    )
    add_redaction(record)
    add_listening(record)
    record.set_defaults(run=_record)


def _record(options: argparse.Namespace) -> int:
    from mockserver.base.options import SettingsError  # noqa: PLC0415
    from mockserver.corridor.replay import Playing, Recorded  # noqa: PLC0415
    from mockserver.corridor.settings import Settings  # noqa: PLC0415
    from mockserver.recorder.proxy import Recorder  # noqa: PLC0415
    from mockserver.recorder.serving import serve  # noqa: PLC0415
    from mockserver.recorder.upstream import Target, Upstream, UpstreamError, proxy_for  # noqa: PLC0415
    from mockserver.recording.cassette import CassetteError  # noqa: PLC0415 - help answers at once
    from mockserver.recording.library import Library  # noqa: PLC0415
    from mockserver.recording.redaction import RedactionError  # noqa: PLC0415
    from mockserver.server.listening import PortTakenError  # noqa: PLC0415
    from mockserver.server.strangers import is_loopback  # noqa: PLC0415

    try:
        Settings(host=options.host, port=options.port)
        target = Target.read(f"https://{host_of(options.region)}" if options.region else options.upstream)
        key = upstream_key(options.upstream_key_env, option="--upstream-key-env")
        redaction = redaction_of(options)
        upstream = None if options.mode == "none" else Upstream(target, key=key, proxy=proxy_for(target))
        recorded = Recorded(Library(options.cassette, create=True), redaction, Playing(speed=0.0))
        local = is_loopback(options.host)
        recorder = Recorder(upstream, recorded, mode=options.mode, local=local)
        with ended_by_signal():
            serve(
                recorder,
                host=options.host,
                port=options.port,
                ready_file=options.ready_file,
                quiet=options.quiet,
            )
    except (SettingsError, UpstreamError, RedactionError, CassetteError, PortTakenError) as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
        return 2
    told = ", ".join(f"{count} {what}" for what, count in recorder.counts.items() if count)
    if told and not options.quiet:
        print(f"dashscope-mock: {told}", file=sys.stderr)  # noqa: T201
    return 1 if recorder.counts["not recorded"] or recorder.counts["missed"] else 0


def upstream_key(name: str | None, *, option: str) -> str | None:
    """The key in the environment variable that an option names. Raises `UpstreamError` without one."""
    from mockserver.recorder.upstream import UpstreamError  # noqa: PLC0415 - help answers at once

    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    if not key or not key.isascii() or not key.isprintable():
        msg = f"{option} {name}: that environment variable holds no key; export it first"
        raise UpstreamError(msg)
    return key
