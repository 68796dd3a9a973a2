"""Real recorders of Python: each records the same exchanges and writes them in its own form.

`driver.py JOB` reads `{"tool", "base", "out", "exchanges": [{"method", "target", "headers", "body"}]}`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import requests


def ask(base: str, exchange: dict[str, Any], session: requests.Session) -> None:
    """One request; whatever is answered is read to its end."""
    answer = session.request(
        exchange["method"],
        base + exchange["target"],
        headers=exchange["headers"],
        data=exchange["body"].encode("utf-8"),
        timeout=30,
    )
    answer.content  # noqa: B018 - it reads


def by_vcrpy(job: dict[str, Any]) -> None:
    """One YAML file of vcrpy."""
    import vcr  # noqa: PLC0415 - the tool that was asked for

    tape = vcr.VCR(record_mode="all").use_cassette(f"{job['out']}/exchanges.yaml")
    with tape, requests.Session() as session:
        for exchange in job["exchanges"]:
            ask(job["base"], exchange, session)


def by_betamax(job: dict[str, Any]) -> None:
    """One JSON file of betamax."""
    import betamax  # noqa: PLC0415 - the tool that was asked for

    session = requests.Session()
    # By its own rule requests to one address are one, and only the last of them is kept.
    told_apart = {"match_requests_on": ["method", "uri", "body", "headers"]}
    recorder = betamax.Betamax(session, cassette_library_dir=job["out"], default_cassette_options=told_apart)
    with recorder.use_cassette("exchanges", record="all"):
        for exchange in job["exchanges"]:
            ask(job["base"], exchange, session)
    session.close()


def by_cassetter(job: dict[str, Any], ending: str) -> None:
    """One file of cassetter, in YAML or in TOML."""
    import cassetter  # noqa: PLC0415 - the tool that was asked for

    tape = cassetter.use_cassette(f"{job['out']}/exchanges.{ending}", record_mode="all")
    with tape, requests.Session() as session:
        for exchange in job["exchanges"]:
            ask(job["base"], exchange, session)


def main() -> None:
    """Record with the tool that the job names."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    tools = {
        "vcrpy": by_vcrpy,
        "betamax": by_betamax,
        "cassetter-yaml": lambda job: by_cassetter(job, "yaml"),
        "cassetter-toml": lambda job: by_cassetter(job, "toml"),
    }
    tools[job["tool"]](job)


if __name__ == "__main__":
    main()
