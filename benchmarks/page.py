"""How smoothly the page scrolls through thousands of exchanges: page.py [--check] [--exchanges N]

A real browser opens the page, scrolls from the newest to the oldest and back while more come in, and counts
the tasks that kept its thread for more than 50 ms, which is what people feel (W3C Long Tasks). With --check
the exit status is 1 when there was one while scrolling. Others on the machine make tasks longer:
measure on a quiet one.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from contract_tests.page.browser import chromium, missing
from mockserver.corridor.engine import Engine
from mockserver.corridor.settings import Settings
from mockserver.state.journal import Entry
from tests.server.live import serving

_WATCH = """
window.long = [];
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.long.push(Math.round(task.duration));
}).observe({ type: "longtask" });
"""

_SCROLL = """
async () => {
  const list = document.querySelector("#list");
  const opened = window.long.splice(0);
  const began = performance.now();
  let frames = 0;
  for (const way of [1, -1]) {
    const end = way > 0 ? list.scrollHeight - list.clientHeight : 0;
    while (way * (end - list.scrollTop) > 1) {
      list.scrollTop += way * 900;
      frames += 1;
      await new Promise(requestAnimationFrame);
    }
  }
  return { opened, scrolling: window.long, frames, seconds: (performance.now() - began) / 1000 };
}
"""


def enter(engine: Engine, count: int, start: int = 0) -> None:
    """Enters exchanges into the journal, each with a message and findings as chats have."""
    world = engine.worlds.of("sk-bench")
    for at in range(start, start + count):
        body = b'{"messages":[{"role":"user","content":"Which tea would you like, number %d?"}]}' % at
        entry = Entry(str(at), world, "compat", stream=at % 2 == 0, body=body, arrived=1.7e9 + at)
        entry.model, entry.finished = "qwen-plus", 1.7e9 + at + 0.2
        engine.journal.add(entry)


def measured(exchanges: int) -> dict[str, Any]:
    """What the browser saw."""
    engine = Engine(Settings(journal=2 * exchanges))
    enter(engine, exchanges)
    with serving(engine) as url, chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(_WATCH)
        page.goto(f"{url}/_mock/")
        page.wait_for_function(
            "n => document.querySelector('#counted').textContent.includes(n)", arg=str(exchanges)
        )
        enter(engine, 50, exchanges)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _busy(session)
        found: dict[str, Any] = page.evaluate(_SCROLL)
        found["each"] = 1000 * (_busy(session) - before) / found["frames"]
    return found


def _busy(session: CDPSession) -> float:
    """For how many seconds of its own time the page's thread has worked."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def main() -> int:
    """Measures and tells; the exit status of a check."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--exchanges", type=int, default=5000)
    options = parser.parse_args()
    why = missing()
    if why:
        print(why)
        return 2
    found = measured(options.exchanges)
    print(f"{options.exchanges} exchanges, {found['frames']} frames in {found['seconds']:.1f} s")
    print(f"of its own time, each frame took the page's thread {found['each']:.1f} ms")
    print(f"tasks over 50 ms while opening:   {found['opened'] or 'none'}")
    print(f"tasks over 50 ms while scrolling: {found['scrolling'] or 'none'}")
    return 1 if options.check and found["scrolling"] else 0


if __name__ == "__main__":
    sys.exit(main())
