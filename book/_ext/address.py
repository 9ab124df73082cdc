"""The one address: where the repository and the published book are, and what follows from it.

    python book/_ext/address.py [https://github.com/OWNER/NAME]     (make address REPOSITORY=...)

Writes the address into pyproject.toml, and the first cell of every notebook anew. Without an
address it writes the first cells alone, with the address that stands in pyproject.toml.
"""

import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
PROJECT = ROOT / "pyproject.toml"
EXTRAS = "plots,interactive,progress"

MISSING = """\
# Looks for the package. Where it is missing, it says how to get it.
import importlib.util

if importlib.util.find_spec("pybackprop") is None:
    raise ModuleNotFoundError(
        "This kernel has no pybackprop. In a clone of the repository, run "
        "'make book' and take the Python of its folder .venv as the kernel."
    )"""

INSTALL = """\
# Installs the package where it is missing (Colab): the published book's own.
import importlib.util

if importlib.util.find_spec("pybackprop") is None:
    book = "{book}"
    wheel = f"{{book}}/_static/{wheel}"
    %pip install -q "pybackprop[{extras}] @ {{wheel}}\""""


@dataclass(frozen=True)
class Address:
    """Where the repository and the published book are."""

    repository: str
    book: str


def on_github(repository: str) -> Address:
    """Return the addresses of a repository on GitHub and of its GitHub Pages.

    >>> on_github("https://github.com/Ada/Course.git").book
    'https://ada.github.io/Course'
    >>> on_github("https://github.com/Ada/ada.github.io").book
    'https://ada.github.io'

    Raises
    ------
    ValueError
        It is no address of the form https://github.com/OWNER/NAME.
    """
    found = re.fullmatch(r"https://github\.com/([\w-]+)/([\w.-]+?)(\.git)?/?", repository)
    if not found:
        raise ValueError(f"{repository!r} is not of the form https://github.com/OWNER/NAME")
    owner, name = found[1], found[2]
    host = f"{owner.lower()}.github.io"
    book = f"https://{host}" if name.lower() == host else f"https://{host}/{name}"
    return Address(f"https://github.com/{owner}/{name}", book)


def known(project: str) -> Address | None:
    """Return the address that the text of a pyproject.toml has, or None."""
    urls = tomllib.loads(project)["project"].get("urls")
    return Address(urls["Repository"], urls["Documentation"]) if urls else None


def written(project: str, address: Address) -> str:
    """Return the text of a pyproject.toml with this address."""
    urls = f'[project.urls]\nRepository = "{address.repository}"\n'
    urls += f'Documentation = "{address.book}"\n\n'
    without = re.sub(r"^\[project\.urls\]\n(?:.+\n)*\n", "", project, flags=re.M)
    before = "[project.optional-dependencies]\n"
    return without.replace(before, urls + before, 1)


def wheel_of(project: str) -> str:
    """Return the file name of the wheel, as the build puts it beside the book."""
    return f"pybackprop-{tomllib.loads(project)['project']['version']}-py3-none-any.whl"


def first_cell(project: str) -> str:
    """Return the first code cell of every notebook, as the text of pyproject.toml asks for it."""
    address = known(project)
    return MISSING if address is None else installing(address.book, wheel_of(project))


def installing(book: str, wheel: str) -> str:
    """Return the first code cell that installs a wheel from beside a book.

    A direct address, so that no package index is asked for a name that may be anybody's.
    """
    return INSTALL.format(book=book, wheel=wheel, extras=EXTRAS)


def stamp(notebook: Path, cell: str) -> bool:
    """Write the first code cell of a notebook; return whether it was another one."""
    content = nbformat.read(notebook, as_version=4)
    first = next(c for c in content.cells if c.cell_type == "code")
    if first.source == cell:
        return False
    first.source = cell
    nbformat.write(content, notebook)
    return True


def main(arguments: list[str]) -> None:
    project = PROJECT.read_text(encoding="utf-8")
    if arguments:
        try:
            project = written(project, on_github(arguments[0]))
        except ValueError as error:
            sys.exit(f"make address: {error}")
        PROJECT.write_text(project, encoding="utf-8")
    cell = first_cell(project)
    notebooks = sorted((ROOT / "book").glob("*.ipynb"))
    changed = [path.name for path in notebooks if stamp(path, cell)]
    address = known(project)
    print(f"Address: {address.book if address else 'none; no button, no installing'}")
    print(f"First cell written in {len(changed)} of {len(notebooks)} notebooks", *changed)


if __name__ == "__main__":
    main(sys.argv[1:])
