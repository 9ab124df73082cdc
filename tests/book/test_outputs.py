"""What the chapters printed while the book was built is what is stored in them.

The same comparison as nbval's, without a second run: `make test` has run every notebook once when
it gets here. `make test-all` and `make portable` run them by nbval.
"""

import configparser
import re
from collections.abc import Iterator
from copy import deepcopy

import nbformat
import pytest
from optional import not_run
from paths import BOOK, SITE

EXECUTED = SITE.parent / "jupyter_execute" / "book"
STEMS = sorted(path.stem for path in BOOK.glob("*.ipynb") if path.stem not in not_run())
DRAWN = {"image/png", "image/svg+xml"}
"""Fonts and the libraries that draw differ from machine to machine."""


def sanitizers() -> list[tuple[str, str]]:
    """Return what nbval.cfg leaves out of the comparison: expressions and what stands for them."""
    rules = configparser.ConfigParser()
    rules.read(BOOK.parent / "tests/book/nbval.cfg", encoding="utf-8")
    return [(rules[name]["regex"], rules[name]["replace"]) for name in rules.sections()]


def printed(cell: nbformat.NotebookNode) -> dict[str, str]:
    """Return what a cell printed and returned, by kind."""
    found: dict[str, str] = {}
    for output in cell.get("outputs", []):
        kinds = {output.get("name", ""): output.text} if "text" in output else output.data
        for kind, text in kinds.items():
            if kind not in DRAWN:
                found[kind] = found.get(kind, "") + text
    for kind, text in found.items():
        for expression, replacement in sanitizers():
            text = re.sub(expression, replacement, text)
        found[kind] = text
    return found


def differing(stored: nbformat.NotebookNode, executed: nbformat.NotebookNode) -> Iterator[str]:
    """Yield the ids of cells whose outputs differ, with both."""
    same = [cell.source for cell in stored.cells] == [cell.source for cell in executed.cells]
    assert same, "the book was built from other cells; run: make book"
    for cell, run in zip(stored.cells, executed.cells, strict=True):
        if cell.cell_type == "code" and (there := printed(cell)) != (here := printed(run)):
            kinds = [kind for kind in there | here if there.get(kind) != here.get(kind)]
            yield "\n".join(
                f"{cell.id}, {kind}: stored\n{there.get(kind)}\nnow\n{here.get(kind)}"
                for kind in kinds
            )


@pytest.mark.parametrize("stem", STEMS)
def test_a_chapter_printed_what_is_stored(site, stem):
    stored = nbformat.read(BOOK / f"{stem}.ipynb", as_version=4)
    executed = nbformat.read(EXECUTED / f"{stem}.ipynb", as_version=4)
    assert not list(differing(stored, executed)), "mend it, or store it: make refresh"


def test_a_changed_digit_a_missing_output_and_a_new_one_are_seen():
    stored = nbformat.read(BOOK / "01_forward_pass.ipynb", as_version=4)
    printing = next(k for k, cell in enumerate(stored.cells) if printed(cell).get("stdout"))
    for spoil in (
        lambda cell: cell.outputs[0].update(text=cell.outputs[0].text + "0"),
        lambda cell: cell.outputs.clear(),
        lambda cell: cell.outputs.append(nbformat.v4.new_output("stream", text="7")),
    ):
        executed = deepcopy(stored)
        cell = executed.cells[printing]
        spoil(cell)
        (found,) = differing(stored, executed)
        assert found.startswith(f"{cell.id}, stdout")
