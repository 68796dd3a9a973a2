"""`dashscope-mock verify`: whether recordings still hold, offline or against the cloud of today."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mockserver.commands.record import add_redaction, redaction_of, upstream_key

if TYPE_CHECKING:
    from mockserver.recorder.report import Report


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Enters the command and its options."""
    verify = commands.add_parser(
        "verify",
        help="check whether recordings still hold",
        description="Holds recordings against our schemas, rules and catalogue; with --against, asks again.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    verify.add_argument("cassette", type=Path, metavar="DIR", help="folder of the recordings")
    verify.add_argument("--against", metavar="URL", help="send the requests again, to this host, and compare")
    verify.add_argument("--key-env", metavar="NAME", help="with --against: environment variable of the key")
    verify.add_argument(
        "--learn", type=Path, metavar="FILE", help="with --against: write what is new as a proposal, JSON"
    )
    verify.add_argument("--format", choices=("text", "json", "junit"), default="text", help="of the report")
    verify.add_argument("--output", type=Path, metavar="FILE", help="write the report there")
    verify.add_argument(
        "--fail-on",
        choices=("error", "warning", "info", "never"),
        default="error",
        help="end with status 1 for deviations as heavy as this",
    )
    add_redaction(verify)
    verify.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    from mockserver.recorder import report  # noqa: PLC0415 - help answers at once
    from mockserver.recorder.upstream import UpstreamError  # noqa: PLC0415
    from mockserver.recording.cassette import CassetteError  # noqa: PLC0415
    from mockserver.recording.redaction import RedactionError  # noqa: PLC0415

    try:
        found = _against(options) if options.against else _offline(options)
        written = report.WRITERS[options.format](found)
        if options.output is None:
            print(written, end="")  # noqa: T201 - the report is what was asked for
        else:
            options.output.write_text(written, encoding="utf-8")
            print(found.summary())  # noqa: T201
    except (CassetteError, RedactionError, UpstreamError) as error:
        print(f"dashscope-mock: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        print(f"dashscope-mock: {error.filename} cannot be written: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 2
    return found.status(options.fail_on)


def _offline(options: argparse.Namespace) -> "Report":
    """The report without a network. Raises `CassetteError` and `RedactionError`."""
    from mockserver.recorder.verify import verify  # noqa: PLC0415 - help answers at once

    return verify(options.cassette, redaction_of(options))


def _against(options: argparse.Namespace) -> "Report":
    """The report against a host; writes the proposal. Raises the errors of `_verify`."""
    from mockserver.recorder.drift import Drift, compare, learned, unkeyed  # noqa: PLC0415 - help answers at once
    from mockserver.recorder.report import Report  # noqa: PLC0415
    from mockserver.recorder.upstream import Target, Upstream, UpstreamError, proxy_for  # noqa: PLC0415
    from mockserver.recording.library import Library  # noqa: PLC0415

    redaction = redaction_of(options)
    target = Target.read(options.against)
    key = upstream_key(options.key_env, option="--key-env")
    library = Library(options.cassette)
    now = datetime.now(UTC)

    async def run() -> tuple[Report, list[Drift]]:
        upstream = Upstream(target, key=key, proxy=proxy_for(target))
        try:
            recordings = ((row.name, library.load(row)) for row in library.rows)
            return await compare(recordings, upstream, redaction, now=now)
        finally:
            await upstream.close()

    found, drifts = asyncio.run(run())
    if unkeyed(drifts):
        fix = f"it does not take the key in {options.key_env}" if key else "name its key with --key-env NAME"
        msg = f"{options.against} answers 401 to all {len(drifts)} requests: {fix}"
        raise UpstreamError(msg)
    if options.learn is not None:
        proposal = json.dumps(learned(drifts, now=now), indent=2, ensure_ascii=False)
        options.learn.write_text(proposal + "\n", encoding="utf-8")
    return found
