"""The same on every machine: unit tests and notebooks on other kernels, roundings and versions.

    python tests/portable.py [--notebooks] [NAME ...]     (make portable NAMES="Haswell jitter-1")

Without names all are run; what this machine cannot run is skipped, and why is said.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
ALIASES = {"Prescott": "Katmai"}  # the same code; OpenBLAS tells the oldest name
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
NATIVE = {"OPENBLAS_NUM_THREADS": "1"}
"""What `make refresh` and `make test` run with."""
OPTIONS = (
    *("-c", "pyproject.toml", "-p", "no:cacheprovider", "-q", "--tb=short"),
    *("-n", "2", "--dist", "loadgroup"),
)

KERNEL = """
import numpy as np, threadpoolctl
np.ones((64, 64)) @ np.ones((64, 64))
print(*{x.get("architecture") for x in threadpoolctl.threadpool_info()} - {None})"""
FEATURES = """
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
print(*(x for x in __cpu_dispatch__ if __cpu_features__.get(x)))"""


class Skip(Exception):
    """What this machine cannot run, and why."""


@dataclass
class Place:
    """A machine as the tests see it: an interpreter and its environment variables."""

    python: Path = Path(sys.executable)
    variables: dict[str, str] = field(default_factory=dict)


def ask(program: str, **variables: str) -> str:
    """Run a few lines of Python and return what they print."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | NATIVE | variables,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Skip(f"ended with {done.returncode} {done.stderr.strip()[-100:]}")
    return done.stdout.strip()


def kernel(name: str) -> Place:
    """OpenBLAS with the products of another processor; it falls back where one cannot run."""
    runs = ask(KERNEL, OPENBLAS_CORETYPE=name)
    if runs.lower() != ALIASES.get(name, name).lower():
        raise Skip(f"this processor runs {runs or 'no OpenBLAS'} instead")
    return Place(variables={"OPENBLAS_CORETYPE": name})


def baseline() -> Place:
    """NumPy's own loops without AVX2, FMA and whatever else it chooses when it is loaded."""
    features = ask(FEATURES)
    if not features:
        raise Skip("this processor has nothing to switch off")
    return Place(variables={"NPY_DISABLE_CPU_FEATURES": features})


def threads() -> Place:
    if os.cpu_count() == 1:
        raise Skip("one core only")
    return Place(variables={"OPENBLAS_NUM_THREADS": "2"})


def jitter(seed: int) -> Place:
    path = os.pathsep.join(
        [str(ROOT / "tests/jitter"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    )
    return Place(variables={"PYTHONPATH": path, "JITTER": str(seed)})


def uv(*words: str | Path) -> str:
    command = [sys.executable, "-m", "uv", "--quiet", "--no-python-downloads", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise Skip(f"uv {words[0]} {words[1]}: {done.stderr.strip()[-300:]}")
    return done.stdout


def environment(name: str, version: str) -> Path:
    """Make an empty environment with this Python, and return its interpreter."""
    folder = ROOT / ".venv-portable" / name
    try:
        uv("venv", "--clear", "--no-project", "--python", version, folder)
    except Skip:
        raise Skip(f"no Python {version} on this machine") from None
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def locked(version: str) -> Place:
    python = environment(f"python-{version}", version)
    uv("pip", "install", "--python", python, "--require-hashes", "-r", "lock/test.txt")
    uv("pip", "install", "--python", python, "--no-deps", "--no-build-isolation", "-e", ".")
    return Place(python)


def lowest() -> Place:
    """The lowest versions that pyproject.toml allows of what the package and its extras need."""
    python = environment("lowest", PYTHONS[0])
    extras = [f"--extra={name}" for name in ("notebooks",)]
    pins = python.parents[1] / "lowest.txt"
    uv(
        "pip", "compile", "--resolution=lowest-direct", "--python", python, *extras,
        "pyproject.toml", "-o", pins,
    )  # fmt: skip
    uv("pip", "install", "--python", python, "-r", pins, "-e", ".[notebooks,test]")
    return Place(python)


PLACES: dict[str, Callable[[], Place]] = {
    "native": Place,
    **{name: lambda name=name: kernel(name) for name in KERNELS},  # type: ignore[misc]
    "baseline": baseline,
    "threads-2": threads,
    **{f"jitter-{seed}": lambda seed=seed: jitter(seed) for seed in (1, 2, 3)},  # type: ignore[misc]
    **{f"python-{v}": lambda v=v: locked(v) for v in PYTHONS},  # type: ignore[misc]
    "lowest": lowest,
}


def with_id(line: str) -> str:
    """Add a cell's id to the line that says that it failed."""
    match = re.search(r"(\S+\.ipynb)::Cell (\d+)", line)
    if not match or not (path := ROOT / match[1]).exists():
        return line
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return f"{match[0]}, {code[int(match[2])]['id']}"


def run(name: str, tests: list[str]) -> tuple[str, list[str]]:
    """Run the tests in one place; return a line that says how it went, and what failed."""
    start = time.monotonic()
    try:
        place = PLACES[name]()
    except Skip as reason:
        return f"{name:<12} skipped: {reason}", []
    done = subprocess.run(
        [str(place.python), "-m", "pytest", *OPTIONS, *tests],
        cwd=ROOT,
        env=os.environ | NATIVE | place.variables,
        capture_output=True,
        text=True,
    )
    lines = re.sub(r"\x1b\[\d*m", "", done.stdout).splitlines()
    failed = [with_id(line) for line in lines if line.startswith(("FAILED", "ERROR"))]
    if done.returncode:
        print(f"\n{name}: {done.args}\n{done.stdout[-30_000:]}{done.stderr[-3_000:]}")
    last = re.sub(r"^=+ | =+$| in .*", "", lines[-1]) if lines else "no output"
    if done.returncode and not failed:
        failed = [f"pytest ended with {done.returncode}"]
    return f"{name:<12} {last} ({time.monotonic() - start:.0f} s)", failed


def report(names: list[str], tests: list[str]) -> Iterator[str]:
    """Run everything, and yield the lines of the table; the last one counts."""
    bad = ran = skipped = 0
    for name in names:
        line, failed = run(name, tests)
        print(line, flush=True)
        yield line
        yield from (f"{'':12} {x}" for x in failed)
        skipped += "skipped:" in line
        bad += bool(failed)
        ran += "skipped:" not in line
    yield f"{ran - bad} passed, {bad} failed, {skipped} skipped"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notebooks", action="store_true", help="the book's notebooks alone")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PLACES))
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in PLACES]:
        parser.error(f"{unknown[0]!r} is none of {', '.join(PLACES)}")
    tests = ["book", "--ignore=book/_ext"]
    if not asked.notebooks:
        tests += ["tests", "pybackprop", "--ignore=tests/book"]
    table = list(report(asked.names or list(PLACES), tests))
    print("", *table, sep="\n")
    sys.exit(" 0 failed" not in table[-1])


if __name__ == "__main__":
    main()
