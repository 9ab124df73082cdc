"""WebKit, spoken to by WebDriver: one window, on a screen in memory, without other hosts."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

BROWSER = next(Path("/usr").glob("lib*/*/webkit2gtk-4*/MiniBrowser"), None)
MISSING = [name for name in ("WebKitWebDriver", "Xvfb") if shutil.which(name) is None]
MISSING += ["MiniBrowser"] * (BROWSER is None)
NOWHERE = "127.0.0.1:9"  # every other host: a port on which nobody listens
SECONDS = 180


class Window:
    """A window: `go` to a page, `run` JavaScript in it and get its value as JSON has it."""

    def __init__(self, driver: str) -> None:
        self.session = f"{driver}/session"
        wanted = {
            "webkitgtk:browserOptions": {"binary": str(BROWSER), "args": ["--automation"]},
            "proxy": {
                "proxyType": "manual",
                "httpProxy": NOWHERE,
                "sslProxy": NOWHERE,
                "noProxy": ["127.0.0.1"],
            },
            "timeouts": {"script": 1000 * SECONDS, "pageLoad": 1000 * SECONDS},
        }
        made = self.call("POST", "", capabilities={"alwaysMatch": wanted})
        self.session += f"/{made['sessionId']}"

    def call(self, method: str, command: str, **given: Any) -> Any:
        """Send a command and return its value."""
        data = json.dumps(given).encode() if method == "POST" else None
        try:
            with urlopen(
                Request(self.session + command, data, method=method), timeout=SECONDS + 20
            ) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from error

    def go(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self.call("POST", "/url", url=url)

    def run(self, function: str, *given: Any) -> Any:
        """Call a function with values that JSON has; an error in the page is one here."""
        script = (
            "const done = arguments[arguments.length - 1];"
            f"({function})(...{json.dumps(given)})"
            ".then((value) => done({ value: value ?? null }), (e) => done({ error: String(e) }));"
        )
        answer = self.call("POST", "/execute/async", script=script, args=[])
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]


@contextmanager
def webkit() -> Iterator[Window]:
    """Open WebKitGTK's small browser, with nothing from before."""
    with running("Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24") as screen:
        assert screen.stdout is not None
        display = f":{int(screen.stdout.readline())}"
        port = free_port()
        with running("WebKitWebDriver", f"--port={port}", DISPLAY=display, GDK_BACKEND="x11"):
            wait_for(port)
            window = Window(f"http://127.0.0.1:{port}")
            try:
                yield window
            finally:
                window.call("DELETE", "")


@contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program as long as it is needed."""
    with subprocess.Popen(
        command,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until the driver answers."""
    for _ in range(200):
        try:
            with urlopen(f"http://127.0.0.1:{port}/status", timeout=5):
                return
        except (URLError, ConnectionError):
            time.sleep(0.1)
    raise RuntimeError("WebKitWebDriver does not answer")
