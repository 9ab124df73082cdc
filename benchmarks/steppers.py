"""Steppers in headless Chromium: sizes, and the time from a click to the painted frame.

*frame* is what a click costs: its handler, style, layout and paint, from a click at the start of a
frame until the frame has been handed over. Below 16.7 ms that frame still shows it. *seen* is from
a click at any moment; at 60 Hz it waits up to 16.7 ms more for its frame.
"""

import gzip
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import pybackprop as pb
from pybackprop.course import steppers
from pybackprop.optimizers import SGD
from pybackprop.training import train

from .timing import print_table

sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
from local import CHROMIUM, FLAGS, serve

CLICKS = 60
MEASURE = """({ clicks, aligned }) => new Promise((done) => {
    const part = document.querySelector(".pybackprop-interactive"), times = [];
    const [first, , , next] = part.querySelectorAll(".pb-buttons button");
    const slider = part.querySelector("input[type=range]");
    const channel = new MessageChannel();
    let begun = 0, left = clicks;
    channel.port1.onmessage = () => {
        times.push(performance.now() - begun);
        if (!--left) return done(times);
        const again = aligned ? () => requestAnimationFrame(click) : click;
        setTimeout(again, 20 + 16 * Math.random());
    };
    const click = () => {
        if (slider.value === slider.max) first.click();
        begun = performance.now();
        next.click();
        if (aligned) channel.port2.postMessage(0);
        else requestAnimationFrame(() => channel.port2.postMessage(0));
    };
    requestAnimationFrame(click);
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
        "forward 2-3-1": steppers.forward_stepper(net, x, y),
        "backward 2-3-1": steppers.backward_stepper(net, x, y),
        "derivation 2-3-1": steppers.derivation_stepper(net, x, y),
        "activation explorer": steppers.activation_explorer(),
        "loss explorer": steppers.loss_explorer(),
        "optimizer race": steppers.optimizer_race(),
        "training, 500 iterations": steppers.training_stepper(history),
        "gradient check": steppers.gradient_check_stepper(net, x, y),
    }


def page_of(part: Any) -> str:
    """Return a page with one part, as the book makes them."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stepper</title>'
        '<link rel="stylesheet" href="interactive.css"><script defer src="interactive.js"></script>'
        f"</head><body><main>{part.to_html()}</main></body></html>"
    )


@contextmanager
def chromium(others: str = "~NOTFOUND") -> Any:
    """Open headless Chromium; every other host is led to ``others``."""
    from playwright.sync_api import sync_playwright

    if CHROMIUM is None:
        sys.exit("no Chromium on PATH")
    hosts = f"--host-resolver-rules=MAP * {others}, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, hosts])
        yield browser
        browser.close()


def size(text: str) -> int:
    """Return the bytes of a text, gzipped."""
    return len(gzip.compress(text.encode()))


def main() -> None:
    """Print sizes, and times of clicks."""
    script, style = steppers.page_script(), steppers.style()
    print(f"front end, gzipped: {size(script)} B script + {size(style)} B style, limit 13200 B\n")
    rows = []
    with tempfile.TemporaryDirectory() as folder, serve(folder) as address, chromium() as browser:
        root = Path(folder)
        (root / "interactive.js").write_text(script, encoding="utf-8")
        (root / "interactive.css").write_text(style, encoding="utf-8")
        for name, part in parts().items():
            (root / "page.html").write_text(page_of(part), encoding="utf-8")
            page = browser.new_page()
            page.goto(f"{address}/page.html")
            times = [
                page.evaluate(MEASURE, {"clicks": CLICKS, "aligned": aligned})
                for aligned in (True, False)
            ]
            page.close()
            rows.append(
                [
                    name,
                    str(max(run["n"] for run in part.data["runs"])),
                    f"{size(part.to_html()) / 1000:.1f}",
                    *(f"{q(t):.1f}" for t in times for q in (median, slowest)),
                ]
            )
    print_table(["stepper", "frames", "kB gz", "frame ms", "95 %", "seen ms", "95 %"], rows)


def slowest(times: list[float]) -> float:
    """Return the time that 95 of 100 clicks do not exceed."""
    return float(np.percentile(times, 95))


if __name__ == "__main__":
    main()
