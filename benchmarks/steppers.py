"""Steppers in headless Chromium: click to painted frame, sizes, time until one can be used.

*work* is the handler, style and layout of one click, *paint* the time from the click's time stamp
until the frame that shows it has been handed over; at 60 Hz a frame comes every 16.7 ms, so paint
is work and the wait for the next frame. *usable* is from navigation to a working stepper on a
local server, with no other host within reach.
"""

import gzip
import shutil
import socket
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import pybackprop as pb
from pybackprop import interactive
from pybackprop.optimizers import SGD
from pybackprop.training import train

from .timing import print_table

CLICKS = 60
MARK = 'data-kind="stepper"'
VISITS = 7
MEASURE = """(clicks) => new Promise((done) => {
    const part = document.querySelector(".pybackprop-interactive"), work = [], paint = [];
    const [first, , , next] = part.querySelectorAll(".pb-buttons button");
    const slider = part.querySelector("input[type=range]");
    const channel = new MessageChannel();
    let begun = 0, left = clicks;
    channel.port1.onmessage = () => {
        paint.push(performance.now() - begun);
        if (--left) setTimeout(click, 20 + 16 * Math.random());
        else done({ work, paint });
    };
    const click = () => {
        if (slider.value === slider.max) first.click();
        begun = performance.now();
        next.click();
        part.getBoundingClientRect();
        work.push(performance.now() - begun);
        requestAnimationFrame(() => channel.port2.postMessage(0));
    };
    click();
})"""


def parts() -> dict[str, Any]:
    """Return the steppers by name, at the sizes the course uses."""
    net = pb.Network([2, 3, 1], rng=0)
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 2))
    Y = ((X**2).sum(axis=1, keepdims=True) < 0.5).astype(float)
    learner = pb.Network([2, 4, 1], "tanh", rng=3)
    history = train(
        learner, X, Y, optimizer=SGD(1.0), epochs=500, batch_size=None, record=True
    )  # fmt: skip
    x, y = [[0.5, 1.0]], [[1.0]]
    return {
        "forward 2-3-1": interactive.forward_stepper(net, x, y),
        "backward 2-3-1": interactive.backward_stepper(net, x, y),
        "derivation 2-3-1": interactive.derivation_stepper(net, x, y),
        "activation explorer": interactive.activation_explorer(),
        "loss explorer": interactive.loss_explorer(),
        "optimizer race": interactive.optimizer_race(),
        "training, 500 iterations": interactive.training_stepper(learner, history, X, Y),
        "gradient check": interactive.gradient_check_stepper(net, x, y),
    }


def page_of(part: Any) -> str:
    """Return a page with one part, as the book makes them."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stepper</title>'
        '<link rel="stylesheet" href="interactive.css"><script defer src="interactive.js"></script>'
        f"</head><body><main>{part.to_html()}</main></body></html>"
    )


@contextmanager
def silence() -> Any:
    """Open a port that takes connections and never answers: a host behind a black hole."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as hole:
        yield hole.getsockname()[1]


@contextmanager
def chromium(others: str = "~NOTFOUND") -> Any:
    """Open headless Chromium; every other host is led to ``others``."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        sys.exit("no Chromium on PATH")
    hosts = f"--host-resolver-rules=MAP * {others}, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", hosts]
        )
        yield browser
        browser.close()


def usable(browser: Any, url: str) -> float:
    """Return the median milliseconds from navigation until every stepper of a page works."""
    times = []
    for _ in range(VISITS):
        context = browser.new_context()
        page = context.new_page()
        page.goto(url, wait_until="commit")
        page.wait_for_selector("[data-ready=stepper]", state="attached")
        times.append(page.evaluate("performance.now()"))
        context.close()
    return median(times)


def size(text: str) -> int:
    """Return the bytes of a text, gzipped."""
    return len(gzip.compress(text.encode()))


def main() -> None:
    """Print sizes, and times of clicks and visits."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "book"))
    from conftest import serve
    from paths import SITE

    script, style = interactive.page_script(), interactive.style()
    print(f"front end, gzipped: {size(script)} B script + {size(style)} B style, limit 25000 B\n")
    rows = []
    with tempfile.TemporaryDirectory() as folder, serve(folder) as address, chromium() as browser:
        root = Path(folder)
        (root / "interactive.js").write_text(script, encoding="utf-8")
        (root / "interactive.css").write_text(style, encoding="utf-8")
        for name, part in parts().items():
            (root / "page.html").write_text(page_of(part), encoding="utf-8")
            ready = usable(browser, f"{address}/page.html")
            page = browser.new_page()
            page.goto(f"{address}/page.html")
            times = page.evaluate(MEASURE, CLICKS)
            page.close()
            work, paint = times["work"], times["paint"]
            rows.append(
                [
                    name,
                    str(max(run["n"] for run in part.data["runs"])),
                    f"{size(part.to_html()) / 1000:.1f}",
                    f"{median(work):.1f}",
                    f"{np.percentile(work, 95):.1f}",
                    f"{median(paint):.1f}",
                    f"{np.percentile(paint, 95):.1f}",
                    f"{ready:.0f}",
                ]
            )
    head = ["stepper", "frames", "kB gz", "work ms", "95 %", "paint ms", "95 %", "usable ms"]
    print_table(head, rows)
    pages = [page for page in sorted(SITE.glob("book/*.html")) if MARK in page.read_text("utf-8")]
    if not pages:
        print("\nThe book is not built: make book, then its pages are measured, too.")
        return
    rows = []
    with serve(SITE) as address, silence() as port:
        found: dict[str, list[float]] = {}
        for others in ("~NOTFOUND", f"127.0.0.1:{port}"):
            with chromium(others) as browser:
                for page in pages:
                    found.setdefault(page.stem, []).append(
                        usable(browser, f"{address}/book/{page.name}")
                    )
        rows = [[name, f"{refused:.0f}", f"{hole:.0f}"] for name, (refused, hole) in found.items()]
    print()
    print_table(["page of the book", "usable ms", "others black-holed"], rows)


if __name__ == "__main__":
    main()
