"""Notebooks for a class: nothing of an answer is left, and all else is."""

import json

import blank
import nbformat
import pytest
from paths import BOOK

from pybackprop.course.exercises import exercise
from pybackprop.course.exercises.page import pages_in

NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_blank_notebook_has_no_output_answer_or_solution(path, tmp_path):
    before = nbformat.read(path, as_version=4)
    after = blank.blank(nbformat.read(path, as_version=4))
    nbformat.validate(after)
    assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]
    text = json.dumps(after)
    assert "<details>" not in text
    assert not any(cell.get("outputs") for cell in after.cells)
    assert text.count("**Predict.**") == json.dumps(before).count("> **Predict.**")
    (tmp_path / path.name).write_text(text, encoding="utf-8")
    (tmp_path / "before").mkdir()
    nbformat.write(before, tmp_path / "before" / path.name)
    old, new = (pages_in(folder, ".ipynb")[0] for folder in (tmp_path / "before", tmp_path))
    assert new.exercises == old.exercises


def test_an_exercise_without_its_solution_keeps_its_hints():
    whole, sheet = (exercise("03-output-delta", solution=s) for s in (True, False))
    assert "pb-solution" in whole.poster
    assert "pb-solution" not in sheet.poster
    assert sheet.poster.count("pb-hint") == whole.poster.count("pb-hint") == 3


def test_answers_are_taken_out_whole_and_what_follows_stays():
    source = "Q\n\n<details>\n<summary>Answer</summary>\n\n$a$\n\n</details>\n\nAfter <details>x"
    cell = nbformat.v4.new_markdown_cell(source)
    made = blank.blank(nbformat.v4.new_notebook(cells=[cell]))
    assert made.cells[0].source == "Q\n\nAfter <details>x"
