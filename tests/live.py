"""Every notebook live, as a reader opens it: one copied file in an empty folder.

    python tests/live.py colab|binder [NOTEBOOK ...]     (make colab, make live)

colab: Colab's versions; the first cell installs the package's wheel, and must change no other
package. binder: what .binder/ asks for, the newest of it.
"""

import argparse
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from portable import ROOT, Skip, environment, uv

sys.path.insert(0, str(ROOT / "book" / "_ext"))
import address  # noqa: E402
import published  # noqa: E402

# googlecolab/backend-info, August 2026.
COLAB = (
    *("numpy==2.1.3", "matplotlib==3.10.0", "scikit-learn==1.6.1", "ipython==7.34.0"),
    *("ipywidgets==7.7.1", "anywidget==0.9.21", "ipykernel==6.17.1", "tornado==6.5.7"),
    *("jupyter-client==7.4.9", "tqdm", "pip"),
)
VIEW = "application/vnd.jupyter.widget-view+json"
ANSWERS = """
import numpy as np
from pybackprop.course.exercises import check

def sigmoid_prime(z):
    return 1 / (1 + np.exp(-z))
wrong = check(sigmoid_prime)
def sigmoid_prime(z):
    return np.exp(-z) / (1 + np.exp(-z)) ** 2
right = check(sigmoid_prime)
assert wrong.status == "mistake", wrong
assert right, right
"""


def colab() -> Path:
    python = environment("colab", "3.13")
    uv("pip", "install", "--python", python, *COLAB)
    return python


def binder() -> Path:
    version = (ROOT / ".binder/runtime.txt").read_text(encoding="utf-8").strip()
    python = environment("binder", version.removeprefix("python-"))
    uv("pip", "install", "--python", python, "-r", ".binder/requirements.txt", "ipykernel")
    return python


QUIET = {"OPENBLAS_NUM_THREADS": "1", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
PLACES = {"colab": colab, "binder": binder}


def execute(notebook: Path, python: Path, wheels: Path) -> tuple[list[str], int]:
    """Run a copy in an empty folder; return what is wrong with it, and its number of widgets."""
    import nbclient
    import nbformat

    content = nbformat.read(notebook, as_version=4)
    first = next(cell for cell in content.cells if cell.cell_type == "code")
    wheel = next((wheels / "_static").glob("*.whl")).name
    first.source = address.installing(wheels.as_uri(), wheel)
    content.cells.append(nbformat.v4.new_code_cell(ANSWERS))
    with tempfile.TemporaryDirectory() as folder:
        kernel = Path(folder, "kernels", "reader", "kernel.json")
        kernel.parent.mkdir(parents=True)
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = {"argv": argv, "display_name": "reader", "language": "python"}
        kernel.write_text(json.dumps(spec), encoding="utf-8")
        empty = Path(folder, "empty")
        empty.mkdir()
        os.environ["JUPYTER_PATH"] = folder
        client = nbclient.NotebookClient(
            content, timeout=600, kernel_name="reader", resources={"metadata": {"path": str(empty)}}
        )
        mine = {"PYTHONPATH", "PYBACKPROP_STATIC"}  # a reader has none
        env = {name: value for name, value in os.environ.items() if name not in mine}
        try:
            client.execute(env=env | QUIET)
        except nbclient.exceptions.CellExecutionError as error:
            return [str(error)[-1500:]], 0
    outputs = [output for cell in content.cells for output in cell.get("outputs", [])]
    return what_is_wrong(outputs), sum(VIEW in output.get("data", {}) for output in outputs)


def what_is_wrong(outputs: list[dict[str, Any]]) -> list[str]:
    """Return what a reader would not expect: text on stderr, a widget without text or picture."""
    wrong = [f"stderr: {o['text'][:300]}" for o in outputs if o.get("name") == "stderr"]
    for data in (output["data"] for output in outputs if VIEW in output.get("data", {})):
        lacking = {"text/html", "text/plain"} - set(data)
        wrong += [f"a widget has no {kind}" for kind in sorted(lacking)]
    return wrong


def packages(python: Path) -> set[str]:
    return set(uv("pip", "freeze", "--python", python).split("\n"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("place", choices=PLACES)
    parser.add_argument("notebooks", nargs="*", type=Path)
    asked = parser.parse_args()
    try:
        python = PLACES[asked.place]()
    except Skip as reason:
        sys.exit(f"{asked.place}: {reason}")
    before, bad, widgets = packages(python), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "_static").mkdir()
        published.write_wheel(Path(folder) / "_static")
        for notebook in asked.notebooks or sorted((ROOT / "book").glob("*.ipynb")):
            start = time.monotonic()
            wrong, seen = execute(notebook, python, Path(folder))
            widgets += seen
            if asked.place == "colab":
                added = {line for line in packages(python) ^ before if line}
                others = [x for x in added if not re.match("pybackprop @ file:", x)]
                wrong += [f"the first cell changed {line}" for line in others]
                uv("pip", "uninstall", "--python", python, "pybackprop")
            bad += bool(wrong)
            seconds = f"{time.monotonic() - start:.0f} s, {seen} widgets"
            print(
                f"{notebook.name:<30} {'FAILED' if wrong else 'runs'} ({seconds})",
                *wrong,
                sep="\n    ",
                flush=True,
            )
    print(f"{asked.place}: {bad} failed, {widgets} widgets, each with a picture and a text")
    sys.exit(bad > 0 or not widgets)


if __name__ == "__main__":
    main()
