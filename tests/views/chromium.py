"""A headless Chromium for tests, spoken to over a pipe in its DevTools protocol."""

import json
import os
import select
import shutil
import subprocess
import time
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "chrome-headless-shell", "chromium-headless-shell")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-software-rasterizer", "--no-zygote",
         "--disable-dev-shm-usage", "--remote-debugging-pipe")  # fmt: skip
PATIENCE = 120
"""Seconds that a command may take."""


def browser():
    """A Chromium, named by BAYESLAW_BROWSER or found on the path; None if there is none."""
    return os.environ.get("BAYESLAW_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """A page of a browser; ``events`` are those that came in so far."""

    def __init__(self, process, write, read):
        self.process, self.pipe, self.read, self.events, self.number, self.rest = process, write, read, [], 0, b""
        target = self.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = None
        self.session = self.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    session = None

    def ask(self, method, params=None):
        """Send a command and wait for what it returns."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params or {}}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.pipe, json.dumps(message).encode() + b"\0")
        return self.wait_for(lambda found: found.get("id") == self.number)["result"]

    def wait_for(self, wanted):
        """Read messages until one is wanted."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            while b"\0" in self.rest:
                text, _, self.rest = self.rest.partition(b"\0")
                found = json.loads(text)
                self.events.append(found)
                if wanted(found):
                    return found
            if select.select([self.read], [], [], 1.0)[0]:
                self.rest += os.read(self.read, 1 << 20)
        raise TimeoutError(self.events[-5:])

    def open(self, address, width, height=900):
        """Load a page in a window of that size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", size)
        self.ask("Page.navigate", {"url": address})
        self.wait_for(lambda found: found.get("method") == "Page.loadEventFired")

    def value(self, expression):
        """What an expression of JavaScript is on the page."""
        return self.ask("Runtime.evaluate", {"expression": expression, "returnByValue": True})["result"].get("value")

    def complaints(self):
        """Errors and warnings on the console, exceptions, and requests that were refused."""
        kinds = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [found for found in self.events if found.get("method") in kinds]


@contextmanager
def tab(folder):
    """A tab of a browser that keeps its files in a folder, and ends with the block."""
    (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()

    moved = f'exec "$@" 3<&{to_read} 4>&{from_write}'  # where a browser looks for its pipes
    command = ["bash", "-c", moved, "bash", browser(), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, pass_fds=(to_read, from_write))
    try:
        yield Tab(process, to_write, from_read)
    finally:
        process.kill()
        process.wait()
        for end in (to_read, to_write, from_read, from_write):
            os.close(end)
