"""The page "Status": what the build has just seen, chapter by chapter and equation by equation."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from docutils import nodes
from measured import as_table
from second_pages import in_order
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

PAGE = "book/status"
PLACE = '<div id="status"></div>'
PACKAGES = ("numpy", "matplotlib", "scikit-learn", "ipywidgets", "anywidget", "jupyter-book")


def count_parts(app: Sphinx, doctree: nodes.document) -> None:
    """Note what a page has; Sphinx keeps a page's metadata as long as the page stays the same."""
    shown = [raw.astext() for raw in doctree.findall(nodes.raw)]
    interactive = [html for html in shown if 'class="pybackprop-interactive' in html]
    exercises = [html for html in interactive if 'data-kind="exercise"' in html]
    cells = [c for c in doctree.findall(nodes.container) if c.get("nb_element") == "cell_code"]
    app.env.metadata[app.env.docname]["parts"] = {
        "cells": len(cells),
        "steppers": len(interactive) - len(exercises),
        "exercises": len(exercises),
    }


def write_anew(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Each build writes the page again: it speaks of the build."""
    return [PAGE] if PAGE in env.all_docs else []


def place_tables(app: Sphinx, doctree: nodes.document, page: str) -> None:
    if page != PAGE:
        return
    for raw in list(doctree.findall(nodes.raw)):
        if raw.astext().strip() == PLACE:
            raw.replace_self([*built(), *chapters(app), *equations(app)])


def built() -> list[nodes.Node]:
    now = datetime.now(UTC).strftime("%d %B %Y, %H:%M UTC")
    names = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    words = f"Built on {now} with pybackprop {version('pybackprop')}, {names}; "
    words += f"Python {platform.python_version()} on {platform.system()} {platform.machine()}."
    return [nodes.paragraph(text=words)]


def executed(app: Sphinx) -> dict[str, dict[str, Any]]:
    """Return what was noted of each executed page, in the book's order."""
    known = app.env.nb_metadata  # type: ignore[attr-defined]
    return {
        page: app.env.metadata[page] | {"run": known[page]["exec_data"]}
        for page in in_order(app.env)
        if known.get(page, {}).get("exec_data")
    }


def chapters(app: Sphinx) -> list[nodes.Node]:
    """Return the table of chapters: how long each takes, and what is in it."""
    rows: list[list[str | nodes.Node]] = []
    for page, noted in executed(app).items():
        parts, checks, run = noted["parts"], noted.get("checks", {}), noted["run"]
        worst = max((float(check["error"]) for check in checks.values()), default=None)
        rows.append(
            [
                link(app, page, "", app.env.titles[page].astext()),
                "yes" if run["succeeded"] else "no",
                f"{run['runtime']:.0f} s" if run["runtime"] else "",
                *(str(parts[name]) for name in ("cells", "steppers", "exercises")),
                str(len(checks)),
                "" if worst is None else f"{worst:.1e}",
            ]
        )
    head = [
        "chapter",
        "ran through",
        "in",
        "cells",
        "steppers",
        "exercises",
        "equations",
        "worst error",
    ]
    return [nodes.rubric(text="Chapters"), as_table(head, rows)]


def equations(app: Sphinx) -> list[nodes.Node]:
    """Return the table of checked equations with the largest error of each."""
    rows = [
        [link(app, page, check["cell"], tag), app.env.titles[page].astext(), check["error"]]
        for page, noted in executed(app).items()
        for tag, check in noted.get("checks", {}).items()
    ]
    return [nodes.rubric(text="Equations"), as_table(["equation", "in", "largest error"], rows)]


def link(app: Sphinx, page: str, anchor: str, text: str) -> nodes.Node:
    """Return a paragraph with a link from the status page."""
    address = app.builder.get_relative_uri(PAGE, page) + (f"#{anchor}" if anchor else "")
    return nodes.paragraph("", "", nodes.reference("", text, refuri=address, internal=True))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", count_parts)
    app.connect("env-updated", write_anew)
    app.connect("doctree-resolved", place_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
