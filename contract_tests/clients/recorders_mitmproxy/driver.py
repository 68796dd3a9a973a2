"""mitmproxy, a real recorder: it stands between as a reverse proxy and writes flows or an HTTP archive.

`driver.py JOB` reads `{"tool", "base", "out", "exchanges": [{"method", "target", "headers", "body"}]}`. It
needs the extra `mitmproxy`, and so Python 3.12.
"""

import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_PATIENCE = 30.0


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def opened(port: int, proxy: subprocess.Popen[bytes]) -> None:
    """Waits until the proxy listens. Raises `RuntimeError`."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and proxy.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = "mitmdump did not begin to listen"
    raise RuntimeError(message)


def ask(port: int, exchange: dict[str, Any]) -> None:
    """One request; whatever is answered is read to its end."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request(
        exchange["method"], exchange["target"], exchange["body"].encode("utf-8"), exchange["headers"]
    )
    line.getresponse().read()
    line.close()


def main() -> None:
    """Record with mitmdump."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    port, out = free_port(), Path(job["out"])
    command = [str(Path(sys.executable).with_name("mitmdump")), "--quiet", "--listen-port", str(port)]
    command += ["--mode", f"reverse:{job['base']}", "--set", f"confdir={out.with_suffix('.conf')}"]
    if job["tool"] == "mitmproxy-har":
        command += ["--set", f"hardump={out / 'exchanges.har'}"]
    else:
        command += ["--save-stream-file", str(out / "exchanges.flow")]
    with subprocess.Popen(command) as proxy:
        try:
            opened(port, proxy)
            for exchange in job["exchanges"]:
                ask(port, exchange)
        finally:
            proxy.terminate()


if __name__ == "__main__":
    main()
