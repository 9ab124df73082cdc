"""Execute notebooks in place and store their outputs: python book/_ext/refresh.py [NOTEBOOK ...].

What is stored does not change from run to run: static displays, no times, no version numbers.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from pybackprop.course.stage.display import make_static

BOOK = Path(__file__).parents[1]
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def refresh(path: Path) -> str:
    """Execute one notebook and write it back if all its cells ran."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, path)
    return path.name


def main(names: list[str]) -> None:
    make_static()
    paths = [Path(name).resolve() for name in names] or sorted(BOOK.glob("*.ipynb"))
    with ProcessPoolExecutor(max_workers=2) as pool:
        for name in pool.map(refresh, paths):
            print(f"refreshed {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
