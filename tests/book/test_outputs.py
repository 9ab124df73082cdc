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
from jupyter_cache import get_cache
from optional import not_run
from paths import BOOK, SITE
from pybackprop_book import digest

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


def executed(stored: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return a notebook with the outputs of its run while the book was built, from Jupyter's cache.

    Not from the build's folder jupyter_execute: what lies there has the stored outputs.
    """
    place = SITE.parent / ".jupyter_cache" / digest("pyproject.toml", "pybackprop")
    assert place.is_dir(), "the book was built with another package; run: make book"
    try:
        return get_cache(str(place)).merge_match_into_notebook(stored)[1]
    except KeyError:
        pytest.fail("the book was built from other cells; run: make book")


def differing(stored: nbformat.NotebookNode) -> Iterator[str]:
    """Yield the ids of cells whose outputs differ, with both."""
    for cell, run in zip(stored.cells, executed(stored).cells, strict=True):
        if cell.cell_type == "code" and (there := printed(cell)) != (here := printed(run)):
            kinds = [kind for kind in there | here if there.get(kind) != here.get(kind)]
            yield "\n".join(
                f"{cell.id}, {kind}: stored\n{there.get(kind)}\nnow\n{here.get(kind)}"
                for kind in kinds
            )


@pytest.mark.parametrize("stem", STEMS)
def test_a_chapter_printed_what_is_stored(site, stem):
    stored = nbformat.read(BOOK / f"{stem}.ipynb", as_version=4)
    assert not list(differing(stored)), "mend it, or store it: make refresh"


def test_a_changed_digit_a_missing_output_and_a_new_one_are_seen():
    right = nbformat.read(BOOK / "01_forward_pass.ipynb", as_version=4)
    printing = next(k for k, cell in enumerate(right.cells) if printed(cell).get("stdout"))
    for spoil in (
        lambda cell: cell.outputs[0].update(text=cell.outputs[0].text + "0"),
        lambda cell: cell.outputs.clear(),
        lambda cell: cell.outputs.append(nbformat.v4.new_output("stream", text="7")),
    ):
        stored = deepcopy(right)
        cell = stored.cells[printing]
        spoil(cell)
        (found,) = differing(stored)
        assert found.startswith(f"{cell.id}, stdout")
