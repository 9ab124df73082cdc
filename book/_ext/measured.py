"""``{measured} NAME``: a table that the benchmark of this name measures while the book is built."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]


def table(name: str) -> list[list[str]]:
    """Return the rows of the table that a benchmark prints, its header first.

    In a process of its own, with one BLAS thread: what else the build does is not in the way.
    """
    program = f"from benchmarks import {name}; {name}.main()"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment,
    )  # fmt: skip
    lines = [line for line in run.stdout.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in rows if not set("".join(row)) <= {"-"}]


class Measured(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        head, *rows = table(self.arguments[0])
        return [as_table(head, rows)]


def as_table(
    head: Sequence[str | nodes.Node], rows: Iterable[Sequence[str | nodes.Node]]
) -> nodes.table:
    """Return a table of texts and paragraphs."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", line(head))
    group += nodes.tbody("", *map(line, rows))
    return nodes.table("", group)


def line(cells: Sequence[str | nodes.Node]) -> nodes.row:
    paragraphs = (nodes.paragraph(text=c) if isinstance(c, str) else c for c in cells)
    return nodes.row("", *(nodes.entry("", one) for one in paragraphs))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
