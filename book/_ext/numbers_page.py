"""The page "Your own numbers": its form, its steppers and their addresses, by the package."""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from pybackprop.course import numbers
from pybackprop.course.numbers.page import reference, static_page

PLACE = '<div id="own-numbers"></div>'
OTHERS = '<div id="own-others"></div>'
FILES = ("numbers.js", "numbers.css")


def write_files(app: Sphinx) -> None:
    if app.builder.format == "html":
        for name in FILES:
            source = Path(numbers.__file__).with_name(name)
            place = Path(app.outdir, "_static", name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(source.read_bytes())


def place_form(app: Sphinx, doctree: nodes.document) -> None:
    for raw in list(doctree.findall(nodes.raw)):
        if raw.astext().strip() == PLACE:
            html = static_page(python=bool(app.config.book_python))
            raw.replace_self(nodes.raw("", html, format="html"))
        elif raw.astext().strip() == OTHERS:
            html = reference() if app.config.book_python else ""
            raw.replace_self(nodes.raw("", html, format="html"))


def load_form(app: Sphinx, page: str, template: str, context: dict[str, Any], _: Any) -> None:
    if 'id="own-form"' in context.get("body", ""):
        context["page_sheets"].append("_static/numbers.css")
        scripts = app.python_scripts  # type: ignore[attr-defined]
        app.add_js_file("python.js", priority=400, **scripts)
        app.add_js_file("numbers.js", priority=900)  # after interactive.js
    elif "pybackprop-interactive pb-own" in context.get("body", ""):
        context["page_sheets"].append("_static/numbers.css")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", write_files)
    app.connect("doctree-read", place_form)
    app.connect("html-page-context", load_form, priority=600)  # after pybackprop_book
    return {"parallel_read_safe": True, "parallel_write_safe": True}
