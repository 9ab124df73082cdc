"""Python on the page in headless Chromium: from the first press to the verdict.

The yardstick is bare Pyodide from plain files on the same local server, until it has imported
NumPy. All take their turn in each round, and each ratio is the median over the rounds of a time
over the yardstick's in the same round. *second page* is the same again on another page of the
book, in the same browser; *second visit* the first page once more.
"""

import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from .steppers import chromium
from .timing import print_table

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "book"))
sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
import pyodide_files
from local import serve
from paths import SITE

ROUNDS = 5
BARE = "bare Pyodide, import numpy"
PAGES = ("03_delta", "02_losses")

YARDSTICK = """<!doctype html><meta charset="utf-8"><title>bare</title>
<script src="pyodide.js"></script>"""
IMPORT = """async () => {
    const start = performance.now();
    const python = await loadPyodide({ indexURL: new URL(".", location.href).href });
    await python.loadPackage("numpy");
    python.runPython("import numpy");
    return performance.now() - start;
}"""
# Press a button of the page's first exercise in code; the time until its answer, or until a
# running one has ended.
PRESS = """async (name) => {
    const part = document.querySelector(".pb-exercise:has(.pb-field)");
    const press = (label) => [...part.querySelectorAll("button")]
        .find((button) => button.textContent === label).click();
    const stop = part.querySelector("[aria-disabled]");
    const wait = async (until) => {
        while (!until()) await new Promise((later) => setTimeout(later, 1));
    };
    if (name === "Stop") {
        const field = part.querySelector("textarea");
        field.value = "while True: pass";
        field.dispatchEvent(new Event("input"));
        press("Run");
        await wait(() => part.querySelector(".pb-progress-line").textContent.startsWith("Running"));
    }
    const start = performance.now();
    press(name);
    await wait(() => stop.ariaDisabled === "true");
    const time = performance.now() - start;
    if (name === "Stop") press("Reset"); // else the next visit would find the loop
    return time;
}"""


def measure(page: Any, url: str, script: str, *arguments: Any) -> float:
    """Open a page, let it come to rest, and return the milliseconds that a script measures."""
    page.goto(url, wait_until="load")
    page.wait_for_timeout(1000)
    time: float = page.evaluate(script, *arguments)
    return time


def one_round(browser: Any, bare: str, places: dict[str, str]) -> dict[str, float]:
    """Return what each contender needs, in ms, each with an empty cache."""
    page = browser.new_context().new_page()
    times = {BARE: measure(page, f"{bare}/index.html", IMPORT)}
    page.context.close()
    for place, address in places.items():
        page = browser.new_context().new_page()
        first, other = (f"{address}/book/{name}.html" for name in PAGES)
        times[f"first verdict, {place}"] = measure(page, first, PRESS, "Check")
        times[f"another check, {place}"] = page.evaluate(PRESS, "Check")
        times[f"stop, {place}"] = page.evaluate(PRESS, "Stop")
        times[f"second page, {place}"] = measure(page, other, PRESS, "Check")
        times[f"second visit, {place}"] = measure(page, first, PRESS, "Check")
        page.context.close()
    return times


def write_yardstick(folder: Path) -> None:
    """Write a page that loads Pyodide and NumPy from plain files beside it."""
    for name in ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"):
        shutil.copy(pyodide_files.PYODIDE / name, folder)
    shutil.copy(pyodide_files.PYODIDE / "pyodide-lock.json", folder)
    for name, content in pyodide_files.wheels(["numpy"])[1].items():
        (folder / name).write_bytes(content)
    (folder / "index.html").write_text(YARDSTICK, encoding="utf-8")


def main() -> None:
    """Print the table."""
    if not list(SITE.glob("_static/python-runtime-*")):
        sys.exit("The book is not built, or without Python: make book.")
    rounds = []
    with tempfile.TemporaryDirectory() as name, serve(name) as bare, serve(SITE) as book:
        write_yardstick(Path(name))
        for _ in range(ROUNDS):
            with chromium() as browser:
                places = {"server": book, "disk": SITE.as_uri()}
                rounds.append(one_round(browser, bare, places))
    rows = []
    for what in rounds[0]:
        times = [times[what] for times in rounds]
        ratio = median(times[what] / times[BARE] for times in rounds)
        rows.append([what, f"{median(times):.0f}", f"{ratio:.2f}"])
    print_table(["what", "ms", "x bare"], rows)


if __name__ == "__main__":
    main()
