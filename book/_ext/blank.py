"""Notebooks for a class: without outputs, answers and solutions, in _build/blank (make class)."""

import re
from pathlib import Path
from typing import Any

import nbformat

BOOK = Path(__file__).parents[1]
TARGET = BOOK.parent / "_build" / "blank"
FOLD = re.compile(r"\s*<details>\s*<summary>.*?</details>", re.DOTALL)
EXERCISE = re.compile(r"^exercise\(([\"'][^\"']+[\"'])\)", re.MULTILINE)


def blank(notebook: Any) -> Any:
    """Take the outputs and answers out of a notebook; its exercises then show no solution."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = FOLD.sub("", cell.source)
        elif cell.cell_type == "code":
            cell.source = EXERCISE.sub(r"exercise(\1, solution=False)", cell.source)
            cell.outputs, cell.execution_count = [], None
    return notebook


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    for path in sorted(BOOK.glob("*.ipynb")):
        nbformat.write(blank(nbformat.read(path, as_version=4)), TARGET / path.name)
    print(f"Notebooks without outputs and answers: {TARGET}")


if __name__ == "__main__":
    main()
