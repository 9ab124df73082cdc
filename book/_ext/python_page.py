"""Python on the page: exercises in code get an editor, cells "Edit and run".

A page asks for the runtime when a reader first presses a button, never before.
"""

import ast
import re
from html import escape
from pathlib import Path
from typing import Any

import pyodide_files
import python_scripts
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from pybackprop.course.exercises import EXERCISES, Code
from pybackprop.course.exercises.page import IN_NOTEBOOK
from pybackprop.course.page_python.cells import lacking

PAGE = "book/python_on_the_page"
NONE = "This copy of the book was built without Python for its pages."
WITHOUT = f"<p>{NONE} Complete the function in the next cell, in a live notebook, and run it.</p>"
SLOW = "Takes a minute or more on a page, seconds in the notebook."
RUNS = re.compile(r'class="cell [^"]*\bpb-runs\b')
logger = logging.getLogger(__name__)


def look_for_python(app: Sphinx, config: Config) -> None:
    """Find out whether pages can have Python; where that changes, every page is read again."""
    try:
        app.python_files = python_scripts.runtime()  # type: ignore[attr-defined]
    except pyodide_files.Missing as error:
        app.python_files = {}  # type: ignore[attr-defined]
        logger.info("Python on the page: none. %s", error)
    files = app.python_files  # type: ignore[attr-defined]
    config.book_python = python_scripts.digest(files) if files else ""


def write_python(app: Sphinx) -> None:
    files = app.python_files  # type: ignore[attr-defined]
    if app.builder.format == "html" and files:
        scripts = python_scripts.write_scripts(Path(app.outdir, "_static"), files)
        app.python_scripts = scripts  # type: ignore[attr-defined]


def place_editors(app: Sphinx, doctree: nodes.document) -> None:
    """Put the stub of each exercise in code where its editor will be, and take out the cell.

    Where pages have no Python, they say so.
    """
    if app.env.docname == PAGE and not app.config.book_python:
        doctree.next_node(nodes.title).parent.insert(1, nodes.paragraph("", NONE))
    codes = {f'id="exercise-{key}"': e for key, e in EXERCISES.items() if isinstance(e, Code)}
    for raw in list(doctree.findall(nodes.raw)):
        html = raw.astext()
        exercise = next((codes[mark] for mark in codes if mark in html), None)
        if exercise is None:
            continue
        raw.children[:] = []
        if app.config.book_python:
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


def offer_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Mark the cells that can run on the page; the others say what they lack, slow ones that."""
    if not app.config.book_python:
        return
    shown = [(cell, code) for cell in doctree.findall(nodes.container) if (code := code_of(cell))]
    endless = [k for k, (cell, _) in enumerate(shown) if "tag_not-on-page" in cell["classes"]]
    lacks = lacking([code.astext() for _, code in shown], endless)
    for (cell, code), lack in zip(shown, lacks, strict=True):
        if not lack:
            cell["classes"].append("pb-runs")
        why = f"Needs {escape(lack)}: runs in the notebook, not here." if lack else ""
        if why := why or (SLOW if "tag_slow-on-page" in cell["classes"] else ""):
            code.parent.append(nodes.raw("", f"<p class='pb-why'>{why}</p>", format="html"))


def code_of(cell: nodes.container) -> nodes.literal_block | None:
    """Return the code that a cell shows; nothing for other parts of a page."""
    if cell.get("nb_element") != "cell_code":
        return None
    inputs = (part for part in cell.findall(nodes.container) if "cell_input" in part["classes"])
    return next((code for part in inputs for code in part.findall(nodes.literal_block)), None)


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
    body = context.get("body", "")
    runs = RUNS.search(body)
    if 'class="pb-stub"' in body or runs:
        if "_static/interactive.css" not in context["page_sheets"]:
            context["page_sheets"].append("_static/interactive.css")
            app.add_js_file("interactive.js")
        context["page_sheets"].append("_static/python.css")
        scripts = app.python_scripts  # type: ignore[attr-defined]
        app.add_js_file("python.js", priority=400, **scripts)  # before interactive.js
    if runs:
        app.add_js_file("cells.js", priority=450)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("book_python", "", "env")
    app.connect("config-inited", look_for_python)
    app.connect("builder-inited", write_python)
    app.connect("doctree-read", place_editors)
    app.connect("doctree-read", offer_cells, priority=600)  # after place_editors
    app.connect("html-page-context", load_python, priority=600)  # after pybackprop_book
    return {"parallel_read_safe": True, "parallel_write_safe": True}
