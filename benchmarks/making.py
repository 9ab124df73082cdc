"""The maker's side: `make book` cold and after a one-line change, and `make test`.

Runs in a copy of the repository, with its own environment; takes some minutes.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path

from .timing import print_table

ROOT = Path(__file__).parents[1]


def seconds(folder: Path, target: str) -> float:
    """Return how long `make target` takes; a failure ends the benchmark with its output."""
    started = time.perf_counter()
    result = subprocess.run(["make", target], cwd=folder, capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"make {target} failed:\n{result.stdout[-3000:]}{result.stderr[-3000:]}")
    return time.perf_counter() - started


def change_one_line(folder: Path) -> None:
    """Add a sentence to the first chapter."""
    path = folder / "book" / "01_forward_pass.ipynb"
    notebook = json.loads(path.read_text())
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    cell["source"] = [*cell["source"], "\n\nOne line more."]
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def main() -> None:
    """Print how long each takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "pybackprop"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
        rows = [["make book, nothing there yet", f"{seconds(folder, 'book'):.0f}"]]
        rows.append(["make book, nothing changed", f"{seconds(folder, 'book'):.0f}"])
        change_one_line(folder)
        rows.append(
            ["make book, one line of one chapter changed", f"{seconds(folder, 'book'):.0f}"]
        )
        subprocess.run(["git", "checkout", "--quiet", "."], cwd=folder, check=True)
        rows.append(["make test, environment not there yet", f"{seconds(folder, 'test'):.0f}"])
        rows.append(["make test, again", f"{seconds(folder, 'test'):.0f}"])
    print_table(["command", "seconds"], rows)
