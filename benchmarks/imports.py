"""`import pybackprop` against `import numpy` alone, each in a fresh interpreter."""

import os
import subprocess
import sys

from .timing import medians


def main() -> None:
    """Print both times and their ratio, less the start of the interpreter itself."""
    # As installed packages are: compiled, by the first of the runs.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    statements = {"nothing": "pass", "numpy": "import numpy", "pybackprop": "import pybackprop"}
    runs = {
        name: (lambda text=text: subprocess.run([sys.executable, "-c", text], check=True, env=env))
        for name, text in statements.items()
    }
    seconds = medians(runs, rounds=40)
    numpy = seconds["numpy"] - seconds["nothing"]
    ours = seconds["pybackprop"] - seconds["nothing"]
    print(
        f"numpy {numpy * 1e3:.0f} ms, pybackprop {ours * 1e3:.0f} ms: {ours / numpy:.2f} times; "
        f"with the interpreter's {seconds['nothing'] * 1e3:.0f} ms: "
        f"{seconds['pybackprop'] / seconds['numpy']:.2f} times"
    )
