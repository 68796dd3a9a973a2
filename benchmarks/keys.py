"""Ask once with each of many API keys: how much memory that takes, and how much of it comes back.

    python benchmarks/keys.py            # 50,000 keys
    python benchmarks/keys.py --keys 20000 --check   # status 1 above the bound

In one process and without a network, so that nothing but the engine's memory is measured. It is done twice:
what an allocator keeps after a reset is used once more, so that the second time takes no more than the first.
"""

from __future__ import annotations

import argparse
import gc
import resource
import time
from pathlib import Path

from mockserver.corridor.engine import Engine
from mockserver.dialects.compat.surface import COMPAT
from mockserver.wire.incoming import RequestHeaders

BOUND = 30.0
"""MB by which memory may grow."""

WARMING = 2000
BODY = b'{"model":"qwen-plus","messages":[{"role":"user","content":"Which tea?"}]}'


def held() -> float:
    """Return the resident memory of this process, in MB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1024**2


def ask(engine: Engine, key: str) -> None:
    """Ask once, as a server would."""
    headers = RequestHeaders([(b"authorization", f"Bearer {key}".encode())])
    engine.ended(engine.chat(COMPAT, headers, BODY, arrived=time.time()))


def main() -> int:
    """Run, report, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--keys", type=int, default=50_000)
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    engine = Engine()
    for number in range(WARMING):
        ask(engine, f"sk-warming-{number}")
    engine.reset()
    before = held()
    grown = 0.0
    for turn in ("first", "again"):
        for number in range(asked.keys):
            ask(engine, f"sk-{turn}-{number}")
        now, kept = held() - before, len(list(engine.worlds))
        grown = max(grown, now)
        engine.reset()
        left = held() - before
        print(f"{asked.keys} keys, {turn}: {now:.1f} MB more, {kept} worlds; {left:.1f} MB after a reset")
    return int(asked.check and grown > BOUND)


if __name__ == "__main__":
    raise SystemExit(main())
