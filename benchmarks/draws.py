"""How many conversations the kit's strategies draw in a second of processor time.

    python benchmarks/draws.py [--check]

With --check the exit status is 1 when it is below the floor, an eighth of what an idle core does: a suite in
which drawing takes longer than the client that it tests is not run.
"""

import sys
import time

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mockserver.contract.cases import Case
from mockserver.contract.strategies import conversations

FLOOR = 75
EXAMPLES, TOGETHER = 20, 20


def rate() -> float:
    """Conversations drawn, per second of processor time."""
    drawn = 0

    @settings(
        max_examples=EXAMPLES, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(conversations(), min_size=TOGETHER, max_size=TOGETHER))
    def draw(cases: list[Case]) -> None:
        nonlocal drawn
        drawn += len(cases)

    draw()  # the strategies themselves are built once
    drawn = 0
    began = time.process_time()
    draw()
    return drawn / (time.process_time() - began)


def main() -> int:
    """Prints the rate; the exit status."""
    drawn = rate()
    print(f"conversations drawn: {drawn:,.0f} a second, floor: {FLOOR}")
    return int("--check" in sys.argv[1:] and drawn < FLOOR)


if __name__ == "__main__":
    sys.exit(main())
