"""Headless Firefox, spoken to by WebDriver BiDi: one window, on this machine's pages alone."""

import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
PREFERENCES = {
    "network.proxy.type": 1,  # every other host: a port on which nobody listens
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1",
    "app.update.auto": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}


class Window:
    """A window: `go` to a page, `run` JavaScript in it and get its value as JSON has it."""

    def __init__(self, socket: Any) -> None:
        self.socket, self.asked = socket, 0
        self.call("session.new", capabilities={})
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result."""
        self.asked += 1
        self.socket.send(json.dumps({"id": self.asked, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.asked:
            pass
        if answer["type"] == "error":
            raise RuntimeError(answer["message"])
        return answer["result"]

    def go(self, url: str) -> None:
        """Open a page and wait until it is loaded."""
        self.call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def run(self, function: str, *given: Any) -> Any:
        """Call a function with values that JSON has; an error in the page is one here."""
        value = f"await ({function})(...{json.dumps(given)}) ?? null"
        call = f"(async () => JSON.stringify({value}))()"
        answer = self.call(
            "script.evaluate",
            expression=call,
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])


@contextmanager
def firefox() -> Iterator[Window]:
    """Open Firefox with a profile of its own."""
    import websocket

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});" for k, v in PREFERENCES.items()]
        with open(f"{profile}/user.js", "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        command = [str(FIREFOX), "--headless", "--remote-debugging-port", "0", "--profile", profile]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                assert process.stderr is not None
                address = next(filter(None, map(listening, process.stderr)))
                threading.Thread(target=process.stderr.read, daemon=True).start()  # never full
                socket = websocket.create_connection(
                    f"{address}/session", timeout=180, suppress_origin=True
                )
                yield Window(socket)
            finally:
                process.terminate()


def listening(line: str) -> str:
    """Return the address that Firefox says it listens on, or nothing.

    >>> listening("WebDriver BiDi listening on ws://127.0.0.1:9444")
    'ws://127.0.0.1:9444'
    """
    found = re.search(r"BiDi listening on (ws://\S+)", line)
    return found[1] if found else ""
